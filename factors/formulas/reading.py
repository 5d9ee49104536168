"""From a formula's text to its tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from factors.formulas import qlib, worldquant
from factors.formulas.errors import FormulaError
from factors.formulas.parsing import Parser
from factors.formulas.syntax import Node
from factors.formulas.tokens import tokens

Dialect: TypeAlias = Literal["auto", "qlib", "worldquant"]
_PARSERS: dict[str, type[Parser]] = {"qlib": qlib.QlibParser, "worldquant": worldquant.WorldQuantParser}


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula that was understood: its text, the notation it is in, and its tree."""

    text: str
    dialect: Dialect
    tree: Node


def read_formula(text: str, *, dialect: Dialect = "auto") -> Formula:
    """Parse a formula; "auto" takes `$close` or an operator that only Qlib has as a sign of Qlib's notation.

    Raises `MissingDataError` for data that no panel has and `FormulaError`, with the column, for everything else.
    """
    if dialect not in {"auto", *_PARSERS}:
        raise FormulaError(f"a notation is one of auto, {', '.join(_PARSERS)}, got {dialect!r}: choose one.")
    notation = _recognised(text) if dialect == "auto" else dialect
    return Formula(text=text.strip(), dialect=notation, tree=_PARSERS[notation](text).parse())


def _recognised(text: str) -> Dialect:
    words = tokens(text)
    only_qlib = {name for name in qlib.OPERATORS if name.lower() not in worldquant.OPERATORS}
    says_qlib = any(
        word.kind == "field" or (word.kind == "name" and word.text in only_qlib) for word in words
    )
    return "qlib" if says_qlib else "worldquant"
