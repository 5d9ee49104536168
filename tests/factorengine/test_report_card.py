"""A report beside what was taken from it: nothing is lost, the right words are marked, and nothing of it can act."""

import base64
import hashlib
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.reports.document import Document, Page
from agents.reports.reading import read_document
from factorengine.report_card import report_card
from knowledge_base.reports import NewReport, NewReportFactor, ReportRecord
from knowledge_base.store import open_store
from tests.agents.reports.pdfs import Pdf, text
from tests.factors.programs import REVERSAL

SCRIPT = "<script>alert('x')</script>"


def step(quote: str, page: int = 1, **changes: object) -> dict:
    return {"text": "a step", "formula": "x", "page": page, "quote": quote} | changes


def document(*pages: str, tables: tuple = ()) -> Document:
    numbered = [Page(number=number, text=words, tables=tables) for number, words in enumerate(pages, start=1)]
    return Document(name="r.pdf", sha256="0" * 64, pages=tuple(numbered))


def factor(*steps: dict, **changes: object) -> NewReportFactor:
    usual = {"name": "Reversal", "status": "program", "record": {"steps": list(steps)}, "source": REVERSAL}
    return NewReportFactor(**(usual | changes))


def report(*factors: NewReportFactor, **changes: object) -> ReportRecord:
    usual = {
        "sha256": "0" * 64,
        "name": "r.pdf",
        "title": "A report",
        "published": date(2011, 6, 14),
        "pages": 1,
        "status": "read",
        "id": 1,
        "created_at": datetime.now(UTC),
    }
    return ReportRecord(**(usual | changes), factors=factors)


class Reader(HTMLParser):
    """What a browser would see: tags, their attributes, the report's paragraphs and what is marked in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.paragraphs: list[str] = []
        self.marked: list[str] = []
        self.cells: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes) -> None:
        self.tags.append(tag)
        self.attributes += attributes
        if tag in ("meta", "br"):
            return
        self._open.append(tag)
        if ("class", "text") in attributes:
            self.paragraphs.append("")
            self._open[-1] = "text"
        if tag in ("mark", "td"):
            {"mark": self.marked, "td": self.cells}[tag].append("")

    def handle_endtag(self, tag) -> None:
        self._open.pop()

    def handle_data(self, data) -> None:
        if "sup" in self._open:
            return
        for tag, found in (("text", self.paragraphs), ("mark", self.marked), ("td", self.cells)):
            if tag in self._open:
                found[-1] += data


def test_a_quoted_sentence_is_marked_and_stands_beside_its_step() -> None:
    html = report_card(
        document("Returns reverse. We divide by volume. The end."),
        report(factor(step("We divide by volume.", text="Divide", formula="r / v"))),
    )
    assert (
        'Returns reverse. <sup><a href="#note-1">1</a></sup><mark>We divide by volume.</mark> The end.'
        in html
    )
    beside = html.split('id="note-1"')[1].split("</div>")[0]
    assert "Divide" in beside
    assert "<code>r / v</code>" in beside


def test_a_quote_is_marked_on_the_page_that_is_stated() -> None:
    html = report_card(document("twice", "twice"), report(factor(step("twice", page=2))))
    assert "<mark>" not in html.split("Page 2")[0]
    assert "<mark>twice</mark>" in html.split("Page 2")[1]


def test_a_quote_over_lines_and_pages_is_marked_in_full() -> None:
    html = report_card(document("one two\nthree", "four five"), report(factor(step("two three four"))))
    assert Reader(html).marked == ["two", "three", "four"]


def test_where_quotes_overlap_each_has_its_number() -> None:
    html = report_card(document("a b c d"), report(factor(step("a b c"), step("b c d"))))
    assert Reader(html).marked == ["a ", "b c", " d"]
    assert [html.count(f'<sup><a href="#note-{number}">') for number in (1, 2)] == [1, 1]


def test_a_quote_that_is_not_in_the_report_is_said_to_be_missing() -> None:
    html = report_card(document("Something else."), report(factor(step("never written", page=1))))
    assert "not in the report:</strong> “never written”" in html
    assert "<mark>" not in html


def test_a_table_is_a_table_with_its_quotes_marked() -> None:
    rows = (("Window", "Days"), ("K", "10"))
    page = "Before\n\nWindow | Days\nK | 10\n\nAfter"
    html = report_card(document(page, tables=(rows,)), report(factor(step("K | 10"))))
    seen = Reader(html.split("<h2 id")[0])
    assert seen.cells == ["Window", "Days", "K", "10"]
    assert seen.marked == ["K", "10"]
    assert seen.paragraphs == ["Before", "After"]


def test_a_finding_is_marked_unlike_a_step() -> None:
    finding = {
        "kind": "look_ahead",
        "what": "tomorrow's close",
        "page": 1,
        "quote": "uses it",
        "resolved": True,
    }
    html = report_card(document("It uses it."), report(factor(findings=[finding])))
    assert '<mark class="finding">uses it</mark>' in html
    assert "look ahead, resolved:</strong> tomorrow&#39;s close" in html


def test_everything_of_a_factor_is_shown() -> None:
    record = {
        "core_idea": "the-idea",
        "rationale": "the-rationale",
        "direction": "low",
        "steps": [step("We divide.")],
        "symbols": [{"symbol": "r_t", "meaning": "the-meaning"}],
        "parameters": [
            {"name": "window", "symbol": "K", "type": "int", "low": 2.0, "high": 40.0, "default": 10.0}
        ],
        "missing_values": "the-gaps",
        "resolutions": ["the-choice"],
    }
    html = report_card(
        document("We divide."),
        report(
            factor(
                status="disputed",
                reason="the-reason",
                record=record,
                pseudocode="the-pseudocode",
                disagreements=["the-disagreement"],
            ),
            reason="the-report's-reason".replace("'", ""),
            screening={"instructions": ["the-order"]},
        ),
    )
    for part in (
        "idea",
        "rationale",
        "meaning",
        "gaps",
        "choice",
        "reason",
        "pseudocode",
        "disagreement",
        "order",
    ):
        assert f"the-{part}" in html
    assert "Stocks with low values are to be bought." in html
    assert "<td>2</td><td>40</td><td>10</td>" in html
    assert "def factor(data, ops, p):" in html


def test_a_report_without_factors_says_why() -> None:
    html = report_card(document("Gold will rise."), report(status="screened_out", reason="no factor in it"))
    assert "no factor in it" in html
    assert "screened out" in html


def hostile() -> tuple[Document, ReportRecord]:
    """Markup wherever a stranger's text goes."""
    record = {
        "core_idea": SCRIPT,
        "rationale": SCRIPT,
        "direction": SCRIPT,
        "steps": [step(SCRIPT, text=SCRIPT, formula=SCRIPT), step("absent" + SCRIPT)],
        "symbols": [{"symbol": SCRIPT, "meaning": SCRIPT}],
        "missing_values": SCRIPT,
        "resolutions": [SCRIPT],
    }
    finding = {"kind": SCRIPT, "what": SCRIPT, "quote": SCRIPT}
    made = factor(
        name='"onclick="x()' + SCRIPT,
        reason=SCRIPT,
        record=record,
        findings=[finding],
        disagreements=[SCRIPT],
        pseudocode=SCRIPT,
        source=SCRIPT,
    )
    seen = document(f"Read {SCRIPT} aloud\n\n{SCRIPT} | {SCRIPT}", tables=(((SCRIPT, SCRIPT),),))
    return seen, report(made, name=SCRIPT, title=SCRIPT, reason=SCRIPT, screening={"instructions": [SCRIPT]})


