"""The planted programs run by the factors package: what the engine will measure its findings against."""

import numpy as np
import pytest

from factors.execution import run
from factors.program import Program
from factors.seeds import seed_sources
from market.arrays import FloatArray
from market.synthetic import PlantedFactor
from market.synthetic.planted import RULES
from tests.market.synthetic_markets import full, mean_rank_correlation, small

NAMES = tuple(rule.name for rule in RULES)
SEED_SOURCES = {
    name: text for group in ("alpha158-5", "alpha158-10") for name, text in seed_sources(group).items()
}
FOUND = 0.7


def _planted(name: str) -> PlantedFactor:
    return next(factor for factor in full().planted if factor.name == name)


def _in_universe(values: FloatArray) -> FloatArray:
    return np.where(full().panel.universe, values, np.nan)


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_program_gives_the_signal_the_market_obeyed(name: str) -> None:
    factor = _planted(name)
    values = run(Program.parse(factor.source), full().panel, factor.parameters)
    np.testing.assert_allclose(
        _in_universe(values), _in_universe(full().signals[name]), rtol=1e-8, atol=1e-11
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_program_never_reads_a_later_day(name: str) -> None:
    program = Program.parse(_planted(name).source)
    panel = small().panel
    for rows in (90, 150, 210):
        np.testing.assert_array_equal(run(program, panel)[:rows], run(program, panel.head(rows)))


@pytest.mark.parametrize("seed", sorted(SEED_SOURCES))
def test_no_seed_program_is_a_planted_factor_whatever_its_window(seed: str) -> None:
    program = Program.parse(SEED_SOURCES[seed])
    space = program.parameters.parameters.get("window")
    windows = (
        [{"window": w} for w in (3, 5, 8, 20, 35, 48, 60) if space.low <= w <= space.high] if space else [{}]
    )
    for values in windows:
        signal = run(program, full().panel, values)
        for name, planted in full().signals.items():
            shared = mean_rank_correlation(signal, planted, full().panel.universe)
            assert abs(shared) < FOUND, (values, name)
