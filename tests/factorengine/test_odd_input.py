"""Odd but possible input: it is obeyed, or refused in words that name it."""

import json
import subprocess
import sys
from contextlib import suppress

import pytest

import factorengine as fe
from engine.mining import mine
from factorengine.exporting import export, exported_source
from tests.engine.proposers import GOOD, Script
from tests.factors.programs import REVERSAL

HUGE = "9" * 24


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(REVERSAL)
    return path


def test_an_end_without_dashes_is_obeyed_or_refused(prices) -> None:
    panel = fe.Panel.load(prices)
    try:
        seen = fe.evaluate(REVERSAL, panel, end="20180601").to_dict()
    except (fe.ConfigError, fe.DataError):
        return
    assert seen["end"] <= "2018-06-01"


def test_the_command_obeys_or_refuses_an_end_without_dashes(command, program, prices) -> None:
    arguments = ["--data", prices, "--end", "20180601", "--format", "json"]
    code, out, _ = command("evaluate", program, *arguments)
    assert code == 2 or json.loads(out)["end"] <= "2018-06-01"


def test_a_start_that_is_no_date_is_a_named_error(prices) -> None:
    with pytest.raises((fe.ConfigError, fe.DataError), match="yesterday"):
        fe.evaluate(REVERSAL, fe.Panel.load(prices), start="yesterday")


@pytest.mark.parametrize("name", ["show", "export"])
def test_an_impossible_id_is_named(command, store, tmp_path, name) -> None:
    where = ["-o", tmp_path / "out"] if name == "export" else []
    assert HUGE in command.refuses(name, HUGE, *where, "--store", store)


def test_a_seed_too_large_to_store_is_named(command, prices, tmp_path) -> None:
    arguments = ["--data", prices, "--store", tmp_path / "x.db", "--iterations", "1", "--seed", HUGE]
    assert "seed" in command.refuses("mine", *arguments)


def test_an_endless_program_timeout_is_named(command, prices, tmp_path) -> None:
    (tmp_path / "mine.toml").write_text("program_timeout = inf\niterations = 1\ntrials = 1\nworkers = 1\n")
    arguments = ["--config", tmp_path / "mine.toml", "--data", prices, "--store", tmp_path / "x.db"]
    assert "program_timeout" in command.refuses("mine", *arguments)


def test_the_export_function_is_there_after_its_module_was_imported() -> None:
    script = "import factorengine.exporting, factorengine as fe; assert callable(fe.export)"
    subprocess.run([sys.executable, "-c", script], check=True, stderr=subprocess.DEVNULL)


def test_an_export_stays_in_its_folder(prices, tmp_path) -> None:
    from dataclasses import replace

    from engine.config import MineConfig

    class Wanderer(Script):
        def propose(self, briefing, rng):
            return replace(super().propose(briefing, rng), name="../../elsewhere")

    url = f"sqlite:///{tmp_path / 'x.db'}"
    settings = {"data": prices, "store": url, "iterations": 1, "trials": 1, "workers": 1, "seeds": "none"}
    mine(MineConfig.of(settings), proposer=Wanderer([GOOD]))
    with suppress(fe.FactorEngineError):
        export(1, tmp_path / "a" / "b" / "out", store=url)
    assert {path.parent for path in tmp_path.rglob("elsewhere*")} <= {tmp_path / "a" / "b" / "out"}


def test_a_reversed_export_knows_every_layout_of_the_entry_point() -> None:
    text = exported_source(REVERSAL.replace("def factor(", "def factor ("), {"window": 9}, -1)
    assert fe.Program.parse(text).parameters.defaults() == {"window": 9}


def test_a_reversed_export_takes_a_name_that_is_free() -> None:
    helper = "def unsigned_factor(x):\n    return x\n\n\ndef factor("
    text = exported_source(REVERSAL.replace("def factor(", helper), {"window": 9}, -1)
    assert "def unsigned_factor_1(data, ops, p)" in text
    assert "return -unsigned_factor_1(" in text


@pytest.mark.parametrize("separator", ["\u2028", "\x0c"])
def test_an_export_counts_lines_as_python_does(separator) -> None:
    source = REVERSAL.replace("one-sided", f"one{separator}sided")
    assert fe.Program.parse(exported_source(source, {"window": 9}, 1)).parameters.defaults() == {"window": 9}


def test_an_interrupt_before_the_time_limit_is_an_interrupt(command, prices, tmp_path, monkeypatch) -> None:
    import os
    import signal

    import factorengine.api as api

    real = api.mine

    def interrupted(config, **options):
        os.kill(os.getpid(), signal.SIGINT)
        return real(config, **options)

    monkeypatch.setattr(api, "mine", interrupted)
    arguments = ["--data", prices, "--store", tmp_path / "x.db", "--workers", "1", "--time-limit", "10m"]
    assert command("mine", *arguments)[0] == 130


def test_a_run_stopped_before_its_first_trial_speaks_of_no_figure(command, prices, tmp_path) -> None:
    arguments = ["--data", prices, "--store", tmp_path / "x.db", "--workers", "1", "--time-limit", "0.001s"]
    code, out, _ = command("mine", *arguments)
    assert code == 0
    assert "nan" not in out


def test_a_renamed_store_is_resumed_in_place(command, prices, tmp_path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    settings = tmp_path / "mine.toml"
    settings.write_text('seeds = "none"\niterations = 1\ntrials = 1\nworkers = 1\n')
    assert command("mine", "--config", settings, "--data", prices, "--run", "r", "--store", old)[0] == 0
    old.rename(new)
    settings.write_text(f'store = "{new}"\n')
    code, out, _ = command("mine", "--config", settings, "--run", "r", "--format", "json")
    assert code == 0
    assert json.loads(out)["trials"] == 1
    assert not old.exists()
