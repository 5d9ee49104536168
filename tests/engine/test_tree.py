import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tree import Tree

Programs = list[tuple[int, int | None, float | None]]


def grown(programs: Programs, **options: Any) -> Tree:
    tree = Tree(**options)
    for program, parent, reward in programs:
        tree.add(program, parent, reward)
    return tree


FAMILY: Programs = [(1, None, 0.2), (2, 1, 0.6), (3, 1, 0.1), (4, 2, 0.5), (5, None, 0.3)]
PAPER: dict[str, Any] = {"scaled": False, "widening": math.inf}


def test_an_unscaled_tree_has_the_q_n_and_uct_of_the_paper():
    tree = grown(FAMILY, **PAPER)
    assert [tree.visits(node) for node in (0, 1, 2, 3, 4, 5)] == [5, 4, 2, 1, 1, 1]
    expected = {
        0: (0.2 + 0.6 + 0.1 + 0.5 + 0.3) / 5,
        1: (0.2 + 0.6 + 0.1 + 0.5) / 4,
        2: (0.6 + 0.5) / 2,
        3: 0.1,
        4: 0.5,
        5: 0.3,
    }
    assert {node: tree.mean_reward(node) for node in expected} == pytest.approx(expected)
    c = math.sqrt(2)
    assert {node: tree.uct(node) for node in (1, 2, 3, 4, 5)} == pytest.approx(
        {
            1: 0.35 + c * math.sqrt(math.log(5) / 4),  # 1.247
            2: 0.55 + c * math.sqrt(math.log(4) / 2),  # 1.727
            3: 0.10 + c * math.sqrt(math.log(4) / 1),  # 1.765
            4: 0.50 + c * math.sqrt(math.log(2) / 1),  # 1.677
            5: 0.30 + c * math.sqrt(math.log(5) / 1),  # 2.094
        }
    )
    assert tree.select() == 5


def test_a_scaled_tree_measures_rewards_between_its_lowest_and_its_highest():
    tree = grown(FAMILY)  # from 0.1 to 0.6: 0.2 -> 0.2, 0.6 -> 1, 0.1 -> 0, 0.5 -> 0.8, 0.3 -> 0.4
    assert [tree.scaled_reward(node) for node in (1, 2, 3, 4, 5)] == pytest.approx([0.2, 1.0, 0.0, 0.8, 0.4])
    assert tree.mean_reward(1) == pytest.approx((0.2 + 1.0 + 0.0 + 0.8) / 4)
    assert tree.mean_reward(2) == pytest.approx((1.0 + 0.8) / 2)
    assert tree.uct(2) == pytest.approx(0.9 + math.sqrt(2) * math.sqrt(math.log(4) / 2))
    assert tree.reward(2) == 0.6


def test_scaling_makes_the_choice_independent_of_unit_and_origin():
    shifted: Programs = [(node, parent, 1e-3 * (reward or 0.0) - 7) for node, parent, reward in FAMILY]
    for exploration in (0.0, 0.1, 1.0):
        assert (
            grown(shifted, exploration=exploration).select()
            == grown(FAMILY, exploration=exploration).select()
        )


@pytest.mark.parametrize("failure", [None, math.nan, math.inf, -math.inf])
def test_a_failure_is_a_visit_worth_the_lowest_reward_and_is_never_selected(failure: float | None):
    tree = grown([(1, None, 0.2), (2, None, 0.6), (3, 2, failure)], exploration=10.0)
    assert tree.reward(3) is None
    assert not tree.selectable(3)
    assert tree.visits(2) == 2
    assert tree.scaled_reward(3) == 0.0
    assert tree.mean_reward(2) == pytest.approx((1.0 + 0.0) / 2)
    assert tree.mean_reward(0) == pytest.approx((0.0 + 1.0 + 0.0) / 3)
    assert tree.select() == 1  # fewer visits than 2


def test_an_unscaled_failure_is_worth_zero():
    tree = grown([(1, None, -0.4), (2, 1, None)], **PAPER)
    assert tree.mean_reward(1) == pytest.approx((-0.4 + 0.0) / 2)
    assert tree.scaled_reward(1) == -0.4
    assert tree.scaled_reward(2) == 0.0


def test_without_a_program_that_succeeded_nothing_is_selected():
    assert Tree().select() is None
    assert math.isnan(Tree().mean_reward(0))
    assert grown([(1, None, None), (2, 1, math.nan)]).select() is None


def test_a_child_of_a_failed_program_is_selected():
    assert grown([(1, None, None), (2, 1, 0.1)]).select() == 2


def test_equal_rewards_are_worth_a_half_each():
    tree = grown([(1, None, 0.1), (2, 1, 0.1), (3, 2, 0.1), (4, 3, None)])
    assert [tree.mean_reward(node) for node in (0, 1, 2, 3, 4)] == [0.5] * 5
    # N = 4, 3, 2 below a parent of 4, 4, 3: sqrt(ln 4 / 4) < sqrt(ln 4 / 3) < sqrt(ln 3 / 2)
    assert tree.select() == 3


