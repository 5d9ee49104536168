"""Small PDFs written by hand, so that each test shows what its file holds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 600, 800
HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
GREY_PICTURE = (
    b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>"
    b"\nstream\n\x80\nendstream"
)


def text(x: float, y: float, words: str, *, size: float = 10) -> bytes:
    """Draw words with the lower left corner at (x, y), upwards from the foot of the page."""
    escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F1 {size} Tf {x} {y} Td ({escaped}) Tj ET\n".encode("latin-1")


def rule(x: float, y: float, length: float) -> bytes:
    return f"{x} {y} {length} 0.5 re f\n".encode()


def picture() -> bytes:
    return b"q 400 0 0 500 100 100 cm /Im1 Do Q\n"


@dataclass
class Pdf:
    """Pages of drawing instructions, and what else goes into the file."""

    pages: Sequence[bytes]
    font: bytes = HELVETICA
    catalog: bytes = b""
    page: bytes = b""
    trailer: bytes = b""
    filters: bytes = b""
    more: Sequence[bytes] = field(default_factory=tuple)  # objects from number 5

    def content(self) -> bytes:
        first = 5 + len(self.more)
        kids = b" ".join(b"%d 0 R" % (first + 2 * i) for i in range(len(self.pages)))
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R %b >>" % self.catalog,
            b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(self.pages)),
            self.font,
            GREY_PICTURE,
            *self.more,
        ]
        for number, drawing in enumerate(self.pages):
            objects += [self._page(first + 2 * number + 1), stream(drawing, self.filters)]
        return assembled(objects, self.trailer)

    def _page(self, drawing: int) -> bytes:
        return (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents %d 0 R %b "
            b"/Resources << /Font << /F1 3 0 R >> /XObject << /Im1 4 0 R >> >> >>"
        ) % (WIDTH, HEIGHT, drawing, self.page)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def assembled(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R %b >>\nstartxref\n%d\n%%%%EOF\n"
    ) % (size, table, size, trailer, len(body))


def zeros(count: int) -> bytes:
    """That many spaces, compressed twice: a few kilobytes."""
    packer, block = zlib.compressobj(9), b" " * 2**20
    once = b"".join(packer.compress(block) for _ in range(count // len(block))) + packer.flush()
    return zlib.compress(once, 9)
