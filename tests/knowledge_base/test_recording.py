import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from knowledge_base.errors import StoreError
from knowledge_base.records import RunCounts
from knowledge_base.store import open_store
from tests.knowledge_base.samples import add_scored, failure, horizon, new_program, new_run, scorecard, trial


def test_a_run_is_found_again_as_it_was_started(store):
    new = new_run(config={"budget": {"trials": 10, "rate": 0.5}}, seed=2**40, horizons_days=(1, 3, 5, 10))
    started = store.start_run(new)
    found = store.find_run("first")
    assert found == started
    assert {name: getattr(found, name) for name in vars(new)} == vars(new)
    assert (found.status, found.iterations_done, found.result) == ("running", 0, None)
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(minutes=1)


def test_a_run_that_was_never_started_is_not_found(store):
    assert store.find_run("first") is None


def test_a_run_name_can_be_used_once(store, run_id):
    with pytest.raises(StoreError, match="'first' exists: resume it"):
        store.start_run(new_run())


def test_advancing_a_run_sets_totals_and_keeps_the_status(store, run_id):
    for done in (1, 2):
        store.advance_run(run_id, iterations_done=done, trials_done=20 * done, elapsed_seconds=1.5 * done)
    run = store.find_run("first")
    assert (run.iterations_done, run.trials_done, run.elapsed_seconds, run.status) == (2, 40, 3.0, "running")
    assert run.updated_at > run.created_at


def test_finishing_a_run_keeps_its_result(store, run_id):
    store.finish_run(run_id, "finished", {"found": [1, 2], "share": np.float64(0.5), "none": math.nan})
    run = store.find_run("first")
    assert (run.status, run.result) == ("finished", {"found": [1, 2], "share": 0.5, "none": None})


def test_an_unknown_status_is_refused_with_the_known_ones(store, run_id):
    with pytest.raises(StoreError, match="running, stopped, finished, got 'done'"):
        store.finish_run(run_id, "done")


def test_advancing_an_unknown_run_names_the_known_runs(store, run_id):
    with pytest.raises(StoreError, match="got 99: its runs are 'first'"):
        store.advance_run(99, iterations_done=0, trials_done=0, elapsed_seconds=0)


def test_a_program_keeps_tags_and_parents_in_order_and_once(store, run_id):
    one = store.record_program(run_id, new_program("f1"))
    two = store.record_program(run_id, new_program("f2"))
    child = store.program(
        store.record_program(run_id, new_program("f3", tags=("b", "a", "b"), parent_ids=(two, one, two)))
    )
    assert (child.tags, child.parent_ids, child.status) == (("b", "a"), (two, one), "tuning")


def test_a_fingerprint_is_unique_within_its_run_only(store, run_id):
    store.record_program(run_id, new_program("same"))
    store.record_program(store.start_run(new_run("second")).id, new_program("same"))
    with pytest.raises(StoreError, match="fingerprint new to its run"):
        store.record_program(run_id, new_program("same"))


def test_a_refused_program_leaves_nothing_behind(store, run_id):
    with pytest.raises(StoreError, match=r"parents \[99\]"):
        store.record_program(run_id, new_program("f1", tags=("a",), parent_ids=(99,)))
    assert store.counts(run_id).programs == 0
    assert store.briefing(run_id).themes == {}


def test_unfinished_programs_come_with_their_trials_in_order(store, run_id):
    scored = add_scored(store, run_id, "scored")
    open_program = store.record_program(run_id, new_program("open"))
    trials = [trial(1, value=None, state="failed", direction=None), trial(0), trial(2, state="pruned")]
    for made in trials:
        store.record_trial(open_program, made)
    store.record_trial(scored, trial())
    [(program, recorded)] = store.unfinished_programs(run_id)
    assert program == store.program(open_program)
    assert program.trial_count == 3
    assert recorded == sorted(trials, key=lambda made: made.number)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_trial_value_that_is_not_finite_is_none(store, run_id, value):
    program = store.record_program(run_id, new_program())
    store.record_trial(program, trial(value=value))
    assert store.trials(program)[0].value is None


@pytest.mark.parametrize("wrong", [{"number": 0}, {"state": "lost"}, {"direction": 0}])
def test_a_trial_that_breaks_a_rule_is_refused(store, run_id, wrong):
    program = store.record_program(run_id, new_program())
    store.record_trial(program, trial(0))
    with pytest.raises(StoreError, match="a number new to it, a known state and a direction"):
        store.record_trial(program, replace(trial(1), **wrong))
    assert store.counts(run_id).trials == 1


