"""What the agents make of replies: proposals, mended programs, lessons, objections."""

from dataclasses import replace

import numpy as np
import pytest

from agents.errors import TransportError, UnusableReplyError
from agents.language import Experience, LanguageMentor, LanguageProposer, Problem
from agents.language.proposer import parts
from agents.language.redaction import Redaction
from agents.testing import empty_briefing, sample_briefing
from factors.program import Program

NO_OBJECTION = '{"agrees": true, "look_ahead": false, "duplicate": false, "empty": false, "reason": ""}'
OBJECTION = '{"agrees": false, "look_ahead": false, "duplicate": false, "empty": false, "reason": "Rank it."}'
CHANGE = """ANALYSIS: The score is raw.
IDEA: Correlation of price and volume, ranked across stocks.
CHANGES:
<<<<<<< SEARCH
    return ops.ts_corr(data.close, np.log(data.volume + 1), p["window"])
=======
    return ops.cs_rank(ops.ts_corr(data.close, np.log(data.volume + 1), p["span"]))
>>>>>>> REPLACE
<<<<<<< SEARCH
    "window": {
=======
    "span": {
>>>>>>> REPLACE
PARAMETERS: {"span": {"type": "int", "low": 4, "high": 30, "default": 12}}
"""


def role_of(request) -> str:
    return request.messages[0]["content"].splitlines()[0].removeprefix("# FactorEngine: ")


def by_role(**answers):
    """Answers by role, each a text or an iterator of texts."""

    def answer(request):
        chosen = answers[role_of(request)]
        return chosen if isinstance(chosen, str | Exception) else next(chosen)

    return answer


def briefing():
    told = sample_briefing()
    return replace(told, current=told.elites[0], chain=told.elites[:1])


def propose(client, told=None):
    return LanguageProposer(client).propose(told or briefing(), np.random.default_rng(1))


def test_a_changed_program_keeps_what_was_not_changed_and_says_its_idea(asking) -> None:
    proposal = propose(asking(by_role(idea=CHANGE, critic=NO_OBJECTION)))
    program = Program.parse(proposal.source)
    assert program.idea == proposal.idea == "Correlation of price and volume, ranked across stocks."
    assert program.parameters["span"].high == 30
    assert proposal.parents == (1,)
    assert set(proposal.tags) == {"close", "volume", "ts_corr", "cs_rank"}
    assert "Rationale:" in proposal.source


def test_a_model_is_told_by_which_horizons_its_program_is_judged(asking, store) -> None:
    client = asking(by_role(idea=CHANGE, critic=NO_OBJECTION))
    propose(client, replace(briefing(), emphasis=("volume",), horizons_days=(5, 10)))
    propose(client)
    some, every = [call.messages[-1]["content"] for call in store.calls("run a") if call.role == "idea"]
    assert "in particular at: volume; the 5-day and 10-day returns that follow, for only these count" in some
    assert "only these count" not in every


def test_a_model_is_told_the_horizons_of_a_run_that_has_others_than_usual(asking, store) -> None:
    proposer = LanguageProposer(asking(by_role(idea=CHANGE, critic=NO_OBJECTION)), horizons_days=(2, 20))
    proposer.propose(briefing(), np.random.default_rng(1))
    (asked,) = [call.messages[-1]["content"] for call in store.calls("run a") if call.role == "idea"]
    assert "the 2-day and 20-day returns that follow, for only these count" in asked


def test_an_objection_is_met_once(asking, store) -> None:
    better = CHANGE.replace("ranked across stocks", "ranked across stocks twice").replace(
        "ops.cs_rank(ops.ts_corr", "ops.cs_rank(ops.cs_rank(ops.ts_corr"
    )
    better = better.replace('p["span"]))', 'p["span"])))')
    proposal = propose(asking(by_role(idea=iter([CHANGE, better]), critic=OBJECTION)))
    assert "twice" in proposal.idea
    last = store.calls("run a")[-1]
    assert "Rank it." in last.messages[-1]["content"]
    assert "does not compute what the idea says" in last.messages[-1]["content"]
    assert [call.role for call in store.calls("run a")] == ["idea", "critic", "idea"]


def test_a_critic_that_cannot_be_understood_objects_to_nothing(asking, store) -> None:
    proposal = propose(asking(by_role(idea=CHANGE, critic="I would rather not judge.")))
    assert proposal.idea
    assert [call.outcome for call in store.calls("run a") if call.role == "critic"] == ["misunderstood"] * 2


