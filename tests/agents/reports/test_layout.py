"""Reading order, tables and divided words on small pages whose layout is known."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from agents.reports.extraction import Extractor
from agents.reports.reading import ReadingLimits, read_document
from factors.sandbox import Worker
from tests.agents.reports.pdfs import Pdf, rule, stream, text

LEFT = [f"left column line {row} of the first one" for row in range(8)]
RIGHT = [f"right column line {row} of the other" for row in range(8)]


@pytest.fixture
def pages(tmp_path):
    def read(pdf: Pdf) -> list[dict]:
        path = tmp_path / "report.pdf"
        content = pdf.content()
        path.write_bytes(content)
        extractor = Extractor(pages=300, page_characters=100_000, characters=3_000_000)
        return extractor.read(str(path), hashlib.sha256(content).hexdigest())["pages"]

    return read


def column(x: float, lines: Sequence[str], *, top: float = 700) -> list[bytes]:
    return [text(x, top - 12 * row, line) for row, line in enumerate(lines)]


def test_two_columns_written_one_after_the_other_stay_apart(pages) -> None:
    (page,) = pages(Pdf([b"".join(column(50, LEFT) + column(320, RIGHT))]))
    assert page["text"].split("\n\n") == ["\n".join(LEFT), "\n".join(RIGHT)]


def test_two_columns_written_line_by_line_are_told_apart(pages) -> None:
    rows = zip(column(50, LEFT), column(320, RIGHT), strict=True)
    (page,) = pages(Pdf([b"".join(part for row in rows for part in row)]))
    assert page["text"].split() == " ".join(LEFT + RIGHT).split()


def test_a_title_and_a_closing_line_stand_around_two_columns(pages) -> None:
    title = text(50, 750, "A title that reaches over both of the columns of the page, left to right", size=14)
    close = text(
        50,
        500,
        "A last line that reaches over both of the columns of the page, from left to right " + "x" * 20,
    )
    (page,) = pages(Pdf([b"".join([*column(320, RIGHT), close, *column(50, LEFT), title])]))
    places = [
        page["text"].find(part) for part in ("A title", LEFT[0], LEFT[7], RIGHT[0], RIGHT[7], "A last line")
    ]
    assert -1 not in places
    assert places == sorted(places)


def test_a_rule_across_the_page_ends_the_columns_above_it(pages) -> None:
    below = column(50, ["below on the left side of the page"], top=550) + column(
        320, ["below on the right side"], top=550
    )
    (page,) = pages(Pdf([b"".join([*column(50, LEFT), *column(320, RIGHT), rule(50, 580, 500), *below])]))
    places = [
        page["text"].find(part) for part in (LEFT[7], RIGHT[7], "below on the left", "below on the right")
    ]
    assert places == sorted(places)


def table(*rows: tuple[str, ...], top: float = 600) -> bytes:
    """Three rules: above the head, below it, and at the end."""
    cells = [
        text(60 + 120 * i, top - 15 * row, cell)
        for row, cells in enumerate(rows)
        for i, cell in enumerate(cells)
    ]
    rules = [rule(50, y, 480) for y in (top + 12, top - 4, top - 15 * len(rows) + 10)]
    return b"".join(cells + rules)


def test_a_table_with_three_rules_is_rows_of_cells(pages) -> None:
    rows = [("Name", "Low", "High"), ("window", "5", "20"), ("decay", "", "0.9")]
    (page,) = pages(Pdf([text(50, 650, "Exhibit 1: ranges") + table(*rows) + text(50, 500, "Source: desk.")]))
    assert page["tables"] == [tuple(rows)]
    assert page["text"].split("\n\n") == [
        "Exhibit 1: ranges",
        "Name | Low | High\nwindow | 5 | 20\ndecay |  | 0.9",
        "Source: desk.",
    ]


def test_text_between_two_rules_is_no_table(pages) -> None:
    (page,) = pages(Pdf([b"".join([rule(50, 710, 480), *column(60, LEFT), rule(50, 600, 480)])]))
    assert page["tables"] == []


def test_an_underlined_phrase_is_no_fraction(pages) -> None:
    lines = column(50, ["an underlined phrase in this line", "and the line that follows below it"])
    (page,) = pages(Pdf([b"".join([*lines, rule(50, 698, 150)])]))
    assert "frac" not in page["text"]


def test_scripts_are_marked(pages) -> None:
    formula = text(50, 700, "x", size=10) + text(55.2, 698, "t", size=6) + text(60, 700, "= y", size=10)
    power = text(74, 704, "2", size=6)
    (page,) = pages(Pdf([formula + power]))
    assert page["text"] == "x_{t} = y^{2}"


@pytest.mark.parametrize(
    ("elsewhere", "joined"),
    [("international", "international"), ("inter-national", "inter-national"), ("nothing", "inter-national")],
)
def test_a_divided_word_is_joined_and_loses_its_hyphen_only_on_evidence(pages, elsewhere, joined) -> None:
    lines = column(50, ["a view on inter-", "national markets", f"and {elsewhere} at the end"])
    (page,) = pages(Pdf([b"".join(lines)]))
    assert page["text"].split()[:5] == ["a", "view", "on", joined, "markets"]


def test_running_heads_and_page_numbers_stay_only_on_their_first_page(pages) -> None:
    sheets = [
        text(50, 770, "The Desk | A Report")
        + text(50, 400, f"The body of sheet {word}.")
        + text(300, 20, f"Page {number} of 3")
        for number, word in enumerate(("one", "two", "three"), start=1)
    ]
    texts = [page["text"] for page in pages(Pdf(sheets))]
    assert texts == [
        "The Desk | A Report\n\nThe body of sheet one.\n\nPage 1 of 3",
        "The body of sheet two.",
        "The body of sheet three.",
    ]


def test_text_beyond_the_edge_of_the_page_is_not_read(pages) -> None:
    (page,) = pages(
        Pdf([text(50, 700, "seen") + text(50, 900, "above the page") + text(-300, 600, "left of it")])
    )
    assert page["text"] == "seen"


def test_a_turned_page_is_read_as_it_is_shown(pages) -> None:
    lines = b"BT /F1 10 Tf 0 1 -1 0 100 50 Tm (the first line) Tj ET BT /F1 10 Tf 0 1 -1 0 112 50 Tm (the second) Tj ET"
    (page,) = pages(Pdf([lines], page=b"/Rotate 90"))
    assert page["text"] == "the first line\nthe second"


def test_letters_without_height_are_no_trouble(pages) -> None:
    (page,) = pages(Pdf([text(50, 700, "seen") + text(50, 650, "flat", size=0) + text(50, 600, "after")]))
    assert page["text"].startswith("seen")
    assert page["text"].endswith("after")


def test_dot_leaders_become_one_sign(pages) -> None:
    (page,) = pages(Pdf([text(50, 700, "1. Motivation " + ". " * 40 + "3")]))
    assert page["text"] == "1. Motivation … 3"


def test_letters_beyond_the_basic_plane_are_whole(tmp_path: Path) -> None:
    to_unicode = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <78> <D835DC65> endbfchar endcmap end end"
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 5 0 R >>"
    path = tmp_path / "report.pdf"
    path.write_bytes(Pdf([text(50, 700, "x = 1")], font=font, more=[stream(to_unicode)]).content())
    assert read_document(path).pages[0].text == "\U0001d465 = 1"


def test_chinese_without_an_embedded_font_is_read_behind_the_walls(tmp_path: Path) -> None:
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts ["
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> >>] >>"
    )
    line = "影线的含义依赖于环境".encode("utf-16-be").hex().encode()
    path = tmp_path / "report.pdf"
    path.write_bytes(Pdf([b"BT /F1 12 Tf 50 700 Td <%b> Tj ET" % line], font=font).content())
    assert read_document(path).pages[0].text == "影线的含义依赖于环境"


def test_the_reader_sees_no_file_but_the_report(tmp_path: Path) -> None:
    report, other = tmp_path / "report.pdf", tmp_path / "other.pdf"
    for path in (report, other):
        path.write_bytes(Pdf([text(50, 700, path.stem)]).content())
    settings = {"pages": 1, "page_characters": 100, "characters": 100}
    with Worker("tests.agents.reports.curious:Curious", settings, readable=[report]) as worker:
        assert worker.call("can_open", path=str(report)) == {"opened": True}
        assert worker.call("can_open", path=str(other)) == {"opened": False}


def test_a_file_that_changes_before_it_is_parsed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(Pdf([text(50, 700, "new")]).content())
    answer = Extractor(1, 100, 100).read(str(path), hashlib.sha256(b"old").hexdigest())
    assert answer == {"refused": "changed while it was read: read it again when it is complete"}


def test_the_characters_of_all_pages_are_counted_together(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(Pdf([text(50, 700, "x" * 60)] * 3).content())
    answer = Extractor(3, 100, 150).read(str(path), hashlib.sha256(path.read_bytes()).hexdigest())
    assert answer["refused"].startswith(
        "has 60 characters on page 3, at most 100 on a page and 150 in all are read"
    )
    assert ReadingLimits().characters >= 10 * ReadingLimits().page_characters
