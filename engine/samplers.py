"""How the micro-search draws parameters: Optuna's samplers by name, and the geometry of a parameter space.

tpe     tree-structured Parzen estimators over all parameters together, after random start-up draws
gp      a Gaussian process; needs torch, which is not installed with the engine
cmaes   CMA-ES over the numbers, TPE over the categories; all TPE where there are fewer than two numbers
qmc     the scrambled Sobol sequence: even cover, nothing learnt
random  independent draws
auto    every point once, in random order, if there are no more points than trials; else Sobol points up to
        `STARTUP_TRIALS`, then TPE

A sampler is made anew for every draw, from the seed, the trial's number and the study's finished trials alone. None
keeps a state of its own, so a study rebuilt from stored trials goes on as if it had never stopped. That is why CMA-ES
and the Sobol sequence are driven here: Optuna's keep theirs in attributes that a stored trial does not have.
"""

from __future__ import annotations

import importlib.util
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from factors.parameters import (
    CategoricalParameter,
    FloatParameter,
    IntParameter,
    Parameter,
    ParameterSpace,
    Value,
)
from market.errors import ConfigError

SamplerName: TypeAlias = Literal["tpe", "gp", "cmaes", "qmc", "random", "auto"]
Distributions: TypeAlias = dict[str, optuna.distributions.BaseDistribution]
Number: TypeAlias = IntParameter | FloatParameter

STARTUP_TRIALS = 6
_FIRST_STEP = 0.3  # of CMA-ES, as a share of every range


def require(name: SamplerName) -> None:
    """Raise `ConfigError` unless the sampler exists and what it needs is installed."""
    if name not in get_args(SamplerName):
        raise ConfigError(f"unknown sampler {name!r}; known: {', '.join(get_args(SamplerName))}.")
    if name == "gp" and importlib.util.find_spec("torch") is None:
        raise ConfigError("sampler 'gp' needs torch, which is not installed: `pip install torch`.")


def sampler_of(
    name: SamplerName,
    parameters: ParameterSpace,
    *,
    trials: int,
    seed: Sequence[int],
    number: int,
    repeats: int = 0,
) -> optuna.samplers.BaseSampler:
    """The sampler of the trial `number` of a study of `trials`.

    `repeats` counts the draws for this trial that repeated an old one; after such a draw the next is a random one,
    which likely does not.
    """
    state = _state([*seed, number, repeats])
    if repeats or name == "random":
        return optuna.samplers.RandomSampler(seed=state)
    if name == "auto":
        if points(parameters) <= trials:
            return _Pointing(lambda study: _untried_point(parameters, study, state), state)
        name = "qmc" if number < STARTUP_TRIALS else "tpe"
    if name == "qmc":
        return _Pointing(lambda _: _sobol_point(parameters, number, _state(seed)), state)
    if name == "cmaes" and len(_numbers(parameters)) > 1:
        return _Pointing(lambda study: _evolved_point(parameters, study, state), state)
    if name == "gp":
        return optuna.samplers.GPSampler(seed=state, n_startup_trials=STARTUP_TRIALS)
    return _tpe(state)


class _Pointing(optuna.samplers.BaseSampler):
    """Takes the values of a point that is computed from the study, and the remaining ones from TPE."""

    def __init__(self, point: Callable[[optuna.Study], Mapping[str, Value]], state: int) -> None:
        self._point = point
        self._otherwise = _tpe(state, multivariate=False)
        self._values: Mapping[str, Value] = {}

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:  # noqa: ARG002
        self._values = self._point(study)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> Distributions:  # noqa: ARG002
        return {}

    def sample_relative(
        self,
        study: optuna.Study,  # noqa: ARG002
        trial: FrozenTrial,  # noqa: ARG002
        search_space: Distributions,  # noqa: ARG002
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: optuna.distributions.BaseDistribution,
    ) -> Any:
        if param_name in self._values:
            return self._values[param_name]
        return self._otherwise.sample_independent(study, trial, param_name, param_distribution)


def _state(seed: Sequence[int]) -> int:
    return int(np.random.SeedSequence(seed).generate_state(1)[0])


def _tpe(state: int, *, multivariate: bool = True) -> optuna.samplers.TPESampler:
    """TPE that takes running trials for bad ones, so that it does not draw beside them."""
    return optuna.samplers.TPESampler(
        n_startup_trials=STARTUP_TRIALS, multivariate=multivariate, seed=state, constant_liar=True
    )


def _untried_point(parameters: ParameterSpace, study: optuna.Study, state: int) -> dict[str, Value]:
    """A random one of the points that no trial has; {} if none is left."""
    tried = [trial.params for trial in study.get_trials(deepcopy=False)]
    grid = itertools.product(*(_grid(parameter) for parameter in parameters.values()))
    untried = [point for values in grid if (point := dict(zip(parameters, values, strict=True))) not in tried]
    return untried[int(np.random.default_rng(state).integers(len(untried)))] if untried else {}


def _sobol_point(parameters: ParameterSpace, number: int, state: int) -> dict[str, Value]:
    """The point of the sequence that belongs to a trial; trial 0, the defaults, has none."""
    if not parameters:
        return {}
    from scipy.stats import qmc  # slow to import

    engine = qmc.Sobol(len(parameters), seed=state)
    if number > 1:
        engine.fast_forward(number - 1)
    shares = engine.random(1)[0]
    return {
        name: value_at(parameter, float(share))
        for (name, parameter), share in zip(parameters.items(), shares, strict=True)
    }


