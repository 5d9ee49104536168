"""What strangers send as a report is read, or refused in one line: the file, what was found, the remedy."""

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.reports.errors import ReportError
from agents.reports.reading import ReadingLimits, read_document
from market.errors import FactorEngineError
from tests.agents.reports.pdfs import Pdf, picture, stream, text, zeros


def dense(*, rows: int) -> bytes:
    """A page of 800 small characters a row."""
    return b"".join(text(5, 5 + 2 * row, "w x y z " * 100, size=2) for row in range(rows))


GOOD = Pdf([text(50, 700, "A report of one line.")])
LOCK = b"/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <%b> /U <%b> >> /ID [<00> <00>]" % (
    b"41" * 32,
    b"42" * 32,
)
GARBAGE = {
    "empty": (b"", r"is empty: download it again"),
    "no PDF": (b"PK\x03\x04 a spreadsheet", r"is not a PDF \(it begins with b'PK.*'\): convert it to one"),
    "a PDF by its first line only": (
        b"%PDF-1.7\nnothing\n%%EOF",
        r"is damaged and cannot be opened: download it again",
    ),
    "cut off": (GOOD.content()[:-40], r"is cut off \(its end mark is missing\): download it again"),
    "cut off in the middle": (GOOD.content()[:300] + b"\n%%EOF", r"is damaged and cannot be opened"),
    "locked": (
        Pdf([text(50, 700, "secret")], trailer=LOCK).content(),
        r"is encrypted: save a copy without its password",
    ),
    "too many pages": (
        Pdf([text(50, 700, "page")] * 3000).content(),
        r"has 3,000 pages, at most 300 are read: split it",
    ),
    "scanned": (Pdf([picture()] * 3).content(), r"is scanned \(3 pages, pictures without text\): needs OCR"),
    "drawn letters": (Pdf([b"1 1 500 300 re f\n"]).content(), r"has no text \(1 pages\): .* needs OCR"),
    "a page of too many characters": (
        Pdf([text(50, 700, "short"), dense(rows=130)]).content(),
        r"has 1\d\d,\d\d\d characters on page 2, at most 100,000 on a page .*: split it",
    ),
}


def refusal(path: Path, limits: ReadingLimits | None = None) -> str:
    with pytest.raises(ReportError) as caught:
        read_document(path, limits=limits)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "report.pdf"


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_one_line_that_names_the_thing(path, name) -> None:
    content, message = GARBAGE[name]
    path.write_bytes(content)
    assert re.search(message, refusal(path))


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path) -> None:
    assert "is a folder: name the files in it" in refusal(tmp_path)
    assert "does not exist: check the path" in refusal(tmp_path / "none.pdf")


def test_what_is_not_a_plain_file_is_never_opened(path) -> None:
    os.mkfifo(path)
    assert "is not a plain file" in refusal(path)


def test_a_file_beyond_the_size_is_refused_unread(path) -> None:
    path.write_bytes(GOOD.content())
    assert "is larger than" in refusal(path, ReadingLimits(file_bytes=100))


def test_a_decompression_bomb_ends_its_reader_and_not_the_host(path) -> None:
    content = Pdf([zeros(2**29)], filters=b"/Filter [/FlateDecode /FlateDecode]").content()
    assert len(content) < 10_000
    path.write_bytes(content)
    assert "print it to a new PDF, or leave it out" in refusal(path, ReadingLimits(memory_bytes=2**28))


def test_a_report_that_takes_too_long_is_refused(path) -> None:
    path.write_bytes(Pdf([dense(rows=100)]).content())
    assert "takes longer than 0.01 s to read" in refusal(path, ReadingLimits(timeout_s=0.01))


def test_scripts_and_attachments_are_ignored(path) -> None:
    script = rb"/OpenAction << /S /JavaScript /JS (app.alert\(1\)) >> "
    names = script + b"/Names << /EmbeddedFiles << /Names [(a.exe) 5 0 R] >> >>"
    attachment = [b"<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>", stream(b"MZ an attached program")]
    path.write_bytes(Pdf(GOOD.pages, catalog=names, more=attachment).content())
    assert [page.text for page in read_document(path).pages] == ["A report of one line."]


def test_a_scanned_page_among_others_is_marked(path) -> None:
    path.write_bytes(Pdf([GOOD.pages[0], picture()]).content())
    assert [page.is_scanned for page in read_document(path).pages] == [False, True]


def test_what_the_file_says_of_itself_is_made_harmless(path) -> None:
    title = "\ufeffA \x07bell\n\u202etitle".encode("utf-16-be").hex().encode()
    info = [b"<< /Title <%b> /CreationDate (D:20119999) >>" % title]
    path.write_bytes(Pdf(GOOD.pages, more=info, trailer=b"/Info 5 0 R").content())
    document = read_document(path)
    assert document.title == "A bell title"
    assert document.created is None


def test_a_report_is_known_by_its_content(path, tmp_path) -> None:
    path.write_bytes(GOOD.content())
    link = tmp_path / "a link.pdf"
    link.symlink_to(path)
    one, two = read_document(path), read_document(link)
    assert one.sha256 == two.sha256
    assert (one.name, two.name) == ("report.pdf", "a link.pdf")
    assert one.pages == two.pages


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_overwritten_bytes_are_read_or_refused(tmp_path_factory, data) -> None:
    content = bytearray(GOOD.content())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("spoilt") / "report.pdf"
    path.write_bytes(content)
    with suppress(ReportError):
        assert read_document(path).pages


def test_a_refusal_is_an_error_of_the_project() -> None:
    assert issubclass(ReportError, FactorEngineError)
