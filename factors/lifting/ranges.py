"""The parameter that a constant becomes: its kind and the range around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from factors.lifting.constants import Constant
from factors.lifting.flow import DAYS
from factors.lifting.text import Number

_LONGEST_WINDOW = 250


@dataclass(frozen=True, kw_only=True)
class Lifted:
    """One constant that became a parameter; `literal` is the text at `line` of the original."""

    name: str
    line: int
    literal: str
    role: str
    specification: dict[str, Any]


def specification_of(constant: Constant) -> dict[str, Any]:
    """The `PARAMETERS` entry: the value as the default, and a range around it."""
    value, role = constant.value, constant.role
    low: Number
    high: Number
    if isinstance(value, int) and not all(use.exact for use in constant.uses):
        least = max(1 if role == "lag" else 2, *(use.least for use in constant.uses))
        low, high, log = _whole_range(value, role, least)
        kind = "int"
    else:
        value, kind = float(value), "float"
        low, high, log = _real_range(value, role)
    entry = {"type": kind, "low": low, "high": high, "default": value}
    return entry | ({"log": True} if log else {})


def _whole_range(value: int, role: str, least: int) -> tuple[int, int, bool]:
    if role in DAYS:
        low = min(value, max(least, value // 3))
        return low, max(min(_LONGEST_WINDOW, 3 * value), value + 1), True
    if value < 0:
        low, high, _ = _whole_range(-value, role, least)
        return -high, -low, False
    reach = 2 if role == "exponent" else 3
    return max(1, value // reach), value * reach, False


def _real_range(value: float, role: str) -> tuple[float, float, bool]:
    if value < 0:
        low, high, _ = _real_range(-value, role)
        return -high, -low, False
    whole = 100.0 if role == "percentile" else 1.0
    if role in {"quantile", "percentile", "decay"} and value < whole:
        low, high = _share_range(value / whole)
        return min(_rounded(low * whole), value), max(_rounded(high * whole), value), False
    reach = 2 if role == "exponent" else 3
    return _rounded(value / reach), _rounded(value * reach), role != "exponent"


def _share_range(share: float) -> tuple[float, float]:
    if share > 0.5:
        low, high = _share_range(1 - share)
        return 1 - high, 1 - low
    return max(0.01, share / 3), min(0.99, 3 * share)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
