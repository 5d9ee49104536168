"""Where to look next: the briefing read as weights over themes, measures and parents.

A tag (a theme or a measure) is worth its reward, scaled to 0..1 over the tags of its kind, plus the bonus of
the upper confidence bound, which is large for what has rarely been tried [1]_, less the share of its tries
that failed.

.. [1] Auer, Cesa-Bianchi, Fischer (2002), Finite-time analysis of the multiarmed bandit problem.
.. [2] Markowitz (1952), Portfolio selection.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from agents.grammar.measures import MEASURES, THEMES, Measure
from knowledge_base.briefing import Briefing, Elite

T = TypeVar("T")

_MOST_ALIKE = 0.95
_TRIFLE = 0.01
_ALONE = 100.0  # weight of a program beside which the other adds nothing


@dataclass(frozen=True, kw_only=True)
class SteeringConfig:
    """How eagerly the search turns to what is new.

    exploration     factor of the confidence bonus, in units of the spread of rewards
    temperature     chance in choosing among weights; 0 would always take the best
    parent_decay    weight of the next best parent or partner relative to the better one
    focus           how often the program that the search selected is the parent, where it selected one
    tries_first     tries that every theme gets before rewards count
    blame           factor on a measure's weight for each recent failure that names it
    emphasis        worth that a theme gains where the search concentrates on it
    """

    exploration: float = 0.7
    temperature: float = 0.2
    parent_decay: float = 0.5
    focus: float = 0.6
    tries_first: int = 2
    blame: float = 0.2
    emphasis: float = 0.4


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Programs that are summed, with their weights, and the fitness that their sum promises."""

    parts: tuple[tuple[Elite, float], ...]
    fitness: float

    @classmethod
    def of(cls, elite: Elite) -> Mixture:
        """One program alone."""
        return cls(parts=((elite, 1.0),), fitness=_promise(elite))


class Compass:
    """One briefing, read for directions."""

    def __init__(self, briefing: Briefing, config: SteeringConfig) -> None:
        self._briefing = briefing
        self._config = config
        self._theme_values = self._values(THEMES)
        self._measure_values = self._values([measure.name for measure in MEASURES])
        self._failures = briefing.failures
        self.elites: tuple[Elite, ...] = tuple(sorted(briefing.elites, key=_by_fitness))

    def neglected_themes(self) -> set[str]:
        """Themes that have not had their first tries."""
        return {theme for theme in THEMES if self._tries(theme) < self._config.tries_first}

    def measure(self, candidates: Sequence[Measure], rng: np.random.Generator) -> Measure:
        """One of `candidates`, the promising and the little known more often."""
        weights = [
            math.exp(self._worth(candidate) / self._config.temperature) * self._credit(candidate)
            for candidate in candidates
        ]
        return chosen(candidates, weights, rng)

    def parent(self, rng: np.random.Generator) -> Elite:
        """Return the selected program, or an elite, the better ones more often."""
        current = self._briefing.current
        if current is not None and rng.random() < self._config.focus:
            return current
        return chosen(self.elites, self._by_place(self.elites), rng)

    def partner(self, mixture: Mixture, room: int, rng: np.random.Generator) -> Elite | None:
        """Another program of at most `room` parameters, rather one that promises much in a blend with the mixture."""
        learned = (elite for path in self._briefing.paths for elite in path)
        inside = {elite.id for elite, _ in mixture.parts}
        known = {elite.id: elite for elite in (*self.elites, *learned) if elite.id not in inside}
        fitting = [elite for elite in known.values() if len(elite.parameters) <= room]
        if not fitting:
            return None
        others = sorted(fitting, key=lambda elite: (-self._promised(mixture, elite), elite.id))
        return chosen(others, self._by_place(others), rng)

    def weight(self, mixture: Mixture, other: Elite) -> float:
        """The weight of another program, beside 1 for the mixture, whose sum promises most; 0 if none adds anything."""
        return _best_sum(mixture.fitness, _promise(other), self._alike(mixture, other))[1]

    def mixed(self, mixture: Mixture, other: Elite, weight: float) -> Mixture:
        """The mixture, brought to unit spread, with another program of this weight."""
        scale = 1.0 / math.sqrt(self._spread(mixture))
        fitness, _ = _best_sum(mixture.fitness, _promise(other), self._alike(mixture, other))
        return Mixture(
            parts=(*((elite, w * scale) for elite, w in mixture.parts), (other, weight)), fitness=fitness
        )

    def _promised(self, mixture: Mixture, other: Elite) -> float:
        return _best_sum(mixture.fitness, _promise(other), self._alike(mixture, other))[0]

    def _alike(self, mixture: Mixture, other: Elite) -> float:
        """Correlation of a mixture's prediction with a program's."""
        shared = sum(w * self._correlation(elite, other) for elite, w in mixture.parts)
        return shared / math.sqrt(self._spread(mixture))

    def _spread(self, mixture: Mixture) -> float:
        parts = mixture.parts
        squared = sum(w * v * self._correlation(one, two) for one, w in parts for two, v in parts)
        return max(squared, _TRIFLE)

    def _correlation(self, first: Elite, second: Elite) -> float:
        """Of two programs' predictions; what they share in tags stands in for it where it is not known."""
        known = self._briefing.correlation(first, second)
        return _overlap(first.tags, second.tags) if known is None else known

    def _by_place(self, elites: Sequence[Elite]) -> list[float]:
        return [self._config.parent_decay**place for place in range(len(elites))]

    def _worth(self, measure: Measure) -> float:
        wished = self._config.emphasis if measure.theme in self._briefing.emphasis else 0.0
        return (self._theme_values[measure.theme] + self._measure_values[measure.name]) / 2 + wished

    def _credit(self, measure: Measure) -> float:
        return self._config.blame ** sum(f"{measure.name} =" in note.source_head for note in self._failures)

    def _tries(self, tag: str) -> int:
        record = self._briefing.themes.get(tag)
        return record.tries if record else 0

    def _values(self, tags: Collection[str]) -> dict[str, float]:
        total = sum(map(self._tries, tags))
        reward = _scaled({tag: self._reward(tag) for tag in tags})
        return {tag: reward[tag] + self._bonus(tag, total) - self._failure_share(tag) for tag in tags}

    def _reward(self, tag: str) -> float | None:
        record = self._briefing.themes.get(tag)
        if record is None or record.mean_reward is None or record.best_reward is None:
            return None
        reward = (record.mean_reward + record.best_reward) / 2
        return reward if math.isfinite(reward) else None

    def _bonus(self, tag: str, total: int) -> float:
        return self._config.exploration * math.sqrt(math.log1p(total) / (1 + self._tries(tag)))

    def _failure_share(self, tag: str) -> float:
        record = self._briefing.themes.get(tag)
        return record.failures / record.tries if record and record.tries else 0.0


