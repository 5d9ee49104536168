"""The planted truth beside its data: `<stem>.truth.json` next to a file, `truth.json` in a panel folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from market.errors import DataError
from market.synthetic.factor import PlantedFactor

FORMAT = 1


def truth_path(data: str | Path) -> Path:
    """Where the truth about a data file or panel folder lies; what is not a folder counts as a file."""
    data = Path(data)
    if data.is_dir():
        return data / "truth.json"
    return data.with_name(f"{data.stem}.truth.json")


def write_truth(planted: tuple[PlantedFactor, ...], data: str | Path) -> Path:
    """Write the planted factors beside `data`, which must exist; returns the file written.

    Raises `DataError` where there is no such data.
    """
    if not Path(data).exists():
        raise DataError(f"a truth file lies beside its data, and {data} does not exist: save the panel first")
    target = truth_path(data)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    document = {"format": FORMAT, "planted": [asdict(factor) for factor in planted]}
    partial.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    partial.replace(target)
    return target


def read_truth(data: str | Path) -> tuple[PlantedFactor, ...]:
    """Read the planted factors of a data file or panel folder; empty where none were written.

    Raises `DataError` where the truth file is damaged or of another format.
    """
    source = truth_path(data)
    if not source.exists():
        return ()
    remedy = "write it again with `factorengine data synth`"
    try:
        document = json.loads(source.read_text(encoding="utf-8"))
        found = document["format"]
        if found != FORMAT:
            raise DataError(f"{source} must have truth format {FORMAT}, found {found}: {remedy}")
        return tuple(_factor(entry) for entry in document["planted"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{source} must hold the planted factors, found {error}: {remedy}") from error


def _factor(entry: Mapping[str, Any]) -> PlantedFactor:
    per_horizon = {
        name: {int(horizon): float(value) for horizon, value in entry[name].items()}
        for name in ("attainable_ic", "attainable_rank_ic")
    }
    return PlantedFactor(**{**entry, **per_horizon})