def test_scores_are_read_back_with_their_daily_series(store, run_id):
    daily = np.array([0.1, math.nan, -0.3])
    card = scorecard(horizons=(horizon(1, daily_ic=daily), horizon(5, ic=math.nan)))
    program_id = store.record_program(run_id, new_program())
    store.record_scores(
        program_id,
        parameters={"window": np.int64(4)},
        direction=-1,
        scorecards=[card, scorecard(split="train")],
    )
    program = store.program(program_id)
    assert (program.status, program.parameters, program.direction) == ("scored", {"window": 4}, -1)
    assert [score.split for score in program.scores] == ["validation", "train"]
    first, second = program.scores[0].horizons
    assert (first.ic, first.days, program.scores[0].fitness) == (0.02, 250, 1.0)
    assert_array_equal(first.daily_ic, daily)
    assert_array_equal(first.daily_rank_ic, -daily)
    assert math.isnan(second.ic)
    assert math.isnan(program.scores[0].mdd)
    assert second.daily_ic is None


@settings(max_examples=20, deadline=None)
@given(daily=st.lists(st.floats(width=64), max_size=40))
def test_any_daily_series_survives(daily):
    with open_store("sqlite://") as store:
        run_id = store.start_run(new_run()).id
        program = add_scored(store, run_id, "f", horizons=(horizon(1, daily_ic=np.array(daily)),))
        assert_array_equal(store.program(program).scores[0].horizons[0].daily_ic, np.array(daily))


def test_new_scores_replace_those_of_the_same_split_only(store, run_id):
    program = add_scored(store, run_id, "f1", fitness=1.0)
    for card in (scorecard(5.0, split="test"), scorecard(2.0)):
        store.record_scores(program, parameters={}, direction=1, scorecards=[card])
    assert {s.split: s.fitness for s in store.program(program).scores} == {"test": 5.0, "validation": 2.0}
    assert store.briefing(run_id).elites[0].validation_fitness == 2.0


def test_scores_that_name_a_split_twice_change_nothing(store, run_id):
    program = store.record_program(run_id, new_program())
    with pytest.raises(StoreError, match="each split and horizon once"):
        store.record_scores(program, parameters={}, direction=1, scorecards=[scorecard(), scorecard()])
    assert store.program(program).status == "tuning"
    assert store.program(program).scores == ()


def test_a_failure_marks_the_program_it_names(store, run_id):
    program = store.record_program(run_id, new_program())
    named, nameless = failure(run_id, program), failure(run_id)
    store.record_failure(named)
    store.record_failure(nameless)
    assert (store.program(program).status, store.program(program).failures) == ("failed", (named,))
    assert store.unfinished_programs(run_id) == []


def test_counts_tell_states_apart_and_runs_too(store, run_id):
    other = store.start_run(new_run("second")).id
    add_scored(store, other, "elsewhere")
    program = add_scored(store, run_id, "scored")
    store.record_trial(program, trial(0))
    store.record_failure(failure(run_id, store.record_program(run_id, new_program("failed"))))
    store.record_program(run_id, new_program("tuning"))
    assert store.counts(run_id) == RunCounts(programs=3, scored=1, failed=1, trials=1)
    assert [run.name for run in store.runs()] == ["first", "second"]


@pytest.mark.parametrize("write", ["scores", "cluster", "trial", "failure"])
def test_writing_to_an_unknown_program_is_refused(store, run_id, write):
    calls = {
        "scores": lambda: store.record_scores(9, parameters={}, direction=1, scorecards=[scorecard()]),
        "cluster": lambda: store.set_cluster(9, 1),
        "trial": lambda: store.record_trial(9, trial()),
        "failure": lambda: store.record_failure(failure(run_id, 9)),
    }
    with pytest.raises(StoreError, match="9"):
        calls[write]()


def test_an_unknown_program_is_answered_with_the_range_of_ids(store, run_id):
    with pytest.raises(StoreError, match="got 5: its ids are none yet"):
        store.program(5)
    add_scored(store, run_id, "f1")
    with pytest.raises(StoreError, match="got 5: its ids are between 1 and 1"):
        store.program(5)
