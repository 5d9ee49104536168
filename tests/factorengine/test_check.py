"""`check`: what the engine thinks of a program before anything is scored."""

import json

import pytest

import factorengine as fe
from tests.factors.programs import REVERSAL, body

DRAFT = body("return -ops.ts_delta(data.close, 5) / ops.ts_std(data.close, 20)")


@pytest.fixture
def write(tmp_path):
    def program(text: str):
        (tmp_path / "program.py").write_text(text)
        return tmp_path / "program.py"

    return program


def test_a_sound_program_passes_with_a_line_for_each_check(command, write) -> None:
    code, out, _ = command("check", write(REVERSAL))
    assert code == 0
    for line in (
        "policy: passed",
        "audit: passed",
        "sandbox: all on",
        "complexity: 21 nodes",
        "hidden constants: none",
    ):
        assert line in out


def test_hidden_constants_are_shown_and_written(command, write, prices, tmp_path) -> None:
    target = tmp_path / "tunable.py"
    code, out, _ = command("check", write(DRAFT), "--data", prices, "--lifted", target)
    assert code == 0
    assert "hidden constants: 2" in out
    assert '+    "ts_std_window": {"type": "int"' in out
    lifted = fe.Program.parse(target.read_text())
    assert lifted.parameters.defaults() == {"ts_delta_lag": 5, "ts_std_window": 20}
    panel = fe.Panel.load(prices)
    assert fe.run(lifted, panel).equals(fe.run(DRAFT, panel))


def test_the_json_holds_the_same(command, write) -> None:
    checked = json.loads(command("check", write(DRAFT), "--format", "json")[1])
    assert checked["audit"]["verdict"] == "passed"
    assert [constant["literal"] for constant in checked["hidden_constants"]] == ["5", "20"]
    assert [wall["name"] for wall in checked["sandbox"]] == ["limits", "files", "calls", "interpreter"]
    assert checked["lifted_source"] != DRAFT
    assert checked["complexity"]["operators"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (body("return data.frame('close').shift(-1)"), "line 7: `.shift` by a negative number is look-ahead"),
        (body("n = len(p) - 1\nreturn data.frame('close').shift(n)"), "moves when later days change"),
        (body("import os\nreturn data.close"), "import of `os` is not allowed"),
        (body("return data.close[:, :3]"), "returns shape"),
    ],
)
def test_what_is_wrong_is_one_line(command, write, text, message) -> None:
    assert message in command.refuses("check", write(text))


def test_a_wrong_parameter_is_one_line(command, write) -> None:
    assert "window" in command.refuses("check", write(REVERSAL), "--params", '{"window": 999}')


def test_the_store_tells_what_was_checked(command, store) -> None:
    best = json.loads(command("rank", "--store", store, "--format", "json")[1])[0]["id"]
    shown = json.loads(command("show", best, "--store", store, "--format", "json")[1])
    assert [audit["verdict"] for audit in shown["audits"]] == ["passed", "passed"]
    assert shown["complexity"]["nodes"] > 0
    assert set(shown["reward_terms"]) >= {"fitness", "gap", "turnover"}
    text = command("show", best, "--store", store)[1]
    for line in ("audit: passed", "complexity: nodes=", "reward "):
        assert line in text
