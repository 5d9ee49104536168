"""A factor as files that stand alone: the program, its scores and what data it was made for.

The exported program is the stored text with the tuned values as defaults. Where the search learnt that low values
do better, the original function is kept under another name and `factor` returns its negative, so that in every
exported program higher = expected to do better.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.evaluation import values
from factors.fingerprint import parameters_literal
from factors.program import Program
from knowledge_base.records import ProgramRecord, ScoreRecord
from knowledge_base.store import open_store
from market.errors import ConfigError, DataError
from market.synthetic import SyntheticConfig, synthesize

_REVERSED_NAME = "unsigned_factor"
_REVERSAL = '''

def factor(data, ops, p):
    """The search learnt on the training days that low values do better: higher is better from here on."""
    return -{name}(data, ops, p)
'''


def export(program_id: int, folder: str | Path, *, store: str) -> list[Path]:
    """Write `<name>.py`, `scores.json` and `contract.json` to a new or empty folder and return their paths.

    Raises `ConfigError` if the program was never scored or the folder holds something, `StoreError` if it is
    unknown, and `DataError` if the exported text does not give the values of the original.
    """
    folder = Path(folder)
    with open_store(store, create=False) as opened:
        record = opened.program(program_id)
        run = next(run for run in opened.runs() if run.id == record.run_id)
    if record.parameters is None or record.direction is None:
        raise ConfigError(
            f"program {program_id} ({record.status}) has no scores: export a factor that `rank` lists."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"`{folder}` exists and is not an empty folder: choose another --output.")
    source = exported_source(record.source, record.parameters, record.direction)
    check_same_values(record, source)
    contract = {
        "data": "daily open, high, low, close, volume as float64 arrays (dates × symbols), NaN = no quote",
        "entry_point": "factor(data, ops, p) -> (dates × symbols) score, higher = expected to do better",
        "signal": "known at the close of day t, traded at the close of day t+1",
        "parameters": dict(record.parameters),
        "fingerprint": Program.parse(source).fingerprint,
        "made_from": {"id": record.id, "fingerprint": record.fingerprint, "run": run.name},
        "market": dict(run.panel) | {"audit": None},
        "splits": dict(run.splits),
    }
    scores = {score.split: _plain_score(score) for score in record.scores}
    texts = {
        f"{_file_stem(record.name)}.py": source,
        "scores.json": json.dumps(scores, indent=2) + "\n",
        "contract.json": json.dumps(contract, indent=2) + "\n",
    }
    return _write_whole(folder, texts)


def exported_source(source: str, parameters: Mapping[str, Any], direction: int) -> str:
    """The program text with `parameters` as defaults, reversed if `direction` is -1."""
    source = _with_defaults(source, parameters)
    if direction == 1:
        return source
    tree = ast.parse(source)
    entry = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "factor")
    lines = source.splitlines(keepends=True)
    line = entry.lineno - 1
    lines[line] = lines[line].replace("def factor(", f"def {_REVERSED_NAME}(", 1)
    return "".join(lines).rstrip("\n") + "\n" + _REVERSAL.format(name=_REVERSED_NAME)


def check_same_values(record: ProgramRecord, source: str) -> None:
    """Run the original and the exported text on a small synthetic market; `DataError` unless they agree."""
    market = synthesize(SyntheticConfig(dates=400, symbols=40), seed=1)
    original = values(Program.parse(record.source), market.panel, parameters=dict(record.parameters or {}))
    exported = values(Program.parse(source), market.panel)
    if not np.array_equal(original * float(record.direction or 1), exported, equal_nan=True):
        raise DataError(f"the exported text of program {record.id} does not give the values of the original.")


def _with_defaults(source: str, parameters: Mapping[str, Any]) -> str:
    """Replace each `default` in the text itself, so that comments and layout stay."""
    literal = parameters_literal(ast.parse(source))
    edits = []
    for key, spec in zip(literal.keys, literal.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(spec, ast.Dict) or key.value not in parameters:
            continue
        for name, value in zip(spec.keys, spec.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == "default":
                edits.append((value, repr(parameters[str(key.value)])))
    return _edited(source, edits)


def _edited(source: str, edits: list[tuple[ast.expr, str]]) -> str:
    lines = source.splitlines(keepends=True)
    for node, text in sorted(edits, key=lambda edit: (edit[0].lineno, edit[0].col_offset), reverse=True):
        line = lines[node.lineno - 1].encode()  # the tree counts bytes
        lines[node.lineno - 1] = (
            line[: node.col_offset] + text.encode() + line[node.end_col_offset :]
        ).decode()
    return "".join(lines)


def _plain_score(score: ScoreRecord) -> dict[str, Any]:
    record = asdict(score)
    record["horizons"] = [
        {key: value for key, value in horizon.items() if not key.startswith("daily_")}
        for horizon in record["horizons"]
    ]
    return json.loads(json.dumps(record), parse_constant=lambda _: None)  # type: ignore[no-any-return]


def _file_stem(name: str) -> str:
    """A proposal's name as a file name: it is text from strangers, and stays inside the folder."""
    return re.sub(r"\W+", "_", name).strip("_") or "factor"


def _write_whole(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write all files or none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        draft.chmod(0o755)
        for name, text in texts.items():
            (draft / name).write_text(text, encoding="utf-8")
        os.replace(draft, folder)
    except OSError as problem:
        raise DataError(f"`{folder}` cannot be written: {problem.strerror}.") from None
    return [folder / name for name in texts]