def _evolved_point(parameters: ParameterSpace, study: optuna.Study, state: int) -> dict[str, Value]:
    """What CMA-ES proposes after the complete trials, told in their order, one generation after another.

    It starts at the defaults and is told every trial, wherever its parameters come from, so hints move it too.
    """
    import cmaes  # type: ignore[import-untyped]  # slow to import

    numbers = _numbers(parameters)
    optimizer = cmaes.CMA(
        mean=np.array([position(parameter, parameter.default) for parameter in numbers.values()]),
        sigma=_FIRST_STEP,
        bounds=np.tile([0.0, 1.0], (len(numbers), 1)),
        seed=state % 2**31,
    )
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    size = optimizer.population_size
    for start in range(0, len(complete) - size + 1, size):
        optimizer.tell(
            [
                (
                    np.array([position(p, trial.params[name]) for name, p in numbers.items()]),
                    -float(trial.value or 0.0),
                )
                for trial in complete[start : start + size]
            ]
        )
    shares = optimizer.ask()
    return {name: value_at(p, float(share)) for (name, p), share in zip(numbers.items(), shares, strict=True)}


def _numbers(parameters: ParameterSpace) -> dict[str, Number]:
    """The parameters that are numbers and can vary."""
    return {
        name: p
        for name, p in parameters.items()
        if not isinstance(p, CategoricalParameter) and p.low < p.high
    }


def points(parameters: ParameterSpace) -> float:
    """How many settings a space has; infinite if a parameter is continuous."""
    return math.prod(_count(parameter) for parameter in parameters.values())


def _count(parameter: Parameter) -> float:
    if isinstance(parameter, CategoricalParameter):
        return len(parameter.choices)
    if parameter.low == parameter.high:
        return 1
    return math.inf if parameter.step is None else _steps(parameter, parameter.step) + 1


def _steps(parameter: Number, step: float) -> int:
    return math.floor((parameter.high - parameter.low) / step + 1e-9)


def _grid(parameter: Parameter) -> Sequence[Value]:
    """All values of a parameter that has a finite number of them."""
    if isinstance(parameter, CategoricalParameter):
        return parameter.choices
    step = parameter.step or 0.0
    return [nearest(parameter, parameter.low + place * step) for place in range(int(_count(parameter)))]


def nearest(parameter: Number, number: float) -> int | float:
    """The value of a numeric parameter nearest to a finite number: inside its range and on its grid."""
    if parameter.step is None:
        return min(max(float(number), parameter.low), parameter.high)
    place = round((number - parameter.low) / parameter.step)
    value = parameter.low + min(max(place, 0), _steps(parameter, parameter.step)) * parameter.step
    if isinstance(parameter, IntParameter):
        return int(value)
    return min(float(f"{value:.12g}"), parameter.high)  # 0.3 rather than 0.30000000000000004


def position(parameter: Number, value: float) -> float:
    """Where a value lies in its range, from 0 to 1, on the log scale for a log range."""
    low, high = _edges(parameter)
    scaled = math.log(value) if parameter.log else value
    return (scaled - low) / (high - low)


def value_at(parameter: Parameter, share: float) -> Value:
    """The value at a position from 0 to 1: evenly spread positions give evenly spread values."""
    if isinstance(parameter, CategoricalParameter):
        return parameter.choices[min(int(share * len(parameter.choices)), len(parameter.choices) - 1)]
    low, high = _edges(parameter)
    scaled = low + share * (high - low)
    return nearest(parameter, math.exp(scaled) if parameter.log else scaled)


def _edges(parameter: Number) -> tuple[float, float]:
    """The ends of the range, half a step further out on a grid so that each of its values has the same share."""
    low, high = float(parameter.low), float(parameter.high)
    if parameter.step is not None:
        low, high = low - parameter.step / 2, low + (_steps(parameter, parameter.step) + 0.5) * parameter.step
    return (math.log(low), math.log(high)) if parameter.log else (low, high)


def new_study() -> optuna.Study:
    """A silent study that maximises."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(direction="maximize", sampler=_tpe(_state([0])))


def distributions(parameters: ParameterSpace) -> Distributions:
    """The parameter space in Optuna's terms."""
    return {name: _distribution(parameter) for name, parameter in parameters.items()}


def _distribution(parameter: Any) -> optuna.distributions.BaseDistribution:
    if isinstance(parameter, CategoricalParameter):
        return optuna.distributions.CategoricalDistribution(parameter.choices)
    kind = (
        optuna.distributions.FloatDistribution
        if isinstance(parameter, FloatParameter)
        else optuna.distributions.IntDistribution
    )
    return kind(parameter.low, parameter.high, log=parameter.log, step=parameter.step)


def as_drawn(parameters: ParameterSpace, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values as Optuna could have drawn them: a default may lie beside the grid of its parameter."""
    drawn = dict(values)
    for name, parameter in _numbers(parameters).items():
        near = nearest(parameter, float(values[name]))
        if not math.isclose(near, float(values[name]), rel_tol=1e-9, abs_tol=1e-9 * (parameter.step or 0.0)):
            drawn[name] = near
    return drawn
