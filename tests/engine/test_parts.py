"""The search's parts, each alone."""

import base64
import json
import math

import numpy as np
import pytest

from backtest.information import daily_information
from backtest.labels import Labels
from engine.config import MineConfig
from engine.control import shuffled
from engine.recovery import nearest
from engine.requests import Request
from engine.similarity import Clusters, Likeness
from engine.tuning import tune
from factors.execution import run
from factors.program import Program
from market.errors import ConfigError
from market.synthetic import SyntheticConfig, synthesize
from tests.engine.answers import trial_answer
from tests.factors.programs import body

SPACE = json.dumps(
    {
        "window": {"type": "int", "low": 2, "high": 60, "default": 20, "log": 1},
        "weight": {"type": "float", "low": 0.0, "high": 1.0, "default": 0.5, "step": 0.25},
        "field": {"type": "categorical", "choices": ["close", "vwap"], "default": "vwap"},
    }
).replace('"log": 1', '"log": True')


def study(
    program: Program,
    *,
    trials: int,
    known=(),
    score=lambda p: -((p["window"] - 7) ** 2) - 1.0,
    early=lambda _: None,
):
    """Tune against a function instead of a worker; the trials recorded and what was asked."""
    records, asked = list(known), []
    coroutine = tune(program, trials=trials, seed=[1], known=list(known), record=records.append)
    answer = None
    while True:
        try:
            request: Request = coroutine.send(answer)
        except StopIteration as end:
            return end.value, records, asked
        asked.append(request.arguments["parameters"])
        answer = trial_answer(request.arguments, score, early)


def test_tuning_learns_the_direction_and_begins_with_the_defaults() -> None:
    program = Program.parse(body("return data.close", parameters=SPACE))
    best, records, _ = study(program, trials=12)
    assert dict(records[0].parameters) == program.parameters.defaults()
    assert best.direction == -1
    assert best.fitness == max(record.value for record in records)


def test_a_resumed_study_draws_what_an_uninterrupted_one_draws() -> None:
    program = Program.parse(body("return data.close", parameters=SPACE))
    _, whole, _ = study(program, trials=14)
    _, resumed, asked = study(program, trials=14, known=whole[:8])
    assert [record.parameters for record in resumed] == [record.parameters for record in whole]
    assert asked == [record.parameters for record in whole[8:]]


@pytest.mark.parametrize("cut", [1, 6, 9, 13, 19])
def test_a_study_with_pruned_trials_resumes_anywhere_to_the_same_trials(cut) -> None:
    program = Program.parse(body("return data.close", parameters=SPACE))
    told = {"trials": 20, "score": lambda p: p["weight"] + 0.1, "early": lambda p: p["weight"] + 0.1}
    best, whole, _ = study(program, **told)
    again, resumed, _ = study(program, known=whole[:cut], **told)
    assert "pruned" in {record.state for record in whole}
    seen = [[(r.number, r.parameters, r.state, r.value) for r in records] for records in (whole, resumed)]
    assert seen[0] == seen[1]
    assert again == best


def test_drawn_parameters_lie_in_their_space() -> None:
    program = Program.parse(body("return data.close", parameters=SPACE))
    _, records, _ = study(program, trials=25)
    assert len(records) == 25
    for record in records:
        assert program.parameters.complete(record.parameters) == record.parameters
        assert record.parameters["weight"] % 0.25 == 0


def test_the_same_parameters_are_not_run_twice() -> None:
    space = '{"side": {"type": "categorical", "choices": [1, 2], "default": 1}}'
    _, records, _ = study(
        Program.parse(body("return data.close", parameters=space)), trials=10, score=lambda p: p["side"]
    )
    assert sorted(record.parameters["side"] for record in records) == [1, 2]


def test_a_program_without_parameters_has_one_trial() -> None:
    _, records, _ = study(Program.parse(body("return data.close")), trials=10, score=lambda _: 0.3)
    assert len(records) == 1


