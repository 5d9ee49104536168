"""Chains of experience: which other lines of evolution to show when a program is to be improved.

The chain C of a program is its path from the root. FactorEngine shows a few further paths p of the tree that scored
high and overlap little with C:

    S_cov(p) = alpha·|p ∩ C| / |p| + beta·|p ∩ C| / |C|
    S_eff(p) = mean reward over the nodes of p
    S(p)     = S_eff(p) - gamma·S_cov(p)                      alpha = beta = gamma = 1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from engine.tree import BEGINNING, Tree

_DECIMALS = 12  # scores that differ by less than rounding are tied


@dataclass(frozen=True, kw_only=True)
class PathWeights:
    """The weights of overlap: as a part of the path, as a part of the chain, and of both against the rewards."""

    alpha: float = 1.0
    beta: float = 1.0
    gamma: float = 1.0


PAPER_WEIGHTS = PathWeights()


class _Candidate(NamedTuple):
    """The path to a program: its length, how many of its nodes the chain shares, and the sum of its rewards."""

    program: int
    length: int
    shared: int
    total: float


def coverage(path: tuple[int, ...], chain: tuple[int, ...], weights: PathWeights = PAPER_WEIGHTS) -> float:
    """S_cov = alpha·|p ∩ C| / |p| + beta·|p ∩ C| / |C|, which is 0 if either is empty."""
    return _coverage(len(set(path) & set(chain)), len(path), len(chain), weights)


def path_score(
    path: tuple[int, ...],
    chain: tuple[int, ...],
    rewards: Mapping[int, float],
    weights: PathWeights = PAPER_WEIGHTS,
) -> float:
    """S = S_eff - gamma·S_cov of a path of at least one program."""
    return fmean(rewards[program] for program in path) - weights.gamma * coverage(path, chain, weights)


def select_paths(
    tree: Tree, current: int, *, count: int = 3, weights: PathWeights = PAPER_WEIGHTS
) -> list[tuple[int, ...]]:
    """The paths of highest S, best first, among those without a failed program and other than the current chain.

    Rewards are scaled as the tree scales them. Ties go to the shorter path, then to the lower ids. A path that is
    the beginning of one already chosen is skipped.
    """
    chain_length = tree.depth(current)

    def rank(path: _Candidate) -> tuple[float, int]:
        overlap = _coverage(path.shared, path.length, chain_length, weights)
        return -round(path.total / path.length - weights.gamma * overlap, _DECIMALS), path.length

    chosen: list[tuple[int, ...]] = []
    shown: set[int] = set()  # a path is the beginning of a chosen one if its last program is on it
    for candidate in sorted(_candidates(tree, current), key=rank):
        if len(chosen) >= count:
            break
        if candidate.program not in shown:
            chosen.append(tree.path(candidate.program))
            shown.update(chosen[-1])
    return chosen


def top_paths(tree: Tree, current: int, *, count: int = 3) -> list[tuple[int, ...]]:
    """The ablation: the paths to the programs of highest reward, whatever they share with the chain or one another.

    Candidates and ties are those of `select_paths`.
    """

    def rank(path: _Candidate) -> tuple[float, int]:
        return -tree.scaled_reward(path.program), path.length

    return [
        tree.path(candidate.program) for candidate in sorted(_candidates(tree, current), key=rank)[:count]
    ]


def _coverage(shared: int, path_length: int, chain_length: int, weights: PathWeights) -> float:
    if not shared:
        return 0.0
    return weights.alpha * shared / path_length + weights.beta * shared / chain_length


def _candidates(tree: Tree, current: int) -> Iterator[_Candidate]:
    """Every path without a failed program, other than the current chain; of one length, the lower ids come first.

    One walk over the tree extends a parent's sums by the child's, so that no path need be written out to be scored.
    """
    chain = set(tree.path(current))
    stack = [_Candidate(BEGINNING, 0, 0, 0.0)]
    while stack:
        above = stack.pop()
        if above.program not in (BEGINNING, current):
            yield above
        for child in sorted(tree.children(above.program), reverse=True):
            if tree.selectable(child):
                shared = above.shared + (child in chain)
                stack.append(
                    _Candidate(child, above.length + 1, shared, above.total + tree.scaled_reward(child))
                )
