"""What a formula's operators are: how they are computed, said in words, named, and written for Qlib.

In the templates `a`, `b`, `c` stand for the operands and `n` for the days; `noun` names a step of a program, its part
after `|` where the names of the operands are long. Windows follow `factors.operators`: a value needs the whole window,
where Qlib is content with one row. A comparison is 1 or 0, and missing where an input is missing, where Qlib and pandas
say "false"; so are `&`, `|`, `~` of comparisons and the choice between two values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

Kind = Literal["value", "lag", "window", "section"]


def _of_data_only(*_: float) -> float:
    return np.nan


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One operator; the last `numbers` operands are constants, `least` is the shortest sensible window."""

    name: str
    kind: Kind
    code: str
    words: str
    noun: str
    qlib: str = ""
    least: int = 2
    numbers: int = 0
    condition: bool = False
    fold: Callable[..., Any] = _of_data_only

    @property
    def arity(self) -> int:
        """The number of operands."""
        return len(set(re.findall(r"\b[abc]\b", self.code)))


def _value(
    name: str, fold: Callable[..., Any], code: str, words: str, noun: str, qlib: str = "", **details: Any
) -> Operator:
    return Operator(
        name=name, kind="value", fold=fold, code=code, words=words, noun=noun, qlib=qlib, **details
    )


def _comparison(name: str, fold: Callable[..., Any], sign: str, words: str, noun: str) -> Operator:
    code = f"np.where(np.isnan(a - b), np.nan, a {sign} b)"
    return _value(
        name,
        fold,
        code,
        f"{{a}} {words} {{b}}",
        f"{{a}}_{noun}_{{b}}|comparison",
        f"({{a}} {sign} {{b}})",
        condition=True,
    )


def _logical(name: str, fold: Callable[..., Any], code: str, words: str, noun: str, qlib: str) -> Operator:
    return _value(name, fold, code, words, noun, qlib, condition=True)


def _window(
    name: str, statistic: str, noun: str, qlib: str = "", *, code: str = "", least: int = 2, numbers: int = 0
) -> Operator:
    return Operator(
        name=name,
        kind="window",
        code=code or f"ops.{name}(a, n)",
        words=f"the {statistic} of {{a}} over {{n}} days",
        noun=noun,
        qlib=f"{qlib}({{a}}, {{n}})" if qlib.isidentifier() else qlib,
        least=least,
        numbers=numbers,
    )


def _pair(name: str, statistic: str, noun: str, qlib: str) -> Operator:
    return Operator(
        name=name,
        kind="window",
        code=f"ops.{name}(a, b, n)",
        words=f"the {statistic} of {{a}} and {{b}} over {{n}} days",
        noun=noun,
        qlib=f"{qlib}({{a}}, {{b}}, {{n}})",
        least=3,
    )


def _lag(name: str, words: str, noun: str, qlib: str = "") -> Operator:
    return Operator(
        name=name, kind="lag", code=f"ops.{name}(a, n)", words=words, noun=noun, qlib=qlib, least=1
    )


def _section(
    name: str, words: str, noun: str, qlib: str = "", *, code: str = "", numbers: int = 0
) -> Operator:
    code = code or f"ops.{name}(a)"
    return Operator(name=name, kind="section", code=code, words=words, noun=noun, qlib=qlib, numbers=numbers)