def test_hopeless_trials_are_pruned_and_the_rest_scored_in_full() -> None:
    program = Program.parse(body("return data.close", parameters=SPACE))
    scored = []

    def score(parameters):
        scored.append(parameters)
        return parameters["weight"]

    _, records, _ = study(program, trials=20, score=score, early=lambda p: p["weight"])
    pruned = [record for record in records if record.state == "pruned"]
    complete = [record for record in records if record.state == "complete"]
    assert pruned
    assert all(record.value == record.parameters["weight"] for record in complete)
    assert scored == [record.parameters for record in complete]


def test_an_undefined_fitness_is_a_failed_trial() -> None:
    best, records, _ = study(Program.parse(body("return data.close")), trials=3, score=lambda _: float("nan"))
    assert best is None
    assert [record.state for record in records] == ["failed"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1.5h", 5400), (30, 30)]
)
def test_durations_are_read(text, seconds) -> None:
    assert MineConfig.of({"time_limit": text}).time_limit == seconds


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"iteration": 3}, "unknown setting `iteration`; known: data, store"),
        ({"iterations": "many"}, "setting `iterations`"),
        ({"iterations": True}, "setting `iterations`: true and false are no settings here"),
        ({"program_memory_gib": 1e12}, "setting `program_memory_gib`"),
        ({"train_end": "2012-13-01", "valid_end": "2013-01-01"}, "setting `train_end`"),
        ({"time_limit": "-5m"}, "duration"),
    ],
)
def test_a_wrong_setting_is_named(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        MineConfig.of(values)


def signature(vector: np.ndarray) -> str:
    return base64.b64encode((vector / np.linalg.norm(vector)).astype(np.float16).tobytes()).decode()


def test_clusters_join_equal_and_opposite_signals() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 500))
    clusters = Clusters()
    assert clusters.assign(1, signature(one)) == 1
    assert clusters.assign(2, signature(other)) == 2
    assert clusters.assign(3, signature(-one + 0.1 * other)) == 1
    assert clusters.assign(4, signature(one + other)) == 4


def test_equal_signals_share_a_cluster_whatever_was_founded_between_them() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 500))
    clusters = Clusters()
    clusters.assign(1, signature(one))
    assert clusters.assign(2, signature(one + 0.5 * other)) == 1
    assert clusters.assign(3, signature(one + other)) == 3
    assert clusters.assign(4, signature(one + 0.5 * other)) == 1


def test_likeness_is_the_correlation_of_every_two_known_programs() -> None:
    one, other = np.eye(500)[:2]
    likeness = Likeness()
    for program, vector in ((7, one), (3, -one), (5, one + other)):
        likeness.add(program, signature(vector))
    assert likeness.among([7, 5, 3, 99]) == {
        (3, 5): pytest.approx(-math.sqrt(0.5), abs=1e-3),
        (3, 7): -1.0,
        (5, 7): pytest.approx(math.sqrt(0.5), abs=1e-3),
    }
    assert likeness.among([7]) == likeness.among([]) == {}


def test_the_control_keeps_the_returns_and_breaks_the_link() -> None:
    market = synthesize(SyntheticConfig(dates=400, symbols=80, signal_strength=4.0), seed=1)
    factor = market.planted[0]
    signal = run(Program.parse(factor.source), market.panel, factor.parameters)
    true = Labels.of(market.panel)
    control = shuffled(true, np.random.default_rng(0))
    assert np.nanmean(daily_information(signal, true).rank_ic) > 0.05
    assert abs(np.nanmean(daily_information(signal, control).rank_ic)) < 0.02
    np.testing.assert_array_equal(np.sort(control.returns.values[200]), np.sort(true.returns.values[200]))


def test_a_planted_factor_is_found_by_the_nearest_program_up_to_sign() -> None:
    from types import SimpleNamespace

    market = synthesize(SyntheticConfig(dates=130, symbols=24), seed=1)
    programs = [SimpleNamespace(id=number, name=f"p{number}") for number in (1, 2)]
    comparisons = [(programs[0], (0.3, -0.8, 0.0, 0.0, 0.0)), (programs[1], (0.6, 0.1, 0.0, 0.0, 0.0))]
    found = nearest(market.planted, comparisons)
    assert [(r.program, r.found) for r in found[:2]] == [("p2", False), ("p1", True)]
    nothing = nearest(market.planted, [])[0]
    assert (nothing.program, nothing.correlation, nothing.found) == (None, None, False)
