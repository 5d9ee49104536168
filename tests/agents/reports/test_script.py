"""The replies written by hand for the five sample reports: they are what is asked for, quote the reports to the letter,
and their programs compute the reports' formulas, which are evaluated here day by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from agents.prompts import prompt, quoted
from agents.replies import read_correction, read_idea, read_json
from agents.reports.document import Document
from agents.reports.reading import read_document
from agents.reports.records import (
    FIELDS,
    STOCKS,
    Examination,
    Example,
    Extraction,
    Finding,
    Scaling,
    Screening,
    Verification,
    is_nearly,
)
from agents.stub.prompts import Prompt
from agents.stub.script import Script, read_script
from factors.data import ProgramData
from factors.errors import ContractError
from factors.execution import Runnable
from factors.lifting import lift_constants
from factors.ops import Operators
from factors.parameters import FloatParameter, IntParameter
from factors.program import Program
from market.arrays import FloatArray
from market.panel import Panel
from tests.agents.reports.script.formulas import (
    accumulated,
    arrow,
    depth,
    logistic,
    path,
    polar,
    reversal,
    shadow,
)
from tests.strategies import random_panel

SCRIPT = Path(__file__).parent / "script"
RULES = read_script(SCRIPT / "rules.toml")
REPORTS = Path(__file__).parents[4] / "shared" / "reports"
needs_reports = pytest.mark.skipif(
    not REPORTS.exists(), reason="the sample reports are not beside the repository"
)
FACTORS = {
    "reversal": ("volume_confirmed_reversal_en", "Volume-Confirmed Reversal"),
    "depth": ("liquidity_momentum_pair_en", "Depth Shock"),
    "path": ("liquidity_momentum_pair_en", "Path-Adjusted Momentum"),
    "polar": ("polar_price_volume_en", "Polar Phase Factor"),
    "shadow": ("intraday_shadow_zh", "Volatility-State Shadow"),
}
each_factor = pytest.mark.parametrize("factor", FACTORS)


# --- Asking the script


@dataclass(frozen=True, kw_only=True)
class Study:
    """What the script answers on the way from a report to a program and its tests."""

    document: Document
    records: Sequence[Extraction]
    findings: Sequence[Sequence[Finding]]
    pseudocode: str
    program: str
    examination: Examination


def asked(role: str, *texts: str) -> str:
    """The scripted answer to a conversation; the earlier answers in it do not matter."""
    system = {"role": "system", "content": f"# FactorEngine: {role}\n"}
    messages = [system, *({"role": "user", "content": text} for text in texts)]
    reply = Script(RULES).reply(Prompt.parse({"model": "any", "messages": messages}))
    assert reply is not None
    return reply


@cache
def document(name: str) -> Document:
    return read_document(REPORTS / f"{name}.pdf")


def shown(document: Document) -> str:
    return quoted("report", f"{document.title}\n\n{document.rendering()}")


def screening(name: str) -> Screening:
    reply = asked("screener", prompt("screen").render(report=shown(document(name))))
    return Screening.model_validate(read_json(reply))


@cache
def study(factor: str) -> Study:
    name, title = FACTORS[factor]
    report = shown(document(name))
    conversation = [prompt("read").render(name=title, report=report)]
    records, findings = [], []
    while not findings or any(not finding.resolved for finding in findings[-1]):
        records.append(Extraction.model_validate(read_json(asked("reader", *conversation))))
        record = quoted("record", records[-1].model_dump_json())
        reply = asked("verifier", prompt("verify").render(report=report, record=record))
        findings.append(Verification.model_validate(read_json(reply)).findings)
        conversation.append(prompt("revise").render(findings=reply))
        assert len(records) < 4, "the script does not come to an end"
    pseudocode = asked("pseudocode", prompt("pseudocode").render(record=record))
    program = asked("synthesizer", prompt("synthesize").render(record=record, pseudocode=pseudocode))
    examiner = prompt("examine").render(name=title, report=report, parameters="")
    return Study(
        document=document(name),
        records=records,
        findings=findings,
        pseudocode=pseudocode,
        program=program,
        examination=Examination.model_validate(read_json(asked("examiner", examiner))),
    )


@needs_reports
def test_the_outlook_is_screened_out_and_the_others_are_not() -> None:
    assert not screening("macro_outlook_en").is_factor_report
    reports = dict.fromkeys(name for name, _ in FACTORS.values())
    found = [sketch.name for name in reports for sketch in screening(name).factors]
    assert sorted(found) == sorted([*(title for _, title in FACTORS.values()), "Revision Breadth"])


@needs_reports
def test_only_the_third_idea_of_the_pair_lacks_data() -> None:
    lacking = [sketch.lacking for sketch in screening("liquidity_momentum_pair_en").factors]
    assert lacking == [(), (), ("analyst estimates",)]


@needs_reports
@each_factor
def test_every_quote_is_on_the_page_that_is_named(factor) -> None:
    found = study(factor)
    steps = [(step.quote, step.page) for record in found.records for step in record.steps]
    steps += [(finding.quote, finding.page) for round_ in found.findings for finding in round_]
    assert [(quote, found.document.find(quote)) for quote, _ in steps] == steps


@needs_reports
@each_factor
def test_every_test_quotes_the_report(factor) -> None:
    found = study(factor)
    tests = [*found.examination.examples, *found.examination.scalings]
    assert [test.quote for test in tests if found.document.find(test.quote) is None] == []


@needs_reports
@pytest.mark.parametrize(("factor", "kind"), [("polar", "contradiction"), ("shadow", "misread")])
def test_what_the_second_reader_finds_is_mended_in_the_second_record(factor, kind) -> None:
    found = study(factor)
    assert [finding.kind for finding in found.findings[0] if not finding.resolved] == [kind]
    first, second = found.records
    assert first != second


@needs_reports
def test_the_reference_angle_is_decided_by_the_worked_example() -> None:
    first, second = study("polar").records
    assert not any("pi/4" in resolution for resolution in first.resolutions)
    assert "worked example" in second.resolutions[0]
    assert [finding.resolved for finding in study("polar").findings[1]] == [True]


@needs_reports
@each_factor
def test_each_prompt_about_a_factor_gets_the_factor_s_own_reply(factor) -> None:
    found = study(factor)
    assert found.pseudocode == reply(factor, "pseudocode.txt")
    assert found.program == reply(factor, "program.md")
    assert found.examination == examination(factor)


@needs_reports
@each_factor
def test_the_program_states_the_record(factor) -> None:
    record, program = study(factor).records[-1], Program.parse(source(factor))
    kinds = {"int": IntParameter, "float": FloatParameter}
    assert dict(program.parameters) == {
        choice.name: kinds[choice.type](low=choice.low, high=choice.high, default=choice.default)
        for choice in record.parameters
    }
    assert program.idea == record.core_idea


# --- Programs


def reply(factor: str, name: str) -> str:
    return (SCRIPT / factor / name).read_text(encoding="utf-8")


@cache
def synthesized(factor: str) -> str:
    return read_idea(reply(factor, "program.md"), base=None).source


@cache
def source(factor: str) -> str:
    """The program as the corrector leaves it."""
    first = synthesized(factor)
    if not (SCRIPT / factor / "correction.md").exists():
        return first
    return read_correction(reply(factor, "correction.md"), base=first).source


@cache
def runnable(text: str) -> Runnable:
    """The program, compiled once for all tests."""
    return Runnable(Program.parse(text))


def scores(text: str, panel: Panel, parameters: Mapping[str, float] | None = None) -> FloatArray:
    return runnable(text)(ProgramData(panel), Operators(panel.universe), parameters or {})


@pytest.mark.parametrize(("factor", "stage"), [("reversal", "contract"), ("depth", "fidelity")])
def test_the_corrector_is_known_by_the_program_and_the_stage(factor, stage) -> None:
    text = prompt("correct").render(program=quoted("program", synthesized(factor)), stage=stage, error="")
    assert asked("corrector", text) == reply(factor, "correction.md")


def test_the_first_reversal_calls_an_operator_that_does_not_exist(panel) -> None:
    with pytest.raises(ContractError, match="cs_median"):
        scores(synthesized("reversal"), panel)


@each_factor
def test_lifting_keeps_the_declared_parameters(factor) -> None:
    program = Program.parse(source(factor))
    lifted = Program.parse(lift_constants(program.source).source).parameters
    assert {name: lifted[name] for name in program.parameters} == dict(program.parameters)


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Gaps, days without volume, a changing universe; the first stock's close stands still from the 30th day on."""
    drawn = random_panel(5, dates=210, symbols=7, missing=0.04)
    close = drawn.fields["close"].copy()
    close[30:, 0] = np.where(np.isnan(close[30:, 0]), np.nan, 40.0)
    return replace(drawn, fields={**drawn.fields, "close": close})


