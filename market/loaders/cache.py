"""The panel cache: a source is parsed once per content, options and loader code.

    <cache>/panels/<key>/            a panel folder; key = hash of content, options and the loader's code
    <cache>/sources/<key>.json       size and time stamp of a source's files -> hash of their content

<cache> is $FACTORENGINE_CACHE_DIR or the user's cache folder. Writers rename whole entries into place; a
damaged entry is rebuilt; the last used stay; if the cache cannot be written, loading works without it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from platformdirs import user_cache_path

import market
from market.errors import DataError
from market.loaders.options import LoadOptions
from market.panel import Panel
from market.storage import open_panel, save_panel

VARIABLE = "FACTORENGINE_CACHE_DIR"
KEPT_PANELS = 12
_SETTLED_SECONDS = 2.0


def cache_folder() -> Path:
    """Where parsed panels are kept."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else user_cache_path("factorengine", appauthor=False)


def cached(files: Sequence[Path], options: LoadOptions, build: Callable[[], Panel]) -> Panel:
    """Open the panel of `files` under `options` if it is in the cache, else `build` and keep it."""
    entry = cache_folder() / "panels" / _panel_key(files, options)
    try:
        panel = open_panel(entry, verify=True)
    except DataError:
        return _keep(build(), entry)
    _mark_used(entry)
    return _with_source(panel, files)


def _keep(panel: Panel, entry: Path) -> Panel:
    """Write `panel` to the cache if that is possible, and drop the entries that were not used for longest."""
    try:
        save_panel(panel, entry, replace=True)
        entries = sorted(entry.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    except (DataError, OSError):
        return panel
    for old in entries[KEPT_PANELS:]:
        shutil.rmtree(old, ignore_errors=True)
    return panel


def _mark_used(entry: Path) -> None:
    with suppress(OSError):  # a cache that may only be read serves as well
        os.utime(entry)


def _with_source(panel: Panel, files: Sequence[Path]) -> Panel:
    """Name today's path in the audit: the same content may have lain elsewhere when it was cached."""
    source = str(files[0] if len(files) == 1 else files[0].parent)
    if panel.audit is None or panel.audit.source == source:
        return panel
    return replace(panel, audit=replace(panel.audit, source=source), known_hash=panel.content_hash)


def _panel_key(files: Sequence[Path], options: LoadOptions) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (source_hash(files), _code_hash(), options.universe, str(options.repair_splits)):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def source_hash(files: Sequence[Path]) -> str:
    """Hash of names and content of `files`, remembered by size and time stamp."""
    stamps = [(str(path.absolute()), (stat := path.stat()).st_size, stat.st_mtime_ns) for path in files]
    memo = (
        cache_folder()
        / "sources"
        / f"{hashlib.blake2b(repr(stamps).encode(), digest_size=16).hexdigest()}.json"
    )
    try:
        return str(json.loads(memo.read_text(encoding="utf-8"))["content"])
    except (OSError, ValueError, KeyError, TypeError):
        content = _content_hash(files)
    newest = max(stamp[2] for stamp in stamps) / 1e9
    if (
        time.time() - newest > _SETTLED_SECONDS
    ):  # a file written just now may change within one tick of its clock
        _remember(memo, content)
    return content


def _content_hash(files: Sequence[Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        with path.open("rb") as file:
            digest.update(path.name.encode() + b"\0" + hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def _remember(memo: Path, content: str) -> None:
    draft = memo.with_suffix(f".{os.getpid()}.tmp")
    try:
        memo.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({"content": content}), encoding="utf-8")
        draft.replace(memo)
    except OSError:
        return  # a memo saves time only


def _code_hash() -> str:
    """Hash of the modules that read and repair data: other code, other panel."""
    root = Path(market.__file__).parent
    digest = hashlib.blake2b(digest_size=16)
    for module in sorted([*root.glob("*.py"), *(root / "loaders").glob("*.py")]):
        digest.update(module.read_bytes())
    return digest.hexdigest()
