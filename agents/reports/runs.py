"""From single characters to runs of text: words and phrases on one baseline, with what is set lower or higher."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agents.reports.marks import Box, Run, around

_ACCENTS = {  # printed over the letter before them: the mark that combines with it
    "\u02dc": "\u0303",  # tilde
    "\u02c6": "\u0302",  # hat
    "\u00af": "\u0304",  # bar
    "\u02d9": "\u0307",  # dot
    "\u00b4": "\u0301",
    "\u00a8": "\u0308",
}
_SAME_SIZE = 0.85  # the smaller of two fonts in a run, as a fraction of the larger
_WIDE_GAP = 1.0  # between two runs, in font sizes
_WORD_GAP = 0.2
_NO_SCRIPTS = frozenset("√∑∏∫([{")  # what follows them smaller is their operand


def runs_of(glyphs: Iterable[Run]) -> list[Run]:
    """Join characters that follow each other on one baseline; a wide gap, as between two cells, divides."""
    return list(_joined(glyphs))


def _joined(glyphs: Iterable[Run]) -> Iterator[Run]:
    draft: _Draft | None = None
    for glyph in glyphs:
        if draft is not None and draft.takes(glyph):
            continue
        if draft is not None and glyph.text.strip():
            yield draft.finished()
            draft = None
        if draft is None and glyph.text.strip():
            draft = _Draft(glyph)
    if draft is not None:
        yield draft.finished()


@dataclass
class _Draft:
    """A run in the making: the last characters of its own size, and of a script if one is open."""

    first: Run
    parts: list[str] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    script: str = ""
    spaced: bool = False

    def __post_init__(self) -> None:
        self.base = self.last = self.first
        self.parts.append(self.first.text)
        self.boxes.append(self.first.box)

    def takes(self, glyph: Run) -> bool:
        """Add a character if it belongs here."""
        if not glyph.text.strip():
            self.spaced = self.spaced or glyph.text not in "\r\n"
        elif glyph.text in _ACCENTS and glyph.box.left < self.last.box.right:
            self.parts.append(_ACCENTS[glyph.text])
        elif not (self._continues_script(glyph) or self._continues_base(glyph) or self._opens_script(glyph)):
            return False
        return True

    def finished(self) -> Run:
        """The run, with an open script closed."""
        self._switch("")
        text = unicodedata.normalize("NFC", "".join(self.parts))
        return self.first._replace(text=text, box=around(self.boxes))

    def _continues_base(self, glyph: Run) -> bool:
        level = abs(glyph.baseline - self.base.baseline) < 0.1 * self.base.size
        alike = _ratio(glyph.size, self.base.size) >= _SAME_SIZE
        right = max(self.base.box.right, self.last.box.right)
        gap = (glyph.box.left - right) / max(self.base.size, glyph.size)
        if not (level and alike and -_WIDE_GAP < gap < _WIDE_GAP):
            return False
        self._switch("")
        self._add(glyph, " " if self.spaced or gap > _WORD_GAP else "")
        self.base = glyph
        return True

    def _continues_script(self, glyph: Run) -> bool:
        level = abs(glyph.baseline - self.last.baseline) < 0.1 * self.last.size
        gap = (glyph.box.left - self.last.box.right) / self.last.size
        alike = _ratio(glyph.size, self.last.size) >= _SAME_SIZE
        if not (self.script and level and alike and -0.5 < gap < 0.5):
            return False
        self._add(glyph, "")
        return True

    def _opens_script(self, glyph: Run) -> bool:
        size = self.base.size
        drop = (glyph.baseline - self.base.baseline) / size
        gap = (glyph.box.left - self.base.box.right) / size
        beside = 0.1 <= abs(drop) < 0.7 and -0.3 < gap < 0.4
        if self.base.text in _NO_SCRIPTS or glyph.size >= _SAME_SIZE * size or not beside:
            return False
        self._switch("_{" if drop > 0 else "^{")
        self._add(glyph, "")
        return True

    def _switch(self, script: str) -> None:
        if script != self.script:
            self.parts.append(("}" if self.script else "") + script)
            self.script = script

    def _add(self, glyph: Run, space: str) -> None:
        self.parts.append(space + glyph.text)
        self.last, self.spaced = glyph, False
        self.boxes.append(glyph.box)


def _ratio(one: float, other: float) -> float:
    return min(one, other) / max(one, other, 0.01)


def merged(runs: Iterable[Run], text: str) -> Run:
    """One run in the place of several."""
    parts = sorted(runs, key=lambda run: run.order)
    size = max(run.size for run in parts)
    return parts[0]._replace(text=text, box=around([run.box for run in parts]), size=size)
