"""One program on one panel, outside any search: its values and its scores, computed in a sandboxed worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backtest.labels import HORIZONS_DAYS, MIN_ASSETS, Labels
from backtest.scoring import score
from engine.evaluator import Bench
from factors.causality import audit_causality
from factors.compiled import ensure_compiled
from factors.complexity import Complexity
from factors.execution import Runnable, require_opinion
from factors.lifting import Lifting, lift_constants
from factors.parameters import Value
from factors.program import Program
from factors.sandbox import Limits, Protection, Worker
from market.arrays import FloatArray
from market.dates import as_day
from market.errors import DataError
from market.panel import Panel
from market.scratch import scratch_folder
from market.storage import laid_out
from market.synthetic import SyntheticConfig, synthesize

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class Evaluation:
    """A program's scores and values on a panel.

    parameters  the values it ran with, defaults included
    scorecard   plain values as `Scorecard.to_dict` gives them, and the audit
    values      (T, N) the score, NaN = no opinion
    """

    program: Program
    parameters: Mapping[str, Value]
    panel: Panel
    scorecard: Mapping[str, Any]
    values: FloatArray
    protections: tuple[Protection, ...]

    def frame(self) -> pd.DataFrame:
        """The values as dates × symbols."""
        return self.panel.to_frame(self.values)

    def long_frame(self) -> pd.DataFrame:
        """The values as columns date, symbol, value; without the stocks and days of no opinion."""
        import pandas as pd  # most evaluations are read as scores

        rows, columns = np.nonzero(np.isfinite(self.values))
        return pd.DataFrame(
            {
                "date": pd.DatetimeIndex(self.panel.dates)[rows],
                "symbol": np.array(self.panel.symbols)[columns],
                "value": self.values[rows, columns],
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, the shape that `factorengine evaluate --format json` prints."""
        card, portfolio = self.scorecard, self.scorecard["portfolio"]
        rows, symbols = self.panel.shape
        return {
            "program": {"name": self.program.name, "fingerprint": self.program.fingerprint},
            "parameters": dict(self.parameters),
            "panel": {"dates": rows, "symbols": symbols, "content_hash": self.panel.content_hash},
            "start": card["start"],
            "end": card["end"],
            "horizons": card["horizons"],
            "fitness": card["fitness"],
            "coverage": card["coverage"],
            "turnover": card["turnover"],
            "rank_autocorrelation": card["rank_autocorrelation"],
            "portfolio": {name: portfolio[name] for name in ("ar", "sharpe", "mdd")},
            "audit": card["audit"],
            "sandbox": [asdict(wall) for wall in self.protections],
        }


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A program that passed every check: what they found.

    audit        the verdict, the cuts and the largest difference, as JSON values
    lifting      its hidden constants, and its text with them declared
    protections  the sandbox it ran in
    """

    program: Program
    complexity: Complexity
    lifting: Lifting
    audit: Mapping[str, Any]
    protections: tuple[Protection, ...]

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, the shape that `factorengine check --format json` prints."""
        return {
            "program": {"name": self.program.name, "fingerprint": self.program.fingerprint},
            "complexity": self.complexity.to_dict(),
            "hidden_constants": [asdict(constant) for constant in self.lifting.lifted],
            "kept_constants": [
                {"line": line, "literal": literal, "reason": reason}
                for line, literal, reason in self.lifting.kept
            ],
            "lifted_source": self.lifting.source if self.lifting.lifted else None,
            "audit": dict(self.audit),
            "sandbox": [asdict(wall) for wall in self.protections],
        }


def check(
    program: Program,
    panel: Panel,
    *,
    parameters: Mapping[str, object] | None = None,
    limits: Limits | None = None,
    require_sandbox: bool = False,
) -> Checked:
    """Run and audit `program` on `panel`, and read its text; nothing is scored.

    Raises `ProgramError` (policy, contract, look-ahead, stability, run, time, memory).
    """
    complete = program.parameters.complete(parameters)
    done = _in_worker("audit", program, panel, complete, limits or Limits(), require_sandbox, {})
    return Checked(
        program=program,
        complexity=Complexity.of(program.source),
        lifting=lift_constants(program.source),
        audit=done.answer["audit"],
        protections=done.protections,
    )


def trial_market() -> Panel:
    """A small made-up market on which programs are tried; long enough for windows of a year."""
    return synthesize(SyntheticConfig(dates=700, symbols=60), seed=1).panel


