"""The micro-search beyond its plain form: samplers, hints, neighbours, importance, patience."""

import importlib.util
import math
from typing import get_args

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import samplers
from engine.draws import HINTS_TRIED
from engine.robustness import importance, neighbours, plateau
from engine.samplers import STARTUP_TRIALS, SamplerName, nearest, points, position, value_at
from engine.tuning import KEPT_PERCENT, NEIGHBOUR, early_floor, tune
from factors.errors import ExecutionError
from factors.parameters import FloatParameter, IntParameter, ParameterSpace
from factors.program import Program
from knowledge_base.records import TrialRecord
from market.errors import ConfigError
from tests.engine.answers import trial_answer
from tests.factors.programs import body

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
EVERY_SAMPLER = [
    pytest.param(name, marks=needs_torch if name == "gp" else ()) for name in get_args(SamplerName)
]

MIXED = {
    "window": {"type": "int", "low": 2, "high": 60, "default": 20, "log": True},
    "weight": {"type": "float", "low": 0.0, "high": 1.0, "default": 0.5, "step": 0.25},
    "power": {"type": "float", "low": 0.1, "high": 10.0, "default": 1.0, "log": True},
    "field": {"type": "categorical", "choices": ["close", "vwap"], "default": "vwap"},
}
NUMBERS = {
    "a": {"type": "float", "low": -1.0, "high": 1.0, "default": 0.8},
    "b": {"type": "float", "low": -1.0, "high": 1.0, "default": -0.8},
}
SMALL = {
    "lag": {"type": "int", "low": 1, "high": 7, "default": 3, "step": 2},
    "share": {"type": "float", "low": 0.1, "high": 0.5, "default": 0.3, "step": 0.1},
}
ALONE = {"lag": {"type": "int", "low": 1, "high": 200, "default": 3}}
BESIDE_THE_GRID = {
    "share": {"type": "float", "low": 0.0, "high": 1.0, "default": 0.3, "step": 0.25},
    **NUMBERS,
}
SPACES = {"mixed": MIXED, "numbers": NUMBERS, "small": SMALL, "alone": ALONE, "none": {}}


def program_of(space) -> Program:
    return Program.parse(body("return data.close", parameters=repr(space)))


def fitness(parameters) -> float:
    """A smooth peak off the defaults, for any of the spaces."""
    numbers = [value for value in parameters.values() if not isinstance(value, str)]
    distance = sum((math.atan(value) - 0.3 * place) ** 2 for place, value in enumerate(numbers))
    return math.exp(-distance) * (1.0 if parameters.get("field") != "close" else 0.7)


def study(
    space, *, known=(), score=fitness, early=lambda _: None, trials=12, seed=(1,), busy=False, **options
):
    """Tune against a function instead of a worker, which may take its time: the result, all trials, the requests."""
    records, asked = list(known), []
    coroutine = tune(
        program_of(space), trials=trials, seed=seed, known=list(known), record=records.append, **options
    )
    go_on, answer = coroutine.send, None
    try:
        while True:
            request = go_on(answer)
            asked.append(request.arguments["parameters"])
            if busy:
                request.meanwhile()
            try:
                go_on, answer = coroutine.send, trial_answer(request.arguments, score, early)
            except ExecutionError as error:
                go_on, answer = coroutine.throw, error
    except StopIteration as end:
        return end.value, records, asked


def outcome(records):
    return [
        (r.number, r.parameters, r.state, r.value, r.early_value, r.direction, r.message) for r in records
    ]


def done(number, parameters, value, *, state="complete") -> TrialRecord:
    return TrialRecord(
        number=number, parameters=parameters, state=state, value=value, direction=1, duration_ms=1.0
    )


# --- samplers


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", EVERY_SAMPLER)
def test_every_sampler_goes_on_from_stored_trials_as_if_it_had_not_stopped(name, space) -> None:
    told = {"sampler": name, "trials": 16, "early": fitness, "neighbours_tried": 3}
    best, whole, _ = study(SPACES[space], **told)
    for cut in range(1, len(whole) + 1, 3) if name != "gp" else [13]:  # a Gaussian process takes its time
        again, resumed, asked = study(SPACES[space], known=whole[:cut], **told)
        assert outcome(resumed) == outcome(whole)
        assert again == best
        assert again.plateau == pytest.approx(best.plateau, nan_ok=True)
        assert all(parameters in [r.parameters for r in whole[cut:]] for parameters in asked)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", EVERY_SAMPLER)
