"""More trials for programs that promise more."""

import math
import sqlite3
from contextlib import closing

import pytest

from engine.allotment import FEWEST_PROGRAMS, FEWEST_TRIALS, MOST, Competitors, allotted
from engine.mining import mine
from tests.engine.proposers import Script
from tests.engine.test_mining import config
from tests.engine.test_options import FIRST
from tests.engine.test_tuning import MIXED, NUMBERS, fitness, outcome, study


@pytest.mark.parametrize(
    ("ended", "surpassing", "number"),
    [
        (0, 1.0, 8),
        (7, 0.0, 8),
        (8, 0.36, 8),
        (8, 0.35, 20),
        (12, 0.5, 8),
        (19, 0.0, 20),
        (20, 0.13, 20),
        (20, 0.12, 35),
        (30, 0.2, 20),
        (35, 0.1, 50),
        (50, 0.0, 50),
        (99, 0.0, 50),
        (3, None, 20),
        (20, None, 20),
    ],
)
def test_a_program_gets_trials_by_how_many_others_are_better(ended, surpassing, number) -> None:
    assert allotted(20, ended, surpassing) == number


@pytest.mark.parametrize("trials", [1, FEWEST_TRIALS])
def test_few_trials_are_not_shared_out(trials) -> None:
    assert [allotted(trials, ended, share) for ended in range(20) for share in (0.0, 1.0)] == [trials] * 40


def test_competitors_are_counted_once_there_are_enough_and_apart_by_horizons() -> None:
    competitors = Competitors()
    for place in range(FEWEST_PROGRAMS):
        assert competitors.surpassing(0.0, None) is None
        competitors.add(float(place), None)
    assert [competitors.surpassing(x, None) for x in (-1.0, 0.0, 3.5, 7.0)] == [1.0, 7 / 8, 0.5, 0.0]
    competitors.add(math.nan, None)
    assert competitors.surpassing(8.0, None) == 0.0
    assert competitors.surpassing(0.0, [1, 5]) is None


@pytest.mark.parametrize(("share", "number"), [(1.0, FEWEST_TRIALS), (0.3, 16), (0.0, 16 * MOST), (None, 16)])
def test_a_study_is_as_long_as_it_is_allotted(share, number) -> None:
    _, records, _ = study(NUMBERS, trials=16, early=fitness, neighbours_tried=2, surpassing=lambda _: share)
    assert sum(record.early_value is not None for record in records) == number
    assert len(records) == number + 2


def test_a_study_goes_on_only_while_its_best_stays_ahead() -> None:
    asked = []

    def surpassing(best):
        asked.append(best)
        return 0.0 if best < fitness({"a": 0.8, "b": -0.8}) + 0.1 else 0.2

    _, records, _ = study(NUMBERS, trials=16, surpassing=surpassing)
    assert len(records) == 16
    assert asked[0] == 0.0
    assert asked[-1] == max(record.value for record in records)


@pytest.mark.parametrize("share", [1.0, 0.3, 0.0])
def test_an_allotted_study_goes_on_as_if_it_had_not_stopped(share) -> None:
    told = {"trials": 12, "early": fitness, "neighbours_tried": 2, "surpassing": lambda _: share}
    best, whole, _ = study(MIXED, **told)
    for cut in range(1, len(whole) + 1, 4):
        again, resumed, _ = study(MIXED, known=whole[:cut], **told)
        assert (again, outcome(resumed)) == (best, outcome(whole))


def trials_of_programs(path):
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT program_id, count(*) FROM trials GROUP BY program_id ORDER BY program_id"
        )
        return [number for _, number in rows]


def test_a_run_allots_trials_unless_they_are_to_be_shared_evenly(prices, tmp_path) -> None:
    options = {"workers": 1, "seeds": "alpha158-10", "iterations": 1, "trials": 12}
    numbers = {}
    for allotment in ("promise", "even"):
        path = tmp_path / f"{allotment}.db"
        mine(config(prices, path, **options, allotment=allotment), proposer=Script([FIRST]))
        numbers[allotment] = trials_of_programs(path)
    before = [numbers[allotment][:FEWEST_PROGRAMS] for allotment in numbers]
    assert before[0] == before[1]
    assert max(numbers["even"]) == 12
    assert FEWEST_TRIALS + 2 in numbers["promise"]
