"""Taking programs apart and putting them together."""

from textwrap import dedent

import pytest

from agents.grammar.parsing import parse_draft
from factors.fingerprint import fingerprint
from factors.seeds import seed_sources
from tests.agents.evolution import run_of_proposals

COMMENTED = dedent(
    '''
    """Naïve momentum, é."""
    import numpy as np

    PARAMETERS = {
        "window": {"type": "int", "low": 2, "high": 5, "default": 3},
    }

    LIMIT = 0.2

    def clipped(values):
        return np.clip(values, -LIMIT, LIMIT)

    def factor(data, ops, p):  # the entry point
        # what the stock earned
        earned = ops.ts_pct_change(data.close, p["window"])
        if p["window"] > 3:

            earned = clipped(earned)  # tamed
        return earned
    '''
).lstrip()

TWO_WAYS_OUT = dedent(
    '''
    """Two ways out, whatever the path."""
    PARAMETERS = {"window": {"type": "int", "low": 2, "high": 5, "default": 3}}
    def factor(data, ops, p):
        if p["window"] > 3:
            return data.returns
        return -data.returns
    '''
).lstrip()


def same_logic(one: str, other: str) -> bool:
    return fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(("name", "source"), seed_sources("alpha158-10").items())
def test_a_seed_survives_being_taken_apart(name: str, source: str) -> None:
    assert same_logic(parse_draft(source).render(), source), name


def test_a_proposal_survives_being_taken_apart() -> None:
    for proposal in run_of_proposals(60, seed=4, seeded=True):
        assert parse_draft(proposal.source).render() == proposal.source


def test_comments_constants_and_helpers_are_kept() -> None:
    rendered = parse_draft(COMMENTED).render()
    assert same_logic(rendered, COMMENTED)
    assert "    # what the stock earned\n" in rendered
    assert "# tamed" in rendered
    assert '"""Naïve momentum, é."""' in rendered


def test_a_factor_with_two_ways_out_becomes_a_helper() -> None:
    draft = parse_draft(TWO_WAYS_OUT)
    assert draft.code == "return two_ways_out_score(data, ops, p)"
    assert "def two_ways_out_score(data, ops, p):" in draft.helpers[0]


def test_a_nested_function_may_return_as_it_likes() -> None:
    source = TWO_WAYS_OUT.split("def factor")[0] + dedent(
        """
        def factor(data, ops, p):
            def sign(x):
                return -x
            return sign(data.returns)
        """
    )
    assert parse_draft(source).result == "sign(data.returns)"


def test_the_rationale_is_read_from_its_paragraph() -> None:
    draft = parse_draft(seed_sources("alpha158-5")["klow"])
    assert (
        draft.idea
        == "Lower shadow of today's bar: how far the price fell below its body before it came back."
    )
    assert draft.rationale.startswith("a long lower shadow shows sellers")
    assert "Source" not in draft.rationale


def test_a_text_without_factor_is_refused() -> None:
    with pytest.raises(ValueError, match="module-level function `factor`"):
        parse_draft('"""Nothing."""\nPARAMETERS = {}\n')


def test_best_values_become_defaults_where_the_ranges_allow_them() -> None:
    draft = parse_draft(COMMENTED)
    assert draft.with_defaults({"window": 5}).parameters["window"].default == 5
    assert draft.with_defaults({"window": 50, "gone": 1}).parameters["window"].default == 3