def test_what_is_drawn_does_not_depend_on_when(name, space) -> None:
    told = {"sampler": name, "trials": 16, "early": fitness}
    assert outcome(study(SPACES[space], **told)[1]) == outcome(study(SPACES[space], busy=True, **told)[1])


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", EVERY_SAMPLER)
def test_every_sampler_stays_in_the_space_and_repeats_nothing(name, space) -> None:
    _, records, _ = study(SPACES[space], sampler=name, trials=16)
    parameters = program_of(SPACES[space]).parameters
    assert len(records) == min(16, points(parameters)) or (space == "small" and len(records) > 10)
    for place, record in enumerate(records):
        assert parameters.complete(record.parameters) == record.parameters
        assert record.parameters not in [other.parameters for other in records[:place]]
        for name_, value in record.parameters.items():
            if not isinstance(value, str):
                assert value == pytest.approx(nearest(parameters[name_], value))


@pytest.mark.parametrize("name", EVERY_SAMPLER)
def test_another_seed_draws_other_parameters(name) -> None:
    drawn = [[r.parameters for r in study(MIXED, sampler=name, seed=[seed])[1]] for seed in (1, 2)]
    assert drawn[0][0] == drawn[1][0]
    assert all(one != other for one, other in zip(drawn[0][1:], drawn[1][1:], strict=True))


def test_samplers_that_learn_come_nearer_the_peak_than_random_ones() -> None:
    def score(p):
        return math.exp(-((p["a"] + 0.43) ** 2) - (p["b"] - 0.37) ** 2)

    def worst(name):
        return min(
            study(NUMBERS, sampler=name, trials=50, seed=[s], score=score)[0].fitness for s in range(3)
        )

    assert min(worst("tpe"), worst("cmaes")) > 0.98 > worst("random")


def test_evolution_covers_the_categories_too() -> None:
    _, records, _ = study(MIXED, sampler="cmaes", trials=20)
    assert {record.parameters["field"] for record in records} == {"close", "vwap"}


def test_sobol_points_cover_the_space_evenly() -> None:
    _, records, _ = study(NUMBERS, sampler="qmc", trials=17)
    for name in NUMBERS:
        cells = [int((record.parameters[name] + 1.0) * 8) for record in records[1:]]
        assert sorted(cells) == list(range(16))


def test_a_small_space_is_enumerated() -> None:
    space = program_of(SMALL).parameters
    _, records, _ = study(SMALL, sampler="auto", trials=20)
    assert points(space) == len(records) == 20
    assert {r.parameters["share"] for r in records} == {0.1, 0.2, 0.3, 0.4, 0.5}


def test_auto_is_sobol_at_first_and_then_parzen() -> None:
    auto, sobol = (study(MIXED, sampler=name, trials=STARTUP_TRIALS + 1)[1] for name in ("auto", "qmc"))
    assert outcome(auto)[:STARTUP_TRIALS] == outcome(sobol)[:STARTUP_TRIALS]
    known = auto[:STARTUP_TRIALS]
    parzen = study(MIXED, sampler="tpe", trials=STARTUP_TRIALS + 1, known=known)[1]
    assert outcome(auto) == outcome(parzen)
    assert outcome(auto) != outcome(sobol)


@pytest.mark.parametrize(("name", "message"), [("gp", "pip install torch"), ("grid", "known: tpe, gp")])
def test_a_sampler_that_cannot_be_had_is_refused_before_any_trial(name, message, monkeypatch) -> None:
    monkeypatch.setattr(samplers.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=message):
        study(MIXED, sampler=name, score=lambda _: pytest.fail("a trial was run"))


def test_a_default_beside_the_grid_can_be_resumed() -> None:
    told = {"trials": 12, "sampler": "tpe"}
    _, whole, _ = study(BESIDE_THE_GRID, **told)
    assert whole[0].parameters["share"] == 0.3
    assert outcome(study(BESIDE_THE_GRID, known=whole[:8], **told)[1]) == outcome(whole)


