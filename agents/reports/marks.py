"""What is printed on a page, with its place: runs of characters, lines and pictures, as PDFium reports them.

Places are in points (1/72 inch) from the upper left corner of the page as it is shown; `top` < `bottom`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from pypdfium2 import raw  # type: ignore[import-untyped]

_MAX_OBJECTS = 50_000  # drawn objects looked at on a page
_MAX_DEPTH = 5  # of objects within objects
_LINE_THICKNESS = 3.0
_LEAST_SIZE = 0.1  # of a font, for those whose letters have no height
_LINE_END_HYPHEN = 2  # PDFium's code for a hyphen that divides a word


class Box(NamedTuple):
    """A rectangle on the page; a tuple, because a page has thousands."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Extent downwards."""
        return self.bottom - self.top

    @property
    def width(self) -> float:
        """Extent to the right."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Half-way down."""
        return (self.top + self.bottom) / 2

    def overlap_down(self, other: Box) -> float:
        """Shared height as a fraction of the smaller one."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return shared / max(min(self.height, other.height), 0.01)


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds them all."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(left=min(lefts), top=min(tops), right=max(rights), bottom=max(bottoms))


class Run(NamedTuple):
    """Text that stands together: `order` is its place in the file's order, `size` the height of its font."""

    text: str
    box: Box
    baseline: float
    size: float
    order: int


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Horizontal lines, the upper and lower edges of framed or filled areas, and the number of pictures."""

    lines: tuple[Box, ...]
    edges: tuple[Box, ...]
    pictures: int


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The visible part of a page and how it is turned: from the file's coordinates to the reader's."""

    left: float
    bottom: float
    right: float
    top: float
    quarter_turns: int

    @classmethod
    def of(cls, page: Any) -> Frame:
        """The frame of a PDFium page."""
        left, bottom, right, top = page.get_cropbox()
        return cls(left=left, bottom=bottom, right=right, top=top, quarter_turns=page.get_rotation() // 90)

    @property
    def shown(self) -> Box:
        """The page as it is shown."""
        return self.box(self.left, self.bottom, self.right, self.top)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the file is shown: to the right, and downwards."""
        match self.quarter_turns:
            case 1:
                return y - self.bottom, x - self.left
            case 2:
                return self.right - x, y - self.bottom
            case 3:
                return self.top - y, self.right - x
            case _:
                return x - self.left, self.top - y

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Where a rectangle of the file is shown."""
        x, y = self.point(left, bottom)
        u, v = self.point(right, top)
        return Box(left=min(x, u), top=min(y, v), right=max(x, u), bottom=max(y, v))


def drawing_of(page: Any, frame: Frame) -> Drawing:
    """What a PDFium page shows besides text."""
    lines: list[Box] = []
    edges: list[Box] = []
    pictures = 0
    wanted = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE]
    for found in islice(page.get_objects(filter=wanted, max_depth=_MAX_DEPTH), _MAX_OBJECTS):
        if found.type == raw.FPDF_PAGEOBJ_IMAGE:
            pictures += 1
            continue
        box = frame.box(*found.get_bounds())
        if box.height <= _LINE_THICKNESS:
            lines.append(box)
        else:
            edges += [box._replace(bottom=box.top), box._replace(top=box.bottom)]
    return Drawing(lines=tuple(lines), edges=tuple(edges), pictures=pictures)


def glyphs_of(textpage: Any, frame: Frame) -> Iterator[Run]:
    """The visible characters in the file's order, each a run of its own; white space is a run without width."""
    box, x, y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    handle, shown = textpage.raw, frame.shown
    for index in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(handle, index)
        text = "-" if code == _LINE_END_HYPHEN else chr(code)
        raw.FPDFText_GetLooseCharBox(handle, index, box)
        raw.FPDFText_GetCharOrigin(handle, index, x, y)
        right, baseline = frame.point(x.value, y.value)
        if 0 <= right <= shown.right and 0 <= baseline <= shown.bottom:
            place = frame.box(box.left, box.bottom, box.right, box.top)
            yield Run(
                text=text, box=place, baseline=baseline, size=max(place.height, _LEAST_SIZE), order=index
            )
