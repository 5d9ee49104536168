"""Several workers at work on the trials of one program."""

from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine.crew
from engine.crew import Crew
from engine.mining import mine
from engine.tuning import NEIGHBOUR, tune
from factors.errors import ExecutionError, ProgramError
from factors.sandbox import Worker
from knowledge_base.store import open_store
from tests.engine.answers import trial_answer
from tests.engine.proposers import Script
from tests.engine.test_crew import ScriptedWorker
from tests.engine.test_mining import config
from tests.engine.test_options import FIRST, SECOND
from tests.engine.test_tuning import MIXED, NUMBERS, SMALL, falling, fitness, outcome, program_of, study


class Scorer(ScriptedWorker):
    """Answers a trial with a function of its parameters."""

    def __init__(self, score, diary) -> None:
        super().__init__(lambda _: self._scored())
        self._score, self._diary = score, diary

    def submit(self, method: str, **arguments: object) -> None:
        self.arguments = arguments
        self._diary.append((self, arguments["parameters"]))
        super().submit(method)

    def _scored(self):
        try:
            return trial_answer(self.arguments, self._score, self._score)
        except ProgramError as error:
            return error


def shared_study(space, *, workers=3, order=None, score=fitness, known=(), last=None, trials=12, **options):
    """Tune with a crew whose answers come in a random `order`, as far as trial `last`: result, trials, requests."""
    records, diary = list(known), []
    options = {"trials": trials, "seed": (1,), "known": list(known), "record": records.append} | options
    queue = iter([tune(program_of(space), **options)])
    crew = Crew([Scorer(score, diary) for _ in range(workers)])
    rng = np.random.default_rng(order)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine.crew, "wait_for_any", lambda busy, _: [busy[rng.integers(len(busy))]])
        try:
            results = list(
                crew.work(lambda: next(queue, None), lambda: last is not None and len(records) >= last)
            )
        finally:
            for worker in crew._workers:
                worker.close()
    return results[0] if results else None, records, diary


ORDERS = st.integers(0, 99)
SAMPLERS = ["tpe", "cmaes", "qmc", "random", "auto"]


@pytest.mark.parametrize("space", [MIXED, NUMBERS, SMALL], ids=["mixed", "numbers", "small"])
@pytest.mark.parametrize("name", SAMPLERS)
@given(order=ORDERS, workers=st.integers(2, 5))
@settings(max_examples=8, deadline=None)
def test_on_several_workers_nothing_is_tried_twice_and_every_number_given_once(
    space, name, order, workers
) -> None:
    told = {"sampler": name, "trials": 14, "neighbours_tried": 3}
    best, records, diary = shared_study(space, workers=workers, order=order, **told)
    parameters = [record.parameters for record in records]
    assert all(one not in parameters[:place] for place, one in enumerate(parameters))
    assert sorted(record.number for record in records) == list(range(len(records)))
    drawn = [record for record in records if record.message != NEIGHBOUR]
    assert len(drawn) == 14
    assert records[: len(drawn)] == drawn
    assert best.fitness == max(record.value for record in drawn if record.value is not None)
    assert len({worker for worker, _ in diary}) == workers


@given(order=ORDERS)
@settings(max_examples=5, deadline=None)
def test_a_trials_result_depends_on_its_parameters_alone(order) -> None:
    _, records, _ = shared_study(MIXED, order=order, sampler="random", trials=20, neighbours_tried=3)
    assert {record.state for record in records} == {"complete", "pruned"}
    for record in records:
        assert record.early_value == (None if record.message else fitness(record.parameters))
        assert record.value in (None, fitness(record.parameters))
        assert (record.value is None) == (record.state == "pruned")


def test_one_worker_does_what_a_driver_by_hand_does() -> None:
    told = {"trials": 16, "neighbours_tried": 3, "score": fitness}
    best, records, _ = shared_study(MIXED, workers=1, **told)
    by_hand, expected, _ = study(MIXED, early=fitness, **told)
    assert (best, best.plateau, outcome(records)) == (by_hand, by_hand.plateau, outcome(expected))


def test_the_first_trial_is_alone_and_the_neighbours_begin_after_the_drawn() -> None:
    _, records, diary = shared_study(NUMBERS, order=1, neighbours_tried=4)
    defaults = program_of(NUMBERS).parameters.defaults()
    tried = [parameters for _, parameters in diary]
    assert tried.index(defaults) == 0
    assert tried.count(defaults) == 1
    beside = [record.parameters for record in records if record.message == NEIGHBOUR]
    assert len(beside) == 4
    assert tried[-4:] == sorted(beside, key=tried.index)


