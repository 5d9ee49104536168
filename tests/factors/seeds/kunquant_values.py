"""Alpha158 and Alpha101 of a panel as KunQuant computes them: an independent, maintained library of compiled formulas.

KunQuant generates C++ and compiles it with `g++`, here without optimisation, and with its precise, slower statistics.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from KunQuant.Driver import KunCompilerConfig
from KunQuant.jit import cfake
from KunQuant.Op import Builder, Input, Output
from KunQuant.ops import TsRank
from KunQuant.predefined import Alpha101, Alpha158
from KunQuant.runner import KunRunner
from KunQuant.Stage import Function

FIELDS = ("open", "high", "low", "close", "volume", "vwap")
FAMILIES = {
    "kbar": {},
    "price": {"windows": [0], "feature": ["OPEN", "HIGH", "LOW", "VWAP"]},
    "rolling": {},
}


def alpha158(data: Any) -> Mapping[str, Any]:
    prices = [(name, getattr(data, name.lower())) for name in FAMILIES["price"]["feature"]]
    formulas, names = data.build(FAMILIES | {"price": {"windows": [0], "feature": prices}})
    return dict(zip(map(str.lower, names), formulas, strict=True))


def alpha101(data: Any) -> Mapping[str, Any]:
    Alpha101.ts_rank = lambda x, window: (
        TsRank(x, window) / window
    )  # ranks as shares, 1 = the largest, as ours
    return {formula.__name__: formula(data) for formula in Alpha101.all_alpha}


def evaluate(fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Compute both libraries for (T, N) arrays, N a multiple of 8."""
    jobs = [_job("alpha158", Alpha158, alpha158), _job("alpha101", Alpha101, alpha101)]
    settings = cfake.CppCompilerConfig(opt_level=0, machine=cfake.X64CPUFlags())
    compiled = cfake.compileit(jobs, "seeds", settings)
    executor = KunRunner.createSingleThreadExecutor()
    inputs = {name: np.ascontiguousarray(fields[name]) for name in FIELDS}
    values: dict[str, np.ndarray] = {}
    for name, _, _ in jobs:
        values |= KunRunner.runGraph(executor, compiled.getModule(name), inputs, 0, len(inputs["open"]))
    return values


def _job(
    name: str, module: Any, formulas: Callable[[Any], Mapping[str, Any]]
) -> tuple[str, Function, KunCompilerConfig]:
    builder = Builder()
    with builder:
        inputs = {field: Input(field) for field in FIELDS}
        vwap = inputs.pop("vwap")
        data = module.AllData(**inputs, amount=inputs["volume"])
        data.vwap = vwap
        for output, formula in formulas(data).items():
            Output(formula, output)
    layout = {"input_layout": "TS", "output_layout": "TS", "dtype": "double", "blocking_len": 4}
    return name, Function(builder.ops), KunCompilerConfig(**layout, options={"no_fast_stat": True})
