"""The tables of published formulas, and the program of each formula.

A table names its source, the notation and, per formula, an idea in one line. A formula with `{d}` in it is a family:
one formula for each of the table's windows, named by the family and the window (`corr5`, `corr10`, …).
A table is read when it is first asked for, a formula when its program is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from factors.formulas import Dialect, read_formula, write_program

LIBRARIES = ("alpha158", "alpha101")


@dataclass(frozen=True, kw_only=True)
class SeedEntry:
    """One published formula; `needs` names the data that a panel lacks for it, empty if it can be computed."""

    set: str
    name: str
    formula: str
    idea: str
    rationale: str
    source: str
    dialect: Dialect
    needs: str

    def program(self) -> str:
        """Return the formula as a program's text; `MissingDataError` if it needs what no panel has."""
        return _program(self)


@cache
def _program(entry: SeedEntry) -> str:
    formula = read_formula(entry.formula, dialect=entry.dialect)
    return write_program(formula, idea=entry.idea, rationale=entry.rationale, source=entry.source)


@cache
def library(name: str) -> Mapping[str, SeedEntry]:
    """Return the formulas of one of `LIBRARIES` by name, in the published order."""
    table = tomllib.loads((files("factors.seeds") / f"{name}.toml").read_text(encoding="utf-8"))
    entries = [
        entry for family, row in table["formulas"].items() for entry in _members(name, table, family, row)
    ]
    return MappingProxyType({entry.name: entry for entry in entries})


def seed_catalogue() -> tuple[SeedEntry, ...]:
    """List every formula of the library, also those that need data which a panel lacks."""
    return tuple(entry for name in LIBRARIES for entry in library(name).values())


def _members(
    library_name: str, table: Mapping[str, Any], family: str, row: Mapping[str, str]
) -> Iterator[SeedEntry]:
    windows = table["windows"] if "{d}" in row["formula"] else [""]
    for window in windows:
        name = f"{family}{window}"
        yield SeedEntry(
            set=library_name,
            name=name,
            formula=row["formula"].replace("{d}", str(window)),
            idea=row["idea"].replace("{d}", str(window)),
            rationale=row.get("rationale", ""),
            source=f"{table['source']}, {name.upper()}",
            dialect=table["dialect"],
            needs=row.get("needs", ""),
        )
