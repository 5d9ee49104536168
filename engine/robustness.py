"""How much a program owes to its exact parameters: which of them matter, and whether the best stands on a plateau."""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import optuna

from engine.samplers import as_drawn, distributions, nearest, new_study, points, position, value_at
from factors.parameters import CategoricalParameter, Parameter, ParameterSpace, Value
from factors.program import Program
from knowledge_base.records import TrialRecord

FEWEST_TRIALS = 10
_UPPER_SHARE = 0.25  # the trials that the importance explains: those this good
_MOVE = 0.1  # of the range


def load_importance(trials: int) -> None:
    """Import what `importance` needs for so many trials: seconds, if scikit-learn is there to come with it."""
    if trials >= FEWEST_TRIALS:
        importlib.import_module("optuna.importance")


def importance(program: Program, trials: Sequence[TrialRecord]) -> dict[str, float]:
    """Each parameter's share, largest first, in what sets the upper quarter of the complete trials apart (PED-ANOVA).

    {} with fewer than `FEWEST_TRIALS` complete trials, fewer than two parameters that vary, or no upper quarter
    because the others are as good.
    """
    values = {
        trial.number: trial.value for trial in trials if trial.state == "complete" and trial.value is not None
    }
    varying = [name for name, p in program.parameters.items() if points(ParameterSpace({name: p})) > 1]
    if len(values) < FEWEST_TRIALS or len(varying) < 2:
        return {}
    in_order = sorted(values.values(), reverse=True)
    if in_order[math.ceil(_UPPER_SHARE * len(in_order)) - 1] == in_order[-1]:
        return {}
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    study, space = new_study(), distributions(program.parameters)
    for trial in trials:
        if trial.number in values:
            parameters = as_drawn(program.parameters, trial.parameters)
            study.add_trial(
                optuna.trial.create_trial(params=parameters, distributions=space, value=values[trial.number])
            )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=_UPPER_SHARE)
    shares = get_param_importances(study, evaluator=evaluator, params=varying)
    return {name: float(share) for name, share in shares.items()}


def neighbours(
    parameters: ParameterSpace, best: Mapping[str, Value], *, count: int, seed: Sequence[int]
) -> list[dict[str, Value]]:
    """At most `count` settings next to the best, in each of which one parameter is moved by a tenth of its range.

    The parameters take turns, in an order given by the seed, so that a small count looks along as many as it can.
    """
    generator = np.random.default_rng(list(seed))
    names = [str(name) for name in generator.permutation(list(parameters))] if parameters else []
    turns = []
    for name in names:
        moves = _moves(parameters[name], best[name])
        turns.append([(name, moves[place]) for place in generator.permutation(len(moves))])
    around = [
        dict(best) | {move[0]: move[1]} for turn in itertools.zip_longest(*turns) for move in turn if move
    ]
    return around[:count]


def _moves(parameter: Parameter, value: Value) -> list[Value]:
    """The other values next to one."""
    if isinstance(parameter, CategoricalParameter):
        return [choice for choice in dict.fromkeys(parameter.choices) if choice != value]
    if parameter.low == parameter.high:
        return []
    here, step = float(value), parameter.step or 0.0
    moves: list[Value] = []
    for sign in (-1, 1):
        there = value_at(parameter, min(max(position(parameter, here) + sign * _MOVE, 0.0), 1.0))
        if sign * (float(there) - here) < step * (1.0 - 1e-9):  # the grid is coarser, or has an end here
            there = nearest(parameter, here + sign * step)
        if not math.isclose(
            float(there), here, rel_tol=1e-9, abs_tol=1e-9 * (parameter.high - parameter.low)
        ):
            moves.append(there)
    return list(dict.fromkeys(moves))


def plateau(best: float, around: Sequence[float]) -> float:
    """The neighbours' mean fitness divided by the best's, in [-1, 1]: near 1 on a plateau, near 0 on a needle.

    A neighbour whose fitness is not finite counts as 0. NaN without neighbours or where the best is not above 0.
    """
    if not around or not best > 0:
        return math.nan
    fitness = np.nan_to_num(np.array(around, dtype=np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return float(np.clip(fitness.mean() / best, -1.0, 1.0))
