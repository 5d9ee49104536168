"""Write the reference values that the tests compare seeds with. Not a test; run from the checkout.

    python -m tests.factors.seeds.write_values kunquant           # needs `pip install kunquant` and g++
    python -m tests.factors.seeds.write_values bars bars.npz      # the market and the formulas, for the next step:
    python tests/factors/seeds/write_values.py qlib bars.npz      # in an environment with `pip install pyqlib`

Qlib wants an environment of its own, because it pins older packages. Versions: pyqlib 0.9.7, kunquant 0.1.12.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def write_kunquant() -> None:
    from tests.factors.seeds.kunquant_values import evaluate
    from tests.factors.seeds.market import ROWS, VALUES, small_market

    values = evaluate(small_market(ties=False).fields)
    _save(VALUES / "kunquant.npz", {name: matrix[ROWS["kunquant"]] for name, matrix in values.items()})


def write_bars(path: str) -> None:
    from factors.seeds import seed_catalogue
    from tests.factors.seeds.market import ROWS, small_market

    formulas = [(entry.name, entry.formula) for entry in seed_catalogue() if entry.set == "alpha158"]
    rows = np.arange(len(small_market().dates))[ROWS["qlib"]]
    np.savez(path, formulas=np.array(formulas), rows=rows, **small_market().fields)


def write_qlib(path: str) -> None:
    """Evaluate the formulas with the operators of the installed Qlib, float64, one series at a time."""
    import pandas as pd
    from qlib.config import C
    from qlib.data import ops
    from qlib.utils import parse_field

    bars = np.load(path)
    ops.register_all_ops(C)
    ops.Feature.load = lambda self, stock, *_: pd.Series(bars[str(self)[1:]][:, stock])
    ops.ExpressionOps.load = lambda self, *window: self._load_internal(*window)
    stocks = range(bars["close"].shape[1])
    values = {}
    for name, formula in bars["formulas"].tolist():
        expression = eval(parse_field(formula), {"Feature": ops.Feature, "Operators": ops.Operators})
        series = [expression.load(stock, 0, None, "day").to_numpy() for stock in stocks]
        values[name] = np.column_stack(series)[bars["rows"]]
    _save(Path(__file__).parent / "values" / "qlib.npz", values)


def _save(path: Path, values: Mapping[str, np.ndarray]) -> None:
    stacked = np.stack(list(values.values())).astype(np.float64)
    np.savez_compressed(path, names=np.array(list(values)), values=stacked)


if __name__ == "__main__":
    {"kunquant": write_kunquant, "bars": write_bars, "qlib": write_qlib}[sys.argv[1]](*sys.argv[2:])
