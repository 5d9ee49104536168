"""The real client against a real server that misbehaves in every way it knows."""

import pytest

from agents.errors import TransportError
from agents.llm.endpoint import ChatRequest, UnavailableError
from agents.llm.openai_endpoint import OpenAIEndpoint
from agents.llm.settings import LanguageConfig
from agents.stub import Rule, ScriptedEndpoint

KEY = "sk-very-secret-0123456789"


def request() -> ChatRequest:
    messages = [{"role": "system", "content": "# FactorEngine: analyst"}, {"role": "user", "content": "?"}]
    return ChatRequest(model="any", messages=messages, max_tokens=256)


@pytest.fixture
def completing(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def complete(scenario: str, *, script=(), **settings):
        with ScriptedEndpoint(scenarios=[scenario], script=script) as server:
            chosen = LanguageConfig.model_validate({"base_url": server.url, "timeout": 1.0} | settings)
            endpoint = OpenAIEndpoint(chosen)
            try:
                return endpoint.complete(request()), server.requests
            finally:
                endpoint.close()

    return complete


def test_a_good_reply_has_text_and_counts(completing) -> None:
    reply, requests = completing("good")
    assert '"lesson"' in reply.text
    assert reply.finish_reason == "stop"
    assert reply.prompt_tokens > 0
    assert reply.completion_tokens > 0
    assert requests[0].body["max_tokens"] == 256
    assert "temperature" not in requests[0].body


def test_the_limit_of_a_reply_has_the_name_that_the_endpoint_wants(completing) -> None:
    _, requests = completing("good", output_limit_name="max_completion_tokens")
    assert requests[0].body["max_completion_tokens"] == 256


@pytest.mark.parametrize("scenario", ["no-usage", "wild-usage"])
def test_absent_and_absurd_counts_are_no_error(completing, scenario) -> None:
    reply, _ = completing(scenario)
    assert reply.prompt_tokens is None
    assert '"lesson"' in reply.text


@pytest.mark.parametrize(
    ("scenario", "billable", "told"),
    [
        ("rate-limit@0.5", False, "429"),
        ("server-error", False, "500"),
        ("unavailable", False, "503"),
        ("hang", True, "no answer within 1 s"),
        ("slow@3", True, "no answer within 1 s"),
        ("reset", True, "no connection"),
        ("close", True, "no connection"),
        ("wrong-json", True, "no chat completion"),
    ],
)
def test_what_may_pass_is_unavailable(completing, scenario, billable, told) -> None:
    with pytest.raises(UnavailableError, match=told) as raised:
        completing(scenario)
    assert raised.value.billable is billable


def test_the_endpoints_wish_when_to_come_back_is_told(completing) -> None:
    with pytest.raises(UnavailableError) as raised:
        completing("rate-limit@7")
    assert raised.value.retry_after_s == 7


@pytest.mark.parametrize(
    ("scenario", "told"), [("auth", "401.*check the key"), ("unknown-model", "404.*--model")]
)
def test_what_will_not_pass_is_a_transport_error(completing, scenario, told) -> None:
    with pytest.raises(TransportError, match=told):
        completing(scenario)


def test_nobody_at_the_address_is_unavailable_and_costs_nothing() -> None:
    with ScriptedEndpoint() as server:
        url = server.url
    endpoint = OpenAIEndpoint(LanguageConfig.model_validate({"base_url": url}))
    with pytest.raises(UnavailableError, match="no connection") as raised:
        endpoint.complete(request())
    endpoint.close()
    assert raised.value.billable is False


def test_a_huge_body_is_not_read_to_its_end(completing, monkeypatch) -> None:
    monkeypatch.setattr("agents.llm.openai_endpoint._MOST_BODY_BYTES", 1_000_000)
    with pytest.raises(UnavailableError, match="more than 1000000 bytes"):
        completing("huge")


def test_a_huge_reply_is_cut(completing) -> None:
    reply, _ = completing("huge")
    assert len(reply.text) == 250_000


def test_the_key_is_in_the_header_and_in_no_error(completing) -> None:
    with pytest.raises(TransportError) as raised:
        completing("auth")
    assert KEY not in str(raised.value)
    _, requests = completing("good")
    assert requests[0].authorized


def test_text_that_no_database_takes_is_mended(completing) -> None:
    rule = Rule(role="analyst", reply="half \ud83d and\x00 nul")
    reply, _ = completing("good", script=[rule])
    assert "\x00" not in reply.text
    reply.text.encode()
