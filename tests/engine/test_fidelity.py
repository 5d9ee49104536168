"""Tests written from a report, run on programs that do and do not what it says."""

import pytest

from agents.reports.records import Examination
from engine.fidelity import disagreements
from factors.program import Program
from tests.factors.programs import body

REVERSAL = body("return -(data.close / ops.ts_delay(data.close, 2) - 1)")
MOMENTUM = body("return data.close / ops.ts_delay(data.close, 2) - 1")
RAW = body("return data.volume")
DAYS = {"close": [[100, 100, 100], [100, 100, 100], [100, 110, 90]]}


def examined(source: str, **tests) -> list[str]:
    return disagreements(Program.parse(source), Examination.model_validate(tests))


def test_a_program_that_does_what_the_report_says_has_no_disagreement() -> None:
    example = {"days": DAYS, "order": [2, 0, 1], "values": [0.0, -0.1, 0.1]}
    scalings = [
        {"fields": ["close"], "factor": 10, "effect": "same"},
        {"fields": ["volume"], "factor": 2, "effect": "same_order"},
    ]
    assert examined(REVERSAL, examples=[example], scalings=scalings) == []


def test_the_wrong_sign_is_found() -> None:
    (found,) = examined(MOMENTUM, examples=[{"why": "losers rise", "days": DAYS, "order": [2, 0, 1]}])
    assert found.startswith("example 1 (losers rise): the scores 0, 0.1, -0.1 should fall in the order")


@pytest.mark.parametrize(
    ("values", "agrees"), [([0.0, -0.1, 0.1], True), ([0.0, -0.1, 0.2], False), ([None, -0.1, 0.1], False)]
)
def test_values_must_be_near(values, agrees) -> None:
    assert (examined(REVERSAL, examples=[{"days": DAYS, "values": values}]) == []) is agrees


def test_no_opinion_can_be_what_is_wanted() -> None:
    short = {"close": [[100, 110, 90]]}
    assert examined(REVERSAL, examples=[{"days": short, "values": [None, None, None]}]) == []


def test_history_stands_before_the_days_and_is_the_same_for_all() -> None:
    example = {
        "history": {"days": 5, "close": [100, 50]},
        "days": {"close": [[100, 110, 90]]},
        "values": [-1.0, -1.2, -0.8],
    }
    assert examined(REVERSAL, examples=[example]) == []


@pytest.mark.parametrize(
    ("source", "effect", "agrees"),
    [
        (RAW, "same", False),
        (RAW, "same_order", True),
        (RAW, "reversed", False),
        (REVERSAL, "reversed", False),
    ],
)
def test_scalings_are_told_apart(source, effect, agrees) -> None:
    found = examined(source, scalings=[{"fields": ["volume"], "factor": 10, "effect": effect}])
    assert (found == []) is agrees


def test_a_program_that_fails_is_a_disagreement() -> None:
    found = examined(body("return data.close[9999]"), examples=[{"days": DAYS, "order": [2, 0, 1]}])
    assert "the program fails" in found[0]


@pytest.mark.parametrize(
    "example",
    [
        {"days": {"volume": [[1, 2, 3]]}, "order": [0, 1]},
        {"days": {"close": [[1, 2]]}, "order": [0, 1]},
        {"days": {"close": [[1, 2, 3]]}, "order": [0, 0]},
        {"days": {"close": [[1, 2, 3]]}, "order": [0]},
        {"days": {"close": [[1, 2, 3]], "price": [[1, 2, 3]]}, "order": [0, 1]},
        {"days": {"close": [[1, 2, 3]]}, "values": [1.0]},
        {"days": {"close": []}, "order": [0, 1]},
    ],
)
def test_an_example_that_cannot_be_run_is_refused(example) -> None:
    with pytest.raises(ValueError, match=r"example|order|field|row"):
        Examination.model_validate({"examples": [example]})
