"""The scripted endpoint: malformed answers."""

import pytest

from agents.stub import SCENARIOS, ScriptedEndpoint
from agents.stub.malformations import HUGE_CHARACTERS
from factors.program import Program
from tests.agents.stub.support import BLOCK, CHANGE, NEW, PROGRAM, VERDICT, applied, chat, in_fence, text_of


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
