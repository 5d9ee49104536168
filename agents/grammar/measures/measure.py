"""One thing that can be measured about a stock from its daily bars, as a quant would write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from factors.parameters import Parameter


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A named quantity: its text, its reason and its ranges.

    name        the variable that `code` leaves behind
    theme       the family it belongs to, one of `THEMES`
    says        a noun phrase for the docstring
    because     the mechanism and the end that is expected to do better, as sentences
    code        statements for the body of `factor`; the last binds `name`
    parameters  ranges of every `p[...]` in `code`
    helpers     functions that `code` calls, at module level
    """

    name: str
    theme: str
    says: str
    because: str
    code: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()
