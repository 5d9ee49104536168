"""The scripted endpoint: scripts."""

import http.client
import json

import pytest

from agents.stub import Rule, ScriptedEndpoint
from agents.stub.prompts import Prompt
from market.errors import ConfigError
from tests.agents.stub.support import (
    CHANGE,
    VERDICT,
    ask,
    messages,
    text_of,
)

SCRIPT = """
[[rules]]
role = "screener"
contains = ["momentum", "report"]
reply = "yes"

[[rules]]
role = "screener"
nth = 2
reply_file = "second.txt"

[[rules]]
role = "screener"
reply = "no"

[[rules]]
role = "critic"
nth = 1
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "answers.toml"
    path.write_text(SCRIPT)
    (tmp_path / "second.txt").write_bytes(b"maybe\r\n")
    return path


def test_the_first_rule_that_fits_answers(script) -> None:
    with ScriptedEndpoint(script=script) as endpoint:
        asked = ["a report on momentum", "other", "other", "other"]
        assert [text_of(endpoint, messages("screener", text)) for text in asked] == [
            "yes",
            "maybe\r\n",
            "no",
            "no",
        ]


def test_nth_counts_only_what_was_answered_with_a_reply() -> None:
    rules = [Rule(role="reader", nth=1, reply="first"), Rule(role="reader", reply="later")]
    with ScriptedEndpoint(plan="server-error:1,close:1,good", script=rules) as endpoint:
        assert ask(endpoint, messages("reader"))[0] == 500
        with pytest.raises(http.client.RemoteDisconnected):
            ask(endpoint, messages("reader"))
        assert [text_of(endpoint, messages("reader")) for _ in range(2)] == ["first", "later"]


def test_a_scripted_role_without_a_fitting_rule_is_told_to_the_author(script) -> None:
    with ScriptedEndpoint(script=script) as endpoint:
        assert "verdict" in text_of(endpoint, VERDICT)  # the rule lets the computed answer pass, once
        for asked, role in ((VERDICT, "critic"), (messages("reader"), "reader")):
            status, _, answered = ask(endpoint, asked)
            assert (status, answered["error"]["code"]) == (404, "no_scripted_reply")
            assert f"`{role}`, prompt {Prompt.parse({'model': 'm', 'messages': asked}).digest[:12]}" in str(
                answered
            )
        assert "CHANGES:" in text_of(endpoint, CHANGE)  # a role that the script leaves alone


def test_a_scripted_answer_can_be_spoilt() -> None:
    rules = [Rule(role="reader", reply='{"a": 1,\n "b": {}}')]
    with ScriptedEndpoint(scenarios=["trailing-commas"], script=rules) as endpoint:
        assert text_of(endpoint, messages("reader")) == '{"a": 1,\n "b": {},}'


def test_a_script_may_be_json(tmp_path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps({"rules": [{"role": "reader", "reply": "read"}]}))
    with ScriptedEndpoint(script=str(path)) as endpoint:
        assert text_of(endpoint, messages("reader")) == "read"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 5", "must hold a list `rules`"),
        ("rules = [5]", "rule 1 of"),
        ("[[rules]]\nrole = 'reader'", "give a `reply`"),
        ("[[rules]]\nreply = 'a'", "`role`"),
        ("[[rules]]\nrole = 'reader'\nreplies = 'a'", "`replies`"),
        ("[[rules]]\nrole = 'reader'\nreply = 'a'\nnth = 0", "`nth`"),
        ("[[rules]]\nrole = 'reader'\nreply = 'a'\nreply_file = 'b'", "`reply_file`"),
        ("[[rules]]\nrole = 'reader'\nreply_file = 'absent'", "cannot be read"),
        ("[[rules]", "not a readable TOML or JSON file"),
    ],
)
def test_a_bad_script_is_named(tmp_path, text, says) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        ScriptedEndpoint(script=path)
    assert says in str(refused.value)
