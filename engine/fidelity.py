"""Whether a program does what a report says: tests that were written from the report, run on the program.

A worked example is a small panel with the order or the values that the last day's scores must have; a scaling says what
other units of a field do to the scores. The program runs in the sandbox.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from agents.reports.records import FIELDS, STOCKS, Effect, Examination, Example, Scaling, is_nearly
from backtest.information import rank_ic
from engine.evaluator import Bench
from factors.compiled import ensure_compiled
from factors.errors import ProgramError
from factors.execution import Runnable
from factors.program import Program
from factors.sandbox import Limits, Worker
from market.arrays import FloatArray
from market.panel import Panel
from market.storage import laid_out
from market.synthetic import SyntheticConfig, synthesize

_ROWS, _SYMBOLS, _SEED = 400, 40, 11
_FIRST_DAY = np.datetime64("2000-01-03", "D")
_VOLUME = 1_000.0
_SAME, _ALIKE = 1e-6, 0.999


def disagreements(
    program: Program,
    examination: Examination,
    *,
    limits: Limits | None = None,
    require_sandbox: bool = False,
) -> list[str]:
    """The tests that the program does not pass, each in one line; empty if it passes all."""
    ensure_compiled()
    market = synthesize(SyntheticConfig(dates=_ROWS, symbols=_SYMBOLS), seed=_SEED).panel
    with laid_out(market) as folder:
        worker = Worker(
            service="engine.fidelity:FidelityService",
            settings={"panel": str(folder)},
            limits=limits or Limits(),
            readable=[folder],
            require_sandbox=require_sandbox,
        )
        with worker:
            return [*_of_examples(program, examination, worker), *_of_scalings(program, examination, worker)]


def _of_examples(program: Program, examination: Examination, worker: Worker) -> Iterator[str]:
    for number, example in enumerate(examination.examples, start=1):
        name = f"example {number} ({example.why})"
        try:
            parameters = program.parameters.complete(_admitted(program, example.parameters))
            answer = worker.call(
                "last_scores", source=program.source, parameters=parameters, fields=_fields(example)
            )
        except ProgramError as error:
            yield f"{name}: the program fails: {error}"
            continue
        scores = [math.nan if score is None else float(score) for score in answer["scores"]]
        wrong = _wrong(example, scores)
        if wrong:
            yield f"{name}: {wrong}"


def _admitted(program: Program, parameters: Mapping[str, float]) -> dict[str, float]:
    """The parameters that the program has; the synthesizer may have left one out that has no effect."""
    return {name: value for name, value in parameters.items() if name in program.parameters}


def _wrong(example: Example, scores: Sequence[float]) -> str:
    shown = ", ".join("none" if math.isnan(score) else f"{score:.6g}" for score in scores)
    ordered = [scores[stock] for stock in example.order]
    if any(not above > below for above, below in pairwise(ordered)):
        return f"the scores {shown} should fall in the order of stocks {list(example.order)}"
    if example.values is not None and not all(
        is_nearly(score, wanted, example.tolerance)
        for score, wanted in zip(scores, example.values, strict=True)
    ):
        wanted = ", ".join("none" if value is None else f"{value:.6g}" for value in example.values)
        return f"the scores {shown} should be {wanted}"
    return ""


def _of_scalings(program: Program, examination: Examination, worker: Worker) -> Iterator[str]:
    for number, scaling in enumerate(examination.scalings, start=1):
        name = f"scaling {number} ({scaling.why})"
        try:
            found = worker.call(
                "scaled",
                source=program.source,
                parameters=program.parameters.defaults(),
                fields=list(scaling.fields),
                factor=scaling.factor,
            )
        except ProgramError as error:
            yield f"{name}: the program fails: {error}"
            continue
        wrong = _changed(scaling, found)
        if wrong:
            yield f"{name}: {wrong}"


def _changed(scaling: Scaling, found: Mapping[str, Any]) -> str:
    correlation = math.nan if found["rank_correlation"] is None else float(found["rank_correlation"])
    kept: dict[Effect, bool] = {
        "same": bool(found["same"]),
        "same_order": correlation >= _ALIKE,
        "reversed": correlation <= -_ALIKE,
    }
    if kept[scaling.effect]:
        return ""
    wanted = {"same": "leave the scores as they are", "same_order": "keep their order"}
    return (
        f"{', '.join(scaling.fields)} times {scaling.factor:g} should "
        f"{wanted.get(scaling.effect, 'turn their order round')}; the rank correlation is {correlation:.4f}"
    )


def _fields(example: Example) -> dict[str, list[list[float | None]]]:
    """The example's panel: its history, the same for all stocks, then its days."""
    length = max(len(field) for field in example.days.values())
    fields: dict[str, list[list[float | None]]] = {}
    for name in FIELDS:
        days = example.days.get(name) or _default(name, example.days["close"], length)
        fields[name] = [*([value] * STOCKS for value in _history(example, name, days)), *days]
    return fields


def _default(name: str, close: Sequence[Sequence[float | None]], length: int) -> list[list[float | None]]:
    return [[_VOLUME] * STOCKS for _ in range(length)] if name == "volume" else [list(row) for row in close]


def _history(example: Example, name: str, days: Sequence[Sequence[float | None]]) -> list[float | None]:
    """A field's history: what the example repeats; else constant volume, the close, or the first close given."""
    count = example.history_days
    cycle = example.history.get(name)
    if not isinstance(cycle, list) or not cycle:
        close = example.history.get("close")
        if name == "volume":
            cycle = [_VOLUME]
        elif isinstance(close, list) and close:
            cycle = close
        else:
            known = [value for row in days for value in row if value is not None]
            cycle = known[:1] or [1.0]
    return [cycle[place % len(cycle)] for place in range(count)]


class FidelityService:
    """The worker's side: runs a program on small panels, and on a market in other units."""

    def __init__(self, *, panel: str) -> None:
        self._market = Panel.open(panel)

    def last_scores(
        self, *, source: str, parameters: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The scores of the last day of a panel."""
        signal = _run(source, parameters, _panel(fields))
        return {"scores": [float(score) if np.isfinite(score) else None for score in signal[-1]]}

    def scaled(
        self, *, source: str, parameters: Mapping[str, Any], fields: Sequence[str], factor: float
    ) -> dict[str, Any]:
        """Whether the scores stay the same, and the mean correlation of their ranks, if fields are multiplied."""
        market = self._market
        other = {
            name: values * factor if name in fields else values for name, values in market.fields.items()
        }
        changed = replace(market, fields=other)
        before, after = (_run(source, parameters, panel) for panel in (market, changed))
        daily = rank_ic(before, after, universe=market.universe)
        known = daily[np.isfinite(daily)]
        return {
            "same": bool(np.allclose(before, after, rtol=_SAME, atol=_SAME, equal_nan=True)),
            "rank_correlation": float(known.mean()) if len(known) else None,
        }


def _run(source: str, parameters: Mapping[str, Any], panel: Panel) -> FloatArray:
    return Bench(panel).run(Runnable(Program.parse(source)), parameters)


def _panel(fields: Mapping[str, Any]) -> Panel:
    arrays = {name: np.array(rows, dtype=np.float64) for name, rows in fields.items()}
    shape = arrays["close"].shape
    return Panel(
        dates=_FIRST_DAY + np.arange(shape[0]),
        symbols=tuple(f"S{column}" for column in range(shape[1])),
        fields=arrays,
        universe=np.isfinite(arrays["close"]),
        tradable=np.isfinite(arrays["close"]),
    )
