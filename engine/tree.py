"""The program tree of one island: which program to evolve next.

Every node but the beginning is a program, and its parent is the program it was evolved from. FactorEngine selects by
UCT (Kocsis and Szepesvári, 2006), where any node may be chosen, not only a leaf:

    UCT(v) = Q(v) + c·sqrt(ln N(parent(v)) / N(v))        c = √2

N(v) counts the evaluations in the subtree rooted at v, v included, and Q(v) is their mean reward. Two things are
added to the paper's rule. Rewards are scaled to 0..1 over the tree, since c = √2 is meant for such rewards, and the
choice is among nodes open by progressive widening (Coulom, 2007): those with fewer than widening·sqrt(N) children.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

EXPLORATION = math.sqrt(2.0)
BEGINNING = 0


@dataclass(slots=True, kw_only=True)
class _Node:
    """A program, or the beginning; `visits`, `successes` and `total` are of the whole subtree."""

    parent: int | None
    depth: int
    reward: float | None
    children: list[int] = field(default_factory=list)
    visits: int = 0
    successes: int = 0
    total: float = 0.0


class Tree:
    """Programs below a beginning that is no program itself: node 0, the root.

    `scaled=False` with `widening=inf` is the paper's rule: raw rewards, every node open.
    """

    def __init__(
        self, *, exploration: float = EXPLORATION, scaled: bool = True, widening: float = 2.0
    ) -> None:
        self._exploration = exploration
        self._scaled = scaled
        self._widening = widening
        self._nodes = {BEGINNING: _Node(parent=None, depth=0, reward=None)}
        self._low, self._high = math.inf, -math.inf

    def __len__(self) -> int:
        return len(self._nodes) - 1

    def __contains__(self, program_id: object) -> bool:
        return program_id in self._nodes and program_id != BEGINNING

    def add(self, program_id: int, parent_id: int | None, reward: float | None) -> None:
        """Put a program below its parent (None: below the root) and count its evaluation on the path to the root.

        A reward that is None or not finite is a failed evaluation: a visit worth the tree's lowest reward, or 0 if
        rewards are not scaled. The program becomes a node but is never selected.
        """
        if program_id in self._nodes:
            raise ValueError(f"a program enters the tree once, and {program_id} is in it; add another id")
        above = BEGINNING if parent_id is None else parent_id
        parent = self._find(above)
        if reward is not None and not math.isfinite(reward):
            reward = None
        self._nodes[program_id] = _Node(parent=above, depth=parent.depth + 1, reward=reward)
        parent.children.append(program_id)
        self._count(program_id, reward)

    def select(self) -> int | None:
        """The program to evolve: of the highest UCT among the open ones, or among all if none is open; ties by id.

        None if no program can be selected: nothing to evolve, open something new.
        """
        candidates = (program for program in self._nodes if self.selectable(program))
        return max(
            candidates,
            key=lambda program: (self.is_open(program), self.uct(program), -program),
            default=None,
        )

    def selectable(self, program_id: int) -> bool:
        """Whether the node is a program whose evaluation succeeded."""
        return self._find(program_id).reward is not None

    def is_open(self, program_id: int) -> bool:
        """Whether progressive widening allows another child: fewer than widening·sqrt(N(v))."""
        node = self._find(program_id)
        return len(node.children) < self._widening * math.sqrt(node.visits)

    def uct(self, program_id: int) -> float:
        """UCT(v) = Q(v) + c·sqrt(ln N(parent(v)) / N(v))."""
        node = self._find(program_id)
        if node.parent is None:
            raise ValueError("UCT compares programs, and node 0 is the beginning; ask for a program's")
        ratio = math.log(self._nodes[node.parent].visits) / node.visits
        return self._mean(node.total, node.successes, node.visits) + self._exploration * math.sqrt(ratio)

    def mean_reward(self, program_id: int) -> float:
        """Q(v), the mean reward over the evaluations in the subtree, as it enters UCT; NaN if there are none."""
        node = self._find(program_id)
        return self._mean(node.total, node.successes, node.visits) if node.visits else math.nan

    def visits(self, program_id: int) -> int:
        """N(v), the number of evaluations in the subtree."""
        return self._find(program_id).visits

    def reward(self, program_id: int) -> float | None:
        """The program's own reward as it was added; None if its evaluation failed."""
        return self._find(program_id).reward

    def scaled_reward(self, program_id: int) -> float:
        """The program's own reward as it enters Q; that of a failed evaluation, too."""
        reward = self._find(program_id).reward
        return self._mean(0.0, 0, 1) if reward is None else self._mean(reward, 1, 1)

    def path(self, program_id: int) -> tuple[int, ...]:
        """The programs from below the root down to this one."""
        programs: list[int] = []
        node = self._find(program_id)
        while node.parent is not None:
            programs.append(program_id)
            program_id, node = node.parent, self._nodes[node.parent]
        return tuple(reversed(programs))

    def depth(self, program_id: int) -> int:
        """The number of programs on the path."""
        return self._find(program_id).depth

    def children(self, program_id: int) -> tuple[int, ...]:
        """The programs evolved from this one, in order of adding; those of node 0 are the ones below the root."""
        return tuple(self._find(program_id).children)

    def nodes(self) -> tuple[int, ...]:
        """All programs, in order of adding."""
        return tuple(self._nodes)[1:]

    def _find(self, program_id: int) -> _Node:
        try:
            return self._nodes[program_id]
        except KeyError:
            raise ValueError(
                f"a program must be in the tree, and {program_id} is not; add it first"
            ) from None

    def _count(self, program_id: int, reward: float | None) -> None:
        """Count an evaluation of the program on the whole path to the root."""
        if reward is not None:
            self._low, self._high = min(self._low, reward), max(self._high, reward)
        at: int | None = program_id
        while at is not None:
            node = self._nodes[at]
            node.visits += 1
            if reward is not None:
                node.successes += 1
                node.total += reward
            at = node.parent

    def _mean(self, total: float, successes: int, visits: int) -> float:
        """The mean over `visits` evaluations, of which `successes` have rewards that sum to `total`.

        Scaling (r - low) / (high - low) is linear, so the scaled mean follows from the raw sum; a failure is worth
        `low`, hence adds nothing. If all rewards of the tree are equal, each is worth 0.5.
        """
        if not self._scaled:
            return total / visits
        if not self._low < self._high:
            return 0.5
        return (total - successes * self._low) / (visits * (self._high - self._low))