def test_the_critic_can_be_left_out(asking, store) -> None:
    propose(asking(by_role(idea=CHANGE), critic=False))
    assert {call.role for call in store.calls("run a")} == {"idea"}


def test_helpers_criticise_and_models_have_ideas(asking, store) -> None:
    propose(asking(by_role(idea=CHANGE, critic=NO_OBJECTION), helpers=["small"]))
    assert [(call.role, call.model) for call in store.calls("run a")] == [("idea", "m"), ("critic", "small")]


def test_a_program_that_was_tried_is_sent_back(asking, store) -> None:
    first = propose(asking(by_role(idea=CHANGE, critic=NO_OBJECTION)))
    tried = frozenset({Program.parse(first.source).fingerprint})
    told = replace(briefing(), tried_fingerprints=tried)
    with pytest.raises(UnusableReplyError, match="this program was tried before"):
        propose(asking(by_role(idea=CHANGE, critic=NO_OBJECTION)), told)


def test_a_program_that_breaks_the_policy_is_left_to_the_corrector(asking) -> None:
    hostile = CHANGE.replace("return ops.cs_rank(", "return open('x') or ops.cs_rank(")
    assert "open('x')" in propose(asking(by_role(idea=hostile, critic=NO_OBJECTION))).source


def test_a_new_program_has_no_parent(asking) -> None:
    whole = (
        f"IDEA: A new idea.\nCHANGES:\n```python\n{sample_briefing().elites[2].source}\n```\nPARAMETERS: {{}}"
    )
    proposal = propose(asking(by_role(idea=whole, critic=NO_OBJECTION)), empty_briefing())
    assert (proposal.parents, proposal.idea, proposal.operation) == ((), "A new idea.", "begun")


def test_refusals_of_the_endpoint_pass_through(asking) -> None:
    with pytest.raises(TransportError):
        propose(asking(by_role(idea=TransportError("the endpoint answered 401."))))


def test_a_program_without_fields_or_operators_still_has_a_tag() -> None:
    assert parts("x = 1") == ("program",)


def problem() -> Problem:
    source = sample_briefing().elites[0].source.replace("np.log(", "np.lgo(")
    return Problem(source=source, stage="run", message="no attribute 'lgo' on 2012-03-05", iteration=3)


def test_the_corrector_mends_a_program(asking, store) -> None:
    line = '    return ops.ts_corr(data.close, np.log(data.volume + 1), p["window"])'
    wrong = line.replace("np.log", "np.lgo")
    reply = f"A typo.\n<<<<<<< SEARCH\n{wrong}\n=======\n{line}\n>>>>>>> REPLACE"
    mentor = LanguageMentor(asking(by_role(corrector=reply)), Redaction())
    mended = mentor.correct(problem(), np.random.default_rng(1))
    assert mended == sample_briefing().elites[0].source
    assert "[day]" in store.calls("run a")[0].messages[1]["content"]


@pytest.mark.parametrize("reply", ["I cannot.", "```python\n" + problem().source + "\n```"])
def test_a_correction_that_is_none_is_none(asking, reply) -> None:
    mentor = LanguageMentor(asking(by_role(corrector=reply)))
    assert mentor.correct(problem(), np.random.default_rng(1)) is None


def experience() -> Experience:
    one, two, three = sample_briefing().elites[:3]
    return Experience(elite=three, parent=two, root=one, iteration=4)


def test_a_lesson_is_one_line_of_bounded_length(asking) -> None:
    reply = '{"lesson": "It\\nworks.", "advice": "' + "Go on. " * 400 + '"}'
    lesson = LanguageMentor(asking(by_role(analyst=reply))).lesson(experience(), np.random.default_rng(1))
    assert lesson.startswith("It works. Go on.")
    assert len(lesson) == 1000


@pytest.mark.parametrize("reply", ['{"lesson": ""}', "[1, 2]", "no", '{"lesson": 3}'])
def test_no_lesson_is_invented(asking, reply) -> None:
    assert (
        LanguageMentor(asking(by_role(analyst=reply))).lesson(experience(), np.random.default_rng(1)) is None
    )


def test_the_analyst_can_be_left_out(asking, store) -> None:
    mentor = LanguageMentor(asking(by_role(), analyst=False))
    assert mentor.lesson(experience(), np.random.default_rng(1)) is None
    assert not store.calls("run a")
