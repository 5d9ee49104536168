"""An OpenAI-compatible server behind the contract of `agents.llm.endpoint`, by way of the `openai` package.

The package's own repetitions are off: every attempt is paid for and written down by the client. No error carries the
key.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import httpx2
import openai

from agents.errors import TransportError
from agents.llm.endpoint import ChatReply, ChatRequest, UnavailableError
from agents.llm.settings import LanguageConfig

_MOST_REPLY_CHARACTERS = 250_000
_MOST_BODY_BYTES = 8 * 2**20
_REPEATABLE = {408, 409, 425, 429}
_SHOWN_CHARACTERS = 300
_NO_KEY = "none"  # a server that asks for no key ignores it


class OpenAIEndpoint:
    """An OpenAI-compatible server."""

    def __init__(self, settings: LanguageConfig) -> None:
        self._settings = settings
        self._key = settings.key
        self._client = openai.OpenAI(
            api_key=self._key or _NO_KEY,
            base_url=settings.url,
            max_retries=0,
            timeout=settings.timeout,
            http_client=httpx2.Client(
                transport=_BoundedTransport(settings.timeout),
                timeout=settings.timeout,
                limits=httpx2.Limits(max_connections=settings.concurrency),
            ),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def complete(self, request: ChatRequest) -> ChatReply:
        """Answer one call; see `Endpoint`."""
        messages: Any = [dict(message) for message in request.messages]
        options: dict[str, Any] = {self._settings.output_limit_name: request.max_tokens}
        if request.temperature is not None:
            options["temperature"] = request.temperature
        try:
            completion = self._client.chat.completions.create(
                model=request.model, messages=messages, **options
            )
            return _reply(completion)
        except openai.APIStatusError as error:
            raise self._status_error(error) from None
        except openai.APITimeoutError:
            limit_s = self._settings.timeout
            raise UnavailableError(f"no answer within {limit_s:g} s.", billable=True) from None
        except openai.APIConnectionError as error:
            never_sent = isinstance(error.__cause__, httpx2.ConnectError)
            reason = self._told(str(error.__cause__ or error))
            raise UnavailableError(f"no connection: {reason}.", billable=not never_sent) from None
        except (openai.APIError, ValueError, TypeError, LookupError, AttributeError) as error:
            problem = self._told(f"{type(error).__name__}: {error}")
            raise UnavailableError(f"the body is no chat completion ({problem}).", billable=True) from None

    def _status_error(self, error: openai.APIStatusError) -> UnavailableError | TransportError:
        status = error.status_code
        told = f"the endpoint answered {status}: {self._told(_reason(error))}"
        spent = status == 429 and error.code == "insufficient_quota"  # no time will mend that
        if (status in _REPEATABLE or status >= 500) and not spent:
            return UnavailableError(told, billable=False, retry_after_s=_retry_after_s(error))
        remedies = {401: "check the key", 403: "check the key's rights", 404: "check --base-url and --model"}
        return TransportError(f"{told} — {remedies.get(status, 'check the settings in [llm]')}.")

    def _told(self, text: str) -> str:
        """What may be shown and stored of a message: short, on one line, without the key."""
        plain = " ".join(text.split())
        if self._key:
            plain = plain.replace(self._key, "[key]")
        return plain[:_SHOWN_CHARACTERS].rstrip(". ")


def _reply(completion: Any) -> ChatReply:
    choice = completion.choices[0]
    text = choice.message.content or ""
    if not isinstance(text, str):
        raise TypeError(f"the content is {type(text).__name__}, not text")
    usage = completion.usage
    finish_reason = choice.finish_reason
    return ChatReply(
        text=_storable(text[:_MOST_REPLY_CHARACTERS]),
        finish_reason=finish_reason if isinstance(finish_reason, str) else None,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
    )


def _count(usage: Any, name: Literal["prompt_tokens", "completion_tokens"]) -> int | None:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and value >= 0 else None


def _storable(text: str) -> str:
    """The text without what no database takes: half characters and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _reason(error: openai.APIStatusError) -> str:
    body = error.body
    if isinstance(body, Mapping):
        return str(body.get("message") or body)
    return str(body or error.message)


def _retry_after_s(error: openai.APIStatusError) -> float | None:
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None


class _BoundedTransport(httpx2.HTTPTransport):
    """Bodies of bounded size, each read within bounded time: httpx's own timeout is for one piece of a body."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        deadline_s = time.monotonic() + self._timeout_s
        response = super().handle_request(request)
        response.stream = _BoundedStream(response.stream, deadline_s)  # type: ignore[arg-type]
        return response


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, deadline_s: float) -> None:
        self._stream, self._deadline_s = stream, deadline_s

    def __iter__(self) -> Iterator[bytes]:
        received = 0
        for piece in self._stream:
            received += len(piece)
            if received > _MOST_BODY_BYTES:
                raise httpx2.ReadError(f"the body has more than {_MOST_BODY_BYTES} bytes")
            if time.monotonic() > self._deadline_s:
                raise httpx2.ReadTimeout("the body takes too long")
            yield piece

    def close(self) -> None:
        self._stream.close()