@each_factor
def test_a_score_does_not_depend_on_later_days(factor, panel) -> None:
    whole, part = (scores(source(factor), days) for days in (panel, panel.head(190)))
    np.testing.assert_array_equal(whole[:190], part)


# --- The values


@pytest.mark.parametrize(
    ("formula", "parameters"),
    [
        (reversal, {}),
        (reversal, {"return_window": 7, "volume_window": 43, "steepness": 2.0, "clip_limit": 2.0}),
        (depth, {}),
        (depth, {"recent_window": 3, "base_window": 22}),
        (path, {}),
        (path, {"start_lag": 60, "end_lag": 5, "exponent": 0.0}),
        (polar, {}),
        (polar, {"volume_window": 11, "scale_window": 41, "radius_cap": 2.0, "score_window": 6}),
        (shadow, {}),
        (
            shadow,
            {"short_window": 5, "long_window": 40, "enter_high": 1.05, "leave_high": 0.9, "memory": 0.8},
        ),
    ],
)
def test_a_program_computes_the_formulas_of_the_report(formula, parameters, panel) -> None:
    text = source(formula.__name__)
    values = Program.parse(text).parameters.complete(parameters)
    traded = panel.fields["volume"] > 0
    bars = {name: np.where(traded, field, np.nan) for name, field in panel.fields.items()}
    expected = formula(bars, panel.universe, **values)
    assert np.isfinite(expected[-60:]).mean() > 0.3
    np.testing.assert_allclose(scores(text, panel, parameters), expected, rtol=1e-8, atol=1e-10)


