"""The panel: daily bars of N symbols on T dates, aligned, immutable, identified by its content.

dates     (T,)    datetime64[D], strictly increasing
symbols   (N,)    unique tickers
fields    (T, N)  float64, C-order, read-only; `open high low close volume` and maybe `vwap`; NaN = no quote
universe  (T, N)  True where the symbol belongs to the investable set, as known at the close of t
tradable  (T, N)  True where an order could have been filled that day (a quote and positive volume)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from market.arrays import BoolArray, DateArray, FloatArray, IntArray, sealed
from market.dates import as_day
from market.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from market.audit import AuditReport

FIELDS = ("open", "high", "low", "close", "volume")
Entry = Literal["close", "open"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Panel:
    """Aligned daily bars; every array is read-only.

    Raises `DataError` where an array's shape, type or order breaks the module's notation. `audit` tells what
    the loader repaired; a panel that was not loaded from data has none.
    """

    dates: DateArray
    symbols: tuple[str, ...]
    fields: Mapping[str, FloatArray]
    universe: BoolArray
    tradable: BoolArray
    audit: AuditReport | None = None
    known_hash: InitVar[str | None] = None

    def __post_init__(self, known_hash: str | None) -> None:
        dates = np.asarray(self.dates, dtype="datetime64[D]")
        if len(dates) > 1 and not (dates[1:] > dates[:-1]).all():
            raise DataError("a panel's dates must be strictly increasing: sort them and drop duplicates.")
        if len(set(self.symbols)) != len(self.symbols):
            raise DataError("a panel's symbols must be unique: merge or drop the repeated ones.")
        missing = [name for name in FIELDS if name not in self.fields]
        if missing:
            raise DataError(f"a panel needs the fields {', '.join(FIELDS)}; missing: {', '.join(missing)}.")
        shape = len(dates), len(self.symbols)
        fields = {name: _locked(name, self.fields[name], shape, np.float64) for name in self.fields}
        object.__setattr__(self, "dates", _locked("dates", dates, shape[:1], dates.dtype))
        object.__setattr__(self, "symbols", tuple(self.symbols))
        object.__setattr__(self, "fields", MappingProxyType(fields))
        object.__setattr__(self, "universe", _locked("universe", self.universe, shape, np.bool_))
        object.__setattr__(self, "tradable", _locked("tradable", self.tradable, shape, np.bool_))
        if known_hash is not None:
            self.__dict__["content_hash"] = known_hash

    def __repr__(self) -> str:
        span = f" {self.dates[0]}..{self.dates[-1]}" if len(self.dates) else ""
        return f"Panel({self.shape[0]} dates{span}, {self.shape[1]} symbols, {' '.join(self.fields)})"

    def __reduce__(self) -> tuple[Any, ...]:
        known = self.__dict__.get("content_hash")
        values = (
            self.dates,
            self.symbols,
            dict(self.fields),
            self.universe,
            self.tradable,
            self.audit,
            known,
        )
        return _rebuild, values

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> Panel:
        """Read a .parquet or .csv file, a folder of per-symbol CSVs or a panel folder.

        Keyword options are those of `market.loaders.LoadOptions`. A second load comes from a cache.
        """
        from market.loaders import LoadOptions, load_panel

        return load_panel(Path(path), LoadOptions(**options))

    @classmethod
    def open(cls, folder: str | Path) -> Panel:
        """Open a panel folder, memory-mapped."""
        from market.storage import open_panel

        return open_panel(Path(folder))

    def save(self, folder: str | Path) -> None:
        """Write a panel folder: one `.npy` per array and a manifest."""
        from market.storage import save_panel

        save_panel(self, Path(folder))

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return len(self.dates), len(self.symbols)

    @cached_property
    def content_hash(self) -> str:
        """Hex digest (32 characters) over dates, symbols, fields and masks: equal panels, equal hash."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(np.ascontiguousarray(self.dates).view(np.int64).tobytes())
        digest.update("\0".join(self.symbols).encode())
        for name in sorted(self.fields):
            digest.update(name.encode())
            # one bit pattern per value: every NaN alike, no negative zero
            canonical = np.where(np.isnan(self.fields[name]), np.nan, self.fields[name] + 0.0)
            digest.update(np.ascontiguousarray(canonical).data)
        for mask in (self.universe, self.tradable):
            digest.update(np.packbits(mask).data)
        return digest.hexdigest()

    @cached_property
    def returns(self) -> FloatArray:
        """Simple close-to-close return (T, N), NaN on the first row and where either close is missing."""
        close = self.fields["close"]
        returns = np.full(close.shape, np.nan)
        if len(close):
            np.divide(close[1:], close[:-1], out=returns[1:])
            returns[1:] -= 1.0
        return _read_only(returns)

    @cached_property
    def vwap(self) -> FloatArray:
        """The data's own vwap, else the typical price (high + low + close) / 3."""
        if "vwap" in self.fields:
            return self.fields["vwap"]
        return _read_only((self.fields["high"] + self.fields["low"] + self.fields["close"]) / 3.0)

    def frame(self, name: str) -> pd.DataFrame:
        """Return field `name` as a DataFrame (dates by symbols), a copy."""
        if name not in self.fields:
            raise DataError(f"no field {name!r} in this panel; it has {', '.join(self.fields)}.")
        return self.to_frame(self.fields[name])

    def to_frame(self, values: FloatArray) -> pd.DataFrame:
        """Return (T, N) values as a DataFrame (dates by symbols), a copy."""
        import pandas as pd  # half of the import time of this package, and most runs need no frame

        return pd.DataFrame(np.array(values), index=pd.DatetimeIndex(self.dates), columns=list(self.symbols))

    def rows(self, start: int, stop: int) -> Panel:
        """Return the dates of the half-open row range, as views."""
        part = slice(start, stop)
        return replace(
            self,
            dates=self.dates[part],
            fields={name: values[part] for name, values in self.fields.items()},
            universe=self.universe[part],
            tradable=self.tradable[part],
            audit=None,
        )

    def columns(self, places: IntArray) -> Panel:
        """Return the symbols at these places, in this order, as copies."""
        return replace(
            self,
            symbols=tuple(self.symbols[place] for place in places),
            fields={name: np.take(values, places, axis=1) for name, values in self.fields.items()},
            universe=np.take(self.universe, places, axis=1),
            tradable=np.take(self.tradable, places, axis=1),
            audit=None,
        )

    def sealed(self) -> Panel:
        """Return a copy on memory that nothing in this process can write to."""
        return replace(
            self,
            fields={name: sealed(values) for name, values in self.fields.items()},
            universe=sealed(self.universe),
            tradable=sealed(self.tradable),
        )

    def head(self, rows: int) -> Panel:
        """Return the first `rows` dates, as views. Raises `DataError` below 1."""
        if rows < 1:
            raise DataError(f"a panel needs at least one date, got head({rows}).")
        return self.rows(0, rows)

    def until(self, date: np.datetime64 | str) -> Panel:
        """Return the dates up to and including `date`; raises as `between`."""
        return self.between(None, date)

    def between(self, start: np.datetime64 | str | None, end: np.datetime64 | str | None) -> Panel:
        """Return the dates from `start` to `end`, both included, None = open; raises `DataError` for none."""
        first = 0 if start is None else int(np.searchsorted(self.dates, as_day(start)))
        stop = len(self.dates) if end is None else int(np.searchsorted(self.dates, as_day(end), side="right"))
        if first >= stop:
            raise DataError(
                f"no date from {start or 'the first'} to {end or 'the last'}: "
                f"the data covers {self.dates[0]} to {self.dates[-1]}."
            )
        return self.rows(first, stop)

    def forward_returns(self, horizon_days: int, *, entry: Entry = "close") -> FloatArray:
        """Return (T, N) from the `entry` price of t+1 to the same price `horizon_days` later, decimal.

        Known only at t+1+h: a label, never an input. NaN where either price is missing, where the symbol is
        not tradable at t+1, and on the last h+1 rows.
        """
        if horizon_days < 1:
            raise DataError(f"`horizon_days` must be at least 1, got {horizon_days}.")
        if entry not in ("close", "open"):
            raise DataError(f"`entry` must be 'close' or 'open', got {entry!r}.")
        price = self.fields[entry]
        forward = np.full(self.shape, np.nan)
        reach = horizon_days + 1
        if self.shape[0] > reach:
            bought = np.where(self.tradable[1:-horizon_days], price[1:-horizon_days], np.nan)
            forward[:-reach] = price[reach:] / bought - 1.0
        return forward


def _locked(name: str, values: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    array = np.asarray(values)
    if array.dtype != dtype:
        raise DataError(f"`{name}` must have dtype {np.dtype(dtype)}, got {array.dtype}: convert it.")
    if array.shape != shape:
        raise DataError(f"`{name}` must have shape {shape} (dates, symbols), got {array.shape}.")
    view = np.ascontiguousarray(array).view()
    return _read_only(view)


def _rebuild(
    dates: DateArray,
    symbols: tuple[str, ...],
    fields: dict[str, FloatArray],
    universe: BoolArray,
    tradable: BoolArray,
    audit: AuditReport | None,
    known_hash: str | None,
) -> Panel:
    return Panel(
        dates=dates,
        symbols=symbols,
        fields=fields,
        universe=universe,
        tradable=tradable,
        audit=audit,
        known_hash=known_hash,
    )


def _read_only(values: FloatArray) -> FloatArray:
    values.flags.writeable = False
    return values
