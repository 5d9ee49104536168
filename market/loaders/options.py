"""How a source becomes a panel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from market.dates import as_day
from market.errors import ConfigError, DataError

_TOP = re.compile(r"top:([1-9]\d*)")


@dataclass(frozen=True, kw_only=True)
class LoadOptions:
    """Options of `load_panel`.

    universe       "auto": the source's universe column, else "all"; "all": every symbol with a quote;
                   "top:500": the 500 largest by dollar volume, chosen anew each month, point in time
    repair_splits  rescale the prices before a split that the source forgot
    start, end     first and last date kept (ISO text); audit and universe have seen the whole source
    symbols        the symbols kept; None = all

    Raises `ConfigError` on an unknown universe or a date that is not one.
    """

    universe: str = "auto"
    repair_splits: bool = True
    start: str | None = None
    end: str | None = None
    symbols: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.universe not in ("auto", "all") and not _TOP.fullmatch(self.universe):
            raise ConfigError(f"`universe` must be 'auto', 'all' or 'top:N', got {self.universe!r}.")
        for name in ("start", "end"):
            _check_date(name, getattr(self, name))
        if isinstance(self.symbols, str):
            raise ConfigError(
                f"`symbols` must be a list of symbols, got the text {self.symbols!r}: write it in a list."
            )
        if self.symbols is not None:
            object.__setattr__(self, "symbols", tuple(self.symbols))

    @property
    def universe_size(self) -> int | None:
        """N of "top:N"; None for the other universes."""
        match = _TOP.fullmatch(self.universe)
        return int(match[1]) if match else None


def _check_date(name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        as_day(value)
    except DataError as error:
        raise ConfigError(f"`{name}` must be a date such as 2012-12-31, got {value!r}.") from error
