"""The tables of formulas, and selections of them."""

from collections import Counter
from pathlib import Path

import pytest

from factors.program import Program
from factors.seeds import seed_catalogue, seed_sources
from market.errors import ConfigError
from tests.factors.programs import REVERSAL


def test_the_tables_have_all_published_formulas() -> None:
    entries = seed_catalogue()
    assert Counter(entry.set for entry in entries) == {"alpha158": 158, "alpha101": 101}
    assert len({entry.name for entry in entries}) == len({entry.formula for entry in entries}) == 259
    assert all(entry.rationale for entry in entries if entry.set == "alpha158")


def test_nineteen_formulas_need_data_that_a_panel_lacks() -> None:
    needs = Counter(entry.needs for entry in seed_catalogue() if entry.needs)
    assert needs == {"industry classes": 18, "market capitalisation": 1}
    assert len(seed_sources("alpha101")) == 82


def test_the_published_sets_have_five_and_ten_seeds_in_their_order() -> None:
    assert list(seed_sources("alpha158-5")) == ["corr5", "resi5", "klen", "klow", "vstd5"]
    assert len(seed_sources("alpha158-10")) == 10


def test_a_window_in_a_name_is_the_default_of_the_program() -> None:
    for name, text in seed_sources("alpha158-10").items():
        digits = "".join(filter(str.isdigit, name))
        expected = {"window": int(digits)} if digits else {}
        assert Program.parse(text).parameters.defaults() == expected


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ("alpha158:resi5,corr5", ["resi5", "corr5"]),
        ("Alpha158:CORR5, klen", ["corr5", "klen"]),
        ("alpha101:1,12,101", ["alpha001", "alpha012", "alpha101"]),
        ("alpha101:alpha012", ["alpha012"]),
        ("alpha158:klen + alpha101:12+alpha158:klen", ["klen", "alpha012"]),
    ],
)
def test_formulas_are_chosen_by_name_or_number(selection: str, names: list[str]) -> None:
    assert list(seed_sources(selection)) == names


def test_a_program_file_and_a_folder_of_them_are_seeds(tmp_path: Path) -> None:
    folder = tmp_path / "my+seeds"
    folder.mkdir()
    for name in ("b", "a"):
        (folder / f"{name}.py").write_text(REVERSAL)
    assert seed_sources(str(folder)) == {"a": REVERSAL, "b": REVERSAL}
    assert seed_sources(str(folder / "b.py")) == {"b": REVERSAL}
    plain = folder.rename(tmp_path / "seeds")
    assert list(seed_sources(f"alpha158:klen+{plain}")) == ["klen", "a", "b"]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("alpha360", "no seed set is called 'alpha360': choose alpha158, "),
        ("", "no seed set is called '': choose alpha158, "),
        ("alpha158:cor5", "alpha158 has no formula 'cor5'; the nearest are corr5, "),
        ("alpha158:", "alpha158 has no formula ''; the nearest are kmid, "),
        ("alpha158-5:roc60", "alpha158-5 has no formula 'roc60'"),
        ("alpha101:102", "alpha101 has no formula '102'; the nearest are alpha"),
        ("alpha101:48", "alpha048 of alpha101 needs industry classes, which no panel has: leave it out."),
    ],
)
def test_an_unknown_selection_is_refused_with_the_nearest_names(selection: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        seed_sources(selection)
    assert str(caught.value).startswith(message)


def test_a_file_that_is_no_program_is_refused_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "notes.py"
    path.write_text("x = 1")
    with pytest.raises(ConfigError, match=r"notes\.py` is no seed: a program"):
        seed_sources(str(path))
    with pytest.raises(ConfigError, match=r"gone\.py` is no seed: no program file"):
        seed_sources(str(tmp_path / "gone.py"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="has no programs"):
        seed_sources(str(tmp_path / "empty"))


def test_two_programs_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "klen.py"
    path.write_text(REVERSAL)
    with pytest.raises(ConfigError, match=r"two different seeds of .* are called 'klen'"):
        seed_sources(f"alpha158:klen+{path}")
