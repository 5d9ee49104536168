"""Microsoft Qlib's expressions: `Corr($close, Log($volume + 1), 10)`, with Python's precedence.

`Rank(x, N)` is the place of the last value within its window as in Qlib; `Rank(x)`, which Qlib itself does not have, is
the rank among the day's stocks. `IdxMax` and `IdxMin` count from 1, the oldest day; of equal values the latest counts,
in Qlib the oldest. `WMA` is the mean with weights 1 to N; Qlib's own code weighs 0 to N - 1 and divides once more by N.
A window of 0 (all days so far) or below 1 (an exponential mean) is refused. `Mask` needs another instrument's data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from factors.formulas.errors import FormulaError
from factors.formulas.parsing import Infix, Parser, unknown
from factors.formulas.signatures import Argument, build_call, signatures
from factors.formulas.syntax import Field, Node
from factors.formulas.tokens import Token

FIELDS = ("open", "high", "low", "close", "volume", "vwap")
OPERATORS = signatures(
    {
        "Ref": "ts_delay x d",
        "Delta": "ts_delta x d",
        "Mean": "ts_mean x d",
        "Sum": "ts_sum x d",
        "Std": "ts_std x d",
        "Var": "ts_var x d",
        "Skew": "ts_skew x d",
        "Kurt": "ts_kurt x d",
        "Max": "ts_max x d",
        "Min": "ts_min x d",
        "Med": "ts_median x d",
        "Mad": "ts_mad x d",
        "Quantile": "ts_quantile x d qscore",
        "Rank": "cs_rank x | ts_rank x d",
        "Slope": "ts_slope x d",
        "Rsquare": "ts_rsquare x d",
        "Resi": "ts_residual x d",
        "WMA": "ts_decay_linear x d",
        "EMA": "ts_ema x d",
        "Corr": "ts_corr x y d",
        "Cov": "ts_cov x y d",
        "IdxMax": "argmax_day x d",
        "IdxMin": "argmin_day x d",
        "Count": "ts_count x d",
        "Abs": "abs x",
        "Sign": "sign x",
        "Log": "log x",
        "Power": "pow x y",
        "Greater": "larger x y",
        "Less": "smaller x y",
        "Gt": "gt x y",
        "Ge": "ge x y",
        "Lt": "lt x y",
        "Le": "le x y",
        "Eq": "eq x y",
        "Ne": "ne x y",
        "And": "and x y",
        "Or": "or x y",
        "Not": "not x",
        "If": "where x y z",
        "Add": "add x y",
        "Sub": "sub x y",
        "Mul": "mul x y",
        "Div": "div x y",
    }
)
_COMPARISONS = {">": "gt", ">=": "ge", "<": "lt", "<=": "le", "==": "eq", "!=": "ne"}


class QlibParser(Parser):
    """Reads Qlib's notation."""

    infix: ClassVar = {
        **{sign: Infix(operator=name, strength=1, chains=False) for sign, name in _COMPARISONS.items()},
        "|": Infix(operator="or", strength=2),
        "&": Infix(operator="and", strength=3),
        "+": Infix(operator="add", strength=4),
        "-": Infix(operator="sub", strength=4),
        "*": Infix(operator="mul", strength=5),
        "/": Infix(operator="div", strength=5),
        "**": Infix(operator="pow", strength=7, from_right=True),
    }
    prefix: ClassVar = {
        "-": Infix(operator="neg", strength=6, operands=1),
        "+": Infix(operator="pos", strength=6, operands=1),
        "~": Infix(operator="not", strength=6, operands=1),
    }

    def _name(self, token: Token) -> Node:
        name = token.text.removeprefix("$")
        if token.kind == "field" and name not in FIELDS:
            self.missing.append(token.text)
        elif token.kind == "text":
            self.missing.append(f"the instrument {name[:40]}")
        elif token.kind == "name" and name.lower() in FIELDS:
            raise FormulaError(f"a field begins with a dollar sign: write `${name.lower()}`.")
        elif token.kind == "name":
            raise unknown(name, "field of the Qlib notation", [f"${field}" for field in FIELDS])
        return Field(name)

    def _call(self, token: Token, arguments: Sequence[Argument]) -> Node:
        if token.text == "Mask":
            self.missing.append("the data of one instrument (Mask)")
            return arguments[0].value
        choices = OPERATORS.get(token.text)
        if choices is None:
            raise unknown(token.text, "operator of the Qlib notation", OPERATORS)
        return build_call(token.text, choices, arguments, fractions=False)
