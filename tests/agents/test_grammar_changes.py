"""Each change of a program, seen on a text small enough to check by eye."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from agents.grammar.draft import Draft
from agents.grammar.grafting import bare, opening, phrase, reasons, shaped, with_measure, with_program
from agents.grammar.measures import MEASURES
from agents.grammar.mutations import MUTATIONS, drop_term, lift_constant, refocus, swap_field, swap_operator
from agents.grammar.parsing import parse_draft
from agents.grammar.ranges import STATE
from agents.grammar.shapes import PAIRED, SINGLE, TURNED
from agents.grammar.soundness import is_degenerate
from agents.grammar.tidying import tidied
from factors.execution import run
from factors.parameters import FloatParameter, IntParameter
from factors.program import Program
from factors.seeds import seed_sources
from tests.agents.worlds import random_panel

WINDOW = IntParameter(low=2, high=20, default=5, log=True)
BY_NAME = {measure.name: measure for measure in MEASURES}


def draft_of(code: str, **parameters: IntParameter | FloatParameter) -> Draft:
    return Draft(name="test", idea="A test.", parameters=parameters, code=code)


def outcomes(change, draft: Draft, tries: int = 40) -> set[str]:
    """Every code that `change` makes of `draft`."""
    results = (change(draft, np.random.default_rng(seed)) for seed in range(tries))
    return {result.code for result in results if result}


def test_an_operator_is_exchanged_for_a_sibling_only() -> None:
    draft = draft_of('return ops.ts_std(data.returns, p["window"])  # risk', window=WINDOW)
    assert outcomes(swap_operator, draft) == {'return ops.ts_mad(data.returns, p["window"])  # risk'}
    assert swap_operator(draft_of("return data.returns"), np.random.default_rng(0)) is None


def test_a_price_is_exchanged_for_a_price_only() -> None:
    draft = draft_of("return data.close / data.volume")
    fields = ("open", "high", "low", "vwap")
    assert outcomes(swap_field, draft) == {f"return data.{field} / data.volume" for field in fields}


def test_a_dropped_term_leaves_a_sound_expression() -> None:
    draft = draft_of("return data.returns - beta(data) * (data.open + data.close)")
    assert outcomes(drop_term, draft) == {
        "return data.returns",
        "return beta(data) * (data.open + data.close)",
        "return data.returns - beta(data)",
        "return data.returns - (data.open + data.close)",
        "return data.returns - beta(data) * (data.open)",
        "return data.returns - beta(data) * (data.close)",
    }


def test_an_offset_or_a_weight_is_no_term() -> None:
    assert outcomes(drop_term, draft_of('return p["weight"] * data.returns - 1')) == set()


def test_a_gate_can_be_opened() -> None:
    draft = draft_of('return np.where(data.volume > 0, data.returns, p["elsewhere"] * data.returns)')
    assert outcomes(drop_term, draft) == {"return data.returns"}


def test_ranges_move_around_the_best_value() -> None:
    at_edge = replace(WINDOW, default=20)
    draft = draft_of('return ops.ts_mean(data.returns, p["window"])', window=at_edge)
    moved = refocus(draft, np.random.default_rng(0))
    assert moved is not None
    assert moved.parameters["window"] == replace(at_edge, low=10, high=40)


def test_a_threshold_keeps_its_limits_when_its_range_moves() -> None:
    share = FloatParameter(low=0.1, high=0.9, default=0.8)
    moved = refocus(draft_of('return data.returns * p["share"]', share=share), np.random.default_rng(0))
    assert moved is not None
    assert moved.parameters["share"] == replace(share, low=0.6, high=0.9)


def test_a_hidden_window_becomes_a_parameter() -> None:
    draft = draft_of("return ops.ts_mean(data.returns, 20) - 1")
    lifted = lift_constant(draft, np.random.default_rng(0))
    assert lifted is not None
    assert lifted.code == 'return ops.ts_mean(data.returns, p["window"]) - 1'
    assert lifted.parameters == {"window": IntParameter(low=6, high=60, default=20, log=True)}


@pytest.mark.parametrize("code", ["return 2 * data.returns - 0.5", "return data.returns[:, :3]"])
def test_a_number_that_belongs_to_a_definition_is_no_choice(code: str) -> None:
    assert outcomes(lift_constant, draft_of(code)) == set()


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutated_seed_is_still_a_program(mutation) -> None:
    for source in seed_sources("alpha158-10").values():
        changed = mutation.change(parse_draft(source), np.random.default_rng(1))
        if changed:
            Program.parse(tidied(changed).render())


@pytest.mark.parametrize("shape", [*SINGLE, *PAIRED], ids=lambda shape: shape.name)
def test_every_shape_fits_every_seed(shape) -> None:
    for source in seed_sources("alpha158-10").values():
        draft, partner = with_measure(parse_draft(source), BY_NAME["market_beta"])
        Program.parse(tidied(shaped(draft, shape, y=partner)).render())


@pytest.mark.parametrize("state", STATE.choices)
def test_a_turned_score_says_opposite_things_in_opposite_states(state) -> None:
    panel = random_panel(120, untraded_share=0.0)
    frames = {name: pd.DataFrame(panel.fields[name]) for name in ("high", "low", "close", "volume")}
    spread, size = frames["high"] / frames["low"] - 1, frames["close"] * frames["volume"]
    states = {
        "volume": frames["volume"] / frames["volume"].rolling(20).mean(),
        "range": spread / spread.rolling(20).mean(),
        "risk": frames["close"].pct_change(fill_method=None).rolling(20).std(),
        "size": size.rolling(20).mean(),
    }
    move = frames["close"] / frames["close"].shift(5) - 1
    x, y = (
        frame.where(panel.universe).rank(axis=1, pct=True).to_numpy() - 0.5 for frame in (move, states[state])
    )
    program = Program.parse(tidied(shaped(bare(BY_NAME["past_return"]), TURNED)).render())
    signal = run(program, panel, {"return_window": 5, "state": state, "usual_window": 20})
    np.testing.assert_allclose(np.where(panel.universe, signal, np.nan), x * y, rtol=1e-9, atol=1e-12)


def test_a_part_gets_new_names_where_the_program_uses_them_already() -> None:
    draft = draft_of("past_return = data.returns\nreturn past_return", return_window=WINDOW)
    draft, name = with_measure(draft, BY_NAME["past_return"])
    assert name == "past_return_2"
    assert 'past_return_2 = data.close / ops.ts_delay(data.close, p["return_window_2"]) - 1' in draft.code
    assert list(draft.parameters) == ["return_window", "return_window_2"]


def test_a_line_that_both_parts_need_is_written_once() -> None:
    draft, _ = with_measure(opening(BY_NAME["own_return"]), BY_NAME["market_beta"])
    assert draft.code.count("market_return = ") == 1
    assert len(draft.helpers) == 1


def test_a_helper_of_the_same_name_but_other_text_is_kept_apart() -> None:
    own = "def market_mean(values):\n    return values"
    draft = replace(draft_of("return market_mean(data.returns)"), helpers=(own,))
    draft, _ = with_measure(draft, BY_NAME["market_beta"])
    assert "market_return = market_mean_2(data.returns)" in draft.code
    assert [helper.partition("(")[0] for helper in draft.helpers] == ["def market_mean", "def market_mean_2"]


def test_two_programs_with_the_same_names_live_in_one() -> None:
    draft = opening(BY_NAME["streak"])
    joined, score = with_program(draft, draft)
    source = joined.returning(f"ops.cs_rank(streak) + {score}").render()
    program = Program.parse(source)
    assert list(program.parameters) == ["run_memory", "run_window", "run_memory_2", "run_window_2"]
    assert source.count("def signed_run") == 1


def test_what_nobody_reads_is_removed() -> None:
    code = "unused = data.open\nalso = unused * 2\nx = ops.cs_rank(ops.cs_rank(data.returns))\nreturn x"
    draft = replace(
        draft_of(code, window=WINDOW), helpers=("def idle(x):\n    return x",), imports=("import math",)
    )
    tidy = tidied(draft)
    assert tidy.code == "x = ops.cs_rank(data.returns)\nreturn x"
    assert (tidy.helpers, tidy.parameters, tidy.imports) == ((), {}, ())


@pytest.mark.parametrize(
    "code",
    [
        "return data.close - data.close",
        "x = data.high\nreturn x / data.high",
        "return ops.ts_corr(data.open, data.open, 5)",
        "s = ops.ts_sum(data.volume, 5)\nreturn ops.safe_div(s, ops.ts_sum(data.volume, 5))",
        "return np.where(data.returns > 0, data.open, data.open)",
    ],
)
def test_a_thing_against_itself_is_degenerate(code: str) -> None:
    assert is_degenerate(code)


def test_a_reassigned_name_is_not_the_thing_it_was() -> None:
    assert not is_degenerate("x = data.open\ny = x\nx = data.close\nreturn x / y - 1")


def test_a_long_idea_is_cut_at_a_clause() -> None:
    assert phrase("Move of the price, " + "averaged over days, " * 20).endswith("averaged over days")
    assert phrase("Short.") == "short"


def test_a_long_rationale_keeps_its_beginning_and_its_end() -> None:
    assert reasons("A. B. C. D.", "D. E. F.", most=4) == "A. B. E. F."
