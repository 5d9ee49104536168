"""The reward's terms, each by itself."""

import math

import pytest

from engine.reward import WEIGHTS, reward_terms

SOUND = {"train": 0.4, "validation": 0.4, "plateau": 1.0, "turnover": 0.2, "nodes": 60, "correlation": 0.1}


def total(**changes: object) -> float:
    return math.fsum(reward_terms(**(SOUND | changes)).values())


def test_a_sound_program_is_worth_its_validation_fitness() -> None:
    assert total() == 0.4
    assert all(value == 0.0 for name, value in reward_terms(**SOUND).items() if name != "fitness")


@pytest.mark.parametrize(
    ("change", "term", "cost"),
    [
        ({"train": 0.6}, "gap", 0.5 * 0.2),
        ({"plateau": 0.5}, "fragility", 0.25 * 0.4 * 0.5),
        ({"plateau": -0.3}, "fragility", 0.25 * 0.4),
        ({"turnover": 0.9}, "turnover", 0.25 * 0.4),
        ({"nodes": 200}, "complexity", 0.02),
        ({"correlation": 0.85}, "redundancy", 0.5 * 0.4 * 0.5),
        ({"correlation": -1.0}, "redundancy", 0.5 * 0.4),
    ],
)
def test_what_makes_it_doubtful_costs(change, term, cost) -> None:
    terms = reward_terms(**(SOUND | change))
    assert terms[term] == pytest.approx(-cost)
    assert total(**change) == pytest.approx(0.4 - cost)


def test_what_is_unknown_costs_nothing() -> None:
    assert total(plateau=math.nan, turnover=math.nan, correlation=math.nan) == 0.4


def test_a_worthless_program_is_not_worth_more_for_being_robust() -> None:
    assert total(validation=-0.1, train=-0.1, correlation=0.9, plateau=0.0) == pytest.approx(-0.1)


def test_the_plain_reward_is_the_fitness_alone() -> None:
    assert reward_terms(**(SOUND | {"train": 9.0, "nodes": 900}), kind="paper") == {"fitness": 0.4}


def test_the_weights_are_those_of_the_text() -> None:
    assert (WEIGHTS.gap, WEIGHTS.fragility, WEIGHTS.turnover, WEIGHTS.redundancy) == (0.5, 0.25, 0.25, 0.5)
    assert WEIGHTS.complexity * 100 == pytest.approx(0.02)
