"""Parameter spaces: what a program lets the tuner choose, kept apart from its logic.

A space is the program's `PARAMETERS` literal, checked once. The kinds are Optuna's distributions:

    {"type": "int", "low": 2, "high": 60, "default": 20, "log": false, "step": 1}
    {"type": "float", "low": 0.5, "high": 3.0, "default": 1.5, "log": false, "step": null}
    {"type": "categorical", "choices": ["close", "vwap"], "default": "close"}
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from factors.errors import ContractError

Value: TypeAlias = int | float | str | bool

_KEYS = {
    "int": {"type", "low", "high", "default", "log", "step"},
    "float": {"type", "low", "high", "default", "log", "step"},
    "categorical": {"type", "choices", "default"},
}


@dataclass(frozen=True, kw_only=True)
class IntParameter:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int
    default: int
    log: bool = False
    step: int = 1

    def admit(self, value: object) -> int:
        """Return `value` as an int inside the range, else raise `ValueError` with the rule."""
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise ValueError("must be a whole number")
        if not self.low <= value <= self.high:
            raise ValueError(f"must lie in [{self.low}, {self.high}]")
        return int(value)


@dataclass(frozen=True, kw_only=True)
class FloatParameter:
    """Real numbers from `low` to `high`, both included."""

    low: float
    high: float
    default: float
    log: bool = False
    step: float | None = None

    def admit(self, value: object) -> float:
        """Return `value` as a float inside the range, else raise `ValueError` with the rule."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError("must be a finite number")
        if not self.low <= value <= self.high:
            raise ValueError(f"must lie in [{self.low}, {self.high}]")
        return float(value)


@dataclass(frozen=True, kw_only=True)
class CategoricalParameter:
    """One of `choices`."""

    choices: tuple[Value, ...]
    default: Value

    def admit(self, value: object) -> Value:
        """Return the choice equal to `value`, else raise `ValueError` with the rule."""
        for choice in self.choices:
            if choice == value and isinstance(choice, bool) == isinstance(value, bool):
                return choice
        raise ValueError(f"must be one of {list(self.choices)}")


Parameter: TypeAlias = IntParameter | FloatParameter | CategoricalParameter


@dataclass(frozen=True)
class ParameterSpace(Mapping[str, Parameter]):
    """The parameters of one program, in the order of its text."""

    parameters: Mapping[str, Parameter]

    @classmethod
    def parse(cls, literal: object) -> ParameterSpace:
        """Check a `PARAMETERS` literal; `ContractError` names the parameter and the remedy."""
        if not isinstance(literal, dict):
            raise ContractError(
                f"`PARAMETERS` must be a dict of parameter ranges, got {type(literal).__name__}: "
                "write `PARAMETERS = {}` if there are none."
            )
        return cls({_checked_name(name): _parse(name, spec) for name, spec in literal.items()})

    def __getitem__(self, name: str) -> Parameter:
        return self.parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def defaults(self) -> dict[str, Value]:
        """The values a program runs with when nothing is said."""
        return {name: parameter.default for name, parameter in self.items()}

    def complete(self, values: Mapping[str, object] | None) -> dict[str, Value]:
        """`values` checked against the ranges, defaults filled in; `ContractError` on an unknown name or value."""
        complete = self.defaults()
        for name, value in (values or {}).items():
            if name not in self:
                known = ", ".join(self) or "none"
                raise ContractError(f"unknown parameter `{name}`; the program's parameters are: {known}.")
            try:
                complete[name] = self[name].admit(value)
            except ValueError as rule:
                raise ContractError(f"parameter `{name}` {rule}, got {value!r}.") from None
        return complete


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise ContractError(f"a parameter's name must be an identifier, got {name!r}: rename it.")
    return name


def _parse(name: str, spec: object) -> Parameter:
    if not isinstance(spec, dict):
        raise ContractError(f"`PARAMETERS[{name!r}]` must be a dict, got {spec!r}.")
    kind = spec.get("type")
    if kind not in _KEYS:
        raise ContractError(f"`PARAMETERS[{name!r}]`: type must be one of {', '.join(_KEYS)}, got {kind!r}.")
    unknown = sorted(set(map(str, spec)) - _KEYS[kind])
    if unknown:
        raise ContractError(
            f"`PARAMETERS[{name!r}]`: unknown key {unknown[0]!r}; known: {sorted(_KEYS[kind])}."
        )
    parameter = _categorical(name, spec) if kind == "categorical" else _number(name, spec, kind)
    try:
        parameter.admit(parameter.default)
    except ValueError as rule:
        raise ContractError(
            f"`PARAMETERS[{name!r}]`: the default {rule}, got {parameter.default!r}."
        ) from None
    return parameter


def _categorical(name: str, spec: Mapping[str, Any]) -> CategoricalParameter:
    choices = spec.get("choices")
    if not isinstance(choices, list | tuple) or not choices:
        raise ContractError(f"`PARAMETERS[{name!r}]`: choices must be a non-empty list, got {choices!r}.")
    if not all(isinstance(choice, int | float | str) for choice in choices):
        raise ContractError(
            f"`PARAMETERS[{name!r}]`: each choice must be a number, a string or a bool, got {choices!r}."
        )
    return CategoricalParameter(choices=tuple(choices), default=spec.get("default", choices[0]))


def _number(name: str, spec: Mapping[str, Any], kind: str) -> IntParameter | FloatParameter:
    for key in ("low", "high", "default"):
        if key not in spec:
            raise ContractError(f"`PARAMETERS[{name!r}]` lacks {key!r}: give low, high and default.")
        value = spec[key]
        right_type = isinstance(value, int) if kind == "int" else isinstance(value, int | float)
        if isinstance(value, bool) or not right_type or not math.isfinite(value):
            raise ContractError(f"`PARAMETERS[{name!r}]`: {key} must be a finite {kind}, got {value!r}.")
    low, high, log, step = spec["low"], spec["high"], spec.get("log", False), spec.get("step")
    if low > high:
        raise ContractError(f"`PARAMETERS[{name!r}]`: low {low} exceeds high {high}: swap them.")
    if not isinstance(log, bool):
        raise ContractError(f"`PARAMETERS[{name!r}]`: log must be true or false, got {log!r}.")
    if log and low <= 0:
        raise ContractError(f"`PARAMETERS[{name!r}]`: a log range needs low > 0, got {low}.")
    if step is not None:
        _check_step(name, step, kind, log)
    if kind == "int":
        return IntParameter(low=low, high=high, default=spec["default"], log=log, step=step or 1)
    return FloatParameter(
        low=float(low), high=float(high), default=float(spec["default"]), log=log, step=step
    )


def _check_step(name: str, step: object, kind: str, log: bool) -> None:
    right_type = isinstance(step, int) if kind == "int" else isinstance(step, int | float)
    if isinstance(step, bool) or not right_type or not step > 0:  # type: ignore[operator]
        raise ContractError(f"`PARAMETERS[{name!r}]`: step must be a positive {kind}, got {step!r}.")
    if log and not (kind == "int" and step == 1):
        raise ContractError(f"`PARAMETERS[{name!r}]`: a log range takes no step, got {step!r}: drop one.")
