"""A panel folder: one memory-mapped `.npy` per array and a `manifest.json`, written whole or not at all.

    manifest.json     format, content hash, dates, symbols, field names, checksums, audit report
    <field>.npy       (T, N) float64 C-order
    universe.npy      (T, N) bool
    tradable.npy      (T, N) bool

Opening maps the arrays read-only, so it takes milliseconds and processes share the pages.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from market.audit import AuditReport
from market.errors import DataError
from market.panel import Panel
from market.scratch import scratch_folder

FORMAT = 1
MANIFEST = "manifest.json"
MASKS = ("universe", "tradable")


def is_panel_folder(path: Path) -> bool:
    """Whether `path` is a folder with a manifest."""
    return (path / MANIFEST).is_file()


def save_panel(panel: Panel, folder: Path, *, replace: bool = False) -> None:
    """Write `panel` to `folder`, replacing an older panel folder in one rename.

    Raises `DataError` if `folder` cannot be written or, unless `replace`, holds something else.
    """
    folder = folder.absolute()
    if folder.exists() and not (replace or is_panel_folder(folder) or _is_empty_folder(folder)):
        raise DataError(f"{folder} exists and is not a panel folder: choose another place to save to.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            draft.chmod(0o755)
            _write(panel, draft)
            _put_in_place(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise DataError(f"cannot write the panel folder {folder}: {error.strerror or error}.") from error


def open_panel(folder: Path, *, verify: bool = False) -> Panel:
    """Map the panel in `folder`; with `verify`, read every byte and compare the checksums.

    Raises `DataError` if the folder is missing, of another format, incomplete or damaged.
    """
    manifest = _read_manifest(folder)
    try:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in manifest["checksums"]}
        panel = Panel(
            dates=np.array(manifest["dates"], dtype="datetime64[D]"),
            symbols=tuple(manifest["symbols"]),
            fields={name: arrays[name] for name in manifest["fields"]},
            universe=arrays["universe"],
            tradable=arrays["tradable"],
            audit=AuditReport.from_dict(manifest["audit"]) if manifest["audit"] else None,
            known_hash=manifest["content_hash"],
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, DataError) as error:
        raise DataError(f"the panel folder {folder} is damaged ({error}): write it again.") from error
    if verify:
        for name, checksum in manifest["checksums"].items():
            if _checksum(arrays[name]) != checksum:
                raise DataError(f"the panel folder {folder} is damaged ({name}.npy changed): write it again.")
    return panel


@contextmanager
def laid_out(panel: Panel) -> Iterator[Path]:
    """A panel folder that other processes can map: the one it is mapped from, else one that is removed afterwards."""
    home = _home(panel)
    if home is not None:
        yield home
        return
    with scratch_folder() as scratch:
        folder = scratch / "panel"
        save_panel(panel, folder)
        yield folder


def _home(panel: Panel) -> Path | None:
    """The folder that holds this panel and nothing else, if it is mapped from one."""
    close: Any = panel.fields["close"]
    while close is not None and not isinstance(close, np.memmap):
        close = getattr(close, "base", None)
    if close is None or close.filename is None:
        return None
    folder = Path(close.filename).parent
    try:
        manifest = _read_manifest(folder)
    except DataError:
        return None
    return folder if manifest.get("content_hash") == panel.content_hash else None


def _write(panel: Panel, folder: Path) -> None:
    arrays = {**panel.fields, "universe": panel.universe, "tradable": panel.tradable}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
    manifest = {
        "format": FORMAT,
        "content_hash": panel.content_hash,
        "fields": list(panel.fields),
        "checksums": {name: _checksum(values) for name, values in arrays.items()},
        "audit": panel.audit.to_dict() if panel.audit else None,
        "symbols": list(panel.symbols),
        "dates": panel.dates.astype(str).tolist(),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"no panel folder at {folder}: {MANIFEST} is missing.") from error
    except (OSError, ValueError) as error:
        raise DataError(
            f"the panel folder {folder} is damaged ({MANIFEST}: {error}): write it again."
        ) from error
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(manifest, dict) or found != FORMAT or not isinstance(manifest.get("checksums"), dict):
        raise DataError(f"{folder / MANIFEST} has format {found}, expected {FORMAT}: convert the data again.")
    return manifest


def _put_in_place(draft: Path, folder: Path) -> None:
    """Rename `draft` to `folder`; a folder in the way is moved aside first, then removed."""
    if not folder.exists():
        os.rename(draft, folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    try:
        os.rename(folder, old)
        try:
            os.rename(draft, folder)
        except OSError:
            if not folder.exists():
                os.rename(old, folder)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _checksum(values: np.ndarray[Any, Any]) -> int:
    return zlib.crc32(np.ascontiguousarray(values).data)
