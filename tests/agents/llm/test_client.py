"""Calls through the client, with endpoints that are functions and a store in memory."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.errors import BudgetError, ReplayError, TransportError
from agents.llm.breaker import Breaker
from agents.llm.client import Ask, LanguageClient, prompt_hash
from agents.llm.endpoint import ChatReply, UnavailableError
from agents.llm.replay import RecordedEndpoint, read_cassette, write_cassette
from agents.llm.scripted import ScriptedModel
from agents.llm.settings import LanguageConfig, Model
from knowledge_base.store import open_store
from market.errors import DataError

PRICED = Model(name="m", input_price=1.0, output_price=2.0)
AWAY = UnavailableError("no connection: refused.", billable=False)
TIMED_OUT = UnavailableError("no answer within 1 s.", billable=True)


def client_of(endpoint, store, *, replayed=False, **settings) -> LanguageClient:
    chosen = LanguageConfig.model_validate({"models": ["m"], "backoff": 0.001, **settings})
    return LanguageClient(endpoint, store, chosen, account="run a", replayed=replayed)


def ask(text="hello", model=PRICED) -> Ask:
    return Ask(
        role="idea", prompt="idea/1", messages=[{"role": "user", "content": text}], model=model, iteration=3
    )


def counted(text="fine", prompt_tokens=10, completion_tokens=5) -> ChatReply:
    return ChatReply(text=text, prompt_tokens=prompt_tokens, completion_tokens=completion_tokens)


def test_a_call_is_in_the_ledger_with_prompt_reply_tokens_and_cost(store) -> None:
    client = client_of(ScriptedModel(lambda _: counted()), store)
    answer = client.ask(ask())
    client.judge(answer)
    (call,) = store.calls("run a")
    assert (call.role, call.model, call.prompt, call.iteration) == ("idea", "m", "idea/1", 3)
    assert call.messages == [{"role": "user", "content": "hello"}]
    assert (call.reply, call.tokens, call.outcome) == ("fine", 15, "understood")
    assert call.cost_usd == pytest.approx(20e-6)
    assert call.prompt_hash == prompt_hash(ask().messages)


@pytest.mark.parametrize("reported", [None, -1, 10**9])
def test_an_impossible_token_count_is_counted_as_the_most_it_can_be(store, reported) -> None:
    client = client_of(
        ScriptedModel(lambda _: counted(completion_tokens=reported)), store, max_output_tokens=300
    )
    client.ask(ask())
    (call,) = store.calls("run a")
    assert call.tokens == 10 + 300


def test_calls_are_repeated_until_the_endpoint_is_back(store) -> None:
    failures = [AWAY, TIMED_OUT, AWAY, AWAY, AWAY, AWAY]
    client = client_of(ScriptedModel(lambda _: failures.pop() if failures else counted()), store)
    assert client.ask(ask()).text == "fine"
    assert [call.outcome for call in store.calls("run a")] == [
        *["refused"] * 4,
        "lost",
        "refused",
        "answered",
    ]
    assert client.note == ""


def test_a_call_that_may_have_been_billed_counts_in_full(store) -> None:
    failures = [TIMED_OUT]
    client = client_of(
        ScriptedModel(lambda _: failures.pop() if failures else counted()), store, max_output_tokens=300
    )
    client.ask(ask())
    lost, answered = store.calls("run a")
    assert lost.tokens > 300 > answered.tokens
    assert lost.cost_usd > answered.cost_usd


def test_the_endpoints_wish_when_to_come_back_is_respected(store) -> None:
    failures = [UnavailableError("busy.", billable=False, retry_after_s=0.15)]
    client = client_of(ScriptedModel(lambda _: failures.pop() if failures else counted()), store)
    started_s = time.monotonic()
    client.ask(ask())
    assert time.monotonic() - started_s >= 0.15


def test_a_refusal_for_good_is_not_repeated(store) -> None:
    model = ScriptedModel(lambda _: TransportError("the endpoint answered 401."))
    with pytest.raises(TransportError, match="401"):
        client_of(model, store).ask(ask())
    assert len(model.requests) == 1
    assert [call.outcome for call in store.calls("run a")] == ["refused"]


def test_an_outage_ends_the_run_after_its_limit(store) -> None:
    client = client_of(ScriptedModel(lambda _: AWAY), store, outage_limit=0.05)
    with pytest.raises(TransportError, match=r"away for .* more than the limit"):
        client.ask(ask())


def test_a_closed_client_lets_nobody_wait(store) -> None:
    client = client_of(ScriptedModel(lambda _: AWAY), store, backoff=30)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.ask, ask())
        while "waiting for the language model" not in client.note:
            time.sleep(0.005)
        client.close()
        with pytest.raises(TransportError, match="the run is ending"):
            waiting.result(timeout=5)


def test_only_one_call_probes_an_endpoint_that_is_away() -> None:
    breaker = Breaker(backoff_s=0.0001, outage_limit_s=60)
    for _ in range(4):
        with pytest.raises(UnavailableError), breaker.attempt():
            raise AWAY
    inside, most = 0, 0

    def probe() -> None:
        nonlocal inside, most
        try:
            with breaker.attempt():
                inside += 1
                most = max(most, inside)
                time.sleep(0.01)
                inside -= 1
                raise AWAY
        except UnavailableError:
            pass

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: probe(), range(6)))
    assert most == 1


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"budget_usd": 0.0001}, "usd is limited to 0.0001"),
        ({"budget_tokens": 100}, "tokens is limited to 100"),
        ({"budget_calls": 0}, "calls is limited to 0"),
        ({"budget_usd_per_day": 0.0001}, "usd_per_day is limited"),
        ({"budget_tokens_per_day": 100}, "tokens_per_day is limited"),
        ({"budget_calls_per_day": 0}, "calls_per_day is limited"),
    ],
)
def test_a_call_that_might_exceed_the_budget_is_not_made(store, limit, told) -> None:
    model = ScriptedModel(lambda _: counted())
    client = client_of(model, store, **limit)
    with pytest.raises(BudgetError, match=told):
        client.ask(ask())
    assert not model.requests
    assert "used up" in client.note


def test_eight_calls_at_once_never_spend_more_than_there_is(store) -> None:
    def slow(_) -> ChatReply:
        return counted(prompt_tokens=50, completion_tokens=250)

    budget = 0.004
    client = client_of(ScriptedModel(slow), store, budget_usd=budget, concurrency=8, max_output_tokens=300)

    def try_one(_: int) -> bool:
        try:
            client.ask(ask())
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = sum(pool.map(try_one, range(60)))
    (line,) = store.spending("run a")
    assert 0 < made < 60
    assert line.calls == made
    assert line.usd <= budget


def test_budgets_of_a_day_count_all_accounts(store) -> None:
    first = client_of(ScriptedModel(lambda _: counted()), store)
    first.ask(ask())
    other = LanguageClient(
        ScriptedModel(lambda _: counted()),
        store,
        LanguageConfig.model_validate({"models": ["m"], "budget_calls_per_day": 1}),
        account="run b",
    )
    with pytest.raises(BudgetError, match="calls_per_day is limited to 1, 1 are used"):
        other.ask(ask())


def test_calls_of_a_process_that_died_stay_counted(store) -> None:
    def die(_) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client_of(ScriptedModel(die), store).ask(ask())
    (pending,) = store.calls("run a")
    assert pending.outcome == "pending"
    store.abandon_calls("run a")
    (lost,) = store.calls("run a")
    assert (lost.outcome, lost.tokens) == ("lost", pending.tokens)


def test_a_recorded_run_answers_each_prompt_once_in_order(store, tmp_path) -> None:
    replies = iter(["one", "two", "other"])
    client = client_of(ScriptedModel(lambda _: counted(next(replies))), store)
    for text in ("same", "same", "different"):
        client.ask(ask(text))
    cassette = tmp_path / "calls.jsonl"
    write_cassette(store.calls("run a", answered=True), cassette)
    for recorded in (store.calls("run a", answered=True), read_cassette(cassette)):
        with open_store(tmp_path / f"replay-{len(list(tmp_path.iterdir()))}.db") as other:
            again = client_of(RecordedEndpoint(recorded), other, replayed=True)
            assert [again.ask(ask(text)).text for text in ("same", "different", "same")] == [
                "one",
                "other",
                "two",
            ]
            with pytest.raises(ReplayError, match="no reply was recorded"):
                again.ask(ask("same"))
            first, second = store.calls("run a")[0], other.calls("run a")[0]
            assert (first.cost_usd, first.tokens, second.replayed) == (second.cost_usd, second.tokens, True)


def test_replayed_calls_do_not_count_for_the_day(store) -> None:
    client_of(ScriptedModel(lambda _: counted()), store, replayed=True).ask(ask())
    client_of(ScriptedModel(lambda _: counted()), store, budget_calls_per_day=1).ask(ask())


def test_a_file_that_is_no_cassette_is_refused_in_one_line(tmp_path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"role": "idea"}\n')
    with pytest.raises(DataError, match="is no cassette"):
        read_cassette(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_cassette(tmp_path / "absent.jsonl")