def test_defaults_that_fail_are_the_programs_error_on_several_workers_too() -> None:
    def broken(_):
        raise ExecutionError("no")

    with pytest.raises(ExecutionError):
        shared_study(NUMBERS, score=broken)


def test_a_trial_that_fails_on_another_worker_is_a_failed_trial() -> None:
    def score(parameters):
        if parameters["a"] < 0:
            raise ExecutionError("no")
        return fitness(parameters)

    _, records, diary = shared_study(NUMBERS, score=score, order=2)
    failed = [record for record in records if record.state == "failed"]
    assert [record.parameters["a"] < 0 for record in failed] == [True] * len(failed) != []
    assert len({worker for worker, tried in diary if tried["a"] < 0}) > 1
    assert len(records) == 12


@given(order=ORDERS, last=st.integers(1, 16), workers=st.integers(1, 3))
@settings(max_examples=15, deadline=None)
def test_a_study_on_several_workers_that_was_killed_goes_on_without_repeats(order, last, workers) -> None:
    told = {"trials": 14, "neighbours_tried": 3}
    _, before, _ = shared_study(MIXED, order=order, last=last, **told)
    known = sorted(before, key=lambda record: record.number)
    best, records, _ = shared_study(MIXED, workers=workers, order=order + 1, known=known, **told)
    numbers = [record.number for record in records]
    assert len(set(numbers)) == len(numbers)
    assert all(number > max(numbers[: len(known)]) for number in numbers[len(known) :])
    drawn = [record.parameters for record in records if not record.message.startswith(NEIGHBOUR)]
    assert len(drawn) == 14
    assert all(parameters not in drawn[:place] for place, parameters in enumerate(drawn))
    assert best is not None


@given(order=ORDERS, workers=st.integers(1, 4))
@settings(max_examples=8, deadline=None)
def test_patience_counts_trials_in_the_order_of_their_ends(order, workers) -> None:
    best, records, _ = shared_study(
        NUMBERS, score=falling, order=order, workers=workers, trials=30, patience=4
    )
    assert 5 <= len(records) <= 5 + workers - 1
    assert best.fitness == 1.0


# --- a run


def test_a_slow_proposer_leaves_no_worker_idle(prices, tmp_path, monkeypatch) -> None:
    """The second proposal comes when the first program's draws are done: both workers did some of them.

    Two of the twelve trials are neighbours of the best, which are not run if they were drawn before.
    """
    asked, tuned, submit = [], Event(), Worker.submit

    def watched(worker, method, **arguments):
        asked.append((id(worker), method))
        submit(worker, method, **arguments)

    class Slow(Script):
        def propose(self, briefing, rng):
            assert briefing.iteration == 0 or tuned.wait(60)
            return super().propose(briefing, rng)

    def note(progress):
        if progress.trials_done >= 10 and not tuned.is_set():
            asked.append((0, "end"))
            tuned.set()

    monkeypatch.setattr(Worker, "submit", watched)
    options = {"workers": 2, "islands": 1, "seeds": "none", "iterations": 2, "trials": 12}
    result = mine(
        config(prices, tmp_path / "r.db", **options), proposer=Slow([SECOND, FIRST]), on_progress=note
    )
    of_the_first = asked[: asked.index((0, "end"))]
    assert len({worker for worker, method in of_the_first if method == "trial"}) == 2
    assert (result.status, result.programs_scored) == ("finished", 2)
    assert 20 <= result.trials_done <= 24
    assert 0.0 < result.worker_utilisation <= 1.0


def test_a_run_on_several_workers_that_died_among_the_trials_goes_on(prices, tmp_path) -> None:
    class PowerCut(BaseException):
        pass

    def cut(progress):
        if progress.trials_done >= 5:
            raise PowerCut

    options = {"workers": 2, "islands": 1, "seeds": "none", "iterations": 1, "trials": 12}
    chosen = config(prices, tmp_path / "r.db", **options)
    with pytest.raises(PowerCut):
        mine(chosen, proposer=Script([SECOND]), on_progress=cut)
    assert mine(chosen, proposer=Script([SECOND])).status == "finished"
    with open_store(tmp_path / "r.db") as store:
        trials = store.trials(1)
    assert len(trials) == 12
    assert len({str(trial.parameters) for trial in trials}) == 12
