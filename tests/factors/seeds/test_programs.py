"""Every computable formula of the library as a program: legal, complete, causal, and with nothing left to lift."""

import numpy as np
import pytest

from factors.causality import audit_causality
from factors.execution import run
from factors.formulas import MissingDataError
from factors.lifting import lift_constants
from factors.program import Program
from factors.seeds import seed_catalogue
from tests.factors.seeds.market import small_market

CATALOGUE = {entry.name: entry for entry in seed_catalogue()}
COMPUTABLE = [name for name, entry in CATALOGUE.items() if not entry.needs]
ONE_PER_FAMILY = [name for name in COMPUTABLE if not name.endswith(("10", "20", "30", "60"))]
SHORT = 280
SILENT = {
    "alpha096": "ranks within four days are often constant, and no window of their correlations is without a gap",
}


@pytest.mark.parametrize("name", COMPUTABLE)
def test_a_seed_reads_no_later_day(name: str) -> None:
    program = Program.parse(CATALOGUE[name].program())
    whole, cut = run(program, small_market()), run(program, small_market().head(SHORT))
    np.testing.assert_array_equal(whole[:SHORT], cut)


@pytest.mark.parametrize("name", [name for name in COMPUTABLE if name not in SILENT])
def test_a_seed_tells_the_stocks_apart(name: str) -> None:
    lately = run(Program.parse(CATALOGUE[name].program()), small_market())[-20:]
    assert np.isfinite(lately).mean() > 0.8
    assert np.nanstd(lately, axis=1).max() > 0


@pytest.mark.parametrize("name", ONE_PER_FAMILY[::4])
def test_a_seed_passes_the_audit_of_the_search(name: str) -> None:
    program = Program.parse(CATALOGUE[name].program())
    audit_causality(lambda panel: run(program, panel), small_market())


@pytest.mark.parametrize("name", COMPUTABLE)
def test_a_seed_declares_every_knob(name: str) -> None:
    assert not lift_constants(CATALOGUE[name].program()).lifted


@pytest.mark.parametrize("name", COMPUTABLE)
def test_a_seed_says_its_idea_its_source_and_its_formula(name: str) -> None:
    entry = CATALOGUE[name]
    program = Program.parse(entry.program())
    words = " ".join(program.source.split())
    assert program.idea == entry.idea
    assert f"Source: {entry.source}" in words
    assert "".join(entry.formula.split()) in "".join(words.split())
    assert max(map(len, program.source.splitlines())) <= 110


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if entry.needs])
def test_a_formula_that_needs_other_data_is_refused_with_what_it_needs(name: str) -> None:
    with pytest.raises(MissingDataError):
        CATALOGUE[name].program()
