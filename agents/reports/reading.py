"""The host's side of reading a report: checks the file, has it read in the sandbox, and checks the answer.

Each file gets a process of its own that can read this file, the interpreter and nothing else, so that a file made to
take the parser over finds no other report, and no later one to falsify.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.reports.document import Document, Page
from agents.reports.errors import ReportError
from factors.errors import MemoryProgramError, ProgramError, TimeoutProgramError
from factors.sandbox import Limits, Worker

_SERVICE = "agents.reports.extraction:Extractor"
_SIGNATURE, _END_MARK = b"%PDF-", b"%%EOF"
_MARK_WITHIN = 1024  # bytes at the beginning and at the end, as Adobe's readers look for them
_TITLE_CHARACTERS = 300
_MEBIBYTE = 2**20
_UNPRINTABLE = re.compile(  # controls, byte-order marks, invisible and direction-changing characters, halves of pairs
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_DAY = re.compile(r"D?:?(\d{4})(\d{2})(\d{2})")


@dataclass(frozen=True, kw_only=True)
class ReadingLimits:
    """What one report may use; a file beyond any of them is refused, never read in part."""

    file_bytes: int = 50 * _MEBIBYTE
    pages: int = 300
    page_characters: int = 100_000
    characters: int = 3_000_000
    timeout_s: float = 60.0
    memory_bytes: int = 2**30


class _PageAnswer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    text: str
    tables: list[list[list[str]]]
    pictures: Annotated[int, Field(ge=0)]


class _Answer(BaseModel):
    """What the sandbox may say: pages, or why there are none."""

    model_config = ConfigDict(strict=True, extra="forbid")

    refused: Annotated[str, Field(max_length=300)] = ""
    title: str = ""
    created: str = ""
    pages: list[_PageAnswer] = []


def read_document(
    path: Path | str, *, limits: ReadingLimits | None = None, require_sandbox: bool = False
) -> Document:
    """Read a PDF. Raises `ReportError` if it is not one, or cannot be read whole within the limits."""
    limits, path = limits or ReadingLimits(), Path(path)
    sha256 = hashlib.sha256(_content(path, limits)).hexdigest()
    answer = _extracted(path, sha256, limits, require_sandbox)
    if answer.refused:
        raise ReportError(f"`{path}` {_one_line(answer.refused)}.")
    pages = tuple(_page(number, page) for number, page in enumerate(answer.pages, start=1))
    if not any(page.text for page in pages):
        raise ReportError(f"`{path}` {_without_text(pages)}.")
    return Document(
        name=path.name,
        sha256=sha256,
        pages=pages,
        title=_one_line(answer.title)[:_TITLE_CHARACTERS],
        created=_day(answer.created),
    )


def _content(path: Path, limits: ReadingLimits) -> bytes:
    if path.is_dir():
        raise ReportError(f"a report is a PDF file, `{path}` is a folder: name the files in it.")
    if not path.exists():
        raise ReportError(f"a report is a PDF file, `{path}` does not exist: check the path.")
    if not path.is_file():
        raise ReportError(f"a report is a PDF file, `{path}` is not a plain file: copy it into one.")
    try:
        with path.open("rb") as file:
            content = file.read(limits.file_bytes + 1)
    except OSError as error:
        raise ReportError(f"`{path}` cannot be read ({error.strerror}): check its permissions.") from None
    if not content:
        raise ReportError(f"`{path}` is empty: download it again.")
    if len(content) > limits.file_bytes:
        most = limits.file_bytes / _MEBIBYTE
        raise ReportError(f"`{path}` is larger than {most:g} MiB: split it, or leave its pictures out.")
    if _SIGNATURE not in content[:_MARK_WITHIN]:
        raise ReportError(f"`{path}` is not a PDF (it begins with {content[:8]!r}): convert it to one.")
    if _END_MARK not in content[-_MARK_WITHIN:]:
        raise ReportError(f"`{path}` is cut off (its end mark is missing): download it again.")
    return content


def _extracted(path: Path, sha256: str, limits: ReadingLimits, require_sandbox: bool) -> _Answer:
    settings = {
        "pages": limits.pages,
        "page_characters": limits.page_characters,
        "characters": limits.characters,
    }
    bounds = Limits(timeout_s=limits.timeout_s, memory_bytes=limits.memory_bytes)
    real = path.resolve()
    with Worker(_SERVICE, settings, bounds, readable=[real], require_sandbox=require_sandbox) as worker:
        try:
            return _Answer.model_validate(worker.call("read", path=str(real), sha256=sha256))
        except TimeoutProgramError:
            found = f"takes longer than {limits.timeout_s:g} s to read"
        except MemoryProgramError:
            found = f"needs more than {limits.memory_bytes / _MEBIBYTE:g} MiB to read"
        except (ProgramError, ValidationError):
            found = "breaks the program that reads it, being damaged, too large inside or made to harm"
    raise ReportError(f"`{path}` {found}: print it to a new PDF, or leave it out.")


def _page(number: int, answer: _PageAnswer) -> Page:
    tables = tuple(tuple(tuple(map(_one_line, row)) for row in table) for table in answer.tables)
    return Page(number=number, text=_clean(answer.text).strip(), tables=tables, pictures=answer.pictures)


def _without_text(pages: Sequence[Page]) -> str:
    if any(page.is_scanned for page in pages):
        return f"is scanned ({len(pages)} pages, pictures without text): needs OCR, for example by ocrmypdf"
    return f"has no text ({len(pages)} pages): its letters may be drawn, which needs OCR"


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


def _one_line(text: str) -> str:
    return " ".join(_clean(text).split())


def _day(stamp: str) -> date | None:
    """The day of a PDF's time stamp, such as D:20110614080000+00'00'; None if it has no sense."""
    found = _DAY.match(stamp)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None
