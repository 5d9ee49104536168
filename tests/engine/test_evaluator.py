"""What a worker answers, asked in this process."""

import json

import numpy as np
import pytest

from backtest.labels import Labels
from backtest.scoring import combined_score
from engine.evaluator import Evaluator
from factors.errors import ContractError, ExecutionError, LookAheadError
from factors.execution import run
from factors.program import Program
from market.panel import Panel
from market.synthetic import SyntheticConfig, synthesize
from tests.factors.programs import REVERSAL, body

TRAIN, VALIDATION = (0, 120), (131, 200)
WINDOW = {"window": 5}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return synthesize(SyntheticConfig(dates=200, symbols=30), seed=6).panel


def evaluator(panel: Panel, folder, *, shuffle_seed: int | None = None) -> Evaluator:
    panel.save(folder)
    return Evaluator(
        panel=str(folder),
        train=TRAIN,
        validation=VALIDATION,
        horizons_days=[1, 5],
        min_assets=10,
        shuffle_seed=shuffle_seed,
    )


@pytest.fixture(scope="module")
def worker(panel, tmp_path_factory) -> Evaluator:
    return evaluator(panel, tmp_path_factory.mktemp("worker") / "panel")


def test_a_trials_fitness_is_that_of_the_training_rows_alone(worker, panel) -> None:
    seen = panel.head(VALIDATION[0])
    signal = run(Program.parse(REVERSAL), seen, WINDOW)
    labels = Labels.of(seen, horizons_days=(1, 5), min_assets=10)
    expected = combined_score(signal, labels, rows=slice(*TRAIN))
    assert worker.trial(source=REVERSAL, parameters=WINDOW)["fitness"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("days", [1, 5])
def test_a_trial_over_some_horizons_is_that_of_labels_of_these(worker, panel, days) -> None:
    seen = panel.head(VALIDATION[0])
    signal = run(Program.parse(REVERSAL), seen, WINDOW)
    labels = Labels.of(seen, horizons_days=(days,), min_assets=10)
    expected = combined_score(signal, labels, rows=slice(*TRAIN))
    found = worker.trial(source=REVERSAL, parameters=WINDOW, horizons_days=[days])["fitness"]
    assert found == pytest.approx(expected, abs=1e-12)
    assert found != worker.trial(source=REVERSAL, parameters=WINDOW)["fitness"]


def test_the_validation_rows_cannot_change_a_trial(worker, panel, tmp_path) -> None:
    fields = {name: np.array(values) for name, values in panel.fields.items()}
    for values in fields.values():
        values[VALIDATION[0] :] *= np.random.default_rng(1).uniform(
            0.5, 2, size=values[VALIDATION[0] :].shape
        )
    changed = Panel(
        dates=panel.dates,
        symbols=panel.symbols,
        fields=fields,
        universe=panel.universe,
        tradable=panel.tradable,
    )
    other = evaluator(changed, tmp_path / "panel")
    asked = {"source": REVERSAL, "parameters": WINDOW}
    assert other.trial(**asked) == worker.trial(**asked)
    train, validation = (w.assess(**asked, direction=1)["scorecards"] for w in (other, worker))
    assert train[0]["fitness"] == validation[0]["fitness"]
    assert train[1]["fitness"] != validation[1]["fitness"]


def test_a_scorecard_of_the_opposite_direction_has_the_opposite_signs(worker) -> None:
    one, other = (
        worker.assess(source=REVERSAL, parameters=WINDOW, direction=direction) for direction in (1, -1)
    )
    for card, mirrored in zip(one["scorecards"], other["scorecards"], strict=True):
        assert card["fitness"] == pytest.approx(-mirrored["fitness"], abs=1e-12)
        for days in ("1", "5"):
            for name in ("ic", "icir", "rank_ic", "rank_icir"):
                assert card["horizons"][days][name] == pytest.approx(-mirrored["horizons"][days][name])
    assert [card["split"] for card in one["scorecards"]] == ["train", "validation"]


def test_answers_survive_a_trip_through_json(worker) -> None:
    asked = {"source": REVERSAL, "parameters": WINDOW}
    for answer in (
        worker.examine(source=REVERSAL),
        worker.trial(**asked),
        worker.trial(**asked, floor=0.0),
        worker.trial(**asked, floor=9.0),
        worker.assess(**asked, direction=1),
        worker.signature(**asked),
        worker.statistics(),
    ):
        np.testing.assert_equal(json.loads(json.dumps(answer)), answer)


def test_a_signal_resembles_itself_and_is_the_opposite_of_its_negative(worker) -> None:
    negative = REVERSAL.replace("return -past_return", "return past_return")
    references = [{"source": source, "parameters": WINDOW} for source in (REVERSAL, negative)]
    asked = {"source": REVERSAL, "parameters": WINDOW, "references": references}
    assert worker.resemblance(**asked)["correlations"] == pytest.approx([1.0, -1.0])


@pytest.mark.parametrize(
    ("statements", "error"),
    [
        ("return data.frame('close').shift(-1)", LookAheadError),
        ("return data.close - data.close.mean(axis=0)", LookAheadError),
        ("return data.close[1:]", ContractError),
        ("return data.close[99999]", ExecutionError),
        ("return data.close * float('nan')", ContractError),
    ],
)
def test_a_program_that_breaks_its_contract_is_not_examined_successfully(worker, statements, error) -> None:
    with pytest.raises(error):
        worker.examine(source=body(statements))


def test_shuffled_labels_depend_on_their_seed_alone(panel, tmp_path) -> None:
    asked = {"source": REVERSAL, "parameters": WINDOW}
    first, again, other = (
        evaluator(panel, tmp_path / name, shuffle_seed=seed).trial(**asked)["fitness"]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again != other


def test_an_early_look_ends_a_trial_or_changes_nothing(tmp_path) -> None:
    panel = synthesize(SyntheticConfig(dates=500, symbols=20), seed=8).panel
    panel.save(tmp_path / "panel")
    worker = Evaluator(
        panel=str(tmp_path / "panel"),
        train=(30, 390),
        validation=(410, 500),
        horizons_days=[1, 5],
        min_assets=10,
        shuffle_seed=4,
    )
    asked = {"source": REVERSAL, "parameters": WINDOW}
    plain = worker.trial(**asked)
    seen = worker.trial(**asked, floor=0.0)
    assert plain["early"] is None
    assert (seen["fitness"], np.isfinite(seen["early"])) == (plain["fitness"], True)
    assert seen["early"] != seen["fitness"]
    size = abs(seen["early"])
    assert worker.trial(**asked, floor=size) == seen
    assert worker.trial(**asked, floor=size * 1.001) == {"early": seen["early"], "fitness": None}
    assert worker.trial(**asked, floor=0.0, horizons_days=[5])["early"] != seen["early"]
