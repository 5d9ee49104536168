"""Which seeds a run starts from: `seed_sources` reads a selection, parts joined by `+`.

alpha158  alpha101     a whole library; formulas that need data which no panel has are left out
alpha158-5  -10        the sets that the published experiments start from
alpha158:corr5,klen    formulas by name
alpha101:1,12          formulas by number, or by name (`alpha012`)
mine/factor.py  mine   a program file, or a folder of them
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from factors.errors import ProgramError
from factors.program import read_program
from factors.seeds.catalogue import LIBRARIES, SeedEntry, library
from market.errors import ConfigError, DataError

SEED_SETS = {
    "alpha158-5": ("corr5", "resi5", "klen", "klow", "vstd5"),
    "alpha158-10": (
        "corr5",
        "resi10",
        "roc60",
        "rsqr5",
        "cord5",
        "std5",
        "klen",
        "klow",
        "vstd5",
        "wvma5",
    ),
}


def seed_sources(selection: str) -> dict[str, str]:
    """Return program texts by seed name, in the order of the selection.

    Raises `ConfigError` for an unknown set or name, a formula that needs data which no panel has, a file that is no
    program, and two different programs of one name.
    """
    chosen: dict[str, str] = {}
    for part in [selection] if os.path.exists(selection) else selection.split("+"):
        for name, source in _sources(part.strip()).items():
            if chosen.setdefault(name, source) != source:
                raise ConfigError(
                    f"two different seeds of {selection!r} are called {name!r}: rename the file."
                )
    return chosen


def _sources(part: str) -> dict[str, str]:
    set_name, colon, names = part.partition(":")
    if set_name.lower() in {*LIBRARIES, *SEED_SETS}:
        entries = _entries(set_name.lower(), names.lower().split(",") if colon else None)
        return {entry.name: entry.program() for entry in entries}
    if os.path.exists(part) or part.endswith(".py") or os.sep in part:
        return dict(_read(path) for path in _program_files(Path(part)))
    raise ConfigError(
        f"no seed set is called {part!r}: choose {_known_sets(part)}, a program file or a folder."
    )


def _entries(set_name: str, names: Sequence[str] | None) -> list[SeedEntry]:
    formulas = library(set_name.partition("-")[0])
    members = SEED_SETS.get(set_name, tuple(formulas))
    if names is None:
        return [formulas[name] for name in members if not formulas[name].needs]
    return [_entry(set_name, {name: formulas[name] for name in members}, name.strip()) for name in names]


def _entry(set_name: str, formulas: dict[str, SeedEntry], asked: str) -> SeedEntry:
    name = f"alpha{asked:0>3}" if asked.isdecimal() else asked
    if name not in formulas:
        nearest = get_close_matches(name, formulas, n=5, cutoff=0.3) or list(formulas)[:5]
        raise ConfigError(f"{set_name} has no formula {asked!r}; the nearest are {', '.join(nearest)}.")
    if formulas[name].needs:
        raise ConfigError(
            f"{name} of {set_name} needs {formulas[name].needs}, which no panel has: leave it out."
        )
    return formulas[name]


def _known_sets(asked: str) -> str:
    known = [*LIBRARIES, *SEED_SETS]
    return ", ".join(sorted(known, key=lambda name: name not in get_close_matches(asked, known)))


def _program_files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.py"))
    if not found:
        raise ConfigError(f"the folder `{path}` has no programs (*.py): name another one.")
    return found


def _read(path: Path) -> tuple[str, str]:
    try:
        program = read_program(path)
    except (DataError, ProgramError) as problem:
        raise ConfigError(f"`{path}` is no seed: {problem}") from None
    return program.name, program.source
