"""The library's values against two maintained implementations: Qlib, whose formulas they are, and KunQuant.

What is compared was computed by `write_values`. Rows are compared from the first with full windows on, because Qlib
starts a window with its first row and our operators with its last. Where KunQuant computes another formula than the
paper's, `OTHER_FORMULAS` says which.
"""

import platform
import re
import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from factors.execution import run
from factors.formulas import read_formula, write_program
from factors.program import Program
from factors.seeds import seed_catalogue
from tests.factors.seeds.market import ROWS, small_market, stored_values

CATALOGUE = {entry.name: entry for entry in seed_catalogue() if not entry.needs}
ALPHA158 = [name for name, entry in CATALOGUE.items() if entry.set == "alpha158"]
ALPHA101 = [name for name, entry in CATALOGUE.items() if entry.set == "alpha101"]

OTHER_FORMULAS = {
    "alpha001": "without the constant 0.5",
    "alpha010": "without the outer rank",
    "alpha029": "sum over 2 days in place of a minimum over 2 and a sum over 1",
    "alpha032": "divides the mean of 7 days by 7 again",
    "alpha036": "divides the mean of 200 days by 200 again",
    "alpha038": "ranks the open in time, not the close",
    "alpha045": "none, but a correlation of two days is ±1 up to rounding, and its rank a matter of chance",
    "alpha047": "divides the mean of 5 days by 5 again",
    "alpha072": "adds 0.0001 to both ranks",
}
TIES = "sums of ranks are equal up to rounding, and then ranked"
GAPS = "a correlation without a value is 0, which the rank of the day or a window then counts"
NEARLY = dict.fromkeys(["alpha013", "alpha016", "alpha031", "alpha094", "alpha098"], TIES) | dict.fromkeys(
    ["alpha015", "alpha050", "alpha078", "alpha088", "alpha092", "alpha096"], GAPS
)
EXACTLY = [name for name in ALPHA101 if name not in OTHER_FORMULAS and name not in NEARLY]


@cache
def values(name: str, *, ties: bool) -> np.ndarray:
    return run(Program.parse(CATALOGUE[name].program()), small_market(ties=ties))


@cache
def values_with_windows_of_kunquant(name: str) -> np.ndarray:
    formula = read_formula(as_kunquant_reads_it(CATALOGUE[name].formula), dialect="worldquant")
    return run(Program.parse(write_program(formula)), small_market(ties=False))[ROWS["kunquant"]]


def as_kunquant_reads_it(formula: str) -> str:
    """Windows rounded, where the paper and we cut them off; `adv20` the mean of shares, not of money."""
    shares = re.sub(r"\badv(\d+)", r"(sum(volume, \1) / \1)", formula)
    return re.sub(r"\b[1-9]\d*\.\d{3,}\b", lambda window: str(round(float(window[0]))), shares)


@pytest.mark.parametrize("name", ALPHA158)
def test_an_alpha158_program_has_the_values_of_qlib(name: str) -> None:
    ours, theirs = values(name, ties=True)[ROWS["qlib"]], stored_values("qlib")[name]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ALPHA158)
def test_an_alpha158_program_has_the_values_of_kunquant(name: str) -> None:
    ours, theirs = values(name, ties=False)[ROWS["kunquant"]], stored_values("kunquant")[name]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", EXACTLY)
def test_an_alpha101_program_has_the_values_of_kunquant(name: str) -> None:
    ours, theirs = values_with_windows_of_kunquant(name), stored_values("kunquant")[name]
    present = np.isfinite(ours)
    assert present.mean() > 0.9
    np.testing.assert_allclose(ours[present], theirs[present], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", NEARLY)
def test_an_alpha101_program_nearly_has_the_values_of_kunquant(name: str) -> None:
    ours, theirs = values_with_windows_of_kunquant(name), stored_values("kunquant")[name]
    present = np.isfinite(ours)
    assert np.corrcoef(ours[present], theirs[present])[0, 1] > 0.995


def test_of_equal_extremes_the_latest_counts_where_qlib_takes_the_first() -> None:
    fields = dict(small_market().fields)
    fields["high"] = np.full_like(fields["high"], fields["high"].max())
    program = Program.parse(CATALOGUE["imax5"].program())
    assert run(program, replace(small_market(), fields=fields))[-1, 0] == 1.0


@pytest.mark.skipif(
    shutil.which("g++") is None or platform.machine() != "x86_64",
    reason="KunQuant compiles its formulas with g++, here for x86-64",
)
def test_the_stored_values_are_what_kunquant_computes_today() -> None:
    pytest.importorskip("KunQuant", reason="the `bench` extra is not installed")
    from tests.factors.seeds.kunquant_values import evaluate

    fresh, stored = evaluate(small_market(ties=False).fields), stored_values("kunquant")
    for name in [*ALPHA158, *EXACTLY]:
        today = fresh[name][ROWS["kunquant"]]
        np.testing.assert_allclose(today, stored[name], rtol=1e-6, atol=1e-9, err_msg=name)
