"""The index of operators: what each takes and means. Bindings, documentation and proposers read it.

A public function of `factors.operators` is an operator; what is said of it here is read from its signature
and docstring, so that the index cannot disagree with the code.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from factors import operators as ops
from market.arrays import FloatArray

Kind = Literal["time series", "cross section", "elementwise"]
ArgumentKind = Literal["array", "arrays", "window", "lag", "count", "number", "share", "step", "weights"]

_ARGUMENT_KINDS: Mapping[str, ArgumentKind] = MappingProxyType(
    {
        "x": "array",
        "y": "array",
        "condition": "array",
        "exposures": "arrays",
        "window": "window",
        "lag": "lag",
        "buckets": "count",
        "q": "share",
        "exponent": "number",
        "scale": "number",
        "total": "number",
        "value": "number",
        "low": "number",
        "high": "number",
        "initial": "number",
        "limit": "number",
        "groups": "array",
        "enter": "array",
        "leave": "array",
        "weights": "weights",
        "step": "step",
    }
)


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One positional argument: `default` is None if it is required."""

    name: str
    kind: ArgumentKind
    default: float | None


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator; `universe` and `min_periods` say whether it takes these keywords."""

    name: str
    kind: Kind
    arguments: tuple[Argument, ...]
    universe: bool
    min_periods: bool
    summary: str
    function: Callable[..., FloatArray]

    @property
    def signature(self) -> str:
        """The call as a program writes it, defaults shown."""
        shown = (a.name if a.default is None else f"{a.name}={a.default:g}" for a in self.arguments)
        return f"{self.name}({', '.join(shown)})"


def _describe(function: Callable[..., FloatArray]) -> Operator:
    name = function.__name__
    parameters = inspect.signature(function).parameters
    positional = [p for p in parameters.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    kinds: dict[str, Kind] = {"ts": "time series", "cs": "cross section"}
    return Operator(
        name=name,
        kind=kinds.get(name.partition("_")[0], "elementwise"),
        arguments=tuple(
            Argument(name=p.name, kind=_ARGUMENT_KINDS[p.name], default=_default(p)) for p in positional
        ),
        universe="universe" in parameters,
        min_periods="min_periods" in parameters,
        summary=(inspect.getdoc(function) or "").partition("\n")[0],
        function=function,
    )


def _default(parameter: inspect.Parameter) -> Any:
    return None if parameter.default is inspect.Parameter.empty else parameter.default


OPERATORS: Mapping[str, Operator] = MappingProxyType(
    {name: _describe(getattr(ops, name)) for name in ops.__all__ if name != "threads"}
)
