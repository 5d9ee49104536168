"""KunQuant's operators as plain functions on (T, N) arrays, float64, one thread.

KunQuant generates C++ and needs a compiler. It computes on dates by symbols, as we do, or on a layout of its own:
blocks of four symbols. Arrays are converted before any call is timed, and results only to be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from KunQuant import ops as windows
from KunQuant.Driver import KunCompilerConfig
from KunQuant.jit import cfake
from KunQuant.Op import Builder, Input, Output, Rank, Scale
from KunQuant.ops.MiscOp import BackRef, ExpMovingAvg
from KunQuant.runner import KunRunner
from KunQuant.Stage import Function

from market.arrays import FloatArray

LANES = 4  # float64 values of a 256-bit register
WINDOW = 20

GRAPHS: dict[str, Callable[[Any, Any], Any]] = {
    "ts_delta": lambda x, _: x - BackRef(x, WINDOW),
    "ts_mean": lambda x, _: windows.WindowedAvg(x, WINDOW),
    "ts_sum": lambda x, _: windows.WindowedSum(x, WINDOW),
    "ts_std": lambda x, _: windows.WindowedStddev(x, WINDOW),
    "ts_var": lambda x, _: windows.WindowedVar(x, WINDOW),
    "ts_skew": lambda x, _: windows.WindowedSkew(x, WINDOW),
    "ts_kurt": lambda x, _: windows.WindowedKurt(x, WINDOW),
    "ts_min": lambda x, _: windows.WindowedMin(x, WINDOW),
    "ts_max": lambda x, _: windows.WindowedMax(x, WINDOW),
    "ts_argmax": lambda x, _: windows.TsArgMax(x, WINDOW),
    "ts_argmin": lambda x, _: windows.TsArgMin(x, WINDOW),
    "ts_product": lambda x, _: windows.WindowedProduct(x, WINDOW),
    "ts_rank": lambda x, _: windows.TsRank(x, WINDOW),
    "ts_quantile": lambda x, _: windows.WindowedQuantile(x, WINDOW, 0.3),
    "ts_ema": lambda x, _: ExpMovingAvg(x, WINDOW),
    "ts_decay_linear": lambda x, _: windows.DecayLinear(x, WINDOW),
    "ts_slope": lambda x, _: windows.WindowedLinearRegressionSlope(x, WINDOW),
    "ts_rsquare": lambda x, _: windows.WindowedLinearRegressionRSqaure(x, WINDOW),
    "ts_residual": lambda x, _: windows.WindowedLinearRegressionResi(x, WINDOW),
    "ts_corr": lambda x, y: windows.WindowedCorrelation(x, WINDOW, y),
    "ts_cov": lambda x, y: windows.WindowedCovariance(x, WINDOW, y),
    "cs_rank": lambda x, _: Rank(x),
    "cs_scale": lambda x, _: Scale(x),
}
PAIRS = {"ts_corr", "ts_cov"}


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """One operator: `prepare` its inputs once, then `run` as often as wanted."""

    name: str
    module: Any
    executor: Any
    by_date: bool

    def prepare(self, *arrays: FloatArray) -> dict[str, FloatArray]:
        """Convert arrays, their columns padded to whole registers."""
        names = ("x", "y")[: 2 if self.name in PAIRS else 1]
        return {name: self._pack(array) for name, array in zip(names, arrays, strict=False)}

    def run(self, prepared: dict[str, FloatArray]) -> FloatArray:
        """Compute, in KunQuant's layout."""
        rows = prepared["x"].shape[0 if self.by_date else 1]
        return KunRunner.runGraph(self.executor, self.module, prepared, 0, rows)["out"]

    def _pack(self, array: FloatArray) -> FloatArray:
        padding = -array.shape[1] % (2 * LANES)
        wide = np.hstack([array, np.full((len(array), padding), np.nan)])
        if self.by_date:
            return wide
        blocks = wide.reshape(wide.shape[0], -1, LANES).transpose(1, 0, 2)
        return np.ascontiguousarray(blocks)


def unpack(result: FloatArray, columns: int) -> FloatArray:
    """Convert a result back to (T, N)."""
    if result.ndim == 3:
        result = result.transpose(1, 0, 2).reshape(result.shape[1], -1)
    return result[:, :columns]


def compile_operators(names: Sequence[str], *, by_date: bool) -> dict[str, Compiled]:
    """Generate, compile and load the named operators for arrays by date, or for blocks of symbols."""
    jobs = []
    layout = "TS" if by_date else "STs"
    for name in names:
        config = KunCompilerConfig(
            input_layout=layout,
            output_layout=layout,
            dtype="double",
            partition_factor=4,
            options={"no_fast_stat": "no_warn"},
        )
        builder = Builder()
        with builder:
            x, y = Input("x"), Input("y")
            Output(GRAPHS[name](x, y), "out")
        jobs.append((name, Function(builder.ops), config))
    library = cfake.compileit(jobs, f"operators_{layout}", cfake.CppCompilerConfig())
    executor = KunRunner.createSingleThreadExecutor()
    return {
        name: Compiled(name=name, module=library.getModule(name), executor=executor, by_date=by_date)
        for name in names
    }