def evaluate(
    program: Program,
    panel: Panel,
    *,
    parameters: Mapping[str, object] | None = None,
    start: str | None = None,
    horizons_days: tuple[int, ...] = HORIZONS_DAYS,
    min_assets: int = MIN_ASSETS,
    limits: Limits | None = None,
    require_sandbox: bool = False,
) -> Evaluation:
    """Check, audit, run and score `program` on the whole of `panel`; signals before `start` only warm up.

    Raises `ProgramError` (policy, contract, look-ahead, run, time, memory) or `DataError`.
    """
    complete = program.parameters.complete(parameters)
    first = 0 if start is None else int(np.searchsorted(panel.dates, as_day(start)))
    if first >= panel.shape[0]:
        raise DataError(f"no dates to score from {start} on: the data ends on {_last_date(panel)}.")
    if not panel.universe[first:].any():
        raise DataError("the universe is empty on every day to be scored: choose another universe or period.")
    settings = {"horizons_days": list(horizons_days), "min_assets": min_assets, "first": first}
    done = _in_worker("evaluate", program, panel, complete, limits or Limits(), require_sandbox, settings)
    return Evaluation(
        program=program,
        parameters=complete,
        panel=panel,
        scorecard=done.answer,
        values=done.signal,
        protections=done.protections,
    )


def values(
    program: Program,
    panel: Panel,
    *,
    parameters: Mapping[str, object] | None = None,
    limits: Limits | None = None,
) -> FloatArray:
    """The (T, N) signal of a program, computed in a worker, neither audited nor scored."""
    complete = program.parameters.complete(parameters)
    return _in_worker("run", program, panel, complete, limits or Limits(), False, {}).signal


@dataclass(frozen=True, eq=False)
class _Done:
    """A request's answer, the signal that it saved, and the walls around it."""

    answer: dict[str, Any]
    signal: FloatArray
    protections: tuple[Protection, ...]


def _in_worker(
    method: str,
    program: Program,
    panel: Panel,
    parameters: Mapping[str, Value],
    limits: Limits,
    require_sandbox: bool,
    settings: Mapping[str, Any],
) -> _Done:
    """Start a worker for one request."""
    ensure_compiled()
    with laid_out(panel) as folder, scratch_folder() as scratch:
        worker = Worker(
            service="engine.evaluation:EvaluationService",
            settings={"panel": str(folder), "target": str(scratch / "values.npy")},
            limits=limits,
            readable=[folder],
            writable=[scratch],
            require_sandbox=require_sandbox,
        )
        with worker:
            arguments = {"source": program.source, "name": program.name, "parameters": dict(parameters)}
            answer = worker.call(method, **arguments, **settings)
        return _Done(answer, np.load(scratch / "values.npy", allow_pickle=False), worker.protections)


def _last_date(panel: Panel) -> str:
    return str(panel.dates[-1]) if panel.shape[0] else "no date"


class EvaluationService:
    """The worker's side: runs one program on one panel and saves its signal to `target`."""

    def __init__(self, *, panel: str, target: str) -> None:
        self._panel = Panel.open(panel)
        self._target = target

    def run(self, *, source: str, name: str, parameters: Mapping[str, Any]) -> None:
        """Save the signal."""
        self._save(Runnable(Program.parse(source, name=name)), parameters)

    def audit(self, *, source: str, name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Save the signal and audit it."""
        runnable = Runnable(Program.parse(source, name=name))
        return {"audit": self._audited(runnable, self._save(runnable, parameters), parameters)}

    def evaluate(
        self,
        *,
        source: str,
        name: str,
        parameters: Mapping[str, Any],
        horizons_days: list[int],
        min_assets: int,
        first: int,
    ) -> dict[str, Any]:
        """Save the signal, audit it, and return its scorecard on the rows from `first`."""
        runnable = Runnable(Program.parse(source, name=name))
        signal = self._save(runnable, parameters)
        audit = self._audited(runnable, signal, parameters)
        labels = Labels.of(self._panel, horizons_days=tuple(horizons_days), min_assets=min_assets)
        return score(signal, labels, rows=slice(first, None)).to_dict() | {"audit": audit}

    def _audited(
        self, runnable: Runnable, signal: FloatArray, parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        require_opinion(signal, runnable.program)
        audit = audit_causality(lambda seen: Bench(seen).run(runnable, parameters), self._panel, whole=signal)
        return audit.to_dict()

    def _save(self, runnable: Runnable, parameters: Mapping[str, Any]) -> FloatArray:
        signal = Bench(self._panel).run(runnable, parameters)
        np.save(self._target, signal)
        return signal