_ALL = (
    _value("add", np.add, "a + b", "{a} plus {b}", "{a}_plus_{b}|total", "({a} + {b})"),
    _value("sub", np.subtract, "a - b", "{a} less {b}", "{a}_less_{b}|difference", "({a} - {b})"),
    _value("mul", np.multiply, "a * b", "{a} times {b}", "{a}_times_{b}|product", "({a} * {b})"),
    _value("div", np.divide, "a / b", "{a} over {b}", "{a}_over_{b}|ratio", "({a} / {b})"),
    _value("pow", np.float_power, "a ** b", "{a} to the power {b}", "{a}_power|power", "Power({a}, {b})"),
    _value("neg", np.negative, "-a", "minus {a}", "minus_{a}|negative", "(-1 * {a})"),
    _value("abs", np.abs, "np.abs(a)", "the size of {a}", "absolute_{a}|magnitude", "Abs({a})"),
    _value("sign", np.sign, "np.sign(a)", "the sign of {a}", "sign_of_{a}|sign", "Sign({a})"),
    _value("log", np.log, "np.log(a)", "the log of {a}", "log_{a}|logarithm", "Log({a})"),
    _value("sqrt", np.sqrt, "np.sqrt(a)", "the root of {a}", "root_of_{a}|root", "Power({a}, 0.5)"),
    _value("exp", np.exp, "np.exp(a)", "the exponential of {a}", "exponential", f"Power({np.e!r}, {{a}})"),
    _value(
        "signed_power",
        lambda a, b: np.sign(a) * np.abs(a) ** b,
        "ops.signed_power(a, b)",
        "the signed power {b} of {a}",
        "signed_power",
        numbers=1,
    ),
    _value(
        "larger",
        np.maximum,
        "np.maximum(a, b)",
        "the larger of {a} and {b}",
        "larger_of_{a}_and_{b}|larger_value",
        "Greater({a}, {b})",
    ),
    _value(
        "smaller",
        np.minimum,
        "np.minimum(a, b)",
        "the smaller of {a} and {b}",
        "smaller_of_{a}_and_{b}|smaller_value",
        "Less({a}, {b})",
    ),
    _comparison("gt", np.greater, ">", "above", "above"),
    _comparison("ge", np.greater_equal, ">=", "at least", "at_least"),
    _comparison("lt", np.less, "<", "below", "below"),
    _comparison("le", np.less_equal, "<=", "at most", "at_most"),
    _comparison("eq", np.equal, "==", "equal to", "equals"),
    _comparison("ne", np.not_equal, "!=", "other than", "differs_from"),
    _logical("and", np.logical_and, "np.minimum(a, b)", "{a} and {b}", "both", "({a} & {b})"),
    _logical("or", np.logical_or, "np.maximum(a, b)", "{a} or {b}", "either", "({a} | {b})"),
    _logical("not", np.logical_not, "1 - a", "not {a}", "not_{a}|opposite", "Not({a})"),
    _value(
        "where",
        np.where,
        "ops.where(a, b, c)",
        "{b} if {a}, else {c}",
        "choice",
        "If({a}, {b}, {c})",
    ),
    _lag("ts_delay", "{a} of {n} days ago", "past_{a}", "Ref({a}, {n})"),
    _lag("ts_delta", "the {n}-day change of {a}", "{a}_change", "Delta({a}, {n})"),
    _lag("ts_pct_change", "the {n}-day relative change of {a}", "{a}_growth"),
    _window("ts_mean", "mean", "mean_{a}", "Mean"),
    _window("ts_sum", "sum", "{a}_sum", "Sum"),
    _window("ts_product", "product", "{a}_product"),
    _window("ts_std", "standard deviation", "{a}_deviation", "Std"),
    _window("ts_var", "variance", "{a}_variance", "Var"),
    _window("ts_skew", "skewness", "{a}_skewness", "Skew", least=3),
    _window("ts_kurt", "kurtosis", "{a}_kurtosis", "Kurt", least=4),
    _window("ts_min", "minimum", "lowest_{a}", "Min"),
    _window("ts_max", "maximum", "highest_{a}", "Max"),
    _window("ts_median", "median", "median_{a}", "Med"),
    _window("ts_mad", "mean absolute deviation", "{a}_spread", "Mad"),
    _window("ts_rank", "place", "{a}_place", "Rank"),
    _window("ts_zscore", "z-score", "{a}_zscore"),
    _window("ts_position", "place within the range", "{a}_position"),
    _window("ts_slope", "slope", "{a}_slope", "Slope"),
    _window("ts_rsquare", "straightness (R²)", "{a}_straightness", "Rsquare", least=3),
    _window("ts_residual", "distance from the trend", "{a}_residual", "Resi", least=3),
    _window("ts_decay_linear", "linearly weighted mean", "decayed_{a}", "WMA"),
    _window("ts_ema", "exponential mean", "smooth_{a}", "EMA"),
    _window("ts_count", "number of values", "{a}_count", "Count"),
    _window("ts_argmax", "days since the maximum", "days_since_high", "({n} - IdxMax({a}, {n}))"),
    _window("ts_argmin", "days since the minimum", "days_since_low", "({n} - IdxMin({a}, {n}))"),
    _window("argmax_day", "day of the maximum", "day_of_high", "IdxMax", code="n - ops.ts_argmax(a, n)"),
    _window("argmin_day", "day of the minimum", "day_of_low", "IdxMin", code="n - ops.ts_argmin(a, n)"),
    Operator(
        name="ts_quantile",
        kind="window",
        code="ops.ts_quantile(a, n, b)",
        words="the quantile {b} of {a} over {n} days",
        noun="{a}_quantile",
        qlib="Quantile({a}, {n}, {b})",
        numbers=1,
    ),
    _pair("ts_corr", "correlation", "{a}_{b}_correlation|correlation", "Corr"),
    _pair("ts_cov", "covariance", "{a}_{b}_covariance|covariance", "Cov"),
    _section("cs_rank", "the rank of {a}", "{a}_rank", "Rank({a})"),
    _section("cs_zscore", "the z-score of {a} among the stocks", "{a}_score"),
    _section("cs_demean", "{a} less its mean among the stocks", "{a}_excess"),
    _section("cs_scale", "{a} scaled", "scaled_{a}"),
    _section("cs_scale_to", "{a} scaled to {b}", "scaled_{a}", code="ops.cs_scale(a, b)", numbers=1),
    _section(
        "cs_winsorize",
        "{a} within {b} deviations",
        "bounded_{a}",
        code="ops.cs_winsorize(a, b)",
        numbers=1,
    ),
)

OPERATORS: Mapping[str, Operator] = MappingProxyType({operator.name: operator for operator in _ALL})
