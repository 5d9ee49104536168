"""An endpoint that says again what was recorded: a language-model run without a language model."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from agents.errors import ReplayError
from agents.llm.client import prompt_hash
from agents.llm.endpoint import ChatReply, ChatRequest
from knowledge_base.calls import CallRecord
from market.errors import DataError


class RecordedEndpoint:
    """Answers each prompt with its recorded replies, in their order; each once.

    `answered` are the calls that were replayed before, by the process that this one goes on for.
    """

    def __init__(self, recorded: Iterable[CallRecord], answered: Iterable[CallRecord] = ()) -> None:
        self._replies: dict[str, deque[ChatReply]] = defaultdict(deque)
        self._lock = Lock()
        for call in recorded:
            if call.reply is not None:
                self._replies[call.prompt_hash].append(
                    ChatReply(
                        text=call.reply,
                        finish_reason=call.finish_reason,
                        prompt_tokens=call.prompt_tokens,
                        completion_tokens=call.completion_tokens,
                    )
                )
        for call in answered:
            if self._replies[call.prompt_hash]:
                self._replies[call.prompt_hash].popleft()

    def complete(self, request: ChatRequest) -> ChatReply:
        """The next recorded reply to that prompt; `ReplayError` if there is none."""
        mark = prompt_hash(request.messages)
        with self._lock:
            if not self._replies[mark]:
                first_line = request.messages[0]["content"].partition("\n")[0].lstrip("# ")
                raise ReplayError(
                    f"no reply was recorded for this prompt ({first_line}, {mark[:12]}): a run is replayed with the "
                    "settings and the data of the recorded one, which worked with --workers 1 and --proposals-ahead 0."
                )
            return self._replies[mark].popleft()

    def close(self) -> None:
        """Nothing is open."""


def read_cassette(path: Path) -> list[CallRecord]:
    """The calls in a cassette file, as `factorengine cost --cassette` writes it; `DataError` if it is none."""
    from pydantic import TypeAdapter, ValidationError

    one = TypeAdapter(CallRecord)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [one.validate_python(json.loads(line)) for line in lines if line.strip()]
    except OSError as problem:
        raise DataError(f"the cassette `{path}` cannot be read: {problem.strerror}.") from None
    except (UnicodeDecodeError, ValueError, ValidationError) as problem:
        told = str(problem).splitlines()[0]
        raise DataError(f"`{path}` is no cassette of recorded calls: {told}.") from None


def write_cassette(calls: Iterable[CallRecord], path: Path) -> None:
    """Write calls as JSON lines."""
    from pydantic import TypeAdapter

    one = TypeAdapter(CallRecord)
    text = "".join(one.dump_json(call).decode() + "\n" for call in calls)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise DataError(f"`{path}` cannot be written: {problem.strerror}.") from None