def chosen(options: Sequence[T], weights: Iterable[float], rng: np.random.Generator) -> T:
    """One of `options`, each with a chance proportional to its weight."""
    shares = np.fromiter(weights, dtype=np.float64)
    return options[int(rng.choice(len(options), p=shares / shares.sum()))]


def uniformly(options: Sequence[T], rng: np.random.Generator) -> T:
    """One of `options`, all alike."""
    return options[int(rng.integers(len(options)))]


def _scaled(rewards: dict[str, float | None]) -> dict[str, float]:
    """Rewards on a scale from 0 to 1; what has no reward yet lies in the middle."""
    stated = [reward for reward in rewards.values() if reward is not None]
    low, high = min(stated, default=0.0), max(stated, default=0.0)
    if high == low:
        return dict.fromkeys(rewards, 0.5)
    return {tag: 0.5 if r is None else (r - low) / (high - low) for tag, r in rewards.items()}


def _overlap(one: Collection[str], other: Collection[str]) -> float:
    union = set(one) | set(other)
    return len(set(one) & set(other)) / len(union) if union else 0.0


def _best_sum(first: float, second: float, correlation: float) -> tuple[float, float]:
    """The fitness of the best sum of two predictions of unit spread, and the weight of the second beside 1.

    Fitness is taken as proportional to the covariance with the returns: then the best weights are the inverse of the
    correlations times the fitnesses, as of two assets in a portfolio [2]_.
    """
    alike = max(-_MOST_ALIKE, min(_MOST_ALIKE, correlation))
    own, other = first - alike * second, second - alike * first
    if other <= 0.0:
        return first, 0.0
    if own <= 0.0:
        return second, _ALONE
    return math.sqrt((first * own + second * other) / (1.0 - alike * alike)), other / own


def _promise(elite: Elite) -> float:
    """Fitness on the training and the validation days, averaged, and no less than a trifle."""
    known = [f for f in (elite.train_fitness, elite.validation_fitness) if f is not None and math.isfinite(f)]
    return max(sum(known) / len(known), _TRIFLE) if known else _TRIFLE


def _by_fitness(elite: Elite) -> tuple[bool, float, int]:
    fitness = elite.validation_fitness
    missing = fitness is None or not math.isfinite(fitness)
    return missing, 0.0 if missing or fitness is None else -fitness, elite.id
