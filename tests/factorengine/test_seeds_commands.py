"""`seeds` and `mine --seeds`: what is listed, shown, added and read from reports, and what is refused."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import engine.reports
import factorengine as fe
from agents.errors import BudgetError
from engine.reports import Progress, ReportOutcome
from factors.formulas import FormulaError
from factors.seeds import seed_sources
from knowledge_base.reports import NewReportFactor, NewSeed, ReportRecord
from tests.agents.reports.pdfs import Pdf, text
from tests.factors.programs import REVERSAL, body

FORMULA = "Rank(Corr($close,Log($volume+1),10))"


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'own.db'}"


@pytest.fixture
def own(url) -> str:
    """The URL of a store with the seed `reversal`, published on 1 June 2018."""
    seed = NewSeed(name="reversal", source=REVERSAL, origin="file", published=date(2018, 6, 1))
    with fe.open_store(url) as store:
        store.add_seed(seed)
    return url


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "my_reversal.py"
    path.write_text(REVERSAL)
    return path


def seeds(url: str) -> list:
    with fe.open_store(url) as store:
        return list(store.seeds())


def test_the_library_and_the_stores_seeds_are_listed(command, own) -> None:
    code, out, err = command("seeds", "list", "--store", own)
    assert (code, err) == (0, "")
    assert "alpha158:corr5" in out
    assert "rank(open)" in out
    assert "reversal" in out.split("published")[1]


def test_a_list_as_json_has_what_each_seed_lacks(command, own) -> None:
    rows = json.loads(command("seeds", "list", "--store", own, "--format", "json")[1])
    by_name = {row["name"]: row for row in rows}
    assert len(rows) == 158 + 101 + 1
    assert "market capitalisation" in by_name["alpha101:alpha056"]["needs"]
    assert by_name["alpha101:alpha003"]["formula"] == "(-1 * correlation(rank(open), rank(volume), 10))"
    assert by_name["reversal"] == {
        "name": "reversal",
        "set": "own",
        "origin": "file",
        "published": "2018-06-01",
        "from": None,
    }


@pytest.mark.parametrize(("set_", "count"), [("alpha158", 158), ("alpha101", 101), ("own", 1)])
def test_a_list_can_be_of_one_set(command, own, set_, count) -> None:
    rows = json.loads(command("seeds", "list", "--set", set_, "--store", own, "--format", "json")[1])
    assert {row["set"] for row in rows} == {set_}
    assert len(rows) == count


def test_the_library_is_listed_without_a_store_and_own_seeds_are_not(command, tmp_path) -> None:
    code, out, err = command("seeds", "list", "--store", tmp_path / "absent.db")
    assert code == 0
    assert "alpha101:alpha001" in out
    assert "absent.db" in err
    assert "absent.db" in command.refuses("seeds", "list", "--set", "own", "--store", tmp_path / "absent.db")


def test_a_name_with_marks_of_the_terminal_is_listed_as_text(command, url) -> None:
    with fe.open_store(url) as store:
        store.add_seed(NewSeed(name="[/bold]\x1b[31mred", source=REVERSAL, origin="report"))
    assert "[/bold] [31mred" in command("seeds", "list", "--set", "own", "--store", url)[1]


def test_a_seed_of_the_library_is_shown_as_its_program(command) -> None:
    code, out, _ = command("seeds", "show", "alpha158:corr5")
    assert code == 0
    assert out == seed_sources("alpha158:corr5")["corr5"]


def test_a_seed_of_the_library_is_shown_in_qlibs_notation(command) -> None:
    assert command("seeds", "show", "alpha158:corr5", "--qlib")[1] == "Corr($close, Log(($volume + 1)), 5)\n"


@pytest.mark.parametrize("name", ["reversal", "own:reversal"])
def test_an_own_seed_is_shown(command, own, name) -> None:
    assert command("seeds", "show", name, "--store", own)[1] == REVERSAL


def test_what_qlib_cannot_say_is_listed_by_line(command, tmp_path) -> None:
    recursive = body("x = data.frame('close')\nreturn x.ewm(span=5).mean()")
    with fe.open_store(tmp_path / "x.db") as store:
        store.add_seed(NewSeed(name="scan", source=recursive, origin="file"))
    line = command.refuses("seeds", "show", "scan", "--qlib", "--store", tmp_path / "x.db")
    assert "cannot be written in Qlib's notation: line " in line


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("alpha158:corr7", "nearest are"),
        ("alpha158:corr5,klen", "are 2: name one"),
        ("alpha101:56", "market capitalisation"),
        ("absent", "'absent': its seeds are reversal"),
    ],
)
def test_a_seed_that_cannot_be_shown_is_named(command, own, name, message) -> None:
    assert message in command.refuses("seeds", "show", name, "--store", own)


def test_a_program_is_added_and_says_how_to_use_it(command, program, url) -> None:
    code, _, err = command("seeds", "add", program, "--store", url, "--published", "2018-06-01")
    (seed,) = seeds(url)
    assert code == 0
    assert f"factorengine mine --seeds own:my_reversal --store {url}" in err
    assert (seed.name, seed.source, seed.origin) == ("my_reversal", REVERSAL, "file")
    assert seed.published == date(2018, 6, 1)


def test_a_name_that_is_taken_is_refused(command, program, own) -> None:
    assert "'reversal' is taken" in command.refuses(
        "seeds", "add", program, "--name", "reversal", "--store", own
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "a,b"], "a seed's name has"),
        (["--published", "June"], "a day is written as 2012-06-30, got 'June'"),
    ],
)
def test_bad_arguments_of_add_are_named(command, program, url, arguments, message) -> None:
    assert message in command.refuses("seeds", "add", program, "--store", url, *arguments)


def test_a_bad_program_is_not_added(command, program, own) -> None:
    program.write_text(body("import os\nreturn data.close"))
    assert "import of `os`" in command.refuses("seeds", "add", program, "--store", own)
    assert "absent.py" in command.refuses("seeds", "add", program.parent / "absent.py", "--store", own)
    assert len(seeds(own)) == 1


def test_an_expression_becomes_a_program_that_says_the_same(command, tmp_path) -> None:
    target = tmp_path / "corr.py"
    arguments = [
        "seeds",
        "from-expression",
        FORMULA,
        "--idea",
        "Price and volume part.",
        "--source",
        "A book",
    ]
    code, out, _ = command(*arguments)
    assert code == 0
    assert fe.Program.parse(out).idea == "Price and volume part."
    assert "Source: A book" in out
    assert command(*arguments, "-o", target)[0] == 0
    assert target.read_text() == out
    with fe.open_store(tmp_path / "x.db") as store:
        store.add_seed(NewSeed(name="corr", source=out, origin="file"))
    shown = command("seeds", "show", "corr", "--qlib", "--store", tmp_path / "x.db")[1]
    assert shown == "Rank(Corr($close, Log(($volume + 1)), 10))\n"


def test_an_expression_is_added_under_its_name(command, url) -> None:
    arguments = ["--dialect", "worldquant", "--add", "--name", "reversal_5", "--store", url]
    code, out, err = command("seeds", "from-expression", "-1 * delta(close, 5)", *arguments)
    (seed,) = seeds(url)
    assert code == 0
    assert "added seed reversal_5" in err
    assert (seed.source, seed.origin) == (out, "formula")
    assert seed.provenance == {"formula": "-1 * delta(close, 5)", "source": ""}


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Rank(Corr($close", "column "),
        ("rank(cap)", "cap"),
        ("Ref($close, -1)", "column "),
        ("", "column "),
        ("--colour", "No such option"),
    ],
)
def test_a_bad_expression_is_one_line(command, formula, message) -> None:
    assert message in command.refuses("seeds", "from-expression", formula)


@pytest.mark.parametrize("formula", ["-rank(high)", "-1*delta(open,5)", "-$close", "-(close)"])
def test_a_formula_may_begin_with_a_minus(command, formula) -> None:
    code, out, _ = command("seeds", "from-expression", formula, "--idea", "It falls.")
    assert code == 0
    assert f"Formula: {formula}" in out
    assert command("seeds", "from-expression", "--idea", "It falls.", "--", formula)[1] == out


def test_the_functions_are_those_of_the_commands(own) -> None:
    assert fe.from_formula(FORMULA, name="corr").name == "corr"
    with pytest.raises(FormulaError, match="column"):
        fe.from_formula("Rank(")
    assert fe.seeds("alpha158:corr5") == seed_sources("alpha158:corr5")
    assert list(fe.seeds("alpha158:corr5+own", store=own)) == ["corr5", "reversal"]


@pytest.fixture
def pdf(tmp_path):
    def write(name: str, *lines: str) -> Path:
        path = tmp_path / "reports" / name
        path.parent.mkdir(exist_ok=True)
        drawn = b"".join(text(50, 700 - 30 * number, line) for number, line in enumerate(lines))
        path.write_bytes(Pdf([drawn]).content())
        return path

    return write


def test_without_a_model_a_printed_formula_becomes_a_seed(command, pdf, url) -> None:
    pdf("one.pdf", "A factor of price and volume, in the usual notation:", FORMULA)
    pdf("two.PDF", "Gold will rise.")
    (pdf("broken.pdf").parent / "broken.pdf").write_text("no report")
    folder = pdf("one.pdf", "A factor of price and volume, in the usual notation:", FORMULA).parent
    code, out, err = command("seeds", "from-report", folder, "--store", url)
    assert code == 0
    assert "offline: only printed formulas are looked for; --model NAME reads the text, too" in out
    assert f"factorengine mine --seeds own --store {url}" in out
    assert f"factorengine report-card {folder / 'one.pdf'} --store {url}" in out
    assert "2/3  one.pdf: reading the file" in err
    assert [line for line in err.splitlines() if line.startswith("factorengine: ")] == [
        f"factorengine: `{folder / 'broken.pdf'}` is not a PDF (it begins with b'no repor'): convert it to one."
    ]
    (seed,) = seeds(url)
    assert fe.Program.parse(seed.source).parameters.defaults() == {"window": 10}
    assert command("report-card", folder / "one.pdf", "--store", url, "-o", folder / "card.html")[0] == 0
    assert f"<mark>{FORMULA}</mark>" in (folder / "card.html").read_text()


def record(status: str = "read", **changes: object) -> ReportRecord:
    usual = {
        "sha256": "0" * 64,
        "name": "one.pdf",
        "title": "One",
        "published": date(2012, 6, 1),
        "pages": 1,
        "status": status,
        "id": 1,
        "created_at": datetime.now(UTC),
        "factors": (
            NewReportFactor(name="[/b]Good\x1b", status="program"),
            NewReportFactor(name="Bad", status="skipped", reason="it needs estimates"),
        ),
    }
    return ReportRecord(**(usual | changes))


@pytest.fixture
def reading(monkeypatch):
    """Puts given outcomes, and at last an error, in the place of reading; collects what was asked for."""

    def put(*outcomes: object) -> list:
        asked: list = []

        def read(paths, store, settings, *, on_progress):
            asked.append((list(paths), settings))
            for number, outcome in enumerate(outcomes, start=1):
                on_progress(
                    Progress(
                        report="one.pdf", number=number, total=len(outcomes), doing="thinking", note="1 $"
                    )
                )
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome

        monkeypatch.setattr(engine.reports, "read_reports", read)
        return asked

    return put


def outcome(pdf, **changes: object) -> ReportOutcome:
    return ReportOutcome(**({"path": pdf("one.pdf"), "report": record()} | changes))


def test_each_factor_of_a_report_has_its_row(command, pdf, url, reading) -> None:
    reading(outcome(pdf))
    code, out, err = command("seeds", "from-report", pdf("one.pdf"), "--store", url)
    rows = [line.split() for line in out.splitlines()[:3]]
    assert code == 0
    assert rows[1] == ["one.pdf", "2012-06-01", "read", "[/b]Good", "program"]
    assert rows[2] == "one.pdf 2012-06-01 read Bad skipped it needs estimates".split()
    assert "1/1  one.pdf: thinking (1 $)" in err


def test_the_json_is_the_full_records_and_nothing_else(command, pdf, url, reading) -> None:
    reading(outcome(pdf), outcome(pdf, report=None, error="it is broken"))
    code, out, err = command("seeds", "from-report", pdf("one.pdf"), "--store", url, "--format", "json")
    one, two = json.loads(out)
    assert (code, err) == (0, "factorengine: it is broken\n")
    assert set(one) == {"path", "report", "error", "was_known"}
    assert [factor["name"] for factor in one["report"]["factors"]] == ["[/b]Good\x1b", "Bad"]
    assert one["report"]["published"] == "2012-06-01"
    assert (two["report"], two["error"]) == (None, "it is broken")


def test_the_settings_are_those_of_the_flags(command, pdf, url, reading) -> None:
    asked = reading(outcome(pdf))
    flags = [
        "--published-before",
        "2013-01-01",
        "--again",
        "--require-sandbox",
        "--model",
        "m",
        "--budget-usd",
        "3",
    ]
    where = ["--base-url", "http://127.0.0.1:1/v1", "--store", url]
    two, one = pdf("two.pdf"), pdf("one.pdf")
    assert command("seeds", "from-report", two, one.parent, *flags, *where)[0] == 0
    ((paths, settings),) = asked
    assert paths == [two, one]
    assert (settings.offline, settings.again, settings.require_sandbox) == (False, True, True)
    assert settings.published_before == date(2013, 1, 1)
    assert settings.llm.budget_usd == 3
    assert [model.name for model in settings.llm.models] == ["m"]


@pytest.mark.parametrize("status", ["read", "screened_out", "formulas_only"])
def test_one_report_that_was_read_is_success(command, pdf, url, reading, status) -> None:
    reading(outcome(pdf, report=None, error="it is broken"), outcome(pdf, report=record(status)))
    assert command("seeds", "from-report", pdf("one.pdf"), "--store", url)[0] == 0


def test_no_report_that_could_be_read_is_none(command, pdf, url, reading) -> None:
    reading(
        outcome(pdf, report=None, error="it is\nbroken"), outcome(pdf, report=record("failed", factors=()))
    )
    code, out, err = command("seeds", "from-report", pdf("one.pdf"), "--store", url)
    assert code == 2
    assert "failed" in out
    assert "factorengine: it is broken\n" in err


def test_an_interrupt_shows_what_was_done_and_that_it_goes_on(command, pdf, url, reading) -> None:
    reading(outcome(pdf), KeyboardInterrupt())
    code, out, err = command("seeds", "from-report", pdf("one.pdf"), "--store", url)
    assert code == 130
    assert "[/b]Good" in out
    assert "the same command goes on" in err


def test_a_refusing_endpoint_shows_what_was_done_and_why(command, pdf, url, reading) -> None:
    reading(outcome(pdf), BudgetError("the budget is used up: raise it."))
    code, out, err = command("seeds", "from-report", pdf("one.pdf"), "--store", url)
    assert code == 2
    assert "[/b]Good" in out
    assert err.endswith("factorengine: the budget is used up: raise it.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--published-before", "soon"], "a day is written as"),
        (["--model", "m", "--base-url", "http://example.org"], "the price of model 'm' is unknown"),
        (["--budget-usd", "3"], "a language model must be named"),
        (["--model", "m", "--budget-usd", "much"], "llm.budget_usd"),
        (["--price", "m=1/2"], "'m' is not among the models"),
    ],
)
def test_bad_arguments_of_from_report_are_named(command, pdf, url, monkeypatch, arguments, message) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    line = command.refuses("seeds", "from-report", pdf("one.pdf"), "--store", url, *arguments)
    assert message in line


def test_reports_that_are_not_there_are_named(command, tmp_path, url) -> None:
    assert "absent.pdf" in command.refuses("seeds", "from-report", tmp_path / "absent.pdf", "--store", url)
    assert "has no reports (*.pdf)" in command.refuses("seeds", "from-report", tmp_path, "--store", url)
    assert "Missing argument" in command.refuses("seeds", "from-report", "--store", url)


def test_mine_starts_from_the_seeds_that_are_named(command, prices, own) -> None:
    data = ["--data", prices, "--store", own, "--iterations", "1", "--trials", "1", "--workers", "1"]
    assert command("mine", *data, "--run", "own", "--seeds", "own+alpha158:klen")[0] == 0
    with fe.open_store(own) as store:
        numbers = [number for number, _ in store.sources(store.find_run("own").id)]
        names = {store.program(number).name for number in numbers}
    assert names >= {"reversal", "klen"}


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("own:absent", "its seeds are reversal"),
        ("alpha99", "no seed set is called 'alpha99'"),
        ("absent.py", "absent.py"),
    ],
)
def test_bad_seeds_of_mine_are_named(command, prices, own, selection, message) -> None:
    assert message in command.refuses("mine", "--data", prices, "--store", own, "--seeds", selection)


@pytest.mark.parametrize("name", ["list", "show", "add", "from-expression", "from-report"])
def test_help_has_examples(command, name) -> None:
    code, out, _ = command("seeds", name, "--help")
    assert code == 0
    assert f"factorengine seeds {name}" in out.split("Examples:")[1]


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    code = (
        "import sys, factorengine.cli.app\n"
        "heavy = {'jinja2', 'numpy', 'numba', 'pydantic', 'sqlalchemy', 'openai', 'engine', 'agents', 'factors'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""
