"""The scripted endpoint, asked by plain HTTP and by the real client."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import openai
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.stub import SCENARIOS, Rule, ScriptedEndpoint
from agents.stub.answers import COMPUTED, computed_reply
from agents.stub.edits import edits
from agents.stub.errors import RequestError
from agents.stub.malformations import HUGE_CHARACTERS
from agents.stub.prompts import Prompt
from factorengine.cli.llm_stub import command
from factors.program import Program
from market.errors import ConfigError

PROGRAM = '''"""Short-term reversal confirmed by abnormal volume.

Rationale: liquidity providers are paid for absorbing one-sided flow.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 2, "high": 20, "default": 5},
    "volume_window": {"type": "int", "low": 10, "high": 60, "default": 20},
}


def factor(data, ops, p):
    past_return = data.close / ops.ts_delay(data.close, p["window"]) - 1
    surprise = data.volume / ops.ts_mean(data.volume, p["volume_window"])
    return -ops.cs_rank(past_return) * ops.cs_rank(surprise)'''

BLOCK = re.compile(r"<<<<<<< SEARCH\n(.*?)\n=======\n(.*?)\n>>>>>>> REPLACE", re.DOTALL)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def messages(role: str, text: str = "Please.", **data: str) -> list[dict]:
    quoted = [f'<data name="{name.replace("_", " ")}">\n{value}\n</data>' for name, value in data.items()]
    system = f"# FactorEngine: {role}\nYou help."
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n".join([text, *quoted])}]


CHANGE = messages("idea", current_program=PROGRAM)
NEW = messages("idea", "Something new.")
VERDICT = messages("critic", program=PROGRAM)


def send(endpoint, method="POST", path="/v1/chat/completions", body=None, headers=None):
    """(status, headers, body) of one request on a connection of its own."""
    address = endpoint.url.removeprefix("http://").removesuffix("/v1")
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as response:
            return response.status, response.headers, response.read()
    finally:
        connection.close()


def ask(endpoint, asked, model="m", **fields):
    body = json.dumps({"model": model, "messages": asked, **fields})
    status, headers, answered = send(endpoint, body=body)
    return status, headers, json.loads(answered)


def text_of(endpoint, asked, model="m") -> str:
    status, _, answered = ask(endpoint, asked, model)
    assert status == 200
    return answered["choices"][0]["message"]["content"]


def client(endpoint, **settings) -> openai.OpenAI:
    return openai.OpenAI(base_url=endpoint.url, api_key="sk-secret", **{"max_retries": 0, **settings})


def chat(endpoint, asked=CHANGE, **settings):
    with client(endpoint, **settings) as opened:
        return opened.chat.completions.create(model="m", messages=asked)


def applied(reply: str, program: str) -> str:
    for search, replacement in BLOCK.findall(reply):
        assert program.count(search) == 1
        program = program.replace(search, replacement)
    return program


def ranges(reply: str) -> dict:
    return json.loads(reply.rpartition("PARAMETERS:\n")[2])


def in_fence(reply: str) -> str:
    return reply.removeprefix("```python\n").removesuffix("\n```")


@pytest.fixture
def good():
    with ScriptedEndpoint() as endpoint:
        yield endpoint


# --- good answers ---


def test_an_idea_about_a_program_is_blocks_that_make_a_new_valid_program(good) -> None:
    program = PROGRAM
    for step in range(8):
        reply = text_of(good, messages("idea", f"step {step}", current_program=program))
        headings = ("ANALYSIS:", "IDEA:", "CHANGES:", "PARAMETERS:")
        assert all(reply.index(one) < reply.index(other) for one, other in pairwise(headings))
        changed = Program.parse(applied(reply, program))
        assert changed.fingerprint != Program.parse(program).fingerprint
        assert changed.idea in reply
        assert {
            name: stated["default"] for name, stated in ranges(reply).items()
        } == changed.parameters.defaults()
        program = changed.source


def test_an_idea_about_nothing_is_a_whole_program_and_rarely_the_same(good) -> None:
    replies = [in_fence(text_of(good, messages("idea", f"number {n}"))) for n in range(12)]
    assert len({Program.parse(reply).fingerprint for reply in replies}) > 9


@pytest.mark.parametrize(
    "odd", ["", "no program", "def factor(:", PROGRAM + "\n# =======\n=======", "(" * 5000]
)
def test_an_idea_about_what_cannot_be_changed_is_a_whole_program(good, odd) -> None:
    assert Program.parse(in_fence(text_of(good, messages("idea", current_program=odd))))


def test_a_correction_is_a_whole_valid_program(good) -> None:
    for broken in (PROGRAM, PROGRAM.replace("return -", "return (")):
        reply = text_of(good, messages("corrector", program=broken, error="line 15: unclosed."))
        assert Program.parse(in_fence(reply)).fingerprint != Program.parse(PROGRAM).fingerprint


def test_analyst_and_critic_answer_json(good) -> None:
    lesson = json.loads(text_of(good, messages("analyst", program=PROGRAM)))
    assert set(lesson) == {"lesson", "why", "advice"}
    assert "Short-term reversal" in lesson["lesson"]
    verdicts = [json.loads(text_of(good, messages("critic", f"{n}"))) for n in range(30)]
    assert Counter(verdict["verdict"] for verdict in verdicts).keys() == {"accept", "revise"}
    assert all(verdict["agrees"] == (verdict["verdict"] == "accept") for verdict in verdicts)
    assert not any(verdict["look_ahead"] or verdict["duplicate"] or verdict["empty"] for verdict in verdicts)


def test_an_answer_depends_on_seed_model_and_messages_alone(good) -> None:
    with ScriptedEndpoint() as again, ScriptedEndpoint(seed=1) as other:
        text_of(again, VERDICT)
        assert text_of(good, CHANGE) == text_of(again, CHANGE)
        distinct = {text_of(good, CHANGE), text_of(good, CHANGE, "m2"), text_of(other, CHANGE)}
        distinct.add(text_of(good, messages("idea", "Please!", current_program=PROGRAM)))
        assert len(distinct) > 2


def test_a_completion_has_the_fields_of_the_protocol(good) -> None:
    status, headers, answered = ask(good, NEW)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert answered["object"] == "chat.completion"
    assert answered["model"] == "m"
    assert answered["choices"][0]["finish_reason"] == "stop"
    usage, reply = answered["usage"], answered["choices"][0]["message"]["content"]
    assert usage["completion_tokens"] == pytest.approx(len(reply) / 4, abs=1)
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_the_real_client_is_served(good) -> None:
    completion = chat(good)
    assert completion.choices[0].message.content == text_of(good, CHANGE)
    with client(good) as opened:
        assert [model.id for model in opened.models.list()] == ["scripted"]


def test_requests_are_kept_without_secrets(good) -> None:
    chat(good)
    ask(good, VERDICT)
    first, second = good.requests
    assert (first.number, first.role, first.scenario, first.status) == (1, "idea", "good", 200)
    assert first.body["messages"] == CHANGE
    assert "CHANGES:" in first.reply
    assert (first.authorized, second.authorized) == (True, False)
    assert "sk-secret" not in repr(good.requests)
    assert first.at <= second.at


# --- requests that are wrong ---


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "must be a JSON object"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "JSON object"),
        ('{"messages": []}', "`model`"),
        ('{"model": "m", "messages": []}', "`messages`"),
        ('{"model": "m", "messages": ["hello"]}', "`role` and `content`"),
        ('{"model": "m", "messages": [{"role": "user", "content": 5}]}', "`content`"),
        ('{"model": "m", "messages": [{"role": "user", "content": [{"type": "image"}]}]}', "text only"),
        ('{"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": true}', "`stream`"),
        ('{"model": "m", "messages": [{"role": "user", "content": "a"}], "n": 2}', "`n`"),
    ],
)  # fmt: skip
def test_a_malformed_request_is_answered_400(good, body, says) -> None:
    status, _, answered = send(good, body=body)
    assert status == 400
    assert says in json.loads(answered)["error"]["message"]
    assert good.requests[0].status == 400


def test_an_unknown_path_or_method_is_answered_with_an_error(good) -> None:
    assert json.loads(send(good, "GET", "/v1/engines")[2])["error"]["code"] == "not_found"
    assert send(good, "POST", "/v1/models", "{}")[0] == 404
    status, _, answered = send(good, "DELETE", "/v1/models")
    assert (status, json.loads(answered)["error"]["code"]) == (501, "bad_request")


@pytest.mark.parametrize("length", ["-1", "x", "99999999999", "9" * 30])
def test_a_body_of_odd_length_is_refused_and_the_connection_closed(good, length) -> None:
    status, headers, _ = send(good, headers={"Content-Length": length})
    assert (status, headers["Connection"]) == (400, "close")


def test_the_client_is_told_of_a_request_error(good) -> None:
    with client(good) as opened, pytest.raises(openai.BadRequestError, match="stream"):
        opened.chat.completions.create(model="m", messages=NEW, stream=True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(body=st.fixed_dictionaries({"model": json_values, "messages": json_values}) | json_values)
def test_any_json_is_a_prompt_or_a_named_error(body) -> None:
    try:
        prompt = Prompt.parse(body)
    except RequestError:
        return
    assert prompt.digests[-1] == prompt.digest


@settings(deadline=None, max_examples=50)
@given(text=st.text(), program=st.text())
def test_any_text_is_answered(text, program) -> None:
    for role in COMPUTED:
        asked = messages(role, text, current_program=program, program=program)
        assert computed_reply(Prompt.parse({"model": "m", "messages": asked}), seed=0).text


@given(
    old=st.lists(st.sampled_from(["a", "b", ""]), min_size=1), new=st.lists(st.sampled_from(["a", "c", ""]))
)
def test_blocks_lead_from_any_text_to_any_other(old, new) -> None:
    before, after = "\n".join(old), "\n".join(new)
    text = before
    for search, replacement in edits(before, after):
        assert text.count(search) == 1
        text = text.replace(search, replacement)
    assert text in (before, after)
    assert text == after or not before.strip() or before == after


# --- malformed answers ---


def is_dedented_nowhere(program: str) -> bool:
    return all(line.startswith("  ") for line in program.splitlines() if line)


MALFORMED = {
    "crlf": lambda reply, good: reply == good.replace("\n", "\r\n"),
    "tabs": lambda reply, good: "\n\t" in reply and reply.expandtabs(4) == good,
    "wrong-indent": lambda reply, _: all(map(is_dedented_nowhere, sum(BLOCK.findall(reply), ()))),
    "near-miss": lambda reply, _: all(search not in PROGRAM for search, _ in BLOCK.findall(reply)),
    "unsearchable": lambda reply, _: "turnover_gap" in BLOCK.findall(reply)[0][0],
    "bare": lambda reply, good: "CHANGES:" not in reply and BLOCK.findall(reply) == BLOCK.findall(good),
    "whole-program": lambda reply, good: in_fence(reply) == applied(good, PROGRAM),
    "prose": lambda reply, _: "Sure!" in reply and "```json" in reply and not reply.endswith("}"),
    "single-quotes": lambda reply, _: "{'" in reply.rpartition("PARAMETERS:\n")[2],
    "trailing-commas": lambda reply, _: reply.endswith("},\n}"),
    "think": lambda reply, good: reply.startswith("<think>") and reply.endswith(good),
    "refusal": lambda reply, _: "I can't" in reply,
    "truncated": lambda reply, good: good.startswith(reply) and 0 < len(reply) < len(good),
    "empty": lambda reply, _: reply == "",
    "huge": lambda reply, good: reply.startswith(good) and len(reply) > HUGE_CHARACTERS * 0.99,
    "syntax-error": lambda reply, _: breaks(applied(reply, PROGRAM)),
}  # fmt: skip


def breaks(program: str) -> bool:
    with pytest.raises(SyntaxError):
        compile(program, "program", "exec")
    return True


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_answer_is_a_good_one_spoilt_and_its_retry_is_good(good, name) -> None:
    with ScriptedEndpoint(scenarios=[name]) as endpoint:
        reply = text_of(endpoint, CHANGE)
        assert MALFORMED[name](reply, text_of(good, CHANGE))
        assert text_of(endpoint, CHANGE) == text_of(good, CHANGE)
        assert [exchange.scenario for exchange in endpoint.requests] == [name, "good"]


def test_every_malformation_is_tested() -> None:
    assert MALFORMED.keys() == {name for name, scenario in SCENARIOS.items() if scenario.malform}


def test_a_retry_with_a_complaint_is_good_and_the_next_prompt_is_not() -> None:
    complaint = [{"role": "assistant", "content": ""}, {"role": "user", "content": "Your answer was empty."}]
    with ScriptedEndpoint(scenarios=["empty"]) as endpoint:
        assert text_of(endpoint, CHANGE) == ""
        assert "CHANGES:" in text_of(endpoint, CHANGE + complaint)
        assert text_of(endpoint, VERDICT) == ""
        assert text_of(endpoint, CHANGE) == ""


def test_a_stubborn_endpoint_spoils_the_retry_too() -> None:
    with ScriptedEndpoint(scenarios=["refusal"], stubborn=True) as endpoint:
        assert text_of(endpoint, CHANGE) == text_of(endpoint, CHANGE)
        assert [exchange.scenario for exchange in endpoint.requests] == ["refusal", "refusal"]


def test_a_truncated_answer_says_so() -> None:
    with ScriptedEndpoint(scenarios=["truncated"]) as endpoint:
        assert chat(endpoint).choices[0].finish_reason == "length"


@pytest.mark.parametrize("name", ["near-miss", "unsearchable", "whole-program", "single-quotes"])
def test_what_does_not_apply_is_told_as_good(name) -> None:
    with ScriptedEndpoint(scenarios=[name]) as endpoint:
        assert Program.parse(in_fence(text_of(endpoint, NEW)))
        assert endpoint.requests[0].scenario == "good"


def test_a_whole_program_and_json_are_spoilt_as_well() -> None:
    with ScriptedEndpoint(
        plan="syntax-error:1,wrong-indent:1,bare:1,single-quotes:1,trailing-commas:1"
    ) as endpoint:
        assert breaks(in_fence(text_of(endpoint, NEW)))
        assert breaks(in_fence(text_of(endpoint, NEW)))
        assert Program.parse(text_of(endpoint, NEW))
        assert text_of(endpoint, VERDICT).startswith("{'verdict'")
        assert text_of(endpoint, VERDICT).endswith(",\n}")


# --- the transport ---


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("rate-limit", openai.RateLimitError),
        ("server-error", openai.InternalServerError),
        ("unavailable", openai.InternalServerError),
        ("auth", openai.AuthenticationError),
        ("unknown-model", openai.NotFoundError),
        ("reset", openai.APIConnectionError),
        ("close", openai.APIConnectionError),
    ],
)
def test_the_client_sees_the_fault(name, error) -> None:
    with ScriptedEndpoint(scenarios=[name]) as endpoint:
        with pytest.raises(error) as seen:
            chat(endpoint)
        status = getattr(seen.value, "status_code", 200 if name == "reset" else None)
        assert (endpoint.requests[0].scenario, endpoint.requests[0].status) == (name, status)


def test_a_rate_limit_tells_when_to_retry() -> None:
    with ScriptedEndpoint(scenarios=["rate-limit@7"]) as endpoint:
        status, headers, answered = ask(endpoint, CHANGE)
        assert (status, headers["Retry-After"]) == (429, "7")
        assert answered["error"]["code"] == "rate_limit_exceeded"


def test_the_client_retries_until_the_answer_is_good() -> None:
    with ScriptedEndpoint(plan="rate-limit@0.01:1,close:1,reset:1,good") as endpoint:
        assert chat(endpoint, max_retries=4).choices[0].message.content
        assert [exchange.status for exchange in endpoint.requests] == [429, None, 200, 200]


def test_a_closed_connection_brings_not_a_byte() -> None:
    with ScriptedEndpoint(scenarios=["close"]) as endpoint, pytest.raises(http.client.RemoteDisconnected):
        ask(endpoint, CHANGE)


def test_a_reset_breaks_a_reply_that_has_begun() -> None:
    broken = pytest.raises((ConnectionResetError, http.client.IncompleteRead))
    with ScriptedEndpoint(scenarios=["reset"]) as endpoint, broken:
        ask(endpoint, CHANGE)


def test_a_slow_answer_comes() -> None:
    with ScriptedEndpoint(scenarios=["slow@0.05"]) as endpoint:
        assert text_of(endpoint, VERDICT)
        assert endpoint.requests[0].scenario == "slow"


def test_the_client_gives_up_on_an_endpoint_that_hangs() -> None:
    with ScriptedEndpoint(scenarios=["hang"]) as endpoint, pytest.raises(openai.APITimeoutError):
        chat(endpoint, VERDICT, timeout=0.3)


def test_a_page_that_is_not_json_comes_with_200() -> None:
    with ScriptedEndpoint(scenarios=["wrong-json"]) as endpoint:
        status, headers, answered = send(endpoint, body=json.dumps({"model": "m", "messages": CHANGE}))
        assert (status, headers["Content-Type"]) == (200, "text/html")
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(answered)


def test_usage_may_be_missing_or_absurd() -> None:
    with ScriptedEndpoint(plan="no-usage:1,wild-usage:1") as endpoint:
        assert chat(endpoint).usage is None
        usage = chat(endpoint).usage
        assert usage.prompt_tokens + usage.completion_tokens != usage.total_tokens


def test_an_outage_breaks_every_connection_and_ends_on_the_same_port() -> None:
    clock = Clock()
    with ScriptedEndpoint(plan="good:1,outage:30s,good", clock=clock) as endpoint, client(endpoint) as opened:
        opened.models.list()
        url = endpoint.url
        assert text_of(endpoint, CHANGE)
        for _ in range(2):
            with pytest.raises(openai.APIConnectionError):  # at first on the connection that was kept
                opened.models.list()
        with pytest.raises(OSError):  # noqa: PT011 (however the system words it)
            ask(endpoint, CHANGE)
        clock.now = 31.0
        assert text_of(endpoint, CHANGE)
        assert opened.models.list()
        assert endpoint.url == url
        assert endpoint.refused >= 1


def test_a_drawn_outage_begins_with_its_request_and_ends() -> None:
    clock = Clock()
    with ScriptedEndpoint(scenarios=["outage@10"], clock=clock) as endpoint:
        for now, requests, refused in ((0, 1, 0), (5, 1, 1), (11, 2, 1)):
            clock.now = now
            with pytest.raises(OSError):  # noqa: PT011
                ask(endpoint, CHANGE)
            assert (len(endpoint.requests), endpoint.refused) == (requests, refused)


# --- schedules ---


def drawn(count: int, **settings) -> list[str]:
    with ScriptedEndpoint(**settings) as endpoint:
        for number in range(count):
            ask(endpoint, messages("critic", str(number)))
        return [exchange.scenario for exchange in endpoint.requests]


def test_a_mix_follows_its_weights_and_its_seed() -> None:
    mix = {"scenarios": ["good=8", "auth", "server-error=1"]}
    first = drawn(120, **mix)
    counts = Counter(first)
    assert counts.keys() == {"good", "auth", "server-error"}
    assert counts["good"] > 70
    assert drawn(120, **mix) == first
    assert drawn(120, **mix, seed=1) != first


def test_a_plan_is_followed_step_by_step_and_ends_well() -> None:
    assert drawn(6, plan="good:2, auth:1,empty:2") == ["good", "good", "auth", "empty", "empty", "good"]
    assert drawn(3, plan="auth") == ["auth"] * 3


def test_a_timed_step_begins_when_the_step_before_is_used_up() -> None:
    clock = Clock()
    with ScriptedEndpoint(plan="good:1,auth:10s,empty:1m,good", clock=clock) as endpoint:
        for now in (100, 109, 111, 169, 171):
            clock.now = now
            ask(endpoint, VERDICT)
        assert [exchange.scenario for exchange in endpoint.requests] == [
            "good",
            "auth",
            "empty",
            "empty",
            "good",
        ]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"scenarios": ["goood"]}, "nearest is `good`"),
        ({"scenarios": [""]}, "unknown scenario"),
        ({"scenarios": ["good=0"]}, "the weight in `good=0` must lie above 0"),
        ({"scenarios": ["good=nan"]}, "the weight"),
        ({"scenarios": ["good="]}, "the weight"),
        ({"scenarios": ["good@3"]}, "takes no seconds"),
        ({"scenarios": ["slow@soon"]}, "the seconds of `slow`"),
        ({"scenarios": ["slow@inf"]}, "the seconds of `slow`"),
        ({"scenarios": ["good"], "plan": "good"}, "not both"),
        ({"plan": "good,auth"}, "only the last step"),
        ({"plan": "good:0"}, "lasts requests (10) or time"),
        ({"plan": "good:10x"}, "lasts requests (10) or time"),
        ({"plan": "outage:3"}, "lasts seconds"),
        ({"plan": "good:1,,good"}, "unknown scenario"),
        ({"seed": -1}, "`seed`"),
        ({"script": "absent.toml"}, "`absent.toml` cannot be read"),
    ],
)
def test_bad_settings_are_named(settings, says) -> None:
    with pytest.raises(ConfigError) as refused:
        ScriptedEndpoint(**settings)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_port_in_use_is_named(good) -> None:
    port = address_of(good)[1]
    with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be served"), ScriptedEndpoint(port=port):
        pass


# --- scripts ---

SCRIPT = """
[[rules]]
role = "screener"
contains = ["momentum", "report"]
reply = "yes"

[[rules]]
role = "screener"
nth = 2
reply_file = "second.txt"

[[rules]]
role = "screener"
reply = "no"

[[rules]]
role = "critic"
nth = 1
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "answers.toml"
    path.write_text(SCRIPT)
    (tmp_path / "second.txt").write_bytes(b"maybe\r\n")
    return path


def test_the_first_rule_that_fits_answers(script) -> None:
    with ScriptedEndpoint(script=script) as endpoint:
        asked = ["a report on momentum", "other", "other", "other"]
        assert [text_of(endpoint, messages("screener", text)) for text in asked] == [
            "yes",
            "maybe\r\n",
            "no",
            "no",
        ]


def test_nth_counts_only_what_was_answered_with_a_reply() -> None:
    rules = [Rule(role="reader", nth=1, reply="first"), Rule(role="reader", reply="later")]
    with ScriptedEndpoint(plan="server-error:1,close:1,good", script=rules) as endpoint:
        assert ask(endpoint, messages("reader"))[0] == 500
        with pytest.raises(http.client.RemoteDisconnected):
            ask(endpoint, messages("reader"))
        assert [text_of(endpoint, messages("reader")) for _ in range(2)] == ["first", "later"]


def test_a_scripted_role_without_a_fitting_rule_is_told_to_the_author(script) -> None:
    with ScriptedEndpoint(script=script) as endpoint:
        assert "verdict" in text_of(endpoint, VERDICT)  # the rule lets the computed answer pass, once
        for asked, role in ((VERDICT, "critic"), (messages("reader"), "reader")):
            status, _, answered = ask(endpoint, asked)
            assert (status, answered["error"]["code"]) == (404, "no_scripted_reply")
            assert f"`{role}`, prompt {Prompt.parse({'model': 'm', 'messages': asked}).digest[:12]}" in str(
                answered
            )
        assert "CHANGES:" in text_of(endpoint, CHANGE)  # a role that the script leaves alone


def test_a_scripted_answer_can_be_spoilt() -> None:
    rules = [Rule(role="reader", reply='{"a": 1,\n "b": {}}')]
    with ScriptedEndpoint(scenarios=["trailing-commas"], script=rules) as endpoint:
        assert text_of(endpoint, messages("reader")) == '{"a": 1,\n "b": {},}'


def test_a_script_may_be_json(tmp_path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"rules": [{"role": "reader", "reply": "read"}]}))
    with ScriptedEndpoint(script=str(path)) as endpoint:
        assert text_of(endpoint, messages("reader")) == "read"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 5", "must hold a list `rules`"),
        ("rules = [5]", "rule 1 of"),
        ("[[rules]]\nrole = 'reader'", "give a `reply`"),
        ("[[rules]]\nreply = 'a'", "`role`"),
        ("[[rules]]\nrole = 'reader'\nreplies = 'a'", "`replies`"),
        ("[[rules]]\nrole = 'reader'\nreply = 'a'\nnth = 0", "`nth`"),
        ("[[rules]]\nrole = 'reader'\nreply = 'a'\nreply_file = 'b'", "`reply_file`"),
        ("[[rules]]\nrole = 'reader'\nreply_file = 'absent'", "cannot be read"),
        ("[[rules]", "not a readable TOML or JSON file"),
    ],
)
def test_a_bad_script_is_named(tmp_path, text, says) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        ScriptedEndpoint(script=path)
    assert says in str(refused.value)


# --- many at once, and the end ---


def test_eight_clients_at_once_get_their_own_answers(good) -> None:
    prompts = [messages("idea", f"number {n}", current_program=PROGRAM) for n in range(40)]
    with ScriptedEndpoint() as endpoint, ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda asked: text_of(endpoint, asked), prompts))
        assert [exchange.number for exchange in endpoint.requests] == list(range(1, 41))
    assert together == [text_of(good, asked) for asked in prompts]


def address_of(endpoint) -> tuple[str, int]:
    host, _, port = endpoint.url.removeprefix("http://").removesuffix("/v1").partition(":")
    return host, int(port)


def test_stopping_ends_hanging_requests_and_leaves_no_thread() -> None:
    before, arrived, failures = set(threading.enumerate()), threading.Semaphore(0), []
    endpoint = ScriptedEndpoint(scenarios=["hang"], on_exchange=lambda _: arrived.release())

    def hang() -> None:
        try:
            ask(endpoint, CHANGE)
        except (OSError, http.client.HTTPException) as failure:
            failures.append(failure)

    clients = [threading.Thread(target=hang) for _ in range(4)]
    with endpoint:
        address = address_of(endpoint)
        idle = socket.create_connection(address)
        for one in clients:
            one.start()
        for _ in clients:
            assert arrived.acquire(timeout=60)
    for one in clients:
        one.join()
    with idle:
        assert idle.recv(1) == b""
    assert len(failures) == 4
    assert set(threading.enumerate()) <= before
    with ScriptedEndpoint(port=address[1]) as again:
        assert text_of(again, VERDICT)


@pytest.mark.parametrize("name", ["hang", "slow@3600"])
def test_a_client_that_hangs_up_frees_its_thread(name) -> None:
    arrived = threading.Event()
    with ScriptedEndpoint(scenarios=[name], on_exchange=lambda _: arrived.set()) as endpoint:
        running = set(threading.enumerate())
        body = json.dumps({"model": "m", "messages": VERDICT}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(address_of(endpoint)) as connection:
            connection.sendall(head.encode() + body)
            assert arrived.wait(60)
            (serving,) = set(threading.enumerate()) - running
        serving.join(60)
        assert not serving.is_alive()


# --- the command ---


def test_the_command_serves_logs_and_sums_up_until_a_signal() -> None:
    run = [sys.executable, "-c", "from factorengine.cli.llm_stub import command; command()"]
    options = ["--scenario", "crlf", "--seed", "4", "--log"]
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([*run, *options], stdout=subprocess.PIPE, text=True)
        url = re.search(r"http://127\.0\.0\.1:\d+/v1", process.stdout.readline()).group()
        assert f"factorengine mine --proposer llm --base-url {url} --model any" in process.stdout.readline()
        with openai.OpenAI(base_url=url, api_key="any") as opened:
            reply = opened.chat.completions.create(model="m", messages=CHANGE).choices[0].message.content
        os.kill(process.pid, number)
        rest, _ = process.communicate(timeout=20)
        assert re.fullmatch(r"\S+ #1 idea: crlf → 200, \d+ characters\n1 requests: 1 crlf\n", rest)
        assert process.returncode == 0
        with ScriptedEndpoint(seed=4) as here:
            assert text_of(here, CHANGE) == reply.replace("\r\n", "\n")


def test_the_command_lists_the_scenarios_and_refuses_unknown_ones() -> None:
    listed = CliRunner().invoke(command, ["--list"])
    assert [line.split()[0] for line in listed.output.splitlines()] == [*SCENARIOS]
    refused = CliRunner().invoke(command, ["--plan", "goods"])
    assert isinstance(refused.exception, ConfigError)
    assert CliRunner().invoke(command, ["--port", "70000"]).exit_code == 2
    assert "Examples:" in CliRunner().invoke(command, ["--help"]).output


def test_the_command_is_imported_without_the_endpoint() -> None:
    code = "import sys, factorengine.cli.llm_stub; sys.exit('agents.stub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
