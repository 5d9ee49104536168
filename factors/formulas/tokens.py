"""From characters to tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from factors.formulas.errors import FormulaError

MAX_CHARACTERS = 10_000
Kind = Literal["number", "name", "field", "text", "sign", "end"]
_TOKEN = re.compile(
    r"""(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<field>\$[A-Za-z0-9_]+)
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<sign>\|\||&&|\*\*|[<>=!]=|[-+*/^<>()?:,&|=!~])
    | (?P<space>\s+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True)
class Token:
    """One word of a formula and the column, from 1, where it begins."""

    kind: Kind
    text: str
    column: int

    def __str__(self) -> str:
        return "the end of the formula" if self.kind == "end" else f"`{self.text[:40]}`"


def tokens(text: str) -> list[Token]:
    """Split a formula; the last token is its end."""
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(f"a formula has at most {MAX_CHARACTERS} characters, got {len(text)}: split it.")
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FormulaError(
                f"{text[position]!r} is not part of a formula: remove it.", column=position + 1
            )
        if match.lastgroup != "space":
            yield Token(kind=match.lastgroup, text=match[0], column=position + 1)  # type: ignore[arg-type]
        position = match.end()
    yield Token(kind="end", text="", column=len(text) + 1)
