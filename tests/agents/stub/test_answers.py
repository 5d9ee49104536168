"""The scripted endpoint: good answers."""

import json
from collections import Counter
from itertools import pairwise

import pytest

from agents.stub import ScriptedEndpoint
from factors.program import Program
from tests.agents.stub.support import (
    CHANGE,
    NEW,
    PROGRAM,
    VERDICT,
    applied,
    ask,
    chat,
    client,
    in_fence,
    messages,
    ranges,
    text_of,
)


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
