"""Hidden constants become parameters, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest

from agents.grammar.draft import Draft
from agents.grammar.grafting import opening, with_program
from agents.grammar.measures import MEASURES
from agents.grammar.tidying import tidied
from factors.execution import run
from factors.lifting import Lifting, lift_constants
from factors.parameters import CategoricalParameter, IntParameter
from factors.program import Program
from factors.seeds import SEED_SETS, seed_sources
from market.panel import Panel
from tests.factors.programs import REVERSAL, body
from tests.strategies import random_panel

NUMPY = "import numpy as np"
NUMBA = "import numpy as np\nfrom numba import njit"


@pytest.fixture(scope="module")
def panel() -> Panel:
    return random_panel(5, dates=90, symbols=6)


def lifted(source: str, panel: Panel) -> Lifting:
    """The lifting of a program, with what must hold of every lifting."""
    lifting = lift_constants(source)
    program = Program.parse(lifting.source)
    np.testing.assert_array_equal(run(program, panel), run(Program.parse(source), panel))
    again = lift_constants(lifting.source)
    assert again.source is lifting.source
    assert not again.lifted
    assert [reason for *_, reason in again.kept] == [reason for *_, reason in lifting.kept]
    defaults = program.parameters.defaults()
    for one in lifting.lifted:
        assert abs(defaults[one.name]) == abs(float(one.literal.replace("_", "")))
        assert one.literal in source.splitlines()[one.line - 1]
        assert one.specification["low"] < one.specification["high"]
    return lifting


def assert_causal(program: Program, panel: Panel) -> None:
    """No value of the ranges makes the program read the future."""
    cut = panel.shape[0] - 20
    fields = {name: np.concatenate([x[:cut], 3.0 * x[cut:]]) for name, x in panel.fields.items()}
    for end in ("low", "high"):
        values = {name: getattr(parameter, end) for name, parameter in program.parameters.items()}
        changed = run(program, replace(panel, fields=fields), values)
        np.testing.assert_array_equal(run(program, panel, values)[:cut], changed[:cut])


def found(source: str, panel: Panel) -> dict[str, object]:
    lifting = lifted(source, panel)
    assert lifting.kept == ()
    assert_causal(Program.parse(lifting.source), panel)
    return {one.name: one.specification["default"] for one in lifting.lifted}


LIFTED = {
    "ops.ts_mean(data.close, 20)": {"ts_mean_window": 20},
    "ops.ts_mean(data.close, window=20)": {"ts_mean_window": 20},
    "ops.ts_mean(data.close, 5) / ops.ts_mean(data.close, 5)": {"ts_mean_window": 5, "ts_mean_window_2": 5},
    "ops.ts_mean(data.close, 2 * 10)": {"window": 10},
    "ops.ts_delay(data.close, 2)": {"ts_delay_lag": 2},
    "ops.ts_autocorr(data.close, 20, 3)": {"ts_autocorr_window": 20, "ts_autocorr_lag": 3},
    "ops.ts_quantile(data.close, 20, 0.9)": {"ts_quantile_window": 20, "ts_quantile_q": 0.9},
    "ops.ts_wma(data.close, 3, [0.2, 0.3, 0.6])": {
        "ts_wma_weights": 0.2,
        "ts_wma_weights_2": 0.3,
        "ts_wma_weights_3": 0.6,
    },
    "ops.signed_power(data.returns, 0.5)": {"signed_power_exponent": 0.5},
    "ops.signed_power(data.returns, 3)": {"signed_power_exponent": 3},
    "ops.clip(data.returns, -0.02, 0.03)": {"clip_low": -0.02, "clip_high": 0.03},
    "ops.cs_winsorize(data.returns, 3)": {"cs_winsorize_limit": 3},
    "ops.cs_clip_quantile(data.returns, 0.05, 0.95)": {
        "cs_clip_quantile_low": 0.05,
        "cs_clip_quantile_high": 0.95,
    },
    "ops.cs_bucket(data.returns, 5)": {"cs_bucket_buckets": 5},
    "ops.maximum(data.returns, -0.02)": {"threshold": -0.02},
    "data.frame('close').rolling(20, min_periods=10).mean()": {"rolling_window": 20},
    "data.frame('close').rolling(window=20).std(ddof=0)": {"rolling_window": 20},
    "data.frame('close').ewm(span=20).mean()": {"ewm_span": 20},
    "data.frame('close').ewm(halflife=2.5).mean()": {"ewm_span": 2.5},
    "data.frame('close').ewm(alpha=0.1).mean()": {"ewm_decay": 0.1},
    "data.frame('close').pct_change(5)": {"pct_change_lag": 5},
    "data.frame('close').diff(periods=5).shift(3)": {"diff_lag": 5, "shift_lag": 3},
    "data.frame('close').rolling(20).quantile(0.25)": {"rolling_window": 20, "quantile": 0.25},
    "data.frame('returns').clip(-0.05, upper=0.05)": {"limit": -0.05, "limit_2": 0.05},
    "np.clip(data.returns, -0.05, 0.05)": {"limit": -0.05, "limit_2": 0.05},
    "data.returns > 0.02": {"threshold": 0.02},
    "data.returns < -0.02": {"threshold": -0.02},
    "(-0.01 < data.returns) & (data.close > 30)": {"threshold": -0.01, "threshold_2": 30},
    "data.close > np.nanquantile(data.close, 0.8, axis=1, keepdims=True)": {"quantile": 0.8},
    "data.close > np.nanpercentile(data.close, 80, axis=1)[:, None]": {"percentile": 80},
    "0.3 * data.high + 0.7 * data.low": {"weight": 0.3, "weight_2": 0.7},
    "data.high - 3 * data.low": {"weight": 3},
    "data.close + data.volume / 3.5e6": {"weight": 3.5e6},
    "np.tanh(data.returns * 50)": {"weight": 50},
    "np.exp(-0.1 * data.close)": {"decay": -0.1},
    "data.close ** 0.5": {"exponent": 0.5},
    "data.close ** 3": {"exponent": 3},
    "np.power(data.close, 0.3)": {"exponent": 0.3},
    "0.94 ** ops.ts_days_since(data.returns > 0)": {"decay": 0.94},
    "sum(ops.ts_mean(data.close, w) for w in (5, 10))": {"w": 5, "w_2": 10},
    "sum(k * ops.ts_mean(data.close, w) + 1 for w, k in [(5, 0.4), (10, 0.7)])": {
        "w": 5,
        "k": 0.4,
        "w_2": 10,
        "k_2": 0.7,
    },
    "np.where(data.returns>0.02, 1.0, 0.0)": {"threshold": 0.02},
    "data.close if 3<data.close[0, 0]else data.open": {"threshold": 3},
    "-ops.ts_sum(data.returns, 20) / 20": {"ts_sum_window": 20},
}
HARMLESS = [
    "ops.ts_delay(data.close, 1) - 1",
    "(data.high + data.low) / 2",
    "0.5 * data.high + 0.5 * data.low",
    "(data.high + data.low + data.close) / 3",
    "data.returns ** 2",
    "data.high - 2 * data.low",
    "data.high / (data.low + 1e-9)",
    "data.high > data.low + 1e-6",
    "np.where(data.returns > 0, 3.0, data.returns)",
    "np.sum(np.stack([data.high, data.low]), axis=0)",
    "-3.5 * data.returns",
    "-(data.returns * 3.5) / 7",
    "ops.cs_rank(3.5 * data.returns)",
    "np.log(data.volume / 1e6 + 1)",
    "np.tanh(data.returns * 252)",
    "data.close - data.close[3]",
    "data.close - np.full((90, 6), 3.0)",
    "data.close if len(data.close) > 10 else data.open",
    "data.close if data.close.shape[0] > 10 else data.open",
    "data.close * (data.volume != 1e3)",
    "data.close * (f'{20:03d}' != '')",
    "ops.fill_missing(data.returns) > 1",
    "ops.ts_argmax(data.close, p['n']) / 20",
]


@pytest.mark.parametrize("expression", LIFTED)
def test_a_knob_is_lifted(expression: str, panel: Panel) -> None:
    source = body(f"return {expression}", header=NUMPY)
    assert found(source, panel) == LIFTED[expression]


@pytest.mark.parametrize("expression", HARMLESS)
def test_what_defines_stays(expression: str, panel: Panel) -> None:
    declared = '{"n": {"type": "int", "low": 2, "high": 30, "default": 20}}'
    source = body(f"return {expression}", header=NUMPY, parameters=declared)
    assert found(source, panel) == {}
    assert lift_constants(source).source is source


NAMED = [
    ("n = 20\nreturn ops.ts_mean(data.close, n) / ops.ts_std(data.close, n)", "", {"n": 20}),
    ("fast, slow = 5, 20\nreturn ops.ts_mean(data.close, fast) / ops.ts_mean(data.close, slow)", "", {
        "fast": 5, "slow": 20,
    }),
    ("LIMIT: float = -0.02\nreturn data.returns > LIMIT", "", {"limit": -0.02}),
    ("return ops.ts_mean(data.close, LOOKBACK) / LOOKBACK", "LOOKBACK = 20  # days", {"lookback": 20}),
    ("return ops.ts_mean(data.close, A) + ops.ts_std(data.close, B)", "A, B = 20, 10", {"a": 20, "b": 10}),
    ("alpha = 0.06\nreturn alpha * data.high + (1 - alpha) * data.low", "", {"alpha": 0.06}),
    ("n = 5\nout = data.close * np.nan\nout[n:] = data.close[n:] / data.close[:-n]\nreturn out", NUMPY, {"n": 5}),
    ("out = data.close * np.nan\nout[5:] = data.close[5:] / data.close[:-5]\nreturn out", NUMPY, {"lag": 5}),
    ("out = data.close * np.nan\nfor t in range(4, len(out)):\n    "
     "out[t] = np.nanmax(data.close[t - 4:t + 1], axis=0)\nreturn out", NUMPY, {"lag": 4}),
    ("total = 0\nfor k in range(20):\n    total = total + 0.9 ** k * ops.ts_delay(data.close, k)\nreturn total", "",
     {"window": 20, "decay": 0.9}),
    ("out = np.zeros(data.close.shape)\nfor t in range(1, len(out)):\n"
     "    out[t] = 0.94 * out[t - 1] + data.returns[t]\nreturn out", NUMPY, {"decay": 0.94}),
    ("WINDOWS = [5, 10]\nreturn sum([ops.ts_mean(data.close, w) for w in WINDOWS])", "", {"w": 5, "w_2": 10}),
    ("total = data.close\nfor lag in (3, 6):\n    total = total + ops.ts_delay(data.close, lag)\nreturn total", "",
     {"lag": 3, "lag_2": 6}),
    ("def smooth(x, n):\n    return ops.ts_mean(x, n)\nreturn smooth(data.close, 20)", "", {"n": 20}),
    ("def smooth(x, n=20):\n    return ops.ts_mean(x, n)\nreturn smooth(data.close)", "", {"n": 20}),
    ("return data.frame('close').apply(lambda x: x.rolling(7).mean())", "", {"rolling_window": 7}),
    ("count = 20\ncount = count + 1\nreturn ops.ts_mean(data.close, count)", "", {}),
    ("alpha = 2 / (20 + 1)\nreturn data.frame('close').ewm(alpha=alpha).mean()", "", {"weight": 20}),
    ("idle = 20\nreturn data.close", "", {}),
    ("total = 0\nfor k, (w, c) in enumerate(zip([5, 9], (0.3, 0.6))):\n"
     "    total = total + c * ops.ts_mean(data.close, w) + k\nreturn total", "",
     {"w": 5, "w_2": 9, "c": 0.3, "c_2": 0.6}),
    ("return 1 / (1 + np.exp(-5 * (ops.ts_rank(data.close, 10) - 0.7)))", NUMPY, {"decay": -5, "ts_rank_window": 10}),
]  # fmt: skip


@pytest.mark.parametrize(("statements", "header", "expected"), NAMED)
def test_a_literal_is_judged_by_what_its_name_does(statements, header, expected, panel) -> None:
    assert found(body(statements, header=header), panel) == expected


HELPERS = [
    ("def smooth(x, ops):\n    return ops.ts_mean(x, 20)", "return smooth(data.close, ops)", {"ts_mean_window": 20}),
    ("def smooth(x, ops):\n    n = 20\n    return ops.ts_mean(x, n) / n",
     "return smooth(data.close, ops=ops)", {"n": 20}),
    ("def smooth(x, ops, n=20):\n    return ops.ts_mean(x, n)",
     "return smooth(data.close, ops) / smooth(data.open, ops, 5) + smooth(data.open, n=3, ops=ops)",
     {"n": 20, "n_2": 5, "n_3": 3}),
    ("def smooth(x, ops, *, n=20, power=2):\n    return ops.ts_mean(x, n) ** power * (x > 0.5)",
     "return smooth(data.close, ops)", {"n": 20, "threshold": 0.5}),
    ("def smooth(x, ops, k=1.0):\n    return k * ops.ts_mean(x, 20)", "return smooth(data.close, ops)",
     {"ts_mean_window": 20}),
    ("def inner(x):\n    return x > 0.3\n\ndef outer(\n    x,  # (prices)\n):\n    return inner(x) + inner(\n"
     "        x,\n    )", "return outer(data.close) * outer(data.open)", {"threshold": 0.3}),
    ("LEVEL = 0.3\n\ndef up(x):\n    return x > LEVEL",
     "return up(data.returns) & (data.returns < LEVEL)", {"level": 0.3}),
    ("def score() -> (float):\n    return 1 + 0.3 * 3.5",
     "return data.close * score()", {"weight": 0.3, "weight_2": 3.5}),
    ("def momentum(x, n):\n    out = np.full(x.shape, np.nan)\n    out[n:] = x[n:] / x[:-n]\n    return out",
     "return momentum(data.close, 5) - momentum(data.close, 20)", {"n": 5, "n_2": 20}),
    ("@njit\ndef decayed(x):\n    out = np.zeros(x.shape)\n    for t in range(1, len(x)):\n"
     "        out[t] = 0.9 * out[t - 1] + x[t]\n    return out", "return decayed(data.close)", {"decay": 0.9}),
    ("@njit\ndef step(x):\n    return 0.9 * x + 1\n\n@njit(nogil=True)\ndef steps(x):\n    return step(x)",
     "return steps(data.close)", {"weight": 0.9}),
    ("@njit\ndef f(c):\n    out = np.full(c.shape, np.nan)\n    for t in range(10, len(c)):\n"
     "        out[t] = 0.0\n        for k in range(10):\n            out[t] += c[t - k] * np.exp(-k / 4.0)\n"
     "    return out", "return f(data.close)", {"window": 10, "decay": 4.0}),
    ("@njit\ndef step(x, k=0.9):\n    return k * x + 1", "return step(data.close)", {"k": 0.9}),
    ("def idle(x):\n    return x > 0.3", "return data.close", {}),
]  # fmt: skip


@pytest.mark.parametrize(("header", "statements", "expected"), HELPERS)
def test_a_constant_of_a_helper_becomes_its_argument(header, statements, expected, panel) -> None:
    source = body(statements, header=f"{NUMBA}\n\n{header}")
    if "idle" in source:
        assert lift_constants(source).source is source
    else:
        assert found(source, panel) == expected


KEPT = [
    ("def high(x):\n    return np.nanquantile(x, 0.8)", "return data.frame('close').rolling(9).apply(high)",
     "passed as a value", 1),
    ("@njit('float64[:,:](float64[:,:])')\ndef f(x):\n    return 0.3 * x + 1", "return f(data.close.copy())",
     "decorator", 0),
    ("@njit(fastmath=True)\ndef f(x):\n    return 0.3 * x + 1", "return f(data.close)", "decorator", 0),
    ("@njit\ndef f(x):\n    return x ** 3", "return f(data.close)", "compiled as a constant", 0),
    ("def f(*x):\n    return 0.3 * x[0] + 1", "return f(data.close)", "another way", 0),
    ("def f(x):\n    return 0.3 * x + 1", "return f(*[data.close])", "unpacked", 0),
    ("WEIGHTS = 0.9 ** np.arange(6)", "return data.close * WEIGHTS", "when the program is loaded", 0),
    ("", "total = sum(p.values())\nreturn data.close * (data.close > 3)", "read as a whole", 0),
    ("", "out = data.close.copy()\nout[5:] = data.close[:-5]\nout[:4] = 0\nreturn out", "depend on each other", 0),
    ("", "return np.vstack([np.full((5, 6), np.nan), data.close[:-5]])", "depend on each other", 0),
    ("", "view = np.lib.stride_tricks.sliding_window_view(data.close, 20, axis=0)\n"
         "out = np.full(data.close.shape, np.nan)\nout[19:] = np.mean(view, axis=-1)\nreturn out",
     "depend on each other", 0),
    ("", "n = p['n']\nout = data.close.copy()\nfor t in range(10, len(out)):\n    out[t] = data.close[t - n]\n"
         "return out", "depend on each other", 0),
    ("", "@njit\ndef f(x):\n    return 0.3 * x + 1\nreturn f(data.close)", "inner function", 0),
]  # fmt: skip


@pytest.mark.parametrize(("header", "statements", "reason", "count"), KEPT)
def test_a_constant_that_cannot_be_lifted_is_named(header, statements, reason, count, panel) -> None:
    declared = '{"n": {"type": "int", "low": 2, "high": 9, "default": 5}}'
    source = body(statements, header=f"{NUMBA}\n\n{header}", parameters=declared)
    lifting = lifted(source, panel)
    assert len(lifting.lifted) == count
    assert lifting.kept
    for line, literal, why in lifting.kept:
        assert literal in source.splitlines()[line - 1]
        assert reason in why


RANGES = {
    "ops.ts_mean(data.close, 20)": ("int", 6, 60, True),
    "ops.ts_mean(data.close, 2)": ("int", 2, 6, True),
    "ops.ts_mean(data.close, 200)": ("int", 66, 250, True),
    "ops.ts_mean(data.close, 252)": ("int", 84, 253, True),
    "ops.ts_delay(data.close, 2)": ("int", 1, 6, True),
    "ops.ts_mean(data.close, 20, min_periods=15)": ("int", 15, 60, True),
    "data.returns > 0.02": ("float", 0.00667, 0.06, True),
    "data.returns > -0.02": ("float", -0.06, -0.00667, False),
    "data.close > 3": ("float", 1.0, 9.0, True),
    "data.high - 3 * data.low": ("int", 1, 9, False),
    "data.high - -3 * data.low": ("int", -9, -1, False),
    "data.close ** 0.5": ("float", 0.25, 1.0, False),
    "data.close ** 3": ("int", 1, 6, False),
    "ops.ts_quantile(data.close, p['n'], 0.05)": ("float", 0.0167, 0.15, False),
    "ops.ts_quantile(data.close, p['n'], 0.9)": ("float", 0.7, 0.967, False),
    "ops.ts_quantile(data.close, p['n'], 0.999)": ("float", 0.997, 0.999, False),
    "data.close > np.nanpercentile(data.close, 5, axis=1)[:, None]": ("float", 1.67, 15.0, False),
}


@pytest.mark.parametrize("expression", RANGES)
def test_a_range_lies_around_its_default(expression: str, panel: Panel) -> None:
    declared = '{"n": {"type": "int", "low": 2, "high": 30, "default": 20}}'
    source = body(f"return {expression}", header=NUMPY, parameters=declared)
    (one,) = lifted(source, panel).lifted
    entry = one.specification
    assert (entry["type"], entry["low"], entry["high"], entry.get("log", False)) == RANGES[expression]
    parameter = Program.parse(lift_constants(source).source).parameters[one.name]
    assert isinstance(parameter, IntParameter) == (entry["type"] == "int")


ENTRY = '"n": {"type": "int", "low": 2, "high": 9, "default": 5}'
NEW = '"threshold": {"type": "float", "low": 0.1, "high": 0.9, "default": 0.3, "log": True},'
LAYOUTS = {
    "{}": f"{{\n    {NEW}\n}}",
    "{  # none\n}": f"{{  # none\n    {NEW}\n}}",
    f"{{{ENTRY}}}": f"{{\n    {ENTRY},\n    {NEW}\n}}",
    f"{{ {ENTRY}, }}": f"{{\n    {ENTRY},\n    {NEW}\n}}",
    f"{{{ENTRY}, {ENTRY.replace('n', 'm', 1)}}}": (
        f"{{\n    {ENTRY},\n    {ENTRY.replace('n', 'm', 1)},\n    {NEW}\n}}"
    ),
    f"{{\n  {ENTRY},\n}}": f"{{\n  {ENTRY},\n  {NEW}\n}}",
    f"{{\n  {ENTRY}  # note, (1)\n}}": f"{{\n  {ENTRY},  # note, (1)\n  {NEW}\n}}",
    f"{{\n    {ENTRY},  # note\n    # more\n}}": f"{{\n    {ENTRY},  # note\n    # more\n    {NEW}\n}}",
    f"{{\n    {ENTRY}}}": f"{{\n    {ENTRY},\n    {NEW}\n}}",
}


@pytest.mark.parametrize("parameters", LAYOUTS)
def test_entries_are_added_in_the_layout_of_the_literal(parameters: str, panel: Panel) -> None:
    source = body("return data.returns > 0.3", parameters=parameters)
    expected = source.replace(parameters, LAYOUTS[parameters]).replace("0.3\n", 'p["threshold"]\n')
    assert lifted(source, panel).source == expected


def test_only_the_edited_places_change(panel: Panel) -> None:
    source = body(
        'größe = data.close if "größer" else 0 * (data.close > 30)  # kept: 20, 30\n\n\n'
        "return größe   *  ops.ts_mean(  # window 20\n    data.close,20 )",
        header="LOOKBACK = 20  # unread",
    )
    lifting = lifted(source, panel)
    expected = source.replace("> 30)", '> p["threshold"])').replace(",20 )", ',p["ts_mean_window"] )')
    assert lifting.source.partition("def ")[2] == expected.partition("def ")[2]
    assert lifting.source.startswith(source.partition("PARAMETERS")[0])
    assert "+    return größe   *  ops.ts_mean(" not in lifting.diff(source)
    assert '+        data.close,p["ts_mean_window"] )\n' in lifting.diff(source)


def test_windows_line_ends_are_kept(panel: Panel) -> None:
    source = body("return ops.ts_mean(data.close, 20)").replace("\n", "\r\n")
    assert found(source, panel) == {"ts_mean_window": 20}


def test_a_constant_of_the_module_leaves_with_its_line(panel: Panel) -> None:
    source = '"""An idea."""\n\nN = 20\n\nPARAMETERS = {}\n\n\ndef factor(data, ops, p):\n'
    source += "    return ops.ts_mean(data.close, N)\n"
    assert lifted(source, panel).source == source.replace("N = 20\n\n", "").replace("{}", (
        '{\n    "n": {"type": "int", "low": 6, "high": 60, "default": 20, "log": True},\n}'
    )).replace("N)", 'p["n"])')  # fmt: skip


def test_a_name_that_is_taken_is_numbered(panel: Panel) -> None:
    source = REVERSAL.replace("-past_return", "-past_return * (ops.ts_mean(past_return, window=20) > 0.02)")
    source = source.replace('"window"', '"threshold"')
    assert found(source, panel) == {"ts_mean_window": 20, "threshold_2": 0.02}


def test_other_names_of_the_arguments(panel: Panel) -> None:
    source = body("return o.ts_mean(d.close, 20)").replace("(data, ops, p)", "(d, o, q)")
    assert found(source, panel) == {"ts_mean_window": 20}
    assert 'q["ts_mean_window"]' in lift_constants(source).source


def drafts() -> list[Draft]:
    """Every measure alone, and combined with another one."""
    alone = [opening(measure) for measure in MEASURES]
    return [
        tidied(d) for d in alone + [with_program(*pair)[0] for pair in zip(alone, alone[7:], strict=False)]
    ]


def test_programs_that_declare_their_knobs_come_back_as_they_are() -> None:
    seeds = [text for library in SEED_SETS for text in seed_sources(library).values()]
    for source in seeds + [draft.render() for draft in drafts()]:
        lifting = lift_constants(source)
        assert lifting == Lifting(source=source)
        assert lifting.source is source
        assert lifting.diff(source) == ""


def test_knobs_taken_out_of_programs_are_found_again(panel: Panel) -> None:
    for draft in drafts()[::3]:
        hidden = draft.code
        for name, parameter in draft.parameters.items():
            hidden = hidden.replace(f'p["{name}"]', repr(parameter.default))
        lifting = lifted(replace(draft, code=hidden, parameters={}).render(), panel)
        knobs = {p.default for p in draft.parameters.values() if not isinstance(p, CategoricalParameter)}
        assert knobs - {0.5, 1, 2} <= {one.specification["default"] for one in lifting.lifted}


def test_a_long_chain_of_names_ends(panel: Panel) -> None:
    lines = [f"x{n + 1} = x{n} + x{n} * 0.3" for n in range(300)]
    source = body("\n".join(["x0 = data.close", *lines, "return x300"]))
    assert len(lift_constants(source).lifted) == 300
