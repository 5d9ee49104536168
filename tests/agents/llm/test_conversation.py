"""Replies that are cut, unusable or refused, and what is made of them."""

import numpy as np
import pytest

from agents.errors import BudgetError, UnusableReplyError
from agents.language.conversation import converse
from agents.llm.client import Ask
from agents.llm.endpoint import ChatReply
from agents.llm.settings import Model
from agents.replies import ReplyError, TruncatedReplyError


def ask() -> Ask:
    return Ask(
        role="idea", prompt="idea/1", messages=[{"role": "user", "content": "?"}], model=Model(name="m")
    )


def read(text: str) -> str:
    if text.startswith("bad"):
        raise ReplyError("the answer is bad.")
    if text.endswith("…"):
        raise TruncatedReplyError("the answer stops.")
    return text.upper()


def test_a_usable_reply_is_understood_at_once(asking, store) -> None:
    result, heard = converse(asking(lambda _: "good"), ask(), read)
    assert result == "GOOD"
    assert [message["content"] for message in heard.messages] == ["?", "good"]
    assert [call.outcome for call in store.calls("run a")] == ["understood"]


def test_an_unusable_reply_goes_back_once_with_the_complaint(asking, store) -> None:
    replies = iter(["bad", "good"])
    result, _ = converse(asking(lambda _: next(replies)), ask(), read)
    assert result == "GOOD"
    first, second = store.calls("run a")
    assert (first.outcome, first.detail) == ("misunderstood", "the answer is bad.")
    assert second.messages[1] == {"role": "assistant", "content": "bad"}
    assert "the answer is bad." in second.messages[2]["content"]


def test_a_second_unusable_reply_is_the_end(asking, store) -> None:
    with pytest.raises(
        UnusableReplyError, match=r"idea's reply could not be used: the answer is bad\."
    ) as raised:
        converse(asking(lambda _: "bad again"), ask(), read)
    assert raised.value.reply == "bad again"
    assert len(store.calls("run a")) == 2


@pytest.mark.parametrize("finish_reason", ["length", "stop"])
def test_a_cut_reply_is_continued_where_it_stopped(asking, store, finish_reason) -> None:
    replies = iter([ChatReply(text="first…", finish_reason=finish_reason), ChatReply(text="bad and last")])
    result, _ = converse(asking(lambda _: next(replies)), ask(), read)
    assert result == "FIRST…BAD AND LAST"
    assert "next character" in store.calls("run a")[1].messages[-1]["content"]


def test_a_model_that_begins_again_instead_of_going_on_is_understood(asking) -> None:
    replies = iter([ChatReply(text="bad…", finish_reason="length"), ChatReply(text="good from the start")])
    result, _ = converse(asking(lambda _: next(replies)), ask(), read)
    assert result == "GOOD FROM THE START"


def test_a_reply_that_never_ends_is_given_up(asking, store) -> None:
    with pytest.raises(UnusableReplyError, match="the answer stops"):
        converse(asking(lambda _: ChatReply(text="more…", finish_reason="length")), ask(), read)
    assert len(store.calls("run a")) == 6


def test_a_budget_that_ends_in_the_middle_ends_the_conversation(asking) -> None:
    with pytest.raises(BudgetError):
        converse(asking(lambda _: "bad", budget_calls=1), ask(), read)


def test_an_empty_reply_is_sent_back_as_something(asking, store) -> None:
    def refuse_empty(text: str) -> str:
        if not text:
            raise ReplyError("nothing was said.")
        return text

    replies = iter(["", "good"])
    converse(asking(lambda _: next(replies)), ask(), refuse_empty)
    assert store.calls("run a")[1].messages[1]["content"] == "(nothing)"


def test_the_models_weights_decide_who_is_asked(asking, store) -> None:
    client = asking(lambda _: "good", models=["a", "b=9"])
    rng = np.random.default_rng(3)
    names = [client.settings.choose(rng).name for _ in range(100)]
    assert names.count("b") > 70