@pytest.mark.parametrize(
    "parameter",
    [
        IntParameter(low=2, high=60, default=20, log=True),
        IntParameter(low=1, high=8, default=4, step=3),
        FloatParameter(low=0.0, high=1.0, default=0.5, step=0.1),
        FloatParameter(low=0.01, high=10.0, default=1.0, log=True),
        FloatParameter(low=-1.0, high=1.0, default=0.0),
    ],
)
def test_positions_and_values_are_each_other_s_inverse(parameter) -> None:
    values = [value_at(parameter, share / 200) for share in range(201)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(parameter.low)
    assert values[-1] == pytest.approx(7 if parameter.step == 3 else parameter.high)
    for value in values:
        assert parameter.admit(value) == value
        assert value_at(parameter, position(parameter, value)) == pytest.approx(value)


# --- pruning

LOOKS = st.floats(0.0, 1.0) | st.none() | st.just(math.nan)


@given(
    trials=st.lists(st.tuples(LOOKS, st.sampled_from(["complete", "pruned", "failed"])), max_size=30),
    seen=st.floats(0.0, 1.0),
)
def test_the_early_floor_prunes_what_optunas_percentile_pruner_prunes(trials, seen) -> None:
    records = [
        TrialRecord(
            number=number,
            parameters={},
            state=state,
            value=None,
            early_value=early,
            direction=1,
            duration_ms=1.0,
        )
        for number, (early, state) in enumerate(trials)
    ]
    pruner = optuna.pruners.PercentilePruner(KEPT_PERCENT, n_startup_trials=STARTUP_TRIALS)
    oracle = optuna.create_study(direction="maximize", pruner=pruner)
    for early, state in trials:
        looks = {} if early is None or math.isnan(early) else {0: early}
        ended = optuna.trial.TrialState.COMPLETE if state == "complete" else optuna.trial.TrialState.FAIL
        value = 0.0 if state == "complete" else None
        oracle.add_trial(optuna.trial.create_trial(state=ended, value=value, intermediate_values=looks))
    trial = oracle.ask()
    trial.report(seen, step=0)
    assert (seen < early_floor(records)) == trial.should_prune()


# --- hints


def test_hints_follow_the_defaults_fitted_into_the_space() -> None:
    hints = [
        {"window": 500, "weight": 0.6, "other": 3},
        {
            "window": 20,
            "field": "open",
            "weight": True,
            "power": math.nan,
        },  # nothing but the defaults is left
        {"window": 61.2, "weight": 0.49},  # the first once more
        {"window": 6.7, "field": "close"},
        {"power": -1.0},
        {"window": 3},  # one too many
    ]
    _, records, _ = study(MIXED, hints=hints, trials=8)
    defaults = {"window": 20, "weight": 0.5, "power": 1.0, "field": "vwap"}
    assert [record.parameters for record in records[: 1 + HINTS_TRIED]] == [
        defaults,
        defaults | {"window": 60},
        defaults | {"window": 7, "field": "close"},
        defaults | {"power": 0.1},
    ]
    assert defaults | {"window": 3} not in [record.parameters for record in records]
    assert len(records) == 8


@pytest.mark.parametrize("name", EVERY_SAMPLER)
def test_a_study_with_hints_resumes_anywhere(name) -> None:
    told = {"sampler": name, "hints": [{"window": 9}, {"weight": 0.0}], "trials": 11}
    _, whole, _ = study(MIXED, **told)
    for cut in (1, 2, 3, 7) if name != "gp" else [2]:
        assert outcome(study(MIXED, known=whole[:cut], **told)[1]) == outcome(whole)


def test_a_hint_that_was_tried_is_not_run_again() -> None:
    _, whole, _ = study(MIXED, hints=[{"window": 9}], trials=2)
    _, records, _ = study(MIXED, hints=[{"window": 30}, {"window": 9}], known=whole, trials=6)
    tried = [record.parameters for record in records]
    assert len(tried) == 6
    assert all(parameters not in tried[:place] for place, parameters in enumerate(tried))


def test_hints_count_among_the_trials() -> None:
    _, records, _ = study(MIXED, hints=[{"window": w} for w in (3, 4, 5)], trials=2)
    assert [record.parameters["window"] for record in records] == [20, 3]


# --- neighbours


def test_neighbours_move_one_parameter_by_about_a_tenth() -> None:
    parameters = program_of(MIXED).parameters
    best = {"window": 20, "weight": 0.5, "power": 10.0, "field": "vwap"}
    around = neighbours(parameters, best, count=20, seed=[3])
    moved = [{name: value for name, value in p.items() if value != best[name]} for p in around]
    assert all(len(move) == 1 for move in moved)
    assert sorted(move["window"] for move in moved if "window" in move) == [14, 29]
    assert sorted(move["weight"] for move in moved if "weight" in move) == [0.25, 0.75]
    assert [move["power"] for move in moved if "power" in move] == [pytest.approx(10**0.8)]
    assert [move["field"] for move in moved if "field" in move] == ["close"]
    assert neighbours(parameters, best, count=20, seed=[3]) == around
    assert neighbours(parameters, best, count=3, seed=[3]) == around[:3]
    assert len({name for move in moved[:4] for name in move}) == 4
    first = [neighbours(parameters, best, count=1, seed=[seed])[0] for seed in range(9)]
    assert any(parameters != first[0] for parameters in first)


@pytest.mark.parametrize("best", [1, 2, 5])
def test_neighbours_on_a_narrow_grid_are_a_step_away(best) -> None:
    space = ParameterSpace.parse(
        {
            "days": {"type": "int", "low": 1, "high": 5, "default": 2},
            "one": {"type": "int", "low": 1, "high": 1, "default": 1},
        }
    )
    around = neighbours(space, {"days": best, "one": 1}, count=9, seed=[0])
    assert {p["days"] for p in around} == {best - 1, best + 1} & set(range(1, 6))
    assert all(p["one"] == 1 for p in around)


def test_a_space_without_parameters_has_no_neighbours() -> None:
    assert neighbours(ParameterSpace({}), {}, count=4, seed=[0]) == []
    best, records, _ = study({}, neighbours_tried=4)
    assert math.isnan(best.plateau)
    assert len(records) == 1


@pytest.mark.parametrize(
    ("best", "around", "expected"),
    [
        (0.5, [0.5, 0.4], 0.9),
        (0.5, [0.25, math.nan], 0.25),
        (0.5, [2.0], 1.0),
        (0.1, [-3.0], -1.0),
        (0.5, [], math.nan),
        (0.0, [0.1], math.nan),
        (math.nan, [0.1], math.nan),
    ],
)
def test_a_plateau_is_the_neighbours_share_of_the_best(best, around, expected) -> None:
    assert plateau(best, around) == pytest.approx(expected, nan_ok=True)


def test_neighbours_are_run_in_full_recorded_last_and_never_win() -> None:
    def score(p):
        return 1.0 + p["a"]  # the best drawn has a better neighbour

    told = {"score": score, "early": score, "trials": 10}
    plain, before, _ = study(NUMBERS, **told)
    best, records, _ = study(NUMBERS, neighbours_tried=4, **told)
    assert math.isnan(plain.plateau)
    assert (best.parameters, best.fitness) == (plain.parameters, plain.fitness)
    assert outcome(records[:10]) == outcome(before)
    added = records[10:]
    assert [record.number for record in added] == list(range(10, 10 + len(added)))
    assert all(record.early_value is None for record in added)
    assert all(record.state == "complete" and record.message == NEIGHBOUR for record in added)
    assert max(record.value for record in added) > best.fitness
    assert best.plateau == pytest.approx(min(sum(r.value for r in added) / len(added) / best.fitness, 1.0))


def test_a_needle_has_no_plateau_and_a_neighbour_of_the_other_sign_counts_against_it() -> None:
    def score(p):
        return 0.5 if p["b"] == -0.8 and p["a"] == 0.8 else -0.25

    best, _, _ = study(NUMBERS, score=score, neighbours_tried=4, trials=3)
    assert best.plateau == pytest.approx(-0.5)


def test_a_neighbour_that_fails_is_a_failed_trial_and_counts_nothing() -> None:
    def score(p):
        if p["a"] not in (0.8, pytest.approx(0.6), 1.0) or p["b"] != -0.8:
            raise ExecutionError("no")
        return 0.5

    best, records, _ = study(NUMBERS, score=score, neighbours_tried=4, trials=1)
    failed = [record for record in records if record.state == "failed"]
    assert len(records) == 1 + 4
    assert len(failed) == 2
    assert all(record.message == f"{NEIGHBOUR}; ExecutionError: no" for record in failed)
    assert best.plateau == pytest.approx(0.5)


def test_neighbours_that_were_tried_are_known() -> None:
    best, records, _ = study(SMALL, sampler="auto", trials=20, neighbours_tried=4)
    assert len(records) == 20
    assert 0.0 < best.plateau <= 1.0


def test_trials_beyond_the_number_are_kept_and_not_run_again() -> None:
    told = {"neighbours_tried": 4, "trials": 8}
    best, whole, _ = study(MIXED, **told)
    again, records, asked = study(MIXED, known=whole, **told)
    assert (outcome(records), asked) == (outcome(whole), [])
    assert (again, again.plateau) == (best, best.plateau)
    longer, records, _ = study(MIXED, known=whole, **(told | {"trials": 10}))
    assert outcome(records[: len(whole)]) == outcome(whole)
    assert sum(not record.message for record in records) == 10
    assert [record.number for record in records] == list(range(len(records)))
    assert longer.fitness >= best.fitness


# --- importance


def test_the_parameter_that_matters_is_found() -> None:
    _, records, _ = study(MIXED, score=lambda p: 1.0 / (1.0 + abs(p["window"] - 5)), trials=40)
    found = importance(program_of(MIXED), records)
    assert next(iter(found)) == "window"
    assert sum(found.values()) == pytest.approx(1.0)
    assert set(found) == set(MIXED)


def test_importance_needs_trials_parameters_and_differences() -> None:
    two, one = program_of(NUMBERS), program_of(ALONE)
    spread = [done(n, {"a": n / 20, "b": -n / 20}, n / 10) for n in range(12)]
    assert set(importance(two, spread)) == {"a", "b"}
    assert importance(two, spread[:9]) == {}
    assert importance(two, [*spread[:9], done(9, {"a": 0.9, "b": 0.0}, None, state="pruned")]) == {}
    assert importance(two, [done(n, {"a": n / 20, "b": 0.0}, 0.5) for n in range(12)]) == {}
    assert importance(one, [done(n, {"lag": n + 1}, n / 10) for n in range(12)]) == {}
    assert importance(two, []) == {}


# --- patience


def falling(p):
    """Best at the defaults."""
    return 1.0 - 0.1 * abs(p["a"] - 0.8) - 0.1 * abs(p["b"] + 0.8)


def test_patience_ends_a_study_that_brings_nothing_new() -> None:
    assert len(study(NUMBERS, score=falling, trials=20)[1]) == 20
    best, records, _ = study(NUMBERS, score=falling, trials=20, patience=4)
    assert len(records) == 5
    assert best.fitness == 1.0


def test_patience_counts_from_the_last_improvement_beyond_the_noise() -> None:
    values = iter([0.10, 0.11, 0.20, 0.205, 0.209, 0.1, 0.5, 0.5])
    _, records, _ = study(NUMBERS, score=lambda _: next(values), trials=8, patience=3, noise=0.05)
    assert [record.value for record in records] == [0.10, 0.11, 0.20, 0.205, 0.209, 0.1]


def test_pruned_and_failed_trials_try_the_patience() -> None:
    values = iter([0.5, *[math.nan] * 3, 0.9])
    assert len(study(NUMBERS, score=lambda _: next(values), trials=9, patience=3)[1]) == 4
    told = {"score": falling, "early": falling, "trials": 30, "patience": 9}
    _, records, _ = study(NUMBERS, **told)
    assert len(records) == 10
    assert "pruned" in {record.state for record in records}


def test_a_study_that_patience_ended_stays_ended() -> None:
    told = {"score": falling, "trials": 20, "patience": 4, "neighbours_tried": 3}
    best, whole, _ = study(NUMBERS, **told)
    assert 5 < len(whole) <= 8
    for cut in range(1, len(whole) + 1):
        again, records, _ = study(NUMBERS, known=whole[:cut], **told)
        assert outcome(records) == outcome(whole)
        assert again.plateau == best.plateau
