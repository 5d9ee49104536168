"""Islands: independent program trees of one run that now and then exchange their best programs.

Iteration i belongs to island i mod N. A program is a node of the tree of the island that proposed it, below the first
of its parents that is there; seeds are nodes of every tree. Every `migration_every` iterations of an island its best
programs become nodes below the root of the next island (ring) or of all others (all). What an island's proposer is
told is its own: the node that UCT selects, the chains of experience beside that node's, and of the run's elites, the
best of each cluster of alike signals, those that are nodes of its tree. So two islands seldom improve the same
signal. An island may concentrate on themes, which its proposer is told, and on horizons, by which alone its programs
are tuned and rewarded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from engine.emphasis import Emphasis
from engine.experience import select_paths, top_paths
from engine.tree import Tree
from knowledge_base.briefing import Briefing
from knowledge_base.store import Store

Experience: TypeAlias = Literal["chains", "top-k", "none", "blind"]
Topology: TypeAlias = Literal["ring", "all"]
_ELITES, WIDENING = 12, 2.0


@dataclass(frozen=True, kw_only=True)
class IslandSettings:
    """How many islands there are and how they search; the defaults are the method's.

    `emphasis` is what the first island concentrates on, the second, and so on, in turn; nothing if empty.
    """

    count: int = 2
    exploration: float = 2.0**0.5
    scaled_rewards: bool = True
    migration_every: int = 7
    migrants: int = 3
    topology: Topology = "all"
    experience: Experience = "chains"
    paths: int = 3
    emphasis: tuple[Emphasis, ...] = ()


class Islands:
    """The trees of a run, rebuilt from the store; every change is in the store before it is in a tree."""

    def __init__(self, store: Store, run_id: int, settings: IslandSettings) -> None:
        self._store, self._run_id, self._settings = store, run_id, settings
        self.trees = [
            Tree(
                exploration=settings.exploration,
                scaled=settings.scaled_rewards,
                widening=WIDENING if settings.scaled_rewards else math.inf,  # unscaled is the paper's rule
            )
            for _ in range(settings.count)
        ]
        for island, tree in enumerate(self.trees):
            for program_id, parent_id, reward in store.tree(run_id, island):
                tree.add(program_id, parent_id if parent_id in tree else None, reward)

    def of(self, iteration: int) -> int:
        """The island that an iteration belongs to."""
        return iteration % len(self.trees)

    def horizons_days(self, iteration: int) -> tuple[int, ...] | None:
        """The horizons that a program of this iteration is judged by; None, as for seeds, is all."""
        return (self._emphasis(iteration).horizons_days or None) if iteration >= 0 else None

    def know(self, program_id: int) -> bool:
        """Whether the program is a node of a tree."""
        return any(program_id in tree for tree in self.trees)

    def grow(self, iteration: int, program_id: int, parent_ids: Sequence[int], reward: float | None) -> None:
        """Add an evaluated program, None for a failed one; a seed, before the first iteration, goes everywhere."""
        islands = range(len(self.trees)) if iteration < 0 else [self.of(iteration)]
        for island in islands:
            parent = next((parent for parent in parent_ids if parent in self.trees[island]), None)
            self._add(island, program_id, parent, reward)

    def root(self, iteration: int, parent_ids: Sequence[int]) -> tuple[int, ...]:
        """The program that a line of evolution began with; nothing if none of the parents is in a tree."""
        tree = self.trees[self.of(iteration)]
        return next((tree.path(parent)[:1] for parent in parent_ids if parent in tree), ())

    def migrate(self, iterations_done: int) -> None:
        """Exchange the best programs, if it is time."""
        count, every = len(self.trees), self._settings.migration_every
        if count == 1 or not every or iterations_done == 0 or iterations_done % (every * count):
            return
        leaving = [self._best(tree) for tree in self.trees]
        for source, programs in enumerate(leaving):
            targets = [(source + 1) % count] if self._settings.topology == "ring" else range(count)
            for target in targets:
                for program_id in programs if target != source else ():
                    self._add(target, program_id, None, self.trees[source].reward(program_id))

    def briefing(self, iteration: int) -> Briefing:
        """What the proposer of this iteration may know."""
        tree = self.trees[self.of(iteration)]
        told = self._store.briefing(self._run_id, elites=_ELITES * len(self.trees))
        if self._settings.experience == "blind":
            return Briefing(iteration=iteration, tried_fingerprints=told.tried_fingerprints)
        mine = tuple(elite for elite in told.elites if elite.id in tree)[:_ELITES]
        wished = self._emphasis(iteration)
        told = replace(
            told,
            iteration=iteration,
            elites=mine,
            emphasis=wished.themes,
            horizons_days=wished.horizons_days,
        )
        current = tree.select()
        if current is None or self._settings.experience == "none":
            return told
        choose = top_paths if self._settings.experience == "top-k" else select_paths
        chain = tree.path(current)
        paths = choose(tree, current, count=self._settings.paths)
        known = {
            elite.id: elite
            for elite in self._store.elites({*chain, *(node for path in paths for node in path)})
        }
        return replace(
            told,
            current=known[current],
            chain=tuple(known[node] for node in chain if node in known),
            paths=tuple(tuple(known[node] for node in path if node in known) for path in paths),
        )

    def _emphasis(self, iteration: int) -> Emphasis:
        wished = self._settings.emphasis
        return wished[self.of(iteration) % len(wished)] if wished else Emphasis()

    def _best(self, tree: Tree) -> list[int]:
        rewarded = [(tree.reward(node), node) for node in tree.nodes()]
        best = sorted(((reward, -node) for reward, node in rewarded if reward is not None), reverse=True)
        return [-node for _, node in best[: self._settings.migrants]]

    def _add(self, island: int, program_id: int, parent_id: int | None, reward: float | None) -> None:
        tree = self.trees[island]
        if program_id not in tree:
            self._store.grow_tree(self._run_id, island, program_id, parent_id)
            tree.add(program_id, parent_id, reward)
