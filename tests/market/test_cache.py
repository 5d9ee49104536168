import multiprocessing
import os
from pathlib import Path

import pytest

import market.loaders.files as files
from market.errors import DataError
from market.loaders import LoadOptions, cache, load_panel
from market.loaders.cache import cache_folder
from market.panel import Panel
from tests.market.bars import plain_bars


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CSV file and an empty cache."""
    monkeypatch.setenv("FACTORENGINE_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "bars.csv"
    plain_bars().to_csv(path, index=False)
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were parsed."""
    parsed: list[Path] = []
    read = files.read_table

    def counted(path: Path, *, given: tuple[str, ...] = ()) -> object:
        parsed.append(path)
        return read(path, given=given)

    monkeypatch.setattr(files, "read_table", counted)
    return parsed


def entries() -> list[Path]:
    return sorted((cache_folder() / "panels").iterdir())


def test_the_second_load_parses_nothing_and_gives_the_same(source: Path, reads: list[Path]) -> None:
    first = load_panel(source)
    second = load_panel(source)
    assert reads == [source]
    assert second.content_hash == first.content_hash
    assert second.audit == first.audit


def test_a_copy_elsewhere_comes_from_the_cache_under_its_own_name(source: Path, reads: list[Path]) -> None:
    load_panel(source)
    copy = source.with_name("copy") / source.name
    copy.parent.mkdir()
    copy.write_bytes(source.read_bytes())
    audit = load_panel(copy).audit
    assert audit is not None
    assert audit.source == str(copy)
    assert reads == [source]


def test_changed_content_is_read_anew(source: Path) -> None:
    before = load_panel(source)
    source.write_text(source.read_text().replace("11.0", "11.5"))
    after = load_panel(source)
    assert (before.fields["close"][0, 0], after.fields["close"][0, 0]) == (11.0, 11.5)


def test_a_content_is_remembered_by_size_and_time(source: Path, reads: list[Path]) -> None:
    os.utime(source, (1e9, 1e9))
    load_panel(source)
    assert len(list((cache_folder() / "sources").iterdir())) == 1
    load_panel(source)
    assert reads == [source]


def test_a_file_written_just_now_is_not_trusted_by_its_time(source: Path) -> None:
    load_panel(source)
    assert not (cache_folder() / "sources").exists()


def test_options_that_change_the_panel_have_entries_of_their_own(source: Path) -> None:
    load_panel(source)
    load_panel(source, LoadOptions(repair_splits=False))
    load_panel(source, LoadOptions(start="2020-01-02"))
    assert len(entries()) == 2


@pytest.mark.parametrize("name", ["close.npy", "manifest.json", "tradable.npy"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_entry_is_rebuilt(source: Path, reads: list[Path], name: str, damage: str) -> None:
    expected = load_panel(source).content_hash
    file = entries()[0] / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[:-9] if damage == "truncated" else b"\xff" + content[1:])
    assert load_panel(source).content_hash == expected
    assert reads == [source, source]
    assert Panel.open(entries()[0]).content_hash == expected


def test_a_cache_that_cannot_be_written_is_done_without(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = source.with_name("blocked")
    blocked.write_text("a file, not a folder")
    monkeypatch.setenv("FACTORENGINE_CACHE_DIR", str(blocked))
    assert load_panel(source).shape == (4, 2)


def test_only_the_last_used_panels_are_kept(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "KEPT_PANELS", 2)
    load_panel(source)
    load_panel(source, LoadOptions(universe="all"))
    os.utime(max(entries(), key=lambda path: path.stat().st_mtime_ns), (1e9, 1e9))
    kept = load_panel(source)
    load_panel(source, LoadOptions(repair_splits=False))
    assert len(entries()) == 2
    assert kept.content_hash in {Panel.open(entry).content_hash for entry in entries()}
    assert 1e9 not in {entry.stat().st_mtime for entry in entries()}


def test_a_source_that_is_refused_leaves_no_entry(source: Path) -> None:
    plain_bars(symbols=("AA",)).to_csv(source, index=False)
    with pytest.raises(DataError, match="one symbol"):
        load_panel(source)
    assert not (cache_folder() / "panels").exists()


def load_in_a_process(source: Path) -> str:
    return load_panel(source).content_hash


def test_processes_may_fill_the_cache_at_the_same_time(source: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        hashes = pool.map(load_in_a_process, [source] * 8)
    assert set(hashes) == {load_panel(source).content_hash}
    assert [path.name.startswith(".") for path in entries()] == [False]
