"""The service inside a worker process: it runs programs on the mining panel and scores what they say.

It is given the panel folder of the mining period and nothing else: the test period is not in it. Programs run on
the training rows while their parameters are tuned, and on all rows only once they are chosen.
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from backtest.information import rank_ic
from backtest.labels import Labels
from backtest.scorecard import Scorecard
from backtest.scoring import early_and_full_score, mean_of_known, score
from engine.control import shuffled
from factors.causality import audit_causality
from factors.data import FIELDS, ProgramData
from factors.execution import Runnable, require_opinion
from factors.ops import OperatorCache, Operators
from factors.program import Program
from market.arrays import FloatArray
from market.panel import Panel

AUDIT_ROWS, AUDIT_SYMBOLS = 320, 60
SIGNATURE_DATES = 24
CACHE_BYTES = 384 * 2**20
EARLY_STEP, FEWEST_EARLY_ROWS = 4, 60
_PROGRAMS_KEPT = 8


class Evaluator:
    """Answers `examine`, `trial`, `assess`, `signature` and `resemblance`; results are plain JSON values.

    The fitness of a trial is averaged over `horizons_days`, some of the evaluator's; None = all.
    """

    def __init__(
        self,
        *,
        panel: str,
        train: tuple[int, int],
        validation: tuple[int, int],
        horizons_days: list[int],
        min_assets: int,
        shuffle_seed: int | None,
    ) -> None:
        self._panel = Panel.open(panel)
        self._train, self._validation = slice(*train), slice(*validation)
        self._whole = Bench(self._panel)
        self._training = Bench(self._panel.head(self._validation.start), cache_bytes=CACHE_BYTES)

        self._horizons_days, self._min_assets = tuple(horizons_days), min_assets
        self._shuffle_seed = shuffle_seed
        self._training_labels = self._labels_of(self._training.panel)
        train_rows = self._train.stop - self._train.start
        self._looks_early = train_rows >= EARLY_STEP * FEWEST_EARLY_ROWS
        self._programs: OrderedDict[str, Runnable] = OrderedDict()
        self._references: dict[str, FloatArray] = {}

    def examine(self, *, source: str) -> dict[str, Any]:
        """Policy, a first run and the audit with the default parameters."""
        runnable = self._runnable(source)
        return {"audit": self._audit(runnable, runnable.program.parameters.defaults())}

    def _audit(self, runnable: Runnable, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """On a small slice, or on all training rows if the program needs more to have an opinion.

        `sample` is equal for programs that rank the stocks alike there, or exactly the other way round.
        """
        panel = self._audit_slice
        whole = Bench(panel).run(runnable, parameters)
        if not np.isfinite(whole[: panel.shape[0] // 2]).any():
            panel = self._training.panel
            whole = self._training.run(runnable, parameters)
            require_opinion(whole, runnable.program)
        audit = audit_causality(lambda seen: Bench(seen).run(runnable, parameters), panel, whole=whole)
        return audit.to_dict() | {"parameters": dict(parameters), "sample": _sample(panel, whole)}

    def trial(
        self,
        *,
        source: str,
        parameters: Mapping[str, Any],
        horizons_days: list[int] | None = None,
        floor: float | None = None,
    ) -> dict[str, Any]:
        """Fitness on all training dates; its sign tells the direction in which the program predicts.

        With a `floor` the answer has `early`, too: the fitness on some of those dates, spread over all of them, or None
        if they are too few. Where that is nearer to 0 than the floor, the trial ends there and `fitness` is None.
        """
        signal = self._training.run(self._runnable(source), parameters)
        looks = early_and_full_score(
            signal, self._training_labels, step=EARLY_STEP, rows=self._train, horizons_days=horizons_days
        )
        early = None if floor is None or not self._looks_early else next(looks)
        if early is not None and floor is not None and abs(early) < floor:
            return {"early": early, "fitness": None}
        *_, fitness = looks
        return {"early": early, "fitness": fitness}

    def assess(self, *, source: str, parameters: Mapping[str, Any], direction: int) -> dict[str, Any]:
        """An audit with the chosen parameters, full scorecards on training and validation rows, the signature."""
        runnable = self._runnable(source)
        audit = self._audit(runnable, parameters)
        signal = self._whole.run(runnable, parameters)
        cards = [
            score(signal, self._whole_labels, rows=rows, split=split, direction=direction)
            for split, rows in (("train", self._train), ("validation", self._validation))
        ]
        return {
            "scorecards": [_card(card) for card in cards],
            "signature": self._signature(signal),
            "audit": audit,
        }

    def signature(self, *, source: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """See `engine.similarity`."""
        return {"signature": self._signature(self._whole.run(self._runnable(source), parameters))}

    def resemblance(
        self, *, source: str, parameters: Mapping[str, Any], references: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Mean daily rank correlation over the universe with the signal of each reference program."""
        signal = self._whole.run(self._runnable(source), parameters)
        known = [self._reference(reference) for reference in references]
        daily = [rank_ic(signal, other, universe=self._panel.universe) for other in known]
        return {"correlations": [mean_of_known(days) for days in daily]}

    def statistics(self) -> dict[str, Any]:
        """How often a tuning trial found an operator's result in the cache."""
        cache = self._training.cache
        return {"hits": cache.hits, "misses": cache.misses} if cache else {}

    def _reference(self, reference: Mapping[str, Any]) -> FloatArray:
        """The signal of a program that many others are compared with, computed once."""
        source = reference["source"]
        if source not in self._references:
            runnable = Runnable(Program.parse(source))
            self._references[source] = self._whole.run(runnable, reference["parameters"])
        return self._references[source]

    def _runnable(self, source: str) -> Runnable:
        known = self._programs.get(source)
        if known is None:
            known = self._programs[source] = Runnable(Program.parse(source))
            if len(self._programs) > _PROGRAMS_KEPT:
                self._programs.popitem(last=False)
        return known

    @cached_property
    def _whole_labels(self) -> Labels:
        """Wanted only once a program is tuned."""
        return self._labels_of(self._panel)

    def _labels_of(self, panel: Panel) -> Labels:
        labels = Labels.of(panel, horizons_days=self._horizons_days, min_assets=self._min_assets)
        if self._shuffle_seed is None:
            return labels
        return shuffled(labels, np.random.default_rng(self._shuffle_seed))

    @cached_property
    def _audit_slice(self) -> Panel:
        """The last training rows of the symbols with most quotes in them."""
        panel = self._training.panel
        recent = panel.rows(max(0, panel.shape[0] - AUDIT_ROWS), panel.shape[0])
        quotes = (np.isfinite(recent.fields["close"]) & recent.universe).sum(axis=0)
        return recent.columns(np.sort(np.argsort(-quotes, kind="stable")[:AUDIT_SYMBOLS])).sealed()

    def _signature(self, signal: FloatArray) -> str:
        """Ranks of the signal on a few training dates, centred and scaled, as base64 of float16."""
        first, stop = self._train.start, self._train.stop
        dates = np.linspace(first + (stop - first) // 4, stop - 1, SIGNATURE_DATES).astype(np.int64)
        chosen = np.where(self._panel.universe[dates], signal[dates], np.nan)
        ranks = Operators(self._panel.universe[dates]).cs_rank(np.ascontiguousarray(chosen))
        centred = ranks - np.nanmean(np.where(np.isfinite(ranks), ranks, 0.5), axis=1, keepdims=True)
        flat = np.nan_to_num(centred).ravel()
        norm = float(np.linalg.norm(flat))
        return base64.b64encode((flat / norm if norm else flat).astype(np.float16).tobytes()).decode()


class Bench:
    """A panel made ready for programs: its data, its operators and, if it has bytes to spend, their cache."""

    def __init__(self, panel: Panel, *, cache_bytes: int = 0) -> None:
        self.panel = panel
        self._data = ProgramData(panel)
        leaves = (getattr(self._data, name) for name in FIELDS)
        self.cache = OperatorCache(leaves, max_bytes=cache_bytes) if cache_bytes else None
        self._operators = Operators(panel.universe, self.cache)

    def run(self, runnable: Runnable, values: Mapping[str, object]) -> FloatArray:
        """The program's signal on this panel."""
        return runnable(self._data, self._operators, values)


def _sample(panel: Panel, signal: FloatArray) -> str:
    """Digest of the daily ranks, rounded, with the sign of the first that is not in the middle."""
    ranks = Operators(panel.universe).cs_rank(signal)
    known = np.isfinite(ranks)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    centred = ranks - np.where(known, ranks, 0.0).sum(axis=1, keepdims=True) / count
    moved = centred[known & (np.abs(centred) > 1e-6)]
    sign = -1.0 if moved.size and moved[0] < 0.0 else 1.0
    rounded = np.where(known, np.round(sign * centred, 6) + 0.0, 9.0)
    return hashlib.blake2b(rounded.tobytes(), digest_size=8).hexdigest()


def _card(card: Scorecard) -> dict[str, Any]:
    return card.to_dict() | {
        "daily_ic": card.daily_ic.tolist(),
        "daily_rank_ic": card.daily_rank_ic.tolist(),
    }
