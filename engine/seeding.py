"""Which seeds a run starts from: the library's and files', as `factors.seeds` reads them, and the store's own.

A selection's parts are joined by `+`; beside those of `factors.seeds` there are

own               every seed that was added to the store, or came of a report
own:first,second  of these by name, in this order
none              nothing
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime

from engine.evaluation import check, trial_market
from factors.program import Program
from factors.seeds import seed_sources
from knowledge_base.reports import NewSeed, SeedRecord
from knowledge_base.store import Store
from market.errors import ConfigError

OWN, NO_SEEDS = "own", "none"
_NAME = re.compile(r"\w[\w.-]{0,99}")  # none of the marks of a selection


def seeds_of(
    selection: str,
    store: Store | None,
    *,
    known_until: date | None = None,
    added_until: datetime | None = None,
) -> dict[str, str]:
    """Return program texts by seed name, in the order of the selection.

    `known_until` is the last day that a search may learn from: an idea published later was not known then.
    `added_until` bounds what `own` without names stands for, so that a resumed run keeps its seeds.

    Raises `ConfigError` as `seed_sources` does, for an own seed published too late and for an `own` without any, and
    `StoreError` for an own seed that the store does not have.
    """
    if selection == NO_SEEDS:
        return {}
    chosen: dict[str, str] = {}
    for part in [selection] if os.path.exists(selection) else selection.split("+"):
        found = _own(part, store, known_until, added_until) if _is_own(part) else seed_sources(part.strip())
        _add(chosen, found, selection)
    return chosen


def add_seed(store: Store, seed: NewSeed, *, require_sandbox: bool = False) -> None:
    """Store a program as a seed once it has run in the sandbox and passed the test for look-ahead.

    Raises `ProgramError` naming what is wrong with it, `ConfigError` for a name that no selection could hold, and
    `StoreError` if the name is taken.
    """
    if not _NAME.fullmatch(seed.name):
        raise ConfigError(
            f"a seed's name has letters, digits, `_`, `.` and `-`, got {seed.name!r}: choose another."
        )
    check(Program.parse(seed.source), trial_market(), require_sandbox=require_sandbox)
    store.add_seed(seed)


def _is_own(part: str) -> bool:
    return part.partition(":")[0].strip() == OWN


def _own(
    part: str, store: Store | None, known_until: date | None, added_until: datetime | None
) -> dict[str, str]:
    if store is None:
        raise ConfigError(f"{part.strip()!r} is of a store: name the store.")
    _, colon, listed = part.partition(":")
    names = [name.strip() for name in listed.split(",")] if colon else None
    seeds = {seed.name: seed for seed in store.seeds(names)}
    if not seeds:
        raise ConfigError(
            "`own` needs seeds in the store, it has none: `factorengine seeds add FILE.py` adds one."
        )
    if names is None and added_until is not None:
        seeds = {name: seed for name, seed in seeds.items() if seed.created_at <= added_until}
    _require_known(seeds.values(), known_until)
    return {name: seeds[name].source for name in names or seeds}


def _require_known(seeds: Iterable[SeedRecord], known_until: date | None) -> None:
    for seed in seeds:
        if known_until is not None and seed.published is not None and seed.published > known_until:
            raise ConfigError(
                f"seed {seed.name!r} was published on {seed.published}, after {known_until}, the last day that the "
                "search learns from: its idea was not known then, leave it out."
            )


def _add(chosen: dict[str, str], found: Mapping[str, str], selection: str) -> None:
    for name, source in found.items():
        if chosen.setdefault(name, source) != source:
            raise ConfigError(
                f"two different seeds of {selection!r} are called {name!r}: leave one out, or rename it."
            )
