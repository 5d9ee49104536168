"""How values are put into columns so that SQLite and PostgreSQL give back the same."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import DateTime, Dialect, Double, LargeBinary
from sqlalchemy.types import TypeDecorator


class Finite(TypeDecorator[float]):
    """A float or NULL: NaN and infinities sort differently in each database, so they are stored as NULL."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002, the base class's signature
        """Return a plain finite float, or None."""
        return float(value) if value is not None and math.isfinite(value) else None


class UtcTime(TypeDecorator[datetime]):
    """A moment; SQLite drops the zone, so every moment is stored in UTC and read back as such."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, the base class's signature
        """Return the same moment in UTC."""
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, the base class's signature
        """Return the moment with its zone."""
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


class Series(TypeDecorator[NDArray[np.float64]]):
    """A float64 series as compressed little-endian bytes; NaN and infinities survive."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: NDArray[np.float64] | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002, the base class's signature
        """Return the compressed bytes."""
        return None if value is None else zlib.compress(np.asarray(value, dtype="<f8").tobytes(), level=1)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> NDArray[np.float64] | None:  # noqa: ARG002, the base class's signature
        """Return a read-only array."""
        return None if value is None else np.frombuffer(zlib.decompress(value), dtype="<f8")


def to_json(value: object) -> str:
    """JSON text that every database accepts: numpy values as plain ones, what is not finite as null."""
    return json.dumps(_plain(value), allow_nan=False, ensure_ascii=False)


def undefined_as_nan(value: float | None) -> float:
    """Return a metric as read from a `Finite` column."""
    return math.nan if value is None else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, np.datetime64):
        return str(value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