def test_widening_closes_a_node_with_too_many_children():
    programs: Programs = [(1, None, 1.0), (2, 1, 0.0), (3, 1, 0.0)]
    # greedy, so 1 with Q = 1/3 is best; it has 2 children against widening * sqrt(3)
    assert grown(programs, exploration=0.0, widening=2.0).select() == 1
    closed = grown(programs, exploration=0.0, widening=1.0)  # 2 > 1.73, while 2 and 3 have none
    assert [closed.is_open(node) for node in (1, 2, 3)] == [False, True, True]
    assert closed.select() == 2
    assert grown(programs, exploration=0.0, widening=0.0).select() == 1  # none is open: the best of all


def test_the_bound_of_widening_is_strict():
    tree = grown([(1, None, 1.0), (2, 1, 0.0), (3, 1, 0.0), (4, 3, 0.0)], widening=1.0)
    assert tree.visits(1) == 4
    assert not tree.is_open(1)  # 2 children, 1 * sqrt(4) = 2


def test_a_tie_goes_to_the_lower_id():
    assert grown([(9, None, 0.3), (4, None, 0.3), (7, None, 0.3)]).select() == 4


def test_selecting_changes_nothing():
    tree = grown(FAMILY)
    assert tree.select() == tree.select()
    assert tree.visits(0) == 5


def test_the_shape_of_the_tree():
    tree = grown([(8, None, 0.1), (3, 8, 0.2), (5, 3, 0.3), (4, 8, 0.4)])
    assert tree.nodes() == (8, 3, 5, 4)
    assert len(tree) == 4
    assert tree.path(5) == (8, 3, 5)
    assert tree.path(0) == ()
    assert [tree.depth(node) for node in (0, 8, 3, 5)] == [0, 1, 2, 3]
    assert tree.children(8) == (3, 4)
    assert tree.children(0) == (8,)


def test_ids_are_checked_before_anything_changes():
    tree = grown(FAMILY)
    with pytest.raises(ValueError, match="once, and 2 is in it"):
        tree.add(2, 1, 0.1)
    with pytest.raises(ValueError, match="once, and 0 is in it"):
        tree.add(0, None, 0.1)
    with pytest.raises(ValueError, match="99 is not; add it first"):
        tree.add(6, 99, 0.1)
    with pytest.raises(ValueError, match="99 is not; add it first"):
        tree.path(99)
    with pytest.raises(ValueError, match="node 0 is the beginning"):
        tree.uct(0)
    assert tree.nodes() == (1, 2, 3, 4, 5)
    assert tree.visits(0) == 5


@st.composite
def random_programs(draw: st.DrawFn) -> Programs:
    size = draw(st.integers(1, 25))
    reward = st.none() | st.just(math.nan) | st.integers(-8, 8).map(lambda eighths: eighths / 8)
    return [(node, draw(st.integers(0, node - 1)) or None, draw(reward)) for node in range(1, size + 1)]


def worth(programs: Programs, *, scaled: bool) -> dict[int, float]:
    """What every evaluation counts for, by definition."""
    finite = [reward for _, _, reward in programs if reward is not None and not math.isnan(reward)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    result = {}
    for node, _, reward in programs:
        failed = reward is None or math.isnan(reward)
        if not scaled:
            result[node] = 0.0 if failed else reward or 0.0
        elif low == high:
            result[node] = 0.5
        else:
            result[node] = 0.0 if failed else ((reward or 0.0) - low) / (high - low)
    return result


@settings(deadline=None)
@given(random_programs(), st.booleans())
def test_q_n_and_uct_are_those_computed_from_scratch(programs: Programs, scaled: bool):
    tree = grown(programs, scaled=scaled, widening=math.inf)
    worths = worth(programs, scaled=scaled)
    members: dict[int, list[float]] = {node: [] for node in range(len(programs) + 1)}
    parents = {node: parent or 0 for node, parent, _ in programs}
    for node, value in worths.items():
        at = node
        while at:
            members[at].append(value)
            at = parents[at]
        members[0].append(value)
    naive = {node: sum(values) / len(values) for node, values in members.items()}
    assert {node: tree.visits(node) for node in members} == {node: len(v) for node, v in members.items()}
    assert {node: tree.mean_reward(node) for node in members} == pytest.approx(naive)
    assert {node: tree.scaled_reward(node) for node in worths} == pytest.approx(worths)
    uct = {
        node: naive[node] + math.sqrt(2 * math.log(len(members[parents[node]])) / len(members[node]))
        for node in parents
    }
    assert {node: tree.uct(node) for node in parents} == pytest.approx(uct)
    chosen = tree.select()
    succeeded = [node for node in parents if tree.selectable(node)]
    if chosen is None:
        assert not succeeded
    else:
        assert uct[chosen] == pytest.approx(max(uct[node] for node in succeeded))
