"""What the agents take down from a report: the answers asked for, checked as far as they can be without the report.

Models are lenient towards what they do not know, for language models add fields, and strict in what they need.
"""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

FIELDS = ("open", "high", "low", "close", "volume", "vwap")
_DAILY_BARS = {
    *FIELDS,
    *"return returns ohlc ohlcv price prices volumes opening closing highest lowest average weighted".split(),
    *"daily adjusted trading traded trade share shares stock stocks bar bars data of the and s".split(),
    *"开盘价 最高价 最低价 收盘价 成交量 均价 日线 行情 量价 数据".split(),
}
STOCKS = 3
"""How many stocks a worked example has."""

_MOST_DAYS, _MOST_HISTORY = 60, 1_000
Text: TypeAlias = Annotated[str, Field(max_length=4_000)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Effect: TypeAlias = Literal["same", "same_order", "reversed"]


def _identifier(name: str) -> str:
    if not name.isidentifier() or name != name.lower():
        raise ValueError(f"must be lower-case words with underscores, got {name!r}")
    return name


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Sketch(_Record):
    """A factor as the screener saw it."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    summary: Text = ""
    pages: tuple[int, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def lacking(self) -> tuple[str, ...]:
        """What it needs and the engine has not."""
        return tuple(need for need in self.needs if not is_there(need))


class Screening(_Record):
    """Whether a report defines factors, and which."""

    is_factor_report: bool
    reason: Text = ""
    title: Annotated[str, Field(max_length=300)] = ""
    published: date | None = None
    factors: Annotated[tuple[Sketch, ...], Field(max_length=50)] = ()
    instructions: tuple[Text, ...] = ()


class Step(_Record):
    """One step of a computation and the sentence that it was taken from."""

    text: Text
    formula: Text = ""
    page: int
    quote: Annotated[str, Field(min_length=1, max_length=2_000)]


class Symbol(_Record):
    """A symbol of the formulas."""

    symbol: Annotated[str, Field(min_length=1, max_length=100)]
    meaning: Text


class Choice(_Record):
    """A parameter: what the report varies or calls a choice."""

    name: Annotated[str, Field(max_length=60), AfterValidator(_identifier)]
    symbol: Annotated[str, Field(max_length=100)] = ""
    type: Literal["int", "float"]
    low: Number
    high: Number
    default: Number

    @model_validator(mode="after")
    def _in_range(self) -> Choice:
        if not self.low <= self.default <= self.high:
            raise ValueError(
                f"{self.name}: the default {self.default:g} must lie in [{self.low:g}, {self.high:g}]"
            )
        return self


class Extraction(_Record):
    """A factor taken down so that it can be programmed without the report."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    core_idea: Annotated[str, Field(min_length=1, max_length=2_000)]
    rationale: Text = ""
    direction: Literal["high", "low"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=60)]
    symbols: Annotated[tuple[Symbol, ...], Field(max_length=100)] = ()
    parameters: Annotated[tuple[Choice, ...], Field(max_length=20)] = ()
    data: tuple[str, ...] = ()
    missing_values: Text = ""
    resolutions: tuple[Text, ...] = ()


class Finding(_Record):
    """A gap or contradiction."""

    kind: Literal["undefined_symbol", "contradiction", "look_ahead", "missing_data", "misread"]
    what: Annotated[str, Field(min_length=1, max_length=2_000)]
    page: int | None = None
    quote: Text = ""
    resolved: bool = False


class Verification(_Record):
    """What a second reader found in a record."""

    findings: Annotated[tuple[Finding, ...], Field(max_length=50)] = ()


class Example(_Record):
    """A hand-made panel and what the score of its last day must be."""

    why: Text = ""
    quote: Text = ""
    parameters: dict[str, Number] = {}
    history: dict[str, int | list[Number]] = {}
    days: dict[str, Annotated[list[list[Number | None]], Field(max_length=_MOST_DAYS)]]
    order: tuple[int, ...] = ()
    values: tuple[Number | None, ...] | None = None
    tolerance: Annotated[float, Field(gt=0, le=0.5)] = 0.01

    @field_validator("order", mode="before")
    @classmethod
    def _no_order(cls, value: object) -> object:
        return () if value is None else value

    @model_validator(mode="after")
    def _has_shape(self) -> Example:
        rows = {len(field) for field in self.days.values()}
        if "close" not in self.days or len(rows) != 1 or not min(rows):
            raise ValueError('"days" needs "close" and the same number of rows in every field')
        if any(len(row) != STOCKS for field in self.days.values() for row in field):
            raise ValueError(f"a row of an example has {STOCKS} stocks")
        unknown = (set(self.days) | set(self.history)) - {*FIELDS, "days"}
        if unknown:
            raise ValueError(f"an example's fields are {', '.join(FIELDS)}, got {sorted(unknown)}")
        if sorted(set(self.order)) != sorted(self.order) or not set(self.order) <= set(range(STOCKS)):
            raise ValueError(
                f"the order names each stock 0 to {STOCKS - 1} at most once, got {list(self.order)}"
            )
        if self.values is not None and len(self.values) != STOCKS:
            raise ValueError(f"an example has {STOCKS} values, got {len(self.values)}")
        if len(self.order) < 2 and self.values is None:
            raise ValueError("an example needs an order of at least two stocks, or values")
        return self

    @property
    def history_days(self) -> int:
        """Rows before the example's own."""
        days = self.history.get("days", 0)
        return min(days, _MOST_HISTORY) if isinstance(days, int) else 0


class Scaling(_Record):
    """Data in other units, and what that does to the scores."""

    why: Text = ""
    quote: Text = ""
    fields: Annotated[
        tuple[Literal["open", "high", "low", "close", "volume", "vwap"], ...], Field(min_length=1)
    ]
    factor: Annotated[float, Field(allow_inf_nan=False, ge=1e-6, le=1e6)]
    effect: Effect


class Examination(_Record):
    """Tests of a program, written from the report alone."""

    examples: Annotated[tuple[Example, ...], Field(max_length=10)] = ()
    scalings: Annotated[tuple[Scaling, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _has_tests(self) -> Examination:
        if not self.examples and not self.scalings:
            raise ValueError("at least one example or scaling is needed")
        return self


def is_there(need: str) -> bool:
    """Whether a panel has what a report calls by that name, such as "close", "daily closing prices" or "成交量"."""
    words = re.findall(r"[^\W\d_]+", need.lower())
    return bool(words) and all(word in _DAILY_BARS for word in words)


def is_nearly(value: float, wanted: float | None, tolerance: float) -> bool:
    """Whether a score is as wanted: None means no opinion; the tolerance is relative."""
    if wanted is None:
        return math.isnan(value)
    return math.isclose(value, wanted, rel_tol=tolerance, abs_tol=1e-9)
