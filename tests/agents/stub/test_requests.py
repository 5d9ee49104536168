"""The scripted endpoint: requests that are wrong."""

import json

import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.stub.answers import COMPUTED, computed_reply
from agents.stub.edits import edits
from agents.stub.errors import RequestError
from agents.stub.prompts import Prompt
from tests.agents.stub.support import (
    NEW,
    client,
    messages,
    send,
)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("", "must be a JSON object"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "JSON object"),
        ('{"messages": []}', "`model`"),
        ('{"model": "m", "messages": []}', "`messages`"),
        ('{"model": "m", "messages": ["hello"]}', "`role` and `content`"),
        ('{"model": "m", "messages": [{"role": "user", "content": 5}]}', "`content`"),
        ('{"model": "m", "messages": [{"role": "user", "content": [{"type": "image"}]}]}', "text only"),
        ('{"model": "m", "messages": [{"role": "user", "content": "a"}], "stream": true}', "`stream`"),
        ('{"model": "m", "messages": [{"role": "user", "content": "a"}], "n": 2}', "`n`"),
    ],
)  # fmt: skip
def test_a_malformed_request_is_answered_400(good, body, says) -> None:
    status, _, answered = send(good, body=body)
    assert status == 400
    assert says in json.loads(answered)["error"]["message"]
    assert good.requests[0].status == 400


def test_an_unknown_path_or_method_is_answered_with_an_error(good) -> None:
    assert json.loads(send(good, "GET", "/v1/engines")[2])["error"]["code"] == "not_found"
    assert send(good, "POST", "/v1/models", "{}")[0] == 404
    status, _, answered = send(good, "DELETE", "/v1/models")
    assert (status, json.loads(answered)["error"]["code"]) == (501, "bad_request")


@pytest.mark.parametrize("length", ["-1", "x", "99999999999", "9" * 30])
def test_a_body_of_odd_length_is_refused_and_the_connection_closed(good, length) -> None:
    status, headers, _ = send(good, headers={"Content-Length": length})
    assert (status, headers["Connection"]) == (400, "close")


def test_the_client_is_told_of_a_request_error(good) -> None:
    with client(good) as opened, pytest.raises(openai.BadRequestError, match="stream"):
        opened.chat.completions.create(model="m", messages=NEW, stream=True)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(body=st.fixed_dictionaries({"model": json_values, "messages": json_values}) | json_values)
def test_any_json_is_a_prompt_or_a_named_error(body) -> None:
    try:
        prompt = Prompt.parse(body)
    except RequestError:
        return
    assert prompt.digests[-1] == prompt.digest


@settings(deadline=None, max_examples=50)
@given(text=st.text(), program=st.text())
def test_any_text_is_answered(text, program) -> None:
    for role in COMPUTED:
        asked = messages(role, text, current_program=program, program=program)
        assert computed_reply(Prompt.parse({"model": "m", "messages": asked}), seed=0).text


@given(
    old=st.lists(st.sampled_from(["a", "b", ""]), min_size=1), new=st.lists(st.sampled_from(["a", "c", ""]))
)
def test_blocks_lead_from_any_text_to_any_other(old, new) -> None:
    before, after = "\n".join(old), "\n".join(new)
    text = before
    for search, replacement in edits(before, after):
        assert text.count(search) == 1
        text = text.replace(search, replacement)
    assert text in (before, after)
    assert text == after or not before.strip() or before == after
