"""What a worker answers, without a worker."""

from collections.abc import Callable, Mapping
from typing import Any

Score = Callable[[Mapping[str, Any]], Any]


def trial_answer(arguments: Mapping[str, Any], score: Score, early: Score) -> dict[str, Any]:
    """The answer to a trial, from functions of its parameters in place of a market."""
    parameters, floor = arguments["parameters"], arguments["floor"]
    seen = None if floor is None else early(parameters)
    if seen is not None and abs(seen) < floor:
        return {"early": seen, "fitness": None}
    return {"early": seen, "fitness": score(parameters)}
