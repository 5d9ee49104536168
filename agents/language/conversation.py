"""From a prompt to something understood: cut answers are continued, unusable ones returned once with a complaint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from agents.errors import UnusableReplyError
from agents.llm.client import Answer, Ask, LanguageClient
from agents.prompts import prompt, quoted
from agents.replies import ReplyError, TruncatedReplyError

T = TypeVar("T")
_CONTINUATIONS = 2
_COMPLAINT_CHARACTERS = 2_000


def converse(client: LanguageClient, ask: Ask, read: Callable[[str], T]) -> tuple[T, Ask]:
    """What `read` made of the reply, and the conversation that led to it, the reply included.

    `read` raises `ReplyError` for a reply that cannot be used. Raises `UnusableReplyError` if the second one cannot be
    used either, and the client's errors.
    """
    try:
        return _understood(client, ask, read)
    except _ComplaintError as first:
        complaint = prompt("unusable").render(complaint=first.complaint)
        second = replace(ask, messages=[*first.ask.messages, _from_user(complaint)])
    try:
        return _understood(client, second, read)
    except _ComplaintError as last:
        message = f"the {ask.role}'s reply could not be used: {last.complaint}"
        raise UnusableReplyError(message, last.reply) from None


def objected(ask: Ask, objection: str) -> Ask:
    """The conversation continued by an objection to the last reply."""
    text = prompt("criticised").render(objection=quoted("objection", objection))
    return replace(ask, messages=[*ask.messages, _from_user(text)])


class _ComplaintError(Exception):
    """A reply that `read` refused, and why."""

    def __init__(self, ask: Ask, reply: str, complaint: str) -> None:
        super().__init__(complaint)
        self.ask, self.reply, self.complaint = ask, reply, complaint


def _understood(client: LanguageClient, ask: Ask, read: Callable[[str], T]) -> tuple[T, Ask]:
    answer = client.ask(ask)
    text = answer.text
    for _ in range(_CONTINUATIONS):
        if not answer.is_cut and not _is_cut(text, read):
            break
        client.judge(answer, "cut off")
        so_far = [*ask.messages, _from_model(text), _from_user(prompt("continue").text)]
        answer = client.ask(replace(ask, messages=so_far))
        began_again = _is_usable(answer.text, read)  # models often do, instead of going on
        text = answer.text if began_again else text + answer.text
    return _judged(client, ask, answer, text, read)


def _judged(
    client: LanguageClient, ask: Ask, answer: Answer, text: str, read: Callable[[str], T]
) -> tuple[T, Ask]:
    heard = replace(ask, messages=[*ask.messages, _from_model(text)])
    try:
        result = read(text)
    except ReplyError as error:
        complaint = error.complaint[:_COMPLAINT_CHARACTERS]
        client.judge(answer, complaint)
        raise _ComplaintError(heard, text, complaint) from None
    client.judge(answer)
    return result, heard


def _is_usable(text: str, read: Callable[[str], object]) -> bool:
    try:
        read(text)
    except ReplyError:
        return False
    return True


def _is_cut(text: str, read: Callable[[str], object]) -> bool:
    """Whether the reply ends in the middle though the endpoint does not say so."""
    try:
        read(text)
    except TruncatedReplyError:
        return True
    except ReplyError:
        return False
    return False


def _from_user(text: str) -> Mapping[str, str]:
    return {"role": "user", "content": text}


def _from_model(text: str) -> Mapping[str, str]:
    return {"role": "assistant", "content": text.strip() or "(nothing)"}  # endpoints refuse empty messages
