"""The commands print what they promise."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

import factorengine as fe
from factorengine.exporting import exported_source
from tests.factors.programs import REVERSAL

RANK_KEYS = "rank id name run split fitness ic icir rank_ic rank_icir sharpe turnover parameters".split()


@pytest.fixture
def reversal(tmp_path):
    path = tmp_path / "reversal.py"
    path.write_text(REVERSAL)
    return path


def ranked(command, store, *options: str) -> list[dict]:
    code, out, _ = command("rank", "--store", store, "--format", "json", *options)
    assert code == 0
    return json.loads(out)


@pytest.mark.parametrize(
    "name",
    [
        "mine",
        "rank",
        "show",
        "check",
        "evaluate",
        "export",
        "runs",
        "status",
        "stop",
        "pause",
        "resume",
        "ablate",
    ],
)
def test_help_has_examples(command, name) -> None:
    code, out, _ = command(name, "--help")
    assert code == 0
    assert f"factorengine {name}" in out.split("Examples:")[1]


def test_evaluate_prints_one_json_object(command, reversal, prices) -> None:
    code, out, _ = command(
        "evaluate", reversal, "--data", prices, "--format", "json", "--params", '{"window": 3}'
    )
    card = json.loads(out)
    assert code == 0
    assert card["program"] == {"name": "reversal", "fingerprint": fe.Program.parse(REVERSAL).fingerprint}
    assert card["parameters"] == {"window": 3}
    assert set(card["panel"]) == {"dates", "symbols", "content_hash"}
    assert list(card["horizons"]) == ["1", "3", "5", "10"]
    assert set(card["horizons"]["5"]) >= {"ic", "icir", "rank_ic", "rank_icir", "days"}
    assert set(card["portfolio"]) == {"ar", "sharpe", "mdd"}
    assert {"fitness", "coverage", "turnover"} <= set(card)


def test_values_are_long_and_those_of_the_program(command, reversal, prices, tmp_path) -> None:
    target = tmp_path / "values.parquet"
    command("evaluate", reversal, "--data", prices, "--values", target)
    long = pd.read_parquet(target)
    assert list(long.columns) == ["date", "symbol", "value"]
    close = fe.Panel.load(prices).frame("close")
    expected = (-(close / close.shift(5) - 1)).stack().dropna()
    np.testing.assert_allclose(
        long.set_index(["date", "symbol"])["value"].sort_index(), expected.sort_index()
    )


def test_evaluate_scores_between_start_and_end(command, reversal, prices) -> None:
    _, out, _ = command(
        "evaluate",
        reversal,
        "--data",
        prices,
        "--start",
        "2018-06-01",
        "--end",
        "2018-09-28",
        "--format",
        "json",
    )
    card = json.loads(out)
    assert (card["start"], card["end"]) == ("2018-06-01", "2018-09-28")
    assert card["panel"]["dates"] == len(pd.bdate_range("2018-01-02", "2018-09-28"))


def test_rank_lists_the_documented_keys(command, store) -> None:
    rows = ranked(command, store, "--top", "3")
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert set(RANK_KEYS) <= set(rows[0])
    fitness = [row["fitness"] for row in rows]
    assert fitness == sorted(fitness, reverse=True)


def test_rank_writes_csv(command, store, tmp_path) -> None:
    command("rank", "--store", store, "--format", "csv", "-o", tmp_path / "ranked.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "ranked.csv").read_text())))
    assert list(rows[0])[: len(RANK_KEYS)] == RANK_KEYS
    assert len(rows) == len(ranked(command, store))


def test_rank_follows_the_split_and_the_metric(command, store) -> None:
    sharpe = [row["sharpe"] for row in ranked(command, store, "--by", "sharpe", "--split", "train")]
    assert sharpe == sorted(sharpe, reverse=True)


def test_show_tells_each_horizon_and_the_source(command, store) -> None:
    best = ranked(command, store)[0]
    record = json.loads(command("show", best["id"], "--store", store, "--format", "json")[1])
    assert set(record["splits"]) == {"train", "validation"}
    assert list(record["splits"]["validation"]["horizons"]) == ["1", "3", "5", "10"]
    assert record["splits"]["validation"]["fitness"] == best["fitness"]
    assert command("show", best["id"], "--store", store, "--source")[1].strip() == record["source"].strip()
    assert record["idea"] in command("show", best["id"], "--store", store)[1]


@pytest.mark.parametrize("direction", [1, -1])
def test_an_exported_factor_gives_the_same_values(command, store, prices, tmp_path, direction) -> None:
    row = next(row for row in ranked(command, store, "--all") if row["direction"] == direction)
    folder = tmp_path / "out"
    code, out, _ = command("export", row["id"], "-o", folder, "--store", store)
    assert code == 0
    assert "same values" in out
    with fe.open_store(store) as opened:
        record = opened.program(row["id"])
    panel = fe.Panel.load(prices)
    exported = fe.run(folder / f"{record.name}.py", panel)
    original = fe.run(record.source, panel, dict(record.parameters))
    pd.testing.assert_frame_equal(exported, original * direction)
    assert json.loads((folder / "scores.json").read_text())["validation"]["fitness"] == row["fitness"]


def test_export_keeps_comments_and_replaces_defaults() -> None:
    source = REVERSAL.replace("    past_return", "    # a comment\n    past_return", 1)
    text = exported_source(source, {"window": 9}, -1)
    assert "# a comment" in text
    program = fe.Program.parse(text)
    assert program.parameters.defaults() == {"window": 9}
    assert program.parameters["window"].high == 20


def test_a_config_file_has_the_flags_keys_and_flags_win(command, prices, tmp_path) -> None:
    store = f"sqlite:///{tmp_path / 'x.db'}"
    (tmp_path / "mine.toml").write_text(
        f'data = "{prices}"\nstore = "{store}"\nrun = "toml"\niterations = 9\ntrials = 2\nworkers = 1\nseeds = "none"\n'
    )
    code, out, _ = command(
        "mine", "--config", tmp_path / "mine.toml", "--iterations", "2", "--format", "json"
    )
    result = json.loads(out)
    assert code == 0
    assert (result["run"], result["iterations"], result["status"]) == ("toml", 2, "finished")
    assert result["trials"] <= 4


def test_data_goes_round(command, tmp_path, prices) -> None:
    assert command("data", "convert", prices, "-o", tmp_path / "folder")[0] == 0
    assert command("data", "convert", tmp_path / "folder", "-o", tmp_path / "again.parquet")[0] == 0
    hashes = {
        fe.Panel.load(path).content_hash for path in (prices, tmp_path / "folder", tmp_path / "again.parquet")
    }
    assert len(hashes) == 1
    out = command("data", "check", tmp_path / "again.parquet")[1]
    assert "260 days × 40 symbols" in out


def test_the_example_config_and_program_are_valid(command, prices) -> None:
    from pathlib import Path

    from engine.config import MineConfig

    examples = Path(__file__).parents[2] / "examples"
    MineConfig.of(MineConfig.read(examples / "mine.toml"))
    assert command("evaluate", examples / "volume_confirmed_reversal.py", "--data", prices)[0] == 0


def test_the_programs_of_the_readme_run(prices, tmp_path, monkeypatch) -> None:
    import re
    from pathlib import Path

    readme = (Path(__file__).parents[2] / "README.md").read_text()
    program, session = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_factor.py").write_text(program)
    (tmp_path / "prices.parquet").write_bytes(prices.read_bytes())
    scope: dict = {}
    exec(session, scope)
    assert len(scope["best"]) > 0
    assert scope["result"].status == "finished"
