"""The scripted endpoint: the transport."""

import http.client
import json

import openai
import pytest

from agents.stub import ScriptedEndpoint
from tests.agents.stub.support import (
    CHANGE,
    VERDICT,
    Clock,
    ask,
    chat,
    client,
    send,
    text_of,
)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("rate-limit", openai.RateLimitError),
        ("server-error", openai.InternalServerError),
        ("unavailable", openai.InternalServerError),
        ("auth", openai.AuthenticationError),
        ("unknown-model", openai.NotFoundError),
        ("reset", openai.APIConnectionError),
        ("close", openai.APIConnectionError),
    ],
)
def test_the_client_sees_the_fault(name, error) -> None:
    with ScriptedEndpoint(scenarios=[name]) as endpoint:
        with pytest.raises(error) as seen:
            chat(endpoint)
        status = getattr(seen.value, "status_code", 200 if name == "reset" else None)
        assert (endpoint.requests[0].scenario, endpoint.requests[0].status) == (name, status)


def test_a_rate_limit_tells_when_to_retry() -> None:
    with ScriptedEndpoint(scenarios=["rate-limit@7"]) as endpoint:
        status, headers, answered = ask(endpoint, CHANGE)
        assert (status, headers["Retry-After"]) == (429, "7")
        assert answered["error"]["code"] == "rate_limit_exceeded"


def test_the_client_retries_until_the_answer_is_good() -> None:
    with ScriptedEndpoint(plan="rate-limit@0.01:1,close:1,reset:1,good") as endpoint:
        assert chat(endpoint, max_retries=4).choices[0].message.content
        assert [exchange.status for exchange in endpoint.requests] == [429, None, 200, 200]


def test_a_closed_connection_brings_not_a_byte() -> None:
    with ScriptedEndpoint(scenarios=["close"]) as endpoint, pytest.raises(http.client.RemoteDisconnected):
        ask(endpoint, CHANGE)


def test_a_reset_breaks_a_reply_that_has_begun() -> None:
    broken = pytest.raises((ConnectionResetError, http.client.IncompleteRead))
    with ScriptedEndpoint(scenarios=["reset"]) as endpoint, broken:
        ask(endpoint, CHANGE)


def test_a_slow_answer_comes() -> None:
    with ScriptedEndpoint(scenarios=["slow@0.05"]) as endpoint:
        assert text_of(endpoint, VERDICT)
        assert endpoint.requests[0].scenario == "slow"


def test_the_client_gives_up_on_an_endpoint_that_hangs() -> None:
    with ScriptedEndpoint(scenarios=["hang"]) as endpoint, pytest.raises(openai.APITimeoutError):
        chat(endpoint, VERDICT, timeout=0.3)


def test_a_page_that_is_not_json_comes_with_200() -> None:
    with ScriptedEndpoint(scenarios=["wrong-json"]) as endpoint:
        status, headers, answered = send(endpoint, body=json.dumps({"model": "m", "messages": CHANGE}))
        assert (status, headers["Content-Type"]) == (200, "text/html")
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(answered)


def test_usage_may_be_missing_or_absurd() -> None:
    with ScriptedEndpoint(plan="no-usage:1,wild-usage:1") as endpoint:
        assert chat(endpoint).usage is None
        usage = chat(endpoint).usage
        assert usage.prompt_tokens + usage.completion_tokens != usage.total_tokens


def test_an_outage_breaks_every_connection_and_ends_on_the_same_port() -> None:
    clock = Clock()
    with ScriptedEndpoint(plan="good:1,outage:30s,good", clock=clock) as endpoint, client(endpoint) as opened:
        opened.models.list()
        url = endpoint.url
        assert text_of(endpoint, CHANGE)
        for _ in range(2):
            with pytest.raises(openai.APIConnectionError):  # at first on the connection that was kept
                opened.models.list()
        with pytest.raises(OSError):  # noqa: PT011 (however the system words it)
            ask(endpoint, CHANGE)
        clock.now = 31.0
        assert text_of(endpoint, CHANGE)
        assert opened.models.list()
        assert endpoint.url == url
        assert endpoint.refused >= 1


def test_a_drawn_outage_begins_with_its_request_and_ends() -> None:
    clock = Clock()
    with ScriptedEndpoint(scenarios=["outage@10"], clock=clock) as endpoint:
        for now, requests, refused in ((0, 1, 0), (5, 1, 1), (11, 2, 1)):
            clock.now = now
            with pytest.raises(OSError):  # noqa: PT011
                ask(endpoint, CHANGE)
            assert (len(endpoint.requests), endpoint.refused) == (requests, refused)
