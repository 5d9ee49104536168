"""What formulas compute, against their second evaluation in pandas."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factors.causality import audit_causality
from factors.execution import run
from factors.formulas import read_formula, to_qlib, write_program
from factors.lifting import lift_constants
from factors.program import Program
from market.panel import Panel
from tests.factors.formulas.evaluator import FORMULAS, QLIB, Market
from tests.factors.formulas.strategies import formulas
from tests.strategies import random_panel, seeds


def coarse_panel(seed: int = 5, *, dates: int = 60, missing: float = 0.08) -> Panel:
    """Prices in whole units, so that there are ties, with gaps and a changing universe."""
    panel = random_panel(seed, dates=dates, symbols=6, missing=missing)
    fields = {name: np.round(values) for name, values in panel.fields.items()}
    return Panel(
        dates=panel.dates,
        symbols=panel.symbols,
        fields=fields,
        universe=panel.universe,
        tradable=panel.tradable,
    )


def computed(text: str, panel: Panel) -> np.ndarray:
    return run(Program.parse(write_program(read_formula(text))), panel)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_program_computes_what_its_formula_says(text: str) -> None:
    panel = coarse_panel()
    meaning = FORMULAS[text](Market(panel)).to_numpy(dtype=float)
    expected = np.where(np.isfinite(meaning), meaning, np.nan)
    assert np.isfinite(expected).any()
    np.testing.assert_allclose(computed(text, panel), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_program_leaves_nothing_to_lift(text: str) -> None:
    lifting = lift_constants(write_program(read_formula(text)))
    assert (lifting.lifted, lifting.kept) == ((), ())


@pytest.mark.parametrize("text", sorted(FORMULAS)[::3])
def test_a_program_reads_no_later_day(text: str) -> None:
    program = Program.parse(write_program(read_formula(text)))
    audit_causality(lambda panel: run(program, panel), random_panel(2, dates=80))


@pytest.mark.parametrize("text", QLIB)
def test_a_qlib_formula_survives_the_way_to_a_program_and_back(text: str) -> None:
    program = write_program(read_formula(text))
    again = to_qlib(program)
    np.testing.assert_allclose(
        computed(again, coarse_panel()), run(Program.parse(program), coarse_panel()), rtol=1e-12
    )
    assert to_qlib(write_program(read_formula(again))) == again


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pair=formulas, seed=seeds, missing=st.sampled_from([0.0, 0.1]))
def test_a_random_formula_has_the_values_of_its_parts(pair, seed, missing) -> None:
    text, meaning = pair
    panel = coarse_panel(seed, dates=30, missing=missing)
    np.testing.assert_allclose(
        computed(text, panel), meaning(Market(panel)).to_numpy(dtype=float), rtol=1e-12
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pair=formulas)
def test_a_random_formula_survives_the_way_to_a_program_and_back(pair) -> None:
    program = write_program(read_formula(pair[0]))
    again = write_program(read_formula(to_qlib(program)))
    panel = coarse_panel(11, dates=40)
    np.testing.assert_array_equal(run(Program.parse(again), panel), run(Program.parse(program), panel))
    assert lift_constants(program).lifted == ()
