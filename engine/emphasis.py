"""What an island of the search concentrates on, written as `volume+5d+10d`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.grammar.measures import THEMES


@dataclass(frozen=True, kw_only=True)
class Emphasis:
    """What an island concentrates on: themes, and the horizons that it judges by, all if empty."""

    themes: tuple[str, ...] = ()
    horizons_days: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str, horizons_days: Sequence[int]) -> Emphasis:
        """Read `volume+5d+10d`, of a run with these horizons; `ValueError` for other parts and for repeated ones."""
        horizons = {f"{days}d": days for days in horizons_days}
        parts = text.split("+")
        if not {*THEMES, *horizons}.issuperset(parts):
            raise ValueError(f"the themes are {', '.join(THEMES)}, the horizons {', '.join(horizons)}")
        if len(set(parts)) < len(parts):
            raise ValueError("each theme and each horizon stands once on an island")
        return cls(
            themes=tuple(part for part in parts if part in THEMES),
            horizons_days=tuple(days for part, days in horizons.items() if part in parts),
        )
