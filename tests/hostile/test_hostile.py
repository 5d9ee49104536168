"""Every hostile program is stopped, by the policy and without it, and leaves the worker's next answer as it was."""

from __future__ import annotations

import pytest

from factors.errors import ProgramError
from factors.program import Program
from tests.factors.programs import REVERSAL
from tests.hostile.corpus import CORPUS, ESCAPES, FALSIFICATION, FILES, LOOK_AHEAD, NETWORK, PROCESSES

ASKED = {"source": REVERSAL, "parameters": {"window": 5}}
RUN = [case for case in CORPUS if case.stopped_by != "policy"]
NO_EFFECT = {"silence_errors"}


def named(case) -> str:
    return case.name


@pytest.fixture(scope="module")
def truth(worker):
    return worker.call("trial", **ASKED)


def test_the_corpus_is_large_and_says_why() -> None:
    assert len(CORPUS) >= 60
    assert len({case.name for case in CORPUS}) == len(CORPUS)
    assert len(LOOK_AHEAD) >= 10
    assert all(case.why for case in CORPUS if case.stopped_by in ("nothing", "policy"))


@pytest.mark.parametrize("case", CORPUS, ids=named)
def test_it_is_stopped_as_every_candidate_would_be(worker, scratch, truth, case) -> None:
    source = case.source.replace("SCRATCH", str(scratch))
    with pytest.raises(ProgramError):
        examine_and_try(worker, source)
    assert worker.call("trial", **ASKED) == truth
    assert_untouched(scratch)


@pytest.mark.parametrize("case", RUN, ids=named)
def test_it_is_stopped_if_nobody_reads_its_text(open_worker, scratch, truth, case) -> None:
    missing = {wall.name: wall.missing for wall in open_worker.protections if wall.missing}
    if case.stopped_by in missing:
        pytest.skip(f"this platform has no wall `{case.stopped_by}`: {missing[case.stopped_by]}")
    source = case.source.replace("SCRATCH", str(scratch))
    if case.name in NO_EFFECT:
        open_worker.call("attempt", source=source)
    else:
        with pytest.raises(ProgramError) as caught:
            open_worker.call("attempt", source=source)
        assert case.message in str(caught.value)
    assert open_worker.call("trial", **ASKED) == truth
    assert_untouched(scratch)


@pytest.mark.parametrize("case", [*FILES, *NETWORK, *PROCESSES, *ESCAPES], ids=named)
def test_the_text_alone_shows_what_reaches_for_the_host(case) -> None:
    with pytest.raises(ProgramError, match=r"line \d+: .* is not allowed in a factor program: "):
        Program.parse(case.source)


def examine_and_try(worker, source) -> None:
    worker.call("examine", source=source)
    worker.call("trial", source=source, parameters={})


def assert_untouched(scratch) -> None:
    assert [path.name for path in scratch.iterdir()] == ["secret"]
    assert (scratch / "secret").read_text() == "key"


def test_what_only_the_policy_stops_is_what_the_process_shares_with_the_program() -> None:
    assert [case.name for case in CORPUS if case.stopped_by == "policy"] == ["unlock_result"]
    assert {case.name for case in FALSIFICATION} >= {"unlock_result"}
