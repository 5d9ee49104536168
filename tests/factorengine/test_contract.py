"""What other programs read from the command line: the exact keys, the exact text, the same data again."""

import json

import pytest

import factorengine as fe
from tests.factorengine.test_commands import RANK_KEYS, ranked
from tests.factors.programs import REVERSAL, body

EVALUATE_KEYS = "program parameters panel horizons fitness coverage turnover portfolio".split()
EVALUATE_ALSO = "start end rank_autocorrelation audit sandbox".split()
HORIZON_KEYS = "ic icir rank_ic rank_icir days".split()
RANK_ALSO = "direction cluster".split()


def no_constant(name: str) -> float:
    raise AssertionError(f"{name} is not JSON")


@pytest.fixture
def program(tmp_path):
    def write(text: str):
        (tmp_path / "program.py").write_text(text)
        return tmp_path / "program.py"

    return write


def test_the_keys_of_an_evaluation_are_these(command, program, prices) -> None:
    card = json.loads(command("evaluate", program(REVERSAL), "--data", prices, "--format", "json")[1])
    assert set(card) == {*EVALUATE_KEYS, *EVALUATE_ALSO}
    assert all(set(scores) == set(HORIZON_KEYS) for scores in card["horizons"].values())


def test_an_undefined_score_is_null(command, program, prices) -> None:
    flat = program(body("return data.close * 0"))
    out = command("evaluate", flat, "--data", prices, "--format", "json")[1]
    card = json.loads(out, parse_constant=no_constant)
    assert card["horizons"]["5"] == dict.fromkeys(HORIZON_KEYS) | {"days": 0}
    assert card["fitness"] is None


def test_the_keys_of_a_ranked_factor_are_these(command, store) -> None:
    assert list(ranked(command, store)[0]) == [*RANK_KEYS, *RANK_ALSO]


def test_the_average_over_horizons_is_that_of_show(command, store) -> None:
    best = ranked(command, store)[0]
    shown = json.loads(command("show", best["id"], "--store", store, "--format", "json")[1])
    horizons = shown["splits"]["validation"]["horizons"].values()
    for name in ("ic", "icir", "rank_ic", "rank_icir"):
        assert best[name] == pytest.approx(sum(h[name] for h in horizons) / len(horizons), abs=1e-12)


def test_the_shown_source_is_the_stored_text(command, store) -> None:
    best = ranked(command, store)[0]["id"]
    with fe.open_store(store) as opened:
        stored = opened.program(best).source
    assert command("show", best, "--store", store, "--source")[1] == stored.rstrip("\n") + "\n"


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_what_is_written_to_a_file_is_what_is_printed(command, store, tmp_path, suffix) -> None:
    target = tmp_path / f"ranked.{suffix}"
    printed = command("rank", "--store", store, "--format", suffix)[1]
    command("rank", "--store", store, "--format", suffix, "-o", target)
    assert target.read_text() == printed


def test_a_synthetic_market_is_made_checked_and_made_again(command, tmp_path) -> None:
    for name in ("one.parquet", "two.parquet"):
        assert command("data", "synth", "-o", tmp_path / name, "--seed", "3")[0] == 0
    one, two = (fe.Panel.load(tmp_path / name) for name in ("one.parquet", "two.parquet"))
    assert one.content_hash == two.content_hash
    code, out, _ = command("data", "check", tmp_path / "one.parquet")
    assert code == 0
    assert one.content_hash in out


def test_a_run_is_not_resumed_on_other_data(command, store, prices, tmp_path) -> None:
    panel = fe.Panel.load(prices)
    panel.head(250).save(tmp_path / "other")
    line = command.refuses("mine", "--data", tmp_path / "other", "--store", store, "--run", "small")
    assert "other data" in line


def test_mining_names_bad_data_before_it_makes_a_run(command, tmp_path) -> None:
    where = ["--store", tmp_path / "x.db"]
    assert "absent.csv" in command.refuses("mine", "--data", tmp_path / "absent.csv", *where)
    lines = [f"{2020 + d // 300}-{1 + d % 12:02d}-{1 + d // 12 % 28:02d},A,1,1,1,1,1" for d in range(300)]
    (tmp_path / "one.csv").write_text("\n".join(["date,symbol,open,high,low,close,volume", *lines]))
    assert "symbol" in command.refuses("mine", "--data", tmp_path / "one.csv", *where)
    assert not (tmp_path / "x.db").exists()


def test_the_declared_click_has_every_exception_the_command_catches() -> None:
    """The command catches an exception that Click offers from 8.2 on."""
    import re
    from pathlib import Path

    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    version = re.search(r'"click>=([\d.]+)"', text)[1]
    assert tuple(map(int, version.split("."))) >= (8, 2)
