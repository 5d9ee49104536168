"""What the search goes by: fitness on days that the tuner did not fit, less what makes it doubtful.

Every term is in units of fitness and is stored by itself; the reward is their sum. `paper` keeps the first one only.

fitness      on the validation days, with the parameters and the sign tuned on the training days
gap          half of what training promised and validation did not keep: the tuner's luck
fragility    a quarter of the fitness, times the share that is lost when a parameter moves a little
turnover     a quarter of the daily turnover beyond 0.5: what costs eat
complexity   0.02 for every hundred syntax nodes beyond the first hundred: what nobody can explain
redundancy   half of the fitness, times how far the signal's correlation with a better program exceeds 0.7
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

RewardKind: TypeAlias = Literal["robust", "paper"]


@dataclass(frozen=True, kw_only=True)
class RewardWeights:
    """The factors and thresholds of the terms; see the module."""

    gap: float = 0.5
    fragility: float = 0.25
    turnover: float = 0.25
    turnover_budget: float = 0.5
    complexity: float = 0.0002
    free_nodes: int = 100
    redundancy: float = 0.5
    free_correlation: float = 0.7


WEIGHTS = RewardWeights()


def reward_terms(
    *,
    train: float,
    validation: float,
    plateau: float,
    turnover: float,
    nodes: int,
    correlation: float,
    kind: RewardKind = "robust",
    weights: RewardWeights = WEIGHTS,
) -> dict[str, float]:
    """The terms by name; their sum is the reward.

    `plateau` is the neighbours' share of the best training fitness, `correlation` that with the most similar better
    program, sign ignored. A NaN of these, or of `turnover`, is unknown and costs nothing.
    """
    if kind == "paper":
        return {"fitness": validation}
    gain = max(0.0, validation)
    excess = (abs(correlation) - weights.free_correlation) / (1.0 - weights.free_correlation)
    return {
        "fitness": validation,
        "gap": -weights.gap * _positive(train - validation),
        "fragility": -weights.fragility * gain * _positive(1.0 - max(plateau, 0.0)),
        "turnover": -weights.turnover * _positive(turnover - weights.turnover_budget),
        "complexity": -weights.complexity * _positive(nodes - weights.free_nodes),
        "redundancy": -weights.redundancy * gain * _positive(excess),
    }


def _positive(value: float) -> float:
    return value if value > 0.0 else 0.0
