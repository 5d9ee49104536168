"""Value by value, in one pass and without temporaries."""

# ruff: noqa: ARG001 - the formulas that share a loop share its parameters, needed or not

import numpy as np

from factors.jit import Matrix, OutMatrix, device, kernel


@device
def combine(first: float, second: float) -> float:
    """Combine two values: here their quotient, NaN for a zero denominator."""
    quotient = first / second
    return quotient if second != 0.0 else np.nan


@kernel
def divide_values(x: Matrix, y: Matrix, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `combine(x, y)`."""
    for t in range(begin, end):
        first = x[t]
        second = y[t]
        target = out[t]
        for j in range(first.size):
            target[j] = combine(first[j], second[j])


@device
def _smaller(first: float, second: float) -> float:
    return min(first, second) if (first == first) & (second == second) else np.nan


@device
def _larger(first: float, second: float) -> float:
    return max(first, second) if (first == first) & (second == second) else np.nan


minimum_values = divide_values.variant("minimum_values", combine=_smaller)
maximum_values = divide_values.variant("maximum_values", combine=_larger)


@device
def _signed_power(value: float, exponent: float) -> float:
    return float(np.copysign(abs(value) ** exponent, value))


@device
def _signed_root(value: float, exponent: float) -> float:
    return float(np.copysign(np.sqrt(abs(value)), value))


@device
def _signed_square(value: float, exponent: float) -> float:
    return value * abs(value)


@device
def _signed_log(value: float, scale: float) -> float:
    return float(np.copysign(np.log1p(abs(value)), value))


@device
def _log(value: float, scale: float) -> float:
    return np.log(value) if value > 0.0 else np.nan


@device
def _squash(value: float, scale: float) -> float:
    share = value / (abs(value) + scale)
    return share if abs(value) < np.inf else np.sign(value)


@device
def transform(value: float, parameter: float) -> float:
    """Transform one value: here replace a missing one by the parameter."""
    return value if abs(value) < np.inf else parameter


@kernel
def fill_values(x: Matrix, parameter: float, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `transform(x, parameter)`."""
    for t in range(begin, end):
        row = x[t]
        target = out[t]
        for j in range(row.size):
            target[j] = transform(row[j], parameter)


power_values = fill_values.variant("power_values", transform=_signed_power)
root_values = fill_values.variant("root_values", transform=_signed_root)
square_values = fill_values.variant("square_values", transform=_signed_square)
signed_log_values = fill_values.variant("signed_log_values", transform=_signed_log)
log_values = fill_values.variant("log_values", transform=_log)
squash_values = fill_values.variant("squash_values", transform=_squash)


@kernel
def choose_values(condition: Matrix, x: Matrix, y: Matrix, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with `x` where the condition is not 0, else `y`; NaN where it is NaN."""
    for t in range(begin, end):
        chosen = condition[t]
        first = x[t]
        second = y[t]
        target = out[t]
        for j in range(chosen.size):
            flag = chosen[j]
            yes = first[j]
            no = second[j]
            value = yes if flag != 0.0 else no
            target[j] = value if flag == flag else np.nan


@kernel
def place_values(x: Matrix, low: Matrix, high: Matrix, out: OutMatrix, begin: int, end: int) -> None:
    """Fill rows `begin:end` with the place of `x` between `low` (0) and `high` (1), NaN if they are equal."""
    for t in range(begin, end):
        row = x[t]
        bottom = low[t]
        top = high[t]
        target = out[t]
        for j in range(row.size):
            width = top[j] - bottom[j]
            place = (row[j] - bottom[j]) / width
            target[j] = place if (width > 0.0) & (abs(place) < np.inf) else np.nan
