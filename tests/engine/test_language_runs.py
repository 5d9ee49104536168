"""Searches with a language model, through the real client, against the scripted endpoint."""

import sqlite3
from dataclasses import replace

import pytest

from agents.errors import ReplayError, TransportError
from agents.stub import SCENARIOS, Rule, ScriptedEndpoint
from engine.config import MineConfig
from engine.mining import mine
from knowledge_base.store import open_store
from tests.engine.proposers import FAILING, GOOD

KEY = "sk-very-secret-0123456789"
BROKEN = f"IDEA: A look ahead.\nCHANGES:\n```python\n{FAILING['causality']}\n```\n"
REPEATABLE = {"workers": 1, "proposals_ahead": 0}


@pytest.fixture
def search(prices, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def run(url=None, *, llm=None, store="store.db", run="a", on_progress=lambda _: None, **settings):
        language = {
            "base_url": url,
            "models": ["any"],
            "backoff": 0.01,
            "timeout": 3.0,
            "max_output_tokens": 2000,
        }
        chosen = {
            "data": prices,
            "store": str(tmp_path / store),
            "run": run,
            "iterations": 6,
            "trials": 2,
            "workers": 2,
            "seeds": "alpha158-5",
            "min_assets": 10,
            "proposer": "llm",
            "llm": language | (llm or {}),
        }
        return mine(MineConfig.of(chosen | settings), on_progress=on_progress)

    return run


def contents(path) -> dict[str, list[tuple]]:
    """What a store holds, without the moments and the names of runs."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    left_out = {
        "created_at",
        "updated_at",
        "started_at",
        "duration_ms",
        "latency_s",
        "elapsed_seconds",
        "account",
    }
    left_out |= {"replayed", "held_until", "result", "config"}
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        table: [
            tuple(row[key] for key in row.keys() if key not in left_out)  # noqa: SIM118 (a row iterates over values)
            for row in connection.execute(f"SELECT * FROM {table}")
        ]
        for table in tables
    }
    connection.close()
    return found


def test_programs_lessons_and_calls_of_a_run_are_in_the_store(search, tmp_path) -> None:
    with ScriptedEndpoint(seed=3) as endpoint:
        result = search(endpoint.url)
    assert (result.status, result.iterations_done) == ("finished", 6)
    with open_store(tmp_path / "store.db") as store:
        ranked = [store.program(factor.id) for factor in store.ranking("a", top=None)]
        mine = [program for program in ranked if program.origin == "llm"]
        roles = {line.role for line in store.spending("run a")}
        calls = store.calls("run a")
    assert mine
    assert all(program.lesson for program in mine)
    assert all(program.lesson is None for program in ranked if program.origin == "seed")
    assert roles == {"idea", "critic", "analyst"}
    assert {call.outcome for call in calls} == {"understood"}
    assert len(calls) == len(endpoint.requests)


def test_all_malformations_are_handled(search, tmp_path) -> None:
    scenarios = [
        name for name, found in SCENARIOS.items() if found.malform is not None or found.usage is not dict
    ]
    with ScriptedEndpoint(scenarios=scenarios, seed=2) as endpoint:
        result = search(endpoint.url, iterations=24)
        answered = {exchange.scenario for exchange in endpoint.requests}
    assert (result.status, result.iterations_done) == ("finished", 24)
    assert len(set(scenarios) & answered) > len(scenarios) / 2  # drawn at random, by the order of arrival
    with open_store(tmp_path / "store.db") as store:
        lost = store.failure_stages(store.find_run("a").id).get("propose", 0)
    assert lost <= 4  # two useless replies in a row; without mending it would be most of the 24


def test_failed_calls_consume_no_iteration(search, tmp_path) -> None:
    scenarios = ["good=6", "rate-limit@0.05", "server-error", "unavailable", "reset", "close", "wrong-json"]
    with ScriptedEndpoint(scenarios=scenarios, seed=4) as endpoint:
        result = search(endpoint.url, iterations=8)
    assert (result.status, result.iterations_done) == ("finished", 8)
    with open_store(tmp_path / "store.db") as store:
        rewards = store.briefing(store.find_run("a").id).rewards
        outcomes = {call.outcome for call in store.calls("run a")}
    assert {"refused", "lost", "understood"} <= outcomes
    assert len(rewards["llm"]) == 8


def test_a_run_waits_for_an_endpoint_that_is_away_and_says_so(search) -> None:
    notes = set()
    with ScriptedEndpoint(plan="good:2,outage:2s,good") as endpoint:
        result = search(endpoint.url, on_progress=lambda state: notes.add(state.note))
    assert (result.status, result.iterations_done) == ("finished", 6)
    assert any(note.startswith("waiting for the language model: no connection") for note in notes)
    assert endpoint.refused > 1


@pytest.mark.parametrize(("scenario", "told"), [("auth", "401"), ("unknown-model", "404")])
def test_an_endpoint_that_refuses_stops_the_run_which_can_be_resumed(
    search, tmp_path, scenario, told
) -> None:
    with ScriptedEndpoint(scenarios=[scenario]) as endpoint, pytest.raises(TransportError, match=told):
        search(endpoint.url)
    with open_store(tmp_path / "store.db") as store:
        run = store.find_run("a")
    assert (run.status, run.iterations_done) == ("stopped", 0)
    assert told in run.result["reason"]
    with ScriptedEndpoint() as endpoint:
        assert search(endpoint.url).iterations_done == 6


@pytest.mark.parametrize("limit", [{"budget_calls": 7}, {"budget_tokens": 30_000}])
def test_when_the_budget_is_used_up_the_grammar_goes_on(search, tmp_path, limit) -> None:
    notes = set()
    with ScriptedEndpoint() as endpoint:
        result = search(endpoint.url, llm=limit, on_progress=lambda state: notes.add(state.note))
    assert (result.status, result.iterations_done) == ("finished", 6)
    assert any("budget is used up" in note for note in notes)
    with open_store(tmp_path / "store.db") as store:
        origins = {store.program(i).origin for i, _ in store.sources(store.find_run("a").id)}
        spent = [sum(getattr(line, unit) for line in store.spending("run a")) for unit in ("calls", "tokens")]
    assert {"llm", "grammar"} <= origins
    assert spent[0] <= limit.get("budget_calls", spent[0])
    assert spent[1] <= limit.get("budget_tokens", spent[1])


def test_when_the_budget_is_used_up_the_run_stops_if_told_so(search) -> None:
    with ScriptedEndpoint() as endpoint:
        result = search(endpoint.url, llm={"budget_calls": 7, "when_spent": "stop"})
        assert result.status == "stopped"
        assert "calls is limited to 7" in result.reason
        assert search(endpoint.url).status == "finished"


def test_a_program_that_looks_ahead_is_mended_and_keeps_its_first_text(search, tmp_path) -> None:
    fixed = Rule(role="corrector", reply=f"The shift went the wrong way.\n```python\n{GOOD}\n```")
    with ScriptedEndpoint(script=[Rule(role="idea", reply=BROKEN), fixed]) as endpoint:
        search(endpoint.url, iterations=1, seeds="none")
    with open_store(tmp_path / "store.db") as store:
        (factor,) = store.ranking("a")
        program = store.program(factor.id)
        roles = [call.role for call in store.calls("run a")]
    assert "corrector" in roles
    assert "shift(-1)" in program.revisions[0].source
    assert "look-ahead" in program.revisions[0].reason
    assert "shift(-1)" not in program.source


def test_a_program_that_cannot_be_mended_is_a_failure_after_so_many_attempts(search, tmp_path) -> None:
    still = BROKEN.partition("CHANGES:\n")[2].replace("shift(-1)", "shift(-2)")
    rules = [Rule(role="idea", reply=BROKEN)]
    rules += [
        Rule(role="corrector", nth=n, reply=still.replace("shift(-2)", f"shift(-{n + 1})")) for n in (1, 2, 3)
    ]
    with ScriptedEndpoint(script=rules) as endpoint:
        search(endpoint.url, iterations=1, seeds="none")
    with open_store(tmp_path / "store.db") as store:
        assert store.failure_stages(store.find_run("a").id) == {"causality": 1}
        assert [call.role for call in store.calls("run a")].count("corrector") == 2


def test_a_model_that_cannot_be_understood_fails_its_proposals_not_the_run(search, tmp_path) -> None:
    with ScriptedEndpoint(scenarios=["refusal"], stubborn=True) as endpoint:
        result = search(endpoint.url, iterations=3, seeds="alpha158:corr5")
    assert (result.status, result.iterations_done) == ("finished", 3)
    with open_store(tmp_path / "store.db") as store:
        run = store.find_run("a")
        told = store.briefing(run.id)
        assert store.failure_stages(run.id) == {"propose": 3}
    assert told.rewards["llm"] == (None, None, None)


def test_replay_of_a_recorded_run_gives_the_same_store(search, tmp_path) -> None:
    scenarios = ["good=4", "syntax-error", "truncated", "unsearchable", "prose"]
    with ScriptedEndpoint(scenarios=scenarios, seed=5) as endpoint:
        search(endpoint.url, **REPEATABLE)
    from agents.llm.replay import write_cassette

    cassette = tmp_path / "calls.jsonl"
    with open_store(tmp_path / "store.db") as store:
        write_cassette(store.calls("run a", answered=True), cassette)
    search("http://127.0.0.1:9/v1", store="again.db", llm_replay=str(cassette), **REPEATABLE)
    first, again = contents(tmp_path / "store.db"), contents(tmp_path / "again.db")
    assert first.keys() == again.keys()
    for table in first:
        assert first[table] == again[table], table
    assert len(first["language_calls"]) > 10


def test_a_replay_in_which_a_prompt_is_missing_stops_with_an_error(search, tmp_path) -> None:
    with ScriptedEndpoint() as endpoint:
        search(endpoint.url, iterations=3, **REPEATABLE)
    with pytest.raises(ReplayError, match="no reply was recorded for this prompt"):
        search(run="b", llm_replay="a", seed=99, **REPEATABLE)
    with open_store(tmp_path / "store.db") as store:
        assert store.find_run("b").status == "stopped"


def test_a_mixed_run_asks_both(search, tmp_path) -> None:
    with ScriptedEndpoint() as endpoint:
        result = search(endpoint.url, proposer="mixed", iterations=12)
    assert result.iterations_done == 12
    with open_store(tmp_path / "store.db") as store:
        origins = [store.program(i).origin for i, _ in store.sources(store.find_run("a").id)]
    assert {"llm", "grammar", "seed"} <= set(origins)


def test_no_key_and_no_header_is_in_the_store(search, tmp_path, monkeypatch, capfd) -> None:
    monkeypatch.setenv("SOME_OTHER_SECRET", "value-of-the-environment")
    with ScriptedEndpoint(scenarios=["good=3", "server-error"], seed=1) as endpoint:
        search(endpoint.url, iterations=4)
        prompts = "".join(str(exchange.body) for exchange in endpoint.requests)
        assert all(exchange.authorized for exchange in endpoint.requests)
    with ScriptedEndpoint(scenarios=["auth"]) as endpoint, pytest.raises(TransportError) as refused:
        search(endpoint.url, run="b")
    shown = "".join(capfd.readouterr()) + str(refused.value) + prompts
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("store.db"))
    for secret in (KEY, "value-of-the-environment", "Authorization", "Bearer "):
        assert secret not in shown
        assert secret.encode() not in stored


def test_a_run_killed_while_a_model_thinks_goes_on(search, tmp_path) -> None:
    class StopError(Exception):
        pass

    def stop(state) -> None:
        if state.iterations_done >= 2:
            raise StopError

    with ScriptedEndpoint(scenarios=["slow@0.2"]) as endpoint:
        with pytest.raises(StopError):
            search(endpoint.url, on_progress=stop)
        result = search(endpoint.url)
    assert (result.status, result.iterations_done) == ("finished", 6)
    with open_store(tmp_path / "store.db") as store:
        run = store.find_run("a")
        assert not store.unfinished_programs(run.id)
        assert replace(run, status="finished") == run
        assert "pending" not in {call.outcome for call in store.calls("run a")}
