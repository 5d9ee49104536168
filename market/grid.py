"""Bars on the grid of dates and symbols while they are still being repaired: the panel's mutable draft."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from market.arrays import BoolArray, DateArray, FloatArray
from market.audit import Finding, examples


@dataclass(kw_only=True)
class Grid:
    """Writable (T, N) arrays; `present` marks cells with a row in the source, `member` its universe."""

    source: str
    rows: int
    dates: DateArray
    symbols: tuple[str, ...]
    fields: dict[str, FloatArray]
    present: BoolArray
    member: BoolArray | None = None
    findings: list[Finding] = field(default_factory=list)

    def note(self, kind: str, where: BoolArray, action: str) -> None:
        """Record the true cells of `where` as a finding, if there are any."""
        count = int(np.count_nonzero(where))
        if count:
            self.findings.append(Finding(kind, count, action, examples(where, self.dates, self.symbols)))
