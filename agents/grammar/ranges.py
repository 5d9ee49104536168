"""The ranges a program's parameters are searched in: windows in trading days, on a log scale."""

from __future__ import annotations

from collections.abc import Mapping

from factors.parameters import CategoricalParameter, FloatParameter, IntParameter, Parameter

DAYS = IntParameter(low=1, high=10, default=2, log=True)
WEEK = IntParameter(low=2, high=20, default=5, log=True)
MONTH = IntParameter(low=5, high=60, default=20, log=True)
QUARTER = IntParameter(low=10, high=120, default=40, log=True)
HALF_YEAR = IntParameter(low=20, high=200, default=100, log=True)
LAG = IntParameter(low=1, high=20, default=5)
SHARE = FloatParameter(low=0.1, high=0.9, default=0.5)
WEIGHT = FloatParameter(low=-1.0, high=1.0, default=0.5)
MUTED = FloatParameter(low=-1.0, high=1.0, default=0.0)
SIDE = CategoricalParameter(choices=(1, -1), default=1)
STATE = CategoricalParameter(choices=("volume", "range", "risk", "size"), default="volume")

LONGEST_WINDOW = 250


def literal(parameters: Mapping[str, Parameter]) -> str:
    """Return the `PARAMETERS` literal of a program, one parameter to a line."""
    if not parameters:
        return "{}"
    lines = [f'    "{name}": {_entry(parameter)},' for name, parameter in parameters.items()]
    return "\n".join(["{", *lines, "}"])


def _entry(parameter: Parameter) -> str:
    if isinstance(parameter, CategoricalParameter):
        choices = ", ".join(_scalar(choice) for choice in parameter.choices)
        return f'{{"type": "categorical", "choices": [{choices}], "default": {_scalar(parameter.default)}}}'
    kind = "int" if isinstance(parameter, IntParameter) else "float"
    bounds = f'"low": {parameter.low!r}, "high": {parameter.high!r}, "default": {parameter.default!r}'
    log = ', "log": True' if parameter.log else ""
    step = f', "step": {parameter.step!r}' if parameter.step not in (None, 1) else ""
    return f'{{"type": "{kind}", {bounds}{log}{step}}}'


def _scalar(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)
