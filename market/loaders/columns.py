"""Which column of a table plays which role: aliases, compared without case, spaces, dots and underscores."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from market.errors import DataError
from market.panel import FIELDS

ALIASES = {
    "date": ("date", "datetime", "timestamp", "trade_date", "trading_date", "day", "time", "dt"),
    "symbol": (
        "symbol",
        "ticker",
        "code",
        "instrument",
        "asset",
        "ts_code",
        "permno",
        "sid",
        "stock",
        "name",
    ),
    "open": ("open", "o", "open_price", "first", "adj_open"),
    "high": ("high", "h", "high_price", "max", "adj_high"),
    "low": ("low", "l", "low_price", "min", "adj_low"),
    "close": ("close", "c", "close_price", "last", "price", "adj_close", "adjusted_close"),
    "volume": ("volume", "v", "vol", "shares", "trade_volume", "adj_volume"),
    "vwap": ("vwap", "average_price", "avg_price"),
    "in_universe": ("in_universe", "universe", "is_member", "member"),
    "adjusted_close": ("adj_close", "adjusted_close"),
}
OPTIONAL = ("vwap", "in_universe", "adjusted_close")


def match_columns(found: Sequence[str], *, source: str, given: Collection[str] = ()) -> dict[str, str]:
    """Column name of each role; the first alias in the list wins, roles in `given` need no column.

    `adjusted_close` appears only next to a `close` of its own. Raises `DataError` naming the columns that are
    missing or appear twice.
    """
    by_key: dict[str, str] = {}
    for name in found:
        by_key.setdefault(_key(name), name)
    roles: dict[str, str] = {}
    for role, aliases in ALIASES.items():
        names = [by_key[_key(alias)] for alias in aliases if _key(alias) in by_key]
        if names:
            roles[role] = names[0]
    if roles.get("adjusted_close") == roles.get("close"):
        roles.pop("adjusted_close", None)
    missing = [role for role in ("date", "symbol", *FIELDS) if role not in roles and role not in given]
    if missing:
        accepted = "; ".join(f"{role}: {', '.join(ALIASES[role])}" for role in missing)
        raise DataError(
            f"{source}: no column for {', '.join(missing)} among {', '.join(map(str, found)) or 'none'}: "
            f"rename one (accepted: {accepted})."
        )
    twice = [name for name in roles.values() if list(found).count(name) > 1]
    if twice:
        raise DataError(
            f"{source}: the column {twice[0]!r} appears more than once: rename or drop the others."
        )
    return {role: name for role, name in roles.items() if role not in given}


def _key(name: str) -> str:
    return "".join(c for c in str(name).lower() if c not in " ._-")
