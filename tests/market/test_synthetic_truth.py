from pathlib import Path

import pytest

from market.errors import DataError
from market.synthetic import read_truth, truth_path, write_truth
from tests.market.synthetic_markets import small


@pytest.fixture(params=["file", "folder"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "folder":
        (tmp_path / "panel").mkdir()
        return tmp_path / "panel"
    (tmp_path / "panel.parquet").touch()
    return tmp_path / "panel.parquet"


def test_the_truth_read_is_the_truth_written(data: Path) -> None:
    write_truth(small().planted, data)
    assert read_truth(data) == small().planted


def test_a_window_read_back_is_still_a_whole_number(data: Path) -> None:
    write_truth(small().planted, data)
    assert all(type(factor.parameters["window"]) is int for factor in read_truth(data)[:2])


def test_the_truth_lies_beside_a_file_and_inside_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert truth_path(tmp_path / "us.parquet") == tmp_path / "us.truth.json"
    assert truth_path(str(tmp_path / "folder")) == tmp_path / "folder" / "truth.json"


def test_writing_leaves_no_other_file_behind(data: Path) -> None:
    written = write_truth(small().planted, data)
    assert {path.name for path in written.parent.iterdir()} <= {written.name, "panel.parquet"}


def test_data_without_a_truth_has_no_planted_factor(data: Path) -> None:
    assert read_truth(data) == ()


def test_truth_about_data_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist: save the panel first"):
        write_truth(small().planted, tmp_path / "nowhere.parquet")


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 1, "planted": [{"name": "x"}]}'])
def test_a_damaged_truth_names_the_file_and_the_remedy(data: Path, text: str) -> None:
    truth_path(data).write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"truth\.json must hold the planted factors.*data synth"):
        read_truth(data)


def test_a_truth_of_another_format_is_refused(data: Path) -> None:
    truth_path(data).write_text('{"format": 99, "planted": []}', encoding="utf-8")
    with pytest.raises(DataError, match="must have truth format 1, found 99"):
        read_truth(data)
