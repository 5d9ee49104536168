from datetime import date

import pytest

from knowledge_base.errors import StoreError
from knowledge_base.reports import NewReport, NewReportFactor, NewSeed


def report(sha256="a" * 64, **changes) -> NewReport:
    values = {"name": "r.pdf", "title": "R", "published": date(2010, 1, 2), "pages": 3, "status": "reading"}
    return NewReport(**(values | {"sha256": sha256} | changes))


def seed(name="fall", sha256="a" * 64, source="x") -> NewSeed:
    return NewSeed(name=name, source=source, origin="report", provenance={"sha256": sha256})


def test_a_report_is_one_by_its_content_and_can_be_taken_further(store) -> None:
    first = store.save_report(report())
    assert store.save_report(report(status="read", reason="done")) == first
    (found,) = store.reports()
    assert (found.id, found.status, found.reason, found.published) == (
        first,
        "read",
        "done",
        date(2010, 1, 2),
    )
    assert store.find_report("b" * 64) is None


def test_a_factor_studied_again_takes_the_place_of_its_earlier_outcome(store) -> None:
    report_id = store.save_report(report())
    store.save_report_factor(report_id, NewReportFactor(name="Fall", status="failed", reason="no"))
    store.save_report_factor(report_id, NewReportFactor(name="Fall", status="program", source="x"), seed())
    store.save_report_factor(
        report_id, NewReportFactor(name="Fall", status="program", source="y"), seed(source="y")
    )
    (factor,) = store.find_report("a" * 64).factors
    assert (factor.status, factor.source) == ("program", "y")
    assert [(found.name, found.source) for found in store.seeds()] == [("fall", "y")]


def test_factors_of_one_name_in_two_reports_are_two_seeds(store) -> None:
    for letter in "abb":
        report_id = store.save_report(report(letter * 64))
        factor = NewReportFactor(name="Fall", status="program", source=letter)
        store.save_report_factor(report_id, factor, seed(sha256=letter * 64, source=letter))
    assert [(found.name, found.source) for found in store.seeds()] == [("fall", "a"), ("fall_2", "b")]


def test_seeds_are_found_by_name_and_a_missing_one_is_named_with_those_there(store) -> None:
    store.add_seed(seed("one"))
    store.add_seed(seed("two"))
    assert [found.name for found in store.seeds(["two"])] == ["two"]
    with pytest.raises(StoreError, match="called 'three': its seeds are one, two"):
        store.seeds(["three"])
    with pytest.raises(StoreError, match="'one' is taken"):
        store.add_seed(seed("one"))
