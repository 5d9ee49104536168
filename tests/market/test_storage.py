import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from market.audit import AuditReport, Finding
from market.errors import DataError
from market.panel import Panel
from market.storage import laid_out, open_panel
from tests.market.bars import plain_bars
from tests.strategies import random_panel


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random_panel(1).save(tmp_path / "panel")
    return tmp_path / "panel"


def test_a_panel_comes_back_from_its_folder(tmp_path: Path) -> None:
    panel = random_panel(5, missing=0.3)
    panel.save(tmp_path / "deep" / "panel")
    again = Panel.open(tmp_path / "deep" / "panel")
    assert again.symbols == panel.symbols
    assert_array_equal(again.dates, panel.dates)
    for name, values in panel.fields.items():
        assert_array_equal(again.fields[name], values)
    assert_array_equal(again.universe, panel.universe)
    assert_array_equal(again.tradable, panel.tradable)


def test_the_stored_hash_is_that_of_the_content(folder: Path) -> None:
    opened = Panel.open(folder)
    assert opened.__dict__["content_hash"] == random_panel(1).content_hash


def test_an_opened_panel_is_mapped_and_read_only(folder: Path) -> None:
    close = Panel.open(folder).fields["close"]
    assert isinstance(close.base, np.memmap) or isinstance(getattr(close.base, "base", None), np.memmap)
    assert not close.flags.writeable


def test_a_panel_can_be_saved_over_the_folder_it_is_mapped_from(folder: Path) -> None:
    Panel.open(folder).head(7).save(folder)
    assert Panel.open(folder).shape[0] == 7
    assert [path.name for path in folder.parent.iterdir()] == ["panel"]


def test_the_audit_travels_with_the_panel(tmp_path: Path) -> None:
    report = AuditReport(
        source="x.csv", rows=9, findings=(Finding("duplicate rows", 2, "kept the last", ("A",)),)
    )
    panel = random_panel(1)
    Panel(
        dates=panel.dates,
        symbols=panel.symbols,
        fields=panel.fields,
        universe=panel.universe,
        tradable=panel.tradable,
        audit=report,
    ).save(tmp_path / "panel")
    assert Panel.open(tmp_path / "panel").audit == report


def test_another_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")
    with pytest.raises(DataError, match="not a panel folder"):
        random_panel(1).save(tmp_path / "letters")


def test_a_truncated_array_is_damage(folder: Path) -> None:
    content = (folder / "close.npy").read_bytes()
    (folder / "close.npy").write_bytes(content[:-8])
    with pytest.raises(DataError, match="damaged"):
        Panel.open(folder)


def test_a_missing_array_is_damage(folder: Path) -> None:
    (folder / "universe.npy").unlink()
    with pytest.raises(DataError, match="damaged"):
        Panel.open(folder)


def test_verification_finds_a_changed_byte(folder: Path) -> None:
    content = bytearray((folder / "open.npy").read_bytes())
    content[-3] ^= 1
    (folder / "open.npy").write_bytes(content)
    open_panel(folder)
    with pytest.raises(DataError, match=r"open\.npy changed"):
        open_panel(folder, verify=True)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', "null"])
def test_a_broken_manifest_is_one_clear_error(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json"):
        Panel.open(folder)


def test_another_format_version_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(DataError, match="format 99"):
        Panel.open(folder)


def test_a_folder_without_manifest_is_no_panel(tmp_path: Path) -> None:
    plain_bars().to_csv(tmp_path / "x.csv")
    with pytest.raises(DataError, match="no panel folder"):
        Panel.open(tmp_path)


def test_a_panel_lies_in_the_folder_it_is_mapped_from(folder: Path) -> None:
    panel = Panel.open(folder)
    with laid_out(panel) as home:
        assert home == folder
    assert Panel.open(folder).content_hash == panel.content_hash


@pytest.mark.parametrize("change", ["part", "new content", "gone"])
def test_a_panel_that_its_folder_does_not_hold_is_laid_out_anew(folder: Path, change: str) -> None:
    panel = Panel.open(folder)
    if change == "part":
        panel = panel.head(7)
    elif change == "new content":
        panel.head(9).save(folder)
    else:
        shutil.rmtree(folder)
    with laid_out(panel) as other:
        assert other != folder
        assert Panel.open(other).content_hash == panel.content_hash
    assert not other.exists()
