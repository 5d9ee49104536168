"""Hidden constants: number literals that act as knobs but are not in `PARAMETERS`, found and made parameters.

A literal is judged by where its value flows: through names bound once, loops over literal lists, arithmetic and
arguments of helper functions, to a window, lag, span, count, quantile, exponent, decay, threshold, limit or weight.
`lift_constants` declares it with its value as the default and a range around it, and edits the text in place.
A literal in a helper becomes one more argument of the helper, passed by every caller.

What stays because it defines rather than tunes: 0 and ±1; 2 and 0.5 as a factor, 2 as an exponent; n that divides n
terms or a sum; 100, 1000, … and 252 as a factor or divisor; magnitudes up to 1e-6 (an epsilon) and from 1e12 (a
sentinel); what only scales the returned score; added offsets; subscripts, shapes, axes, `ddof`, `min_periods`;
comparisons for equality and with the size of an array; defaults of arguments that every call gives.

Row offsets (slice bounds, `x[t - 5]`, `range` beside them) depend on each other: a changed one alone would misalign
rows or read the future. Equal ones in a function are lifted as one parameter; of several sizes none is.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from factors.lifting.constants import constants_of
from factors.lifting.obstacles import obstacle
from factors.lifting.ranges import Lifted
from factors.lifting.rewriting import Rewriting
from factors.lifting.text import Code

__all__ = ["Lifted", "Lifting", "lift_constants"]


@dataclass(frozen=True, kw_only=True)
class Lifting:
    """The text with its knobs declared; `kept` names by (line, literal, reason) those that could not be."""

    source: str
    lifted: tuple[Lifted, ...] = ()
    kept: tuple[tuple[int, str, str], ...] = ()

    def diff(self, original: str) -> str:
        """Return the unified diff from `original`; empty if nothing was lifted."""
        old, new = original.splitlines(keepends=True), self.source.splitlines(keepends=True)
        return "".join(difflib.unified_diff(old, new, "original", "lifted"))


def lift_constants(source: str) -> Lifting:
    """Declare the hidden constants of a program's text, which must pass `Program.parse`.

    With default parameters the new text computes exactly what `source` does; lifting it again lifts nothing.
    """
    code = Code(source)
    rewriting = Rewriting(code)
    kept = []
    for constant in constants_of(code):
        reason = obstacle(code, constant)
        if reason:
            kept += [(node.lineno, code.text.segment(node), reason) for node in constant.literals]
        else:
            rewriting.lift(constant)
    lifted = tuple(rewriting.lifted)
    return Lifting(source=rewriting.text() if lifted else source, lifted=lifted, kept=tuple(kept))
