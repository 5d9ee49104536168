"""The five sample reports, read through the sandbox, against what is printed; skipped where they are not at hand."""

# ruff: noqa: RUF001 - the reports are written with these signs

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.reports.document import Document, Page
from agents.reports.reading import read_document

FOLDER = Path(__file__).parents[4] / "shared" / "reports"
needs_reports = pytest.mark.skipif(
    not FOLDER.exists(), reason="the sample reports are not beside the repository"
)


@cache
def report(name: str) -> Document:
    return read_document(FOLDER / f"{name}.pdf")


def reversal() -> Document:
    return report("volume_confirmed_reversal_en")


def pair() -> Document:
    return report("liquidity_momentum_pair_en")


def polar() -> Document:
    return report("polar_price_volume_en")


def shadow() -> Document:
    return report("intraday_shadow_zh")


def macro() -> Document:
    return report("macro_outlook_en")


@needs_reports
@pytest.mark.parametrize(
    ("read", "title", "created", "pages"),
    [
        (reversal, "Volume-Confirmed Reversal", "2011-06-14", 5),
        (pair, "Depth and Path: Two Price-Volume Signals", "2010-11-08", 3),
        (polar, "Price and Volume in Polar Coordinates", "2012-09-20", 5),
        (shadow, "影线里的多空分歧", "2013-03-18", 5),
        (macro, "Global Macro Outlook 2012: The Narrow Bridge", "2012-01-09", 4),
    ],
)
def test_a_report_tells_its_title_its_day_and_its_pages(read, title, created, pages) -> None:
    document = read()
    assert (document.title, str(document.created)) == (title, created)
    assert [page.number for page in document.pages] == list(range(1, pages + 1))
    assert not any(page.is_scanned for page in document.pages)


FORMULAS = [
    (reversal, 2, r"r_{i,t} = \frac{C_{i,t}}{C_{i,t−1}} − 1 (1)"),
    (reversal, 2, r"z_{i,t} = \frac{lnV_{i,t} − μ_{i,t}}{s_{i,t}}"),
    (reversal, 2, r"w_{i,t} = \frac{1}{1 + exp (−λz_{i,t})} (3)"),
    (reversal, 2, r"R_{i,t} = \frac{∑_{k=0}^{K−1} w_{i,t−k}r_{i,t−k}}{∑_{k=0}^{K−1} w_{i,t−k}} (4)"),
    (reversal, 2, r"VCR_{i,t} = − \frac{R̃_{i,t} − mean_{j}(R̃_{j,t})}{std_{j}(R̃_{j,t})} (5)"),
    (pair, 1, r"D_{i,t} = V_{i,t} × \frac{H_{i,t} + L_{i,t} + C_{i,t}}{3}"),
    (pair, 1, r"DS_{i,t} = \frac{mean_{F} (δ_{i,t}) − mean_{N} (δ_{i,t})}{std_{N} (δ_{i,t})} (3)"),
    (pair, 2, r"RB_{i,t} = \frac{U_{i,t} − W_{i,t}}{E_{i,t}} (5)"),
    (polar, 2, r"v_{i,t} = ln \frac{V_{i,t}}{\frac{1}{B} ∑_{k=1}^{B} V_{i,t−k}} (1)"),
    (polar, 2, r"x_{i,t} = \frac{v_{i,t}}{\sqrt{\frac{1}{L} ∑_{k=0}^{L−1} v_{i,t−k}^{2}}}"),
    (polar, 2, r"ρ_{i,t} = \sqrt{x_{i,t}^{2} + y_{i,t}^{2}}, θ_{i,t} = atan2 (y_{i,t}, x_{i,t}) (3)"),
    (polar, 3, r"s_{i,t} = min (ρ_{i,t}, ρ_{max}) × cos ( θ_{i,t} − \frac{π}{4} ) (4)"),
    (polar, 3, r"PPF_{i,t} = − \frac{1}{K} ∑_{k=0}^{K−1} s_{i,t−k} (5)"),
    (shadow, 2, r"u_{t} = \frac{H_{t} − max (O_{t},C_{t})}{TR_{t}}"),
    (shadow, 2, r"q_{t} = \frac{σ_{t}^{(10)}}{σ_{t}^{(60)}} (3)"),
    (shadow, 3, "λA_{t−1} + (1 − λ)m_{t} 状态与上次更新时相同"),
    (macro, 3, r"FC_{t} = \frac{1}{5} ∑_{k=1}^{5} \frac{x_{k,t} − μ_{k}}{σ_{k}} (1)"),
]


