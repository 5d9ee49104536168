"""What language models answer becomes the program they mean, or one precise complaint."""

# ruff: noqa: RUF001 (replies hold such characters)

import ast
import json
import warnings
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents import replies
from agents.replies import (
    EmptyReplyError,
    ReplyError,
    TruncatedReplyError,
    read_correction,
    read_idea,
    read_json,
)
from agents.replies.syntax import defines_factor, parsed
from factors.program import Program
from tests.replies import Sample, samples

SAMPLES = samples()
MEANT = [sample for sample in SAMPLES if "complaint" not in sample.head]
REFUSED = [sample for sample in SAMPLES if "complaint" in sample.head]
BASE = next(sample.base for sample in SAMPLES if sample.head.get("base") == "reversal")


def named(sample: Sample) -> str:
    return sample.name


def changed(search: str, put: str, idea: str = "Another idea.", parameters: str = "{}") -> str:
    block = f"<<<<<<< SEARCH\n{search}\n=======\n{put}\n>>>>>>> REPLACE"
    return f"IDEA:\n{idea}\nCHANGES:\n{block}\nPARAMETERS:\n{parameters}\n"


def squared(idea: str = "Another idea.", parameters: str = "{}") -> str:
    return changed("past_return)", "past_return) ** 2", idea, parameters)


def test_the_corpus_is_large_and_no_two_replies_are_the_same() -> None:
    assert len(SAMPLES) >= 90
    assert len({sample.reply for sample in SAMPLES}) == len(SAMPLES)


@pytest.mark.parametrize("sample", MEANT, ids=named)
def test_a_reply_gives_exactly_the_program_it_means(sample: Sample) -> None:
    read = sample.read()
    assert read.source == sample.meant
    for words in sample.head.get("repairs", []):
        assert any(words in repair for repair in read.repairs), read.repairs


@pytest.mark.parametrize("sample", MEANT, ids=named)
def test_a_read_program_meets_the_contract_and_states_the_idea(sample: Sample) -> None:
    read = sample.read()
    assert Program.parse(read.source).idea == read.idea
    assert read.idea == sample.head.get("idea", read.idea)


@pytest.mark.parametrize("sample", REFUSED, ids=named)
def test_a_reply_without_a_program_gets_the_right_complaint(sample: Sample) -> None:
    with pytest.raises(ReplyError) as caught:
        sample.read()
    assert type(caught.value) is getattr(replies, sample.head["complaint"])
    assert sample.head["says"] in caught.value.complaint
    assert "\n" not in caught.value.complaint
    assert caught.value.looks_truncated == (sample.head["complaint"] == "TruncatedReplyError")


@st.composite
def mutations(draw: st.DrawFn) -> tuple[Sample, str]:
    sample = draw(st.sampled_from(SAMPLES))
    text = sample.reply
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        kind = draw(st.sampled_from(["delete", "repeat", "insert", "cut"]))
        odd = draw(
            st.text(max_size=6) | st.sampled_from(['"""', "```", "{", "}", "\\", "\t", "\r", "=======", "'"])
        )
        middle = {"delete": "", "repeat": text[start:end] * 2, "insert": odd + text[start:end], "cut": ""}[
            kind
        ]
        text = text[:start] + middle + ("" if kind == "cut" else text[end:])
    return sample, text


def complaint_of(read: Callable[[], object]) -> str:
    """What `read` complains of; empty if it reads."""
    try:
        read()
    except ReplyError as problem:
        return problem.complaint
    return ""


@settings(max_examples=300, deadline=None)
@given(mutations())
def test_a_mutilated_reply_gives_python_or_a_complaint(mutated: tuple[Sample, str]) -> None:
    sample, text = mutated
    complaint = complaint_of(lambda: sample.read(text))
    assert "\n" not in complaint
    if not complaint:
        read = sample.read(text)
        assert read.idea
        assert defines_factor(parsed(read.source))


@settings(deadline=None)
@given(st.text(max_size=300))
def test_text_of_no_meaning_is_refused(text: str) -> None:
    assert complaint_of(lambda: read_idea(text, base=None))
    assert complaint_of(lambda: read_correction(text, base=text))


