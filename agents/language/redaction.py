"""What a model must not be told, lest it remember rather than reason: days, and the names of stocks."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

_DATE = re.compile(
    r"\b(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])\b"
    r"|\b(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\b"
)
_WORD = re.compile(r"[\w.\-^=/]*\w")


@dataclass(frozen=True)
class Redaction:
    """Takes out days everywhere, and the panel's symbols where a message may name one."""

    symbols: Set[str] = frozenset()
    is_on: bool = True

    def text(self, text: str) -> str:
        """The text without days."""
        return _DATE.sub("[day]", text) if self.is_on else text

    def message(self, text: str) -> str:
        """A message of the engine without days and symbols."""
        if not self.is_on:
            return text
        return self.text(_WORD.sub(lambda word: "[stock]" if word[0] in self.symbols else word[0], text))