@needs_reports
@pytest.mark.parametrize(("read", "page", "formula"), FORMULAS)
def test_a_formula_is_one_line_that_keeps_its_structure(read, page, formula) -> None:
    assert formula in read().pages[page - 1].text


@needs_reports
def test_the_cases_of_a_definition_keep_their_order() -> None:
    in_order(shadow().pages[1].text, "S_{t} = { 1 q_{t} > α\n", "0 q_{t} < β\n", "S_{t−1} 其他情形")


@needs_reports
def test_a_formula_that_is_a_picture_is_told_to_be_missing() -> None:
    page = pair().pages[1]
    assert page.pictures == 2
    assert "PAM_" not in page.text
    assert page.rendering().endswith("[pictures on this page, not read: 2]\n")


@needs_reports
@pytest.mark.parametrize(
    ("read", "page", "table", "rows"),
    [
        (
            reversal,
            3,
            0,
            [
                ("Symbol", "Meaning", "Default", "Low", "High"),
                ("K", "Days in the weighted average (Step 4)", "10", "5", "20"),
                ("λ", "Steepness of the logistic weight (Step 3)", "1.0", "0.5", "2.0"),
            ],
        ),
        (reversal, 4, 0, [("2008", "0.050", "0.71", "83%", "−44.0%", "−56.4%", "25.8%", "−5.5%")]),
        (
            pair,
            1,
            0,
            [("F", "Recent window, days", "5", "3 to 10"), ("N", "Base window, days", "40", "20 to 80")],
        ),
        (pair, 2, 1, [("2010 (part)", "0.068", "1.27", "17.2%", "−0.6%")]),
        (polar, 3, 0, [("Tuesday", "−0.60", "1.10", "1.253", "1.253", "2.070", "0.354")]),
        (polar, 3, 1, [("θ_{0}", "Reference angle", "see (4)", "not tuned", "not tuned")]),
        (shadow, 3, 0, [("2", "1.28", "高", "0.15", "0.45", "0.300", "是", "0.3000")]),
        (shadow, 4, 0, [("α", "进入高波动状态的上阈值", "1.20", "1.05", "1.50")]),
        (
            macro,
            3,
            0,
            [
                (
                    "Market",
                    "50-day avg.",
                    "200-day avg.",
                    "Strength (14)",
                    "52-week range",
                    "Trend",
                    "Volume vs. 3 months",
                )
            ],
        ),
        (macro, 4, 1, [("", "Muddle through", "Relapse", "Relief"), ("Probability", "60%", "25%", "15%")]),
    ],
)
def test_a_table_is_rows_of_cells(read, page, table, rows) -> None:
    found = read().pages[page - 1].tables[table]
    assert set(rows) <= set(found)
    assert {len(row) for row in found} == {len(rows[0])}


@needs_reports
def test_every_table_is_found_once_and_nothing_else_is_one() -> None:
    found = {
        read().name: [len(page.tables) for page in read().pages]
        for read in (reversal, pair, polar, shadow, macro)
    }
    assert list(found.values()) == [
        [0, 0, 1, 1, 1],
        [1, 2, 1],
        [0, 0, 2, 1, 0],
        [0, 0, 1, 2, 1],
        [0, 1, 1, 2],
    ]


@needs_reports
def test_two_columns_are_read_one_after_the_other() -> None:
    one, two = pair().pages[0].text, pair().pages[1].text
    in_order(
        one,
        "Key points",
        "Inputs",
        "Contents",
        "1. Overview\n",
        "2. Data and conventions\n",
        "divisor n − 1.",
    )
    in_order(
        one,
        "divisor n − 1.",
        "3. Signal A: Depth Shock\n",
        "3.1 Idea",
        "A1. The value",
        "A4.",
        "Exhibit 1",
        "F | Rec",
    )
    in_order(
        two,
        "4.1 Idea",
        "B1. Take",
        "B4. The signal",
        "γ | Exponent",
        "5. A third idea",
        "6. Back-tests",
        "2001 |",
    )


