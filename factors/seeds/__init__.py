"""Seed programs: hand-written factors from the literature, as program texts, for a search to start from.

Each file in a library folder (`alpha158`) is one program: text for `factors.program`, never imported.
The sets are the ones the published experiments start from.
"""

from __future__ import annotations

from importlib.resources import files

from market.errors import ConfigError

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


def seed_sources(set_name: str) -> dict[str, str]:
    """Return program texts by seed name, in the set's order; `ConfigError` lists the sets if this is none."""
    if set_name not in SEED_SETS:
        raise ConfigError(f"no seed set is called {set_name!r}: choose one of {', '.join(SEED_SETS)}.")
    library = files("factors.seeds") / set_name.partition("-")[0]
    return {name: (library / f"{name}.py").read_text(encoding="utf-8") for name in SEED_SETS[set_name]}