def test_a_strangers_markup_is_text() -> None:
    html = report_card(*hostile())
    seen = Reader(html)
    assert not {"script", "img", "iframe", "link", "object", "form"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name in ("src", "style")]
    assert all(value.startswith("#") for name, value in seen.attributes if name == "href")
    assert SCRIPT in seen.marked
    assert html.count("&lt;script&gt;") > 15


def test_the_policy_allows_the_pages_own_style_alone() -> None:
    html = report_card(*hostile())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    style = re.search(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        policy[1] == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_characters_that_deceive_or_cannot_be_written_are_left_out() -> None:
    html = report_card(document("text"), report(factor(pseudocode="a\u202eb\ud800c\x1bd\u3000e")))
    assert "abcd e" in html
    html.encode()


def test_chinese_is_marked_across_line_breaks() -> None:
    html = report_card(document("数值越大、后续\n表现越好。"), report(factor(step("后续表现越好"))))
    assert Reader(html).marked == ["后续", "表现越好"]


letters = st.text(alphabet="abé中-_ |\n", max_size=40)


@given(page=letters, bounds=st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_marks_lose_nothing_of_the_text_and_hold_the_quote(page, bounds) -> None:
    quote = page[min(bounds) : max(bounds)]
    read = document(page)
    seen = Reader(report_card(read, report(factor(step(quote)))).split("<h2 id")[0])
    assert "".join(seen.paragraphs).replace("\n", "") == page.replace("\n", "")
    if read.find(quote) is not None:
        assert document("".join(seen.marked)).find(quote) is not None


@pytest.fixture
def pdf(tmp_path):
    path = tmp_path / "Momentum notes.pdf"
    path.write_bytes(Pdf([text(50, 700, "Returns reverse within five days.")]).content())
    return path


@pytest.fixture
def known(tmp_path, pdf) -> str:
    """The URL of a store that knows the report."""
    url = f"sqlite:///{tmp_path / 'reports.db'}"
    facts = {"name": pdf.name, "title": "Notes", "published": None, "pages": 1, "status": "read"}
    with open_store(url) as store:
        number = store.save_report(NewReport(sha256=read_document(pdf).sha256, **facts))
        store.save_report_factor(number, factor(step("Returns reverse")))
    return url


def test_the_command_writes_the_card_into_this_folder(command, pdf, known, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert command("report-card", pdf, "--store", known)[0] == 0
    assert "<mark>Returns reverse</mark> within five days." in (folder / "Momentum notes.html").read_text()


def test_the_command_writes_where_it_is_told(command, pdf, known, tmp_path) -> None:
    assert command("report-card", pdf, "--store", known, "-o", tmp_path / "card.html")[0] == 0
    assert (tmp_path / "card.html").read_text().startswith("<!DOCTYPE html>")
    line = command.refuses("report-card", pdf, "--store", known, "-o", tmp_path / "absent" / "card.html")
    assert "cannot be written" in line


def test_a_report_that_was_not_read_is_named_with_what_to_type(command, known, tmp_path) -> None:
    other = tmp_path / "other report.pdf"
    other.write_bytes(Pdf([text(50, 700, "Something else.")]).content())
    line = command.refuses("report-card", other, "--store", known)
    assert f"factorengine seeds from-report '{other}'" in line


def test_what_is_no_report_or_no_store_is_one_line(command, pdf, known, tmp_path) -> None:
    (tmp_path / "text.pdf").write_text("no report")
    assert "is not a PDF" in command.refuses("report-card", tmp_path / "text.pdf", "--store", known)
    assert "does not exist" in command.refuses("report-card", tmp_path / "absent.pdf", "--store", known)
    assert "absent.db" in command.refuses("report-card", pdf, "--store", tmp_path / "absent.db")


def test_help_has_examples(command) -> None:
    assert "factorengine report-card" in command("report-card", "--help")[1].split("Examples:")[1]
