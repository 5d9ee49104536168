"""A factor as files that stand alone: the program, its scores and what data it was made for.

The exported program is the stored text with the tuned values as defaults. Where the search learnt that low values
do better, the original function is kept under another name and `factor` returns its negative, so that in every
exported program higher = expected to do better.
"""

from __future__ import annotations

import ast
import io
import json
import os
import re
import tempfile
import tokenize
from collections.abc import Mapping
from dataclasses import asdict
from itertools import count, pairwise
from pathlib import Path
from token import NAME
from tokenize import TokenInfo
from typing import Any, NamedTuple

import numpy as np

from engine.evaluation import values
from factors.fingerprint import parameters_literal
from factors.program import Program
from factors.syntax import parse
from knowledge_base.records import ProgramRecord, ScoreRecord
from knowledge_base.store import open_store
from market.errors import ConfigError, DataError
from market.synthetic import SyntheticConfig, synthesize

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
    edits = _new_defaults(source, parameters)
    if direction == 1:
        return _edited(source, edits)
    name = _free_name(source)
    renamed = _edited(source, [*edits, _Edit.of(_entry_name(source), name)])
    return renamed.rstrip("\n") + "\n" + _REVERSAL.format(name=name)


def check_same_values(record: ProgramRecord, source: str) -> None:
    """Run the original and the exported text on a small synthetic market; `DataError` unless they agree."""
    market = synthesize(SyntheticConfig(dates=400, symbols=40), seed=1)
    original = values(Program.parse(record.source), market.panel, parameters=dict(record.parameters or {}))
    exported = values(Program.parse(source), market.panel)
    if not np.array_equal(original * float(record.direction or 1), exported, equal_nan=True):
        raise DataError(f"the exported text of program {record.id} does not give the values of the original.")


class _Edit(NamedTuple):
    """A new text for part of one line; columns count bytes, as those of the syntax tree do."""

    line: int
    start: int
    stop: int
    text: str

    @classmethod
    def of(cls, token: TokenInfo, text: str) -> _Edit:
        before, word = token.line[: token.start[1]], token.string
        start = len(before.encode())
        return cls(token.start[0], start, start + len(word.encode()), text)


def _new_defaults(source: str, parameters: Mapping[str, Any]) -> list[_Edit]:
    """A new text for each `default` alone, so that comments and layout stay."""
    literal = parameters_literal(parse(source))
    edits = []
    for key, spec in zip(literal.keys, literal.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(spec, ast.Dict) or key.value not in parameters:
            continue
        for name, value in zip(spec.keys, spec.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == "default":
                text = repr(parameters[str(key.value)])
                edits.append(_Edit(value.lineno, value.col_offset, value.end_col_offset or 0, text))
    return edits


def _entry_name(source: str) -> TokenInfo:
    """The word `factor` in `def factor`, however it is laid out."""
    body = parse(source).body
    entry = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "factor")
    words = (token for token in tokenize.generate_tokens(_text(source).readline) if token.type == NAME)
    return next(word for definer, word in pairwise(words) if definer.start[0] == entry.lineno)


def _free_name(source: str) -> str:
    """A name for the reversed function that the program does not use itself."""
    used = set(re.findall(r"\w+", source))
    return next(name for n in count() if (name := "unsigned_factor" + (f"_{n}" if n else "")) not in used)


def _edited(source: str, edits: list[_Edit]) -> str:
    lines = _text(source).readlines()
    for edit in sorted(edits, reverse=True):
        line = lines[edit.line - 1].encode()
        lines[edit.line - 1] = (line[: edit.start] + edit.text.encode() + line[edit.stop :]).decode()
    return "".join(lines)


def _text(source: str) -> io.StringIO:
    """The lines that Python sees: `str.splitlines` knows more line breaks than the language does."""
    return io.StringIO(source, newline=None)


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
