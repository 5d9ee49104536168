"""Whatever a user gets wrong is answered in one line that names it, with exit code 2."""

import json

import pandas as pd
import pytest

import factorengine as fe
from factors.sandbox import Limits
from tests.factors.programs import REVERSAL, body


@pytest.fixture
def program(tmp_path):
    def write(text: str):
        path = tmp_path / "program.py"
        path.write_text(text)
        return path

    return write


def bars(**changes: object) -> pd.DataFrame:
    days = pd.bdate_range("2020-01-01", periods=40)
    usual = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 1000.0}
    return pd.DataFrame({"date": days.repeat(3), "symbol": ["A", "B", "C"] * 40}).assign(**(usual | changes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"""Idea."""\nPARAMETERS = {}\n', "defines `factor` exactly once"),
        (body("return data.close[1:]"), "returns shape"),
        (body("return data.close", parameters='{"w": {"type": "int", "low": 9, "high": 2, "default": 5}}'),
         "low 9 exceeds high 2"),
        (body("return data.close * np.nan", header="import numpy as np"), "NaN for every stock and day"),
        (body("return data.close[99999]"), "IndexError at line"),
        (body("return data.frame('close').shift(-2)"), "is look-ahead: use a positive lag"),
        (body("lag = len(p) - 1\nreturn data.frame('close').shift(lag)"), "the score of"),
        (body("import os\nreturn data.close"), "import of `os` is not allowed"),
        ("def factor(:", "line 1"),
    ],
)  # fmt: skip
def test_a_bad_program_is_named(command, program, prices, text, message) -> None:
    assert message in command.refuses("evaluate", program(text), "--data", prices)


def test_an_endless_loop_is_ended(prices) -> None:
    from engine.evaluation import evaluate

    endless = fe.Program.parse(body("while True:\n    pass\nreturn data.close"))
    with pytest.raises(fe.ProgramError, match="endless loop"):
        evaluate(endless, fe.Panel.load(prices), limits=Limits(timeout_s=1.0))


def test_bad_data_is_named(command, program, tmp_path) -> None:
    reversal = program(REVERSAL)

    def refusal(frame: pd.DataFrame) -> str:
        path = tmp_path / "bars.csv"
        frame.to_csv(path, index=False)
        return command.refuses("evaluate", reversal, "--data", path)

    assert "does not exist" in command.refuses("evaluate", reversal, "--data", tmp_path / "absent.parquet")
    assert "close" in refusal(bars().drop(columns="close"))
    assert "volume" in refusal(bars(volume="many"))
    one = bars()
    assert "symbol" in refusal(one[one.symbol == "A"])
    assert "universe" in refusal(bars(in_universe=False))


def test_an_unknown_symbol_is_named(prices) -> None:
    with pytest.raises(fe.DataError, match="XYZ"):
        fe.Panel.load(prices, symbols=("XYZ",))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--start", "2031-01-01"], "does not overlap the data"),
        (["--start", "2018-06-01", "--end", "2018-05-01"], "swap them"),
        (["--start", "yesterday"], "must be a date"),
        (["--params", "{window: 5}"], "JSON object"),
        (["--params", '{"windw": 5}'], "unknown parameter `windw`"),
        (["--params", '{"window": 500}'], "must lie in [2, 20], got 500"),
        (["--universe", "largest"], "top:N"),
        (["--colour", "red"], "No such option"),
    ],
)
def test_bad_arguments_of_evaluate_are_named(command, program, prices, arguments, message) -> None:
    assert message in command.refuses("evaluate", program(REVERSAL), "--data", prices, *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--iterations", "0"], "`iterations`"),
        (["--time-limit", "soon"], "duration such as 90s"),
        (["--train-end", "2018-06-01"], "belong together"),
        (["--train-end", "1999-01-01", "--valid-end", "1999-06-01"], "within the data"),
        (["--train-end", "2018-08-01", "--valid-end", "2018-06-01"], "must lie before"),
        (["--seed", "x"], "`seed`"),
        (["--control", "maybe"], "`control`"),
    ],
)
def test_bad_settings_of_mine_are_named(command, prices, tmp_path, arguments, message) -> None:
    store = f"sqlite:///{tmp_path / 'x.db'}"
    assert message in command.refuses("mine", "--data", prices, "--store", store, *arguments)


def test_a_config_file_with_an_unknown_key_is_named(command, tmp_path) -> None:
    (tmp_path / "mine.toml").write_text("iteration = 5\n")
    assert "unknown setting `iteration`" in command.refuses("mine", "--config", tmp_path / "mine.toml")
    assert "no config file" in command.refuses("mine", "--config", tmp_path / "absent.toml")
    (tmp_path / "mine.toml").write_text("iterations = = 5\n")
    assert "not a readable TOML file" in command.refuses("mine", "--config", tmp_path / "mine.toml")


def test_a_store_that_is_not_there_is_named(command, tmp_path) -> None:
    assert "absent.db" in command.refuses("rank", "--store", tmp_path / "absent.db")
    (tmp_path / "text.db").write_text("no database " * 100)
    assert "text.db" in command.refuses("rank", "--store", tmp_path / "text.db")


def test_an_unknown_run_or_factor_is_named(command, store, tmp_path) -> None:
    assert "small" in command.refuses("rank", "--store", store, "--run", "large")
    assert "9999" in command.refuses("show", 9999, "--store", store)
    assert "9999" in command.refuses("export", 9999, "-o", tmp_path / "out", "--store", store)


def test_a_run_is_not_resumed_with_other_settings(command, store, prices) -> None:
    line = command.refuses("mine", "--data", prices, "--store", store, "--run", "small", "--seed", "6")
    assert "seed = 5, not 6" in line


def test_an_export_does_not_overwrite(command, store, tmp_path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    best = json.loads(command("rank", "--store", store, "--format", "json")[1])[0]["id"]
    assert "not an empty folder" in command.refuses("export", best, "-o", tmp_path, "--store", store)