@settings(deadline=None)
@given(st.text(min_size=1, max_size=400))
def test_any_idea_survives_in_the_docstring(idea: str) -> None:
    try:
        read = read_idea(squared(idea), base=BASE)
    except ReplyError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert Program.parse(read.source).idea == read.idea


def test_an_odd_escape_in_the_docstring_is_no_obstacle() -> None:
    reply = f"```python\n{BASE.replace('Short-term', 'Short' + chr(92) + 'term')}\n```\nIDEA: Told anew."
    assert read_idea(reply, base=None).idea == "Told anew."


def test_quotes_and_backslashes_of_an_idea_are_escaped() -> None:
    idea = r'Returns \alpha of the """best""" and the "worst"'
    read = read_idea(squared(idea), base=BASE)
    assert Program.parse(read.source).idea == read.idea == idea


@pytest.mark.parametrize(
    "bits",
    [
        *'<|{|{"a" |<search>|<think>|&lt;|#| |(|\\|**|x = (|"|[1,|aaaaaaaaa|1: |IDEA'.split("|"),
        *[
            "\n",
            "\t",
            "-\n",
            "@@\n+",
            "\n=======\n",
            "```\n<<<<<<< SEARCH\n",
            "IDEA: x\n```\n",
            "SEARCH:\n",
            "'''\n",
        ],
        *[
            "<<<<<<< SEARCH\n",
            "```python\n",
            "def factor(data, ops, p):\n",
            "\n1: x",
            "IDEA:\n",
            "\n\n ",
            "{'",
            "['",
        ],
    ],
)
def test_a_huge_monotonous_reply_is_answered(bits: str) -> None:
    hostile = (bits * (200_000 // len(bits)))[:199_000]
    for text in (hostile, squared() + hostile, squared(parameters=hostile), changed(hostile[:100_000], "x")):
        for read in (partial(read_idea, base=BASE), read_json):
            assert len(complaint_of(partial(read, text))) < 2_000


def test_a_reply_beyond_the_bound_is_refused() -> None:
    with pytest.raises(ReplyError, match="at most 200000 characters"):
        read_idea(squared() + "x" * 200_000, base=BASE)


def ranges_of(parameters: str) -> dict[str, object]:
    source = read_idea(squared(parameters=parameters), base=BASE).source
    statement = next(node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    return ast.literal_eval(statement.value)


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ('{"window": [3, 9]}', {"type": "int", "low": 3, "high": 9, "default": 5}),
        ('{"window": "3-9"}', {"type": "int", "low": 3, "high": 9, "default": 5}),
        ('{"window": "8 to 16"}', {"type": "int", "low": 8, "high": 16, "default": 12}),
        ('{"window": {"min": 8, "max": 16}}', {"type": "int", "low": 8, "high": 16, "default": 12}),
        ('{"window": {"range": [8, 16], "default": 9}}', {"type": "int", "low": 8, "high": 16, "default": 9}),
        (
            '{"window": {"low": 8, "high": 128, "log": true}}',
            {"type": "int", "low": 8, "high": 128, "default": 32, "log": True},
        ),
        ('{"window": {"low": 9, "high": 3}}', {"type": "int", "low": 3, "high": 9, "default": 5}),
        ('{"window": {"low": 2.0, "high": 6.0}}', {"type": "int", "low": 2, "high": 6, "default": 5}),
        ('{"window": {"low": 0.5, "high": 2.5}}', {"type": "float", "low": 0.5, "high": 2.5, "default": 1.5}),
        ('{"window": 7}', {"type": "int", "low": 2, "high": 20, "default": 7}),
        ('{"window": {"default": 99}}', {"type": "int", "low": 2, "high": 20, "default": 5}),
        ('{"window": [5, 10, 20]}', {"type": "int", "low": 5, "high": 20, "default": 5}),
        ('{"window": {"choices": [3, 5, 10]}}', {"type": "categorical", "choices": [3, 5, 10], "default": 5}),
        ("- window: int from 3 to 9, default 4", {"type": "int", "low": 3, "high": 9, "default": 4}),
        ('[{"name": "window", "low": 3, "high": 9}]', {"type": "int", "low": 3, "high": 9, "default": 5}),
        (
            '{"parameters": {"window": {"low": 3, "high": 9}}}',
            {"type": "int", "low": 3, "high": 9, "default": 5},
        ),
    ],
)
def test_a_range_is_merged_with_the_programs(said: str, window: dict[str, object]) -> None:
    ranges = ranges_of(said)
    assert ranges["window"] == window
    assert ranges["volume_window"] == {"type": "int", "low": 10, "high": 60, "default": 20}


@pytest.mark.parametrize(
    "said", ['{"window": "short"}', '{"window": [NaN, 3]}', '{"window": {"low": 1e400}}']
)
def test_a_range_without_sense_is_a_complaint_that_names_the_parameter(said: str) -> None:
    with pytest.raises(ReplyError, match="window"):
        ranges_of(said)


def test_a_parameter_that_is_read_but_not_declared_is_a_complaint() -> None:
    with pytest.raises(ReplyError, match=r'reads p\["decay"\]'):
        read_idea(changed("past_return)", 'past_return) * p["decay"]'), base=BASE)


def test_an_idea_is_demanded_of_a_proposal_but_not_of_a_correction() -> None:
    reply = changed("past_return)", "past_return) ** 2", idea="")
    with pytest.raises(ReplyError, match="idea is missing"):
        read_idea(reply, base=BASE)
    assert read_correction(reply, base=BASE).idea == "Short-term reversal confirmed by abnormal volume."


def test_a_correction_mends_a_program_that_is_not_python() -> None:
    broken = BASE.replace("(past_return) *", "(past_return *")
    read = read_correction(changed("cs_rank(past_return *", "cs_rank(past_return) *", idea=""), base=broken)
    assert read.source == BASE


def test_ranges_come_along_with_the_correction_of_a_program_that_is_not_python() -> None:
    broken = BASE.replace("(past_return) *", "(past_return *")
    reply = changed("cs_rank(past_return *", "cs_rank(past_return) *", "", '{"window": [3, 9]}')
    assert read_correction(reply, base=broken).source == BASE.replace(
        '"low": 2, "high": 20', '"low": 3, "high": 9'
    )


@pytest.mark.parametrize(
    "reply",
    [
        '{"verdict": "accept", "n": [1, 2]}',
        'Certainly! Here it is:\n```json\n{"verdict": "accept", "n": [1, 2]}\n```\nAnything else?',
        "<think>{'verdict': 'revise'}</think>{'verdict': 'accept', 'n': (1, 2)}",
        '{"verdict": "accept", // fine\n "n": [1, 2,],}',
        "{verdict: 'accept', n: [1, 2]} — I used {x} as a placeholder.",
        "｛“verdict”：“accept”，“n”：［1，2］｝",
        '{\n"verdict": "accept" # yes\n, "n": [1, 2]\n}\r\n',
    ],
)
def test_an_object_is_found_whatever_surrounds_it(reply: str) -> None:
    assert read_json(reply) == {"verdict": "accept", "n": [1, 2]}


def test_python_constants_of_an_object_are_read() -> None:
    assert read_json("{'agrees': True, 'note': None, 'empty': False}") == {
        "agrees": True,
        "note": None,
        "empty": False,
    }


def test_a_list_that_is_the_whole_answer_is_read() -> None:
    assert read_json('```json\n[{"a": 1}, {"a": 2}]\n```') == [{"a": 1}, {"a": 2}]


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5), st.integers() | st.booleans() | st.text(max_size=8), min_size=1
    )
)
def test_a_printed_object_is_read_back(value: dict[str, object]) -> None:
    assert read_json(f"Result:\n{json.dumps(value)}\nDone.") == value


def test_an_object_that_is_cut_off_asks_for_its_rest() -> None:
    with pytest.raises(TruncatedReplyError):
        read_json('{"verdict": "accept", "reason": "because')


def test_an_answer_of_blanks_is_empty() -> None:
    with pytest.raises(EmptyReplyError):
        read_json(" \n\u200b\n")
