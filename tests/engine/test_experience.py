import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.experience import PathWeights, coverage, path_score, select_paths, top_paths
from engine.tree import Tree

Programs = list[tuple[int, int | None, float | None]]


def grown(programs: Programs, *, scaled: bool = True) -> Tree:
    tree = Tree(scaled=scaled)
    for program, parent, reward in programs:
        tree.add(program, parent, reward)
    return tree


# 1 ── 2 ── 3
#   └─ 4 ── 5
# 6 ── 7
FOREST: Programs = [
    (1, None, 0.5), (2, 1, 0.7), (3, 2, 0.9), (4, 1, 0.8), (5, 4, 1.0), (6, None, 0.0), (7, 6, 0.2),
]  # fmt: skip


def test_coverage_and_score_of_a_path():
    path, chain = (1, 4, 5, 8), (1, 2)  # one shared program: 1/4 of the path, 1/2 of the chain
    assert coverage(path, chain) == 1 / 4 + 1 / 2
    weights = PathWeights(alpha=2.0, beta=3.0, gamma=0.5)
    assert coverage(path, chain, weights) == 2 * 1 / 4 + 3 * 1 / 2
    rewards = {1: 0.1, 4: 0.2, 5: 0.3, 8: 0.8}  # mean 1.4 / 4 = 0.35
    assert path_score(path, chain, rewards) == pytest.approx(0.35 - 0.75)
    assert path_score(path, chain, rewards, weights) == pytest.approx(0.35 - 0.5 * 2.0)


def test_coverage_is_two_for_the_chain_itself_and_zero_without_overlap():
    assert coverage((1, 2), (1, 2)) == 2.0
    assert coverage((1, 2), (3,)) == 0.0
    assert coverage((1, 2), ()) == 0.0


def test_an_empty_path_has_no_score():
    with pytest.raises(ValueError, match="at least one"):
        path_score((), (1,), {})


def test_select_paths_prefers_high_scores_of_low_overlap():
    tree = grown(FOREST)  # rewards already span 0 to 1; the chain of 3 is (1, 2, 3)
    # (1, 4, 5): mean 2.3/3, shares 1 of 3 and of 3:  0.767 - 0.667 =  0.100
    # (6, 7):    mean 0.1, shares nothing:                            0.100, and shorter
    # (6):       0.000, the beginning of (6, 7)
    # (1, 4):    mean 0.65 - (1/2 + 1/3) = -0.183, the beginning of (1, 4, 5)
    # (1):       0.5 - (1 + 1/3) = -0.833, the beginning of (1, 4, 5)
    # (1, 2):    mean 0.6 - (1 + 2/3) = -1.067
    assert path_score((1, 4, 5), (1, 2, 3), dict.fromkeys((1, 4, 5), 2.3 / 3)) == pytest.approx(0.1)
    assert select_paths(tree, 3) == [(6, 7), (1, 4, 5), (1, 2)]
    assert select_paths(tree, 3, count=1) == [(6, 7)]
    assert select_paths(tree, 3, count=9) == [(6, 7), (1, 4, 5), (1, 2)]


def test_without_a_penalty_the_best_mean_is_first_and_a_longer_path_may_follow():
    tree = grown(FOREST)
    # (1, 4, 5) 0.767, (1, 2, 3) 0.7, (1, 4) skipped, (1, 2) skipped, (1) skipped, (6) 0: the chain of 7 is left out
    assert select_paths(tree, 7, weights=PathWeights(gamma=0.0)) == [(1, 4, 5), (1, 2, 3), (6,)]


def test_top_paths_ignore_overlap():
    tree = grown(FOREST)
    assert top_paths(tree, 3) == [(1, 4, 5), (1, 4), (1, 2)]  # 1.0, 0.8, 0.7; 3 itself has 0.9
    assert top_paths(tree, 3, count=1) == [(1, 4, 5)]


def test_paths_through_a_failed_program_are_left_out():
    tree = grown([(1, None, 0.1), (2, None, None), (3, 2, 0.9), (4, 1, math.nan), (5, None, 0.2)])
    assert select_paths(tree, 1) == [(5,)]
    assert top_paths(tree, 1) == [(5,)]
    assert select_paths(tree, 3) == [(5,), (1,)]  # the chain may hold one


def test_a_chain_of_equal_rewards_offers_its_shortest_paths():
    tree = grown([(1, None, 0.1), (2, 1, 0.1), (3, 2, 0.1), (4, 3, 0.1), (5, None, 0.1)], scaled=False)
    # the chain of 5 shares nothing with the others, and every mean is 0.1 whatever the rounding
    assert select_paths(tree, 5) == [(1,), (1, 2), (1, 2, 3)]
    assert top_paths(tree, 5) == [(1,), (1, 2), (1, 2, 3)]


def test_ties_of_one_length_go_to_the_lower_ids():
    programs: Programs = [
        (9, None, 0.0),
        (2, None, 0.0),
        (1, 9, 0.0),
        (8, 2, 0.0),
        (3, 2, 0.0),
        (7, None, 0.0),
    ]
    assert select_paths(grown(programs), 7, count=9) == [(2,), (9,), (2, 3), (2, 8), (9, 1)]
    assert top_paths(grown(programs), 7, count=9) == [(2,), (9,), (2, 3), (2, 8), (9, 1)]


def test_a_lone_program_has_no_other_paths_and_the_beginning_no_chain():
    tree = grown([(1, None, 0.1)])
    assert select_paths(tree, 1) == []
    assert top_paths(tree, 1) == []
    assert select_paths(tree, 0) == [(1,)]
    with pytest.raises(ValueError, match="99 is not"):
        select_paths(tree, 99)


@settings(deadline=None)
@given(st.data(), st.booleans())
def test_select_paths_are_those_of_every_path_scored_by_itself(data: st.DataObject, scaled: bool):
    size = data.draw(st.integers(1, 20))
    reward = st.none() | st.integers(-4, 4).map(lambda quarters: quarters / 4)
    tree = grown(
        [
            (node, data.draw(st.integers(0, node - 1)) or None, data.draw(reward))
            for node in range(1, size + 1)
        ],
        scaled=scaled,
    )
    current = data.draw(st.integers(1, size))
    rewards = {node: tree.scaled_reward(node) for node in tree.nodes()}
    paths = [tree.path(node) for node in tree.nodes() if node != current]
    paths = [path for path in paths if all(tree.reward(node) is not None for node in path)]
    paths.sort(
        key=lambda path: (-round(path_score(path, tree.path(current), rewards), 12), len(path), path),
    )
    chosen: list[tuple[int, ...]] = []
    for path in paths:
        if len(chosen) < 3 and not any(other[: len(path)] == path for other in chosen):
            chosen.append(path)
    assert select_paths(tree, current) == chosen
