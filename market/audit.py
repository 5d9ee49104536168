"""What the loader found wrong in the data and did about it: per kind of fault a count and examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from market.arrays import BoolArray, DateArray

EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One kind of fault.

    `count` is in cells (date, symbol) or rows, `action` says what was done, `examples` name the first places.
    """

    kind: str
    count: int
    action: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = ", ".join(self.examples)
        more = ", ..." if self.count > len(self.examples) else ""
        where = f" ({shown}{more})" if shown else ""
        return f"{self.kind}: {self.count:,}, {self.action}{where}"


@dataclass(frozen=True, kw_only=True)
class AuditReport:
    """The faults of one source, in the order in which they were treated, and the `rows` that were read."""

    source: str
    rows: int
    findings: tuple[Finding, ...] = ()

    def count(self, kind: str) -> int:
        """How often `kind` was found; 0 if never."""
        return sum(finding.count for finding in self.findings if finding.kind == kind)

    def summary(self) -> list[str]:
        """One line for the source, one per finding."""
        state = "no faults found" if not self.findings else f"{len(self.findings)} kinds of faults"
        return [f"{self.source}: {self.rows:,} rows read, {state}", *map(str, self.findings)]

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready types; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> AuditReport:
        """Read what `to_dict` wrote."""
        findings = tuple(
            Finding(kind=f["kind"], count=f["count"], action=f["action"], examples=tuple(f["examples"]))
            for f in record["findings"]
        )
        return cls(source=record["source"], rows=record["rows"], findings=findings)


def examples(mask: BoolArray, dates: DateArray, symbols: Sequence[str]) -> tuple[str, ...]:
    """Name the first `EXAMPLES` true cells of a (T, N) mask, as `symbol date`."""
    cells = np.flatnonzero(mask)[:EXAMPLES]
    return tuple(f"{symbols[cell % len(symbols)]} {dates[cell // len(symbols)]}" for cell in cells)
