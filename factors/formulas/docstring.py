"""The docstring of a written program."""

from __future__ import annotations

import textwrap
from itertools import pairwise

from factors.formulas.reading import Formula
from factors.formulas.tokens import tokens
from factors.formulas.words import in_words

WIDTH = 105


def docstring_of(formula: Formula, *, idea: str, rationale: str, source: str) -> str:
    """Return the docstring: idea, rationale, source, and the formula, wrapped between its tokens."""
    paragraphs = [_wrapped(idea) or _wrapped(in_words(formula.tree))]
    if rationale.strip():
        paragraphs.append(_wrapped(f"Rationale: {rationale}"))
    origin = f"{_wrapped(f'Source: {source}')}\n" if source.strip() else ""
    paragraphs.append(origin + _wrapped_formula(formula.text))
    return '"""' + "\n\n".join(paragraphs) + '\n"""\n'


def _wrapped(text: str) -> str:
    """Return one paragraph that may stand in a docstring."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    filled = textwrap.fill(" ".join(printable.split()), WIDTH, break_on_hyphens=False)
    return filled.replace("\\", "\\\\").replace('"""', "'''")


def _wrapped_formula(text: str) -> str:
    """Wrap between tokens, where white space does not count; no line begins with a closing bracket."""
    starts = [word.column - 1 for word in tokens(text) if word.text not in {")", ","}]
    lines = ["Formula: "]
    for piece in (text[start:end] for start, end in pairwise(starts)):
        words = " ".join(piece.split())
        if len(lines[-1] + words) > WIDTH:
            lines.append("    ")
        lines[-1] += words + " " * (piece != piece.rstrip())
    return "\n".join(line.rstrip() for line in lines)
