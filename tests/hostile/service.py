"""An evaluator without its first two walls: program text is not read before it runs, and has all of Python at hand."""

from __future__ import annotations

import builtins
from typing import Any

from engine.evaluator import Evaluator
from factors.execution import Runnable, _as_program_errors, _quietly
from factors.parameters import ParameterSpace
from factors.program import Program


class OpenRunnable(Runnable):
    """A program loaded with Python's own builtins and import."""

    def __init__(self, source: str) -> None:
        self.program = Program(
            source=source, name="hostile", idea="", parameters=ParameterSpace.parse({}), fingerprint="0" * 16
        )
        self._filename = "<hostile program>"
        namespace: dict[str, Any] = {"__builtins__": builtins, "__name__": "factor_program"}
        with _as_program_errors(self._filename), _quietly():
            exec(compile(source, self._filename, "exec"), namespace)
        self._factor = namespace["factor"]


class OpenEvaluator(Evaluator):
    """`attempt` takes a text as it is; everything else is the evaluator's."""

    def attempt(self, source: str) -> dict[str, Any]:
        """Run a text as `trial` does and audit it as `examine` does."""
        runnable = OpenRunnable(source)
        self._training.run(runnable, {})
        return {"audit": self._audit(runnable, {})}
