"""WorldQuant's notation: that of "101 Formulaic Alphas" (Kakushadze 2015, arXiv:1601.00991) and of the BRAIN platform.

Names in any case; `cond ? a : b`, `||`, `&&`, `!`, `^`. Definitions are the paper's, appendix A.1:

fractional windows     cut off: 8.93 days are 8
min(x, d), max(x, d)   over the last d days if d is a number from 1 on, else value by value
adv{d}                 mean of the shares traded over d days: the paper says money, but compares it with `volume`
ts_argmax, ts_argmin   day of the window, 1 = the oldest; BRAIN's ts_arg_max, ts_arg_min: days since, 0 = today
signedpower(x, a)      sign(x) * |x| ** a; the paper writes x^a and uses it for positive x
indneutralize, cap, …  need data that a panel does not have
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from factors.formulas.building import make, number, whole_days
from factors.formulas.errors import FormulaError
from factors.formulas.parsing import Infix, Parser, unknown
from factors.formulas.signatures import Argument, build_call, signatures
from factors.formulas.syntax import Field, Node, constant
from factors.formulas.tokens import Token

FIELDS = ("open", "high", "low", "close", "volume", "vwap", "returns")
_WINSORIZE_DEVIATIONS = 4.0  # BRAIN's default
_MISSING = {
    "cap": "market capitalisation (cap)",
    **{
        name: f"classification of the stocks ({name})"
        for name in "market sector industry subindustry".split()
    },
}
_GROUPED = frozenset("indneutralize group_neutralize group_rank group_zscore group_mean group_scale".split())
_ROWS = {
    "rank": "cs_rank x",
    "scale": "cs_scale x | cs_scale_to x scale",
    "zscore": "cs_zscore x",
    "normalize": "cs_demean x",
    "winsorize": "cs_winsorize x std",
    "signedpower": "signed_power x y",
    "power": "pow x y",
    "log": "log x",
    "sign": "sign x",
    "abs": "abs x",
    "sqrt": "sqrt x",
    "exp": "exp x",
    "reverse": "neg x",
    "if_else": "where x y z",
    "add": "add x y",
    "subtract": "sub x y",
    "multiply": "mul x y",
    "divide": "div x y",
    "delay": "ts_delay x d",
    "delta": "ts_delta x d",
    "sum": "ts_sum x d",
    "product": "ts_product x d",
    "ts_mean": "ts_mean x d",
    "stddev": "ts_std x d",
    "correlation": "ts_corr x y d",
    "covariance": "ts_cov x y d",
    "decay_linear": "ts_decay_linear x d",
    "min": "ts_min x d",
    "max": "ts_max x d",
    "ts_rank": "ts_rank x d",
    "ts_zscore": "ts_zscore x d",
    "ts_scale": "ts_position x d",
    "ts_returns": "ts_pct_change x d",
    "ts_median": "ts_median x d",
    "ts_argmax": "argmax_day x d",
    "ts_argmin": "argmin_day x d",
    "ts_arg_max": "ts_argmax x d",
    "ts_arg_min": "ts_argmin x d",
}
_SPELLINGS = {
    "signed_power": "signedpower",
    "ts_corr": "correlation",
    "ts_cov": "covariance",
    "ts_covariance": "covariance",
    "ts_std_dev": "stddev",
    "ts_stddev": "stddev",
    **{f"ts_{name}": name for name in "delay delta sum product min max decay_linear".split()},
}
OPERATORS = signatures(_ROWS | {spelling: _ROWS[name] for spelling, name in _SPELLINGS.items()})
_VALUE_BY_VALUE = signatures({"min": "smaller x y", "max": "larger x y"})
_COMPARISONS = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}


class WorldQuantParser(Parser):
    """Reads WorldQuant's notation."""

    infix: ClassVar = {
        "||": Infix(operator="or", strength=1),
        "&&": Infix(operator="and", strength=2),
        "==": Infix(operator="eq", strength=3, chains=False),
        "!=": Infix(operator="ne", strength=3, chains=False),
        **{sign: Infix(operator=name, strength=4, chains=False) for sign, name in _COMPARISONS.items()},
        "+": Infix(operator="add", strength=5),
        "-": Infix(operator="sub", strength=5),
        "*": Infix(operator="mul", strength=6),
        "/": Infix(operator="div", strength=6),
        "^": Infix(operator="pow", strength=8, from_right=True),
    }
    prefix: ClassVar = {
        "-": Infix(operator="neg", strength=7, operands=1),
        "+": Infix(operator="pos", strength=7, operands=1),
        "!": Infix(operator="not", strength=7, operands=1),
    }
    has_choice: ClassVar = True

    def _name(self, token: Token) -> Node:
        name = token.text.lower()
        group = name.removeprefix("indclass.")
        if name in FIELDS:
            return Field(name)
        if re.fullmatch(r"adv[0-9]{1,9}", name):
            return _average_shares_traded(name)
        if group not in _MISSING or token.kind != "name":
            raise unknown(name, "field of the WorldQuant notation", [*FIELDS, "adv20", "cap"])
        self.missing.append(_MISSING[group])
        return Field(group)

    def _call(self, token: Token, arguments: Sequence[Argument]) -> Node:
        name = token.text.lower()
        if name in _GROUPED:
            return self._grouped(name, arguments)
        if name not in OPERATORS:
            raise unknown(name, "operator of the WorldQuant notation", [*OPERATORS, *_GROUPED])
        if name == "winsorize" and len(arguments) == 1:
            return make("cs_winsorize", arguments[0].value, number(_WINSORIZE_DEVIATIONS))
        choices = _VALUE_BY_VALUE if name in _VALUE_BY_VALUE and _compares(arguments) else OPERATORS
        if name in {"signedpower", "signed_power"} and len(arguments) == 2:
            return _signed_power(*(argument.value for argument in arguments))
        return build_call(name, choices[name], arguments, fractions=True)

    def _grouped(self, name: str, arguments: Sequence[Argument]) -> Node:
        if len(arguments) != 2:
            raise FormulaError(f"`{name}` is called as {name}(x, group), got {len(arguments)} arguments.")
        if not self.missing:
            self.missing.append(f"classification of the stocks ({name})")
        return make("cs_demean", arguments[0].value)


def _average_shares_traded(name: str) -> Node:
    days = whole_days(name, float(name.removeprefix("adv")), fractions=False)
    return make("ts_mean", Field("volume"), days=days)


def _compares(arguments: Sequence[Argument]) -> bool:
    """Whether the second argument is no number of days."""
    value = constant(arguments[1].value) if len(arguments) == 2 else None
    return len(arguments) == 2 and (value is None or value < 1)


def _signed_power(base: Node, exponent: Node) -> Node:
    if constant(exponent) is not None:
        return make("signed_power", base, exponent)
    return make("mul", make("sign", base), make("pow", make("abs", base), exponent))