@needs_reports
def test_a_column_reads_without_words_of_its_neighbour() -> None:
    assert (
        "B4. The signal is the total change multiplied by\nthe efficiency raised to the power of γ = 0.5:"
        in pair().pages[1].text
    )
    assert (
        pair().find(
            "the sum of the absolute values of the daily log price changes, of which there are J − S = 100."
        )
        == 2
    )


@needs_reports
def test_chinese_is_whole_and_in_order() -> None:
    text = shadow().pages[2].text
    assert (
        "当日得分m_{t}取决于当日状态。高波动状态下用下影线减上影线，低波动状态下取两者均值的相反数：" in text
    )
    in_order(
        text,
        "3.3 当日影线得分",
        "3.4 累积与清零",
        "3.5 截面处理",
        "3.6 算例",
        "表1：",
        "日 | q | 状态",
        "4. 参数选择",
    )
    assert "\ufffd" not in shadow().rendering()


@needs_reports
@pytest.mark.parametrize(
    ("read", "quote", "page"),
    [
        (reversal, "Today is left out of the base so that one very large day cannot raise the standard", 2),
        (reversal, "with 'z' = 0", None),
        (
            polar,
            "As reference we take the ray at an angle of π/3, on which price and volume rise together.",
            3,
        ),
        (
            polar,
            "As reference we take the ray at an angle of π/4, on which price and volume rise together.",
            None,
        ),
        (polar, "that is -1.504", 3),
        (polar, "that is 1.504", None),
        (shadow, "一旦进入高波动状态，只有当qt降到0.85以下时才会离开", 2),
        (shadow, "环境不会每天变化.如果用单一阈值划分状态,波动率在阈值附近徘徊时状态会来回跳动", 2),
        (shadow, "重要声明", 1),
        (pair, "stocks with the lowest DS are bought", 1),
        (pair, "a point in time history of individual estimates", 2),
        (pair, "a point-in-time history of individual estimates", 2),
        (macro, "We do not trade on it mechanically.", 3),
        (macro, "for the mean and standard deviation since 1999, FC", 2),  # runs over to page 3
    ],
)
def test_a_quote_is_found_where_it_stands_and_nothing_like_it(read, quote, page) -> None:
    assert read().find(quote) == page


@needs_reports
def test_running_heads_stay_only_where_they_come_first() -> None:
    pages = [page.text for page in reversal().pages]
    assert [text.count("Please read the important notice") for text in pages] == [1, 0, 0, 0, 0]
    assert [text.count("Quantitative Research Desk | Volume-Confirmed") for text in pages] == [0, 1, 0, 0, 0]
    assert [text.count("14 June 2011") for text in pages] == [1, 1, 0, 0, 0]


def in_order(text: str, *parts: str) -> None:
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def written(*texts: str) -> Document:
    pages = tuple(Page(number=number, text=text) for number, text in enumerate(texts, start=1))
    return Document(name="a.pdf", sha256="0" * 64, pages=pages)


@pytest.mark.parametrize(
    ("quote", "page"),
    [
        ("cross-sectional rank", 1),
        ("CROSS\nSECTIONAL rank", 1),
        ("crosssectional rank", 1),
        ("“quoted” text", 1),
        ("score = −x", 2),
        ("score = x", None),
        ("x_{i,t} of day", 2),
        ("xi,t of day", 2),
        ("rank of a score", 1),
        ("", None),
        (" - ", None),
    ],
)
def test_a_quote_may_differ_in_breaks_widths_and_marks_but_not_in_a_sign(quote, page) -> None:
    document = written(
        'the cross-\nsectional rank\n"quoted" text, rank of', "a score: score = \u2212x, xi,t of day"
    )
    assert document.find(quote) == page


words = st.lists(st.text("abcXYZ019é影线()=+.,/", min_size=1, max_size=6), min_size=1, max_size=8)


@given(
    pages=st.lists(words, min_size=1, max_size=4),
    choice=st.data(),
    space=st.sampled_from([" ", "\n", "\u3000", ""]),
)
def test_words_of_a_page_are_found_on_it_or_before_however_they_are_spaced(pages, choice, space) -> None:
    number = choice.draw(st.integers(1, len(pages)))
    quoted = pages[number - 1][choice.draw(st.integers(0, 7)) :]
    found = written(*map(" ".join, pages)).find(space.join(quoted))
    if any(letter.isalnum() for word in quoted for letter in word):
        assert found is not None
        assert found <= number
    else:
        assert found is None
