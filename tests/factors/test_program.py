import pytest

from factors.errors import ContractError, PolicyError, SyntaxProgramError
from factors.program import Program, read_program
from market.errors import DataError
from tests.factors.programs import REVERSAL, body


def test_a_program_tells_its_idea_and_its_parameters() -> None:
    program = Program.parse(REVERSAL)
    assert program.idea == "Five-day reversal."
    assert program.name == "five_day_reversal"
    assert program.parameters.defaults() == {"window": 5}


def test_a_programs_name_is_its_file_stem(tmp_path) -> None:
    (tmp_path / "my_reversal.py").write_text(REVERSAL)
    assert read_program(tmp_path / "my_reversal.py").name == "my_reversal"


def test_a_missing_file_is_a_data_error(tmp_path) -> None:
    with pytest.raises(DataError, match="no program file"):
        read_program(tmp_path / "absent.py")


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("def factor(", SyntaxProgramError, "line 1"),
        ('"""Idea."""\nPARAMETERS = {}\n', ContractError, "defines `factor` exactly once, found 0"),
        ('"""Idea."""\nPARAMETERS = {}\ndef factor(data):\n    return data.close\n', ContractError, "takes"),
        ("PARAMETERS = {}\ndef factor(data, ops, p):\n    return data.close\n", ContractError, "docstring"),
        ('"""Idea."""\ndef factor(data, ops, p):\n    return data.close\n', ContractError, "`PARAMETERS`"),
        (body("return data.close", parameters="dict(a=1)"), ContractError, "literal dict"),
        (body("return data.close", parameters='{"w": {"type": "int", "low": 9, "high": 2, "default": 5}}'),
         ContractError, "low 9 exceeds high 2"),
        (body("return data.close", parameters='{"w": {"type": "int", "low": 1, "high": 2, "default": 5}}'),
         ContractError, "default must lie in"),
        (body("return data.close", parameters='{"w": {"type": "real"}}'), ContractError, "type must be one of"),
        (body("return data.close", parameters='{"w": {"type": "int", "low": 1.5, "high": 2, "default": 2}}'),
         ContractError, "must be a finite int"),
        (body("return data.close", parameters='{"w": {"type": "categorical", "choices": []}}'),
         ContractError, "non-empty list"),
    ],
)  # fmt: skip
def test_a_broken_contract_is_named(source, error, message) -> None:
    with pytest.raises(error, match=message):
        Program.parse(source)


@pytest.mark.parametrize(
    "statements",
    [
        "import os\nreturn data.close",
        "return __import__('os')",
        "return open('/etc/passwd')",
        "return eval('data.close')",
        "return data.close.__class__",
        "return data.frame('close').to_csv('/tmp/x')",
        "return data.frame('close').apply('to_csv')",
        "return data.frame('close').eval('x')",
        "return data.close.tofile('/tmp/x')",
        "data.close.setflags(write=True)\nreturn data.close",
        "return getattr(data, 'close')",
        "class A:\n    pass\nreturn data.close",
    ],
)
def test_a_program_may_not_reach_the_host(statements) -> None:
    with pytest.raises(PolicyError, match="is not allowed"):
        Program.parse(body(statements))


@pytest.mark.parametrize(
    "statements",
    [
        "return np.load('x')",
        "return np.random.default_rng(0).normal(size=data.close.shape)",
        "return np.lib.npyio.load('x')",
        "return np.ctypeslib.as_array(data.close)",
        "f = np\nreturn f.load('x')",
        "return [np][0].load('x')",
        "np = data\nreturn np.close",
        "return np.lib.stride_tricks.as_strided(data.close, (9, 9))",
    ],
)
def test_numpy_is_admitted_only_for_arithmetic(statements) -> None:
    with pytest.raises(PolicyError, match="is not allowed"):
        Program.parse(body(statements, header="import numpy as np"))


def test_a_natural_program_passes_the_policy() -> None:
    Program.parse(
        body(
            """
def smooth(x, weight):
    state = np.full(x.shape[1], np.nan)
    out = np.empty_like(x)
    for t in range(len(x)):
        state = np.where(np.isnan(state), x[t], weight * state + (1 - weight) * x[t])
        out[t] = state
    return out

frame = data.frame("close").rolling(10).apply(np.mean, raw=True)
gate = np.where(data.volume > ops.ts_mean(data.volume, 20), 1.0, -1.0)
return smooth(gate * frame.pct_change().to_numpy(), 0.9)
""",
            header="import numpy as np\nimport pandas as pd",
        )
    )