def test_the_reversal_s_small_example_is_the_weighted_mean() -> None:
    weights = logistic(np.array([2.0, -1.0, *[0.0] * 8]), 1.0)
    assert weights[:3].round(3).tolist() == [0.881, 0.269, 0.5]
    assert round(np.average([-0.04, 0.04, *[0.0] * 8], weights=weights), 4) == -0.0048


def test_the_polar_example_is_met_at_pi_over_four() -> None:
    scores = arrow(np.array([1.2, -0.6, 3.1]), np.array([0.5, 1.1, 2.2]), 3.0)
    assert scores.round(3).tolist() == [1.202, 0.354, 2.958]
    assert round(-scores.mean(), 3) == -1.504


def test_the_shadow_s_table_is_the_recursion() -> None:
    q, u, d = (
        (1.05, 1.28, 1.10, 0.95, 0.82, 0.90),
        (0.3, 0.15, 0.35, 0.2, 0.1, 0.22),
        (0.2, 0.45, 0.25, 0.4, 0.3, 0.18),
    )
    states, totals = accumulated(q, u, d, enter=1.2, leave=0.85, memory=0.9, total=-0.2)
    assert states == [0, 1, 1, 1, 0, 0]
    assert np.round(totals, 4).tolist() == [-0.205, 0.3, 0.26, 0.254, -0.2, -0.2]


# --- The tests from another reading


def examination(factor: str) -> Examination:
    return Examination.model_validate(read_json(reply(factor, "examination.json")))


def history(example: Example, name: str) -> list[float]:
    values = example.history.get(name, example.history["close"] if name != "volume" else [1000.0])
    assert isinstance(values, list)
    return [values[day % len(values)] for day in range(example.history_days)]


def panel_of(example: Example) -> Panel:
    fields, close = {}, example.days["close"]
    for name in FIELDS:
        days = example.days.get(name, close if name != "volume" else [[1000.0] * STOCKS] * len(close))
        fields[name] = np.array([*([v] * STOCKS for v in history(example, name)), *days], dtype=float)
    is_quoted = np.isfinite(fields["close"])
    return Panel(
        dates=np.datetime64("2010-01-01") + np.arange(len(is_quoted)),
        symbols=("A", "B", "C"),
        fields=fields,
        universe=is_quoted,
        tradable=is_quoted,
    )


def is_met(text: str, example: Example) -> bool:
    last = scores(text, panel_of(example), example.parameters)[-1]
    in_order = all(last[above] > last[below] for above, below in pairwise(example.order))
    wanted = example.values or ()
    return in_order and all(is_nearly(v, w, example.tolerance) for v, w in zip(last, wanted, strict=False))


def is_kept(text: str, scaling: Scaling, panel: Panel) -> bool:
    assert scaling.effect == "same"
    fields = {n: x * scaling.factor if n in scaling.fields else x for n, x in panel.fields.items()}
    before, after = (scores(text, units) for units in (panel, replace(panel, fields=fields)))
    return np.allclose(before, after, rtol=1e-6, atol=1e-9, equal_nan=True)


@each_factor
def test_the_right_program_passes_every_test(factor, panel) -> None:
    text, tests = source(factor), examination(factor)
    assert [is_met(text, example) for example in tests.examples] == [True] * len(tests.examples)
    assert [is_kept(text, scaling, panel) for scaling in tests.scalings] == [True] * len(tests.scalings)


LAST = "    return "
MISTAKES: Mapping[str, Sequence[tuple[str, str]]] = {
    "reversal": [
        (LAST, "    return -1 * "),
        ('-p["steepness"] *', "0 *"),
        ('days = p["return_window"]', "days = 6"),
    ],
    "depth": [("return -shock", "return shock"), ("return -shock", "return -ops.ts_delay(shock, 1)")],
    "path": [
        (LAST, "    return -1 * "),
        ("ops.ts_delay(log_close, end)", "ops.ts_delay(log_close, end - 1)"),
        ("ops.ts_delay(log_close, start)", "ops.ts_delay(log_close, start - 1)"),
        ("start - end), end)", "start - end), 0)"),
        (".ffill()", ""),
    ],
    "polar": [(LAST, "    return -1 * "), ("math.pi / 4", "math.pi / 3"), ('p["radius_cap"]', "99.0")],
    "shadow": [
        (LAST, "    return -1 * "),
        ("elif ratio[t, i] < leave", "elif ratio[t, i] <= enter"),
        ("lower[t, i] - upper[t, i] if high else ", ""),
        ("np.where(traded, score, np.nan)", "score"),
    ],
}


@pytest.mark.parametrize(
    ("factor", "right", "wrong"), [(factor, *pair) for factor, pairs in MISTAKES.items() for pair in pairs]
)
def test_a_wrong_program_fails_a_test(factor, right, wrong) -> None:
    before, found, after = source(factor).rpartition(right)
    assert found
    assert not all(is_met(before + wrong + after, example) for example in examination(factor).examples)
