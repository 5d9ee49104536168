import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.errors import StoreError
from knowledge_base.ranking import COLUMNS, MEASURES
from knowledge_base.store import open_store
from tests.knowledge_base.samples import add_scored, failure, horizon, new_program, new_run


def ids(ranking):
    return [factor.id for factor in ranking]


def test_the_best_program_comes_first_and_ranks_count_from_one(store, run_id):
    low, high = add_scored(store, run_id, "low", 1.0), add_scored(store, run_id, "high", 2.0)
    best, worst = store.ranking()
    assert (best.id, best.rank, best.fitness, best.name, best.run) == (high, 1, 2.0, "name of high", "first")
    assert (worst.id, worst.rank, worst.parameters, worst.direction) == (low, 2, {"window": 9}, -1)


def test_correlations_are_averaged_over_the_horizons(store, run_id):
    add_scored(store, run_id, "f", horizons=(horizon(1, ic=0.01), horizon(5, ic=0.03)))
    [factor] = store.ranking()
    figures = (factor.ic, factor.icir, factor.rank_ic, factor.rank_icir)
    assert figures == pytest.approx((0.02, 0.2, 0.04, 0.4))


def test_a_correlation_undefined_at_one_horizon_has_no_average(store, run_id):
    add_scored(store, run_id, "f", horizons=(horizon(1), horizon(5, ic=math.nan)))
    assert math.isnan(store.ranking()[0].rank_ic)


@pytest.mark.parametrize("by", MEASURES)
def test_undefined_values_come_last_under_every_measure(store, run_id, by):
    undefined = {"fitness": math.nan, "sharpe": math.nan, "horizons": (horizon(1, ic=math.nan),)}
    first = add_scored(store, run_id, "undefined", **undefined)
    second = add_scored(store, run_id, "negative", -1.0, sharpe=-3.0, horizons=(horizon(1, ic=-0.5),))
    assert ids(store.ranking(by=by)) == [second, first]


@settings(max_examples=15, deadline=None)
@given(fitness=st.lists(st.sampled_from([math.nan, math.inf, -1.0, 0.0, 2.0]), max_size=8))
def test_a_ranking_is_a_stable_sort_with_the_undefined_last(fitness):
    with open_store("sqlite://") as store:
        run_id = store.start_run(new_run()).id
        made = [(add_scored(store, run_id, f"f{i}", value), value) for i, value in enumerate(fitness)]
        expected = sorted(
            made, key=lambda pair: (not math.isfinite(pair[1]), -pair[1] if math.isfinite(pair[1]) else 0)
        )
        assert ids(store.ranking(top=None)) == [program for program, _ in expected]


def test_top_cuts_the_ranking_and_none_does_not(store, run_id):
    made = [add_scored(store, run_id, f"f{i}", float(-i)) for i in range(25)]
    assert ids(store.ranking()) == made[:20]
    assert ids(store.ranking(top=2)) == made[:2]
    assert ids(store.ranking(top=None)) == made


def test_distinct_keeps_the_best_of_each_cluster_of_a_run(store, run_id):
    other = store.start_run(new_run("second")).id
    best = add_scored(store, run_id, "best", 9.0, cluster=1)
    add_scored(store, run_id, "alike", 8.0, cluster=1)
    loose = [add_scored(store, run_id, name, 7.0) for name in ("loose", "looser")]
    elsewhere = add_scored(store, other, "elsewhere", 6.0, cluster=1)
    assert ids(store.ranking(distinct=True)) == [best, *loose, elsewhere]
    assert ids(store.ranking(distinct=True, top=3)) == [best, *loose]


def test_a_ranking_is_of_one_run_or_of_all(store, run_id):
    other = store.start_run(new_run("second")).id
    here, there = add_scored(store, run_id, "f", 1.0), add_scored(store, other, "f", 2.0)
    assert ids(store.ranking("first")) == [here]
    assert ids(store.ranking()) == [there, here]


def test_a_ranking_is_of_one_split(store, run_id):
    add_scored(store, run_id, "f", 1.0)
    tested = add_scored(store, run_id, "g", 2.0, split="test")
    assert ids(store.ranking(split="test")) == [tested]


def test_a_program_that_failed_or_is_being_tuned_is_not_ranked(store, run_id):
    store.record_failure(failure(run_id, add_scored(store, run_id, "f")))
    store.record_program(run_id, new_program("g"))
    assert store.ranking() == []


def test_the_frame_holds_the_ranking_in_the_promised_columns(store, run_id):
    add_scored(store, run_id, "f", math.nan)
    frame = store.ranked("first")
    assert tuple(frame.columns) == COLUMNS
    assert frame.loc[0, ["rank", "run", "split", "parameters"]].tolist() == [
        1,
        "first",
        "validation",
        {"window": 9},
    ]
    assert pd.isna(frame.loc[0, "fitness"])


def test_the_frame_of_an_empty_store_has_the_columns_too(store):
    assert tuple(store.ranked().columns) == COLUMNS


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"run": "thrid"}, "'second', 'first', got 'thrid'"),
        ({"by": "beauty"}, "fitness, ic, icir, rank_ic, rank_icir, sharpe, got 'beauty'"),
        ({"split": "tets"}, "one of validation, got 'tets'"),
        ({"top": 0}, "top >= 1, got 0"),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_known(store, run_id, asked, message):
    store.start_run(new_run("second"))
    add_scored(store, run_id, "f")
    with pytest.raises(StoreError, match=message):
        store.ranking(**asked)
