import math

import pytest

from knowledge_base.briefing import HEAD_LINES, Briefing, ThemeRecord
from knowledge_base.errors import StoreError
from tests.knowledge_base.samples import add_scored, failure, new_program, new_run, scorecard


def test_the_briefing_of_a_new_run_is_empty(store, run_id):
    assert store.briefing(run_id) == Briefing(iteration=0)


def test_an_elite_shows_program_lineage_and_both_splits(store, run_id):
    parent = store.record_program(run_id, new_program("parent"))
    child = store.record_program(
        run_id, new_program("child", tags=("value", "blended"), parent_ids=(parent,))
    )
    cards = [scorecard(3.0, split="train"), scorecard(2.0), scorecard(99.0, split="test")]
    store.record_scores(child, parameters={"window": 4}, direction=-1, scorecards=cards)
    [elite] = store.briefing(run_id).elites
    assert (elite.id, elite.source, elite.parameters) == (child, "def factor(): ...", {"window": 4})
    assert (elite.tags, elite.parent_ids, elite.direction) == (("value", "blended"), (parent,), -1)
    assert (elite.train_fitness, elite.validation_fitness) == (3.0, 2.0)
    assert elite.train_metrics["sharpe"] == 1.5
    assert elite.validation_metrics["rank_icir"] == pytest.approx(0.4)


def test_nothing_of_the_test_split_reaches_a_briefing(store, run_id):
    program = add_scored(store, run_id, "f", 1.0)
    before = store.briefing(run_id)
    store.record_scores(
        program, parameters={"window": 9}, direction=-1, scorecards=[scorecard(77.0, split="test")]
    )
    assert store.briefing(run_id) == before


def test_elites_are_the_best_with_a_defined_fitness(store, run_id):
    ids = [add_scored(store, run_id, f"f{i}", fitness) for i, fitness in enumerate([1, math.nan, 3, 2, 3])]
    failed = add_scored(store, run_id, "failed", 9.0)
    store.record_failure(failure(run_id, failed))
    told = store.briefing(run_id, elites=3).elites
    assert [elite.id for elite in told] == [ids[2], ids[4], ids[3]]
    assert store.best(run_id, elites=3) == told


def test_an_undefined_metric_is_left_out(store, run_id):
    add_scored(store, run_id, "f", sharpe=math.nan)
    [elite] = store.briefing(run_id).elites
    assert "sharpe" not in elite.validation_metrics
    assert elite.train_fitness is None
    assert elite.train_metrics == {}


def test_the_newest_failures_come_first_with_the_head_of_their_source(store, run_id):
    long = "\n".join(f"line {number}" for number in range(HEAD_LINES + 5))
    for number in range(4):
        store.record_failure(failure(run_id, message=f"m{number}", source=long, iteration=number))
    notes = store.briefing(run_id, failures=2).failures
    assert [(note.message, note.iteration, note.stage) for note in notes] == [
        ("m3", 3, "tune"),
        ("m2", 2, "tune"),
    ]
    assert notes[0].source_head.splitlines()[-1] == f"line {HEAD_LINES - 1}"


def test_every_program_counts_as_tried_whatever_became_of_it(store, run_id):
    add_scored(store, run_id, "scored")
    store.record_failure(failure(run_id, store.record_program(run_id, new_program("failed"))))
    store.record_program(run_id, new_program("tuning"))
    store.record_program(store.start_run(new_run("second")).id, new_program("elsewhere"))
    assert store.briefing(run_id).tried_fingerprints == {"scored", "failed", "tuning"}
    marks = ("scored", "failed", "tuning", "elsewhere")
    assert [store.has_tried(run_id, mark) for mark in marks] == [True, True, True, False]


def test_themes_count_tries_failures_and_rewards(store, run_id):
    for number, fitness in enumerate([1.0, 4.0, math.nan]):
        program = store.record_program(run_id, new_program(f"f{number}", tags=("value", f"only {number}")))
        store.record_scores(program, parameters={}, direction=1, scorecards=[scorecard(fitness)])
    failed = store.record_program(run_id, new_program("failed", tags=("value",)))
    store.record_failure(failure(run_id, failed))
    themes = store.briefing(run_id).themes
    assert themes["value"] == ThemeRecord(tries=4, failures=1, mean_reward=2.5, best_reward=4.0)
    assert themes["only 2"] == ThemeRecord(tries=1, failures=0, mean_reward=None, best_reward=None)


def test_a_second_score_replaces_the_reward_of_a_theme(store, run_id):
    program = store.record_program(run_id, new_program("f", tags=("value",)))
    for fitness in (4.0, 1.0):
        store.record_scores(program, parameters={}, direction=1, scorecards=[scorecard(fitness)])
    assert store.briefing(run_id).themes["value"].best_reward == 1.0


def test_the_briefing_tells_how_far_the_run_is(store, run_id):
    add_scored(store, run_id, "f")
    store.advance_run(run_id, iterations_done=6, trials_done=0, elapsed_seconds=1.0)
    briefing = store.briefing(run_id)
    assert (briefing.iteration, briefing.counts.scored) == (6, 1)


def test_the_briefing_of_an_unknown_run_is_refused(store):
    with pytest.raises(StoreError, match="got 3: its runs are none yet"):
        store.briefing(3)
