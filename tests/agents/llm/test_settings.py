from datetime import date

import numpy as np
import pytest
from pydantic import ValidationError

from agents.llm.settings import LanguageConfig, Model, is_local, with_prices
from agents.llm.tokens import about_tokens, most_tokens
from market.errors import ConfigError


def config(**values) -> LanguageConfig:
    return LanguageConfig.model_validate(values)


def test_models_are_named_with_or_without_a_weight() -> None:
    settings = config(models=["small", "large=3"])
    assert [(model.name, model.weight) for model in settings.models] == [("small", 1.0), ("large", 3.0)]


def test_models_are_drawn_by_their_weights() -> None:
    settings, rng = config(models=["small", "large=3"]), np.random.default_rng(1)
    drawn = [settings.choose(rng).name for _ in range(2000)]
    assert 0.70 < drawn.count("large") / len(drawn) < 0.80


def test_helpers_are_the_models_unless_others_are_named() -> None:
    rng = np.random.default_rng(1)
    assert config(models=["a"]).choose(rng, helper=True).name == "a"
    assert config(models=["a"], helpers=["b"]).choose(rng, helper=True).name == "b"


def test_the_price_is_per_million_tokens() -> None:
    assert Model(name="m", input_price=2.0, output_price=8.0).cost_usd(1_000_000, 500_000) == 6.0


def test_a_model_without_a_price_is_refused_unless_it_is_on_this_machine_or_said_to_be_free(
    monkeypatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with pytest.raises(ConfigError, match=r"price of model 'm' is unknown.*--price m=IN/OUT"):
        config(models=["m"], base_url="https://example.com/v1").require_access()
    config(models=["m"], base_url="http://127.0.0.1:8000/v1").require_access()
    config(models=["m"], base_url="https://example.com/v1", allow_unpriced=True).require_access()
    config(models=[{"name": "m", "input_price": 0, "output_price": 1}]).require_access()


def test_a_key_or_an_address_is_needed(monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="set OPENAI_API_KEY, or give --base-url"):
        config(models=["m"], allow_unpriced=True).require_access()


def test_a_model_is_needed() -> None:
    with pytest.raises(ConfigError, match="--model NAME"):
        config().require_models()


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "example.com/v1", "http://", "https://user:pw@host/v1", "https://host/v1?api_key=1"]
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must"):
        config(base_url=url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:1/v1", True),
        ("http://127.8.0.1/v1", True),
        ("http://[::1]:80/v1", True),
        ("https://127.0.0.1.example.com/v1", False),
        ("https://example.com/v1", False),
        (None, False),
    ],
)
def test_only_this_machine_is_local(url: str | None, expected: bool) -> None:
    assert is_local(url) is expected


def test_the_key_is_neither_dumped_nor_shown() -> None:
    settings = config(models=["m"], api_key="secret-key-1")
    assert settings.key == "secret-key-1"
    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "secret-key-1" not in shown


def test_prices_of_the_command_line_belong_to_named_models() -> None:
    priced = config(**with_prices({"models": ["m=2"], "helpers": ["h"]}, ("m=1.5/6", "h=0.1/0.2")))
    assert (priced.models[0].input_price, priced.models[0].weight) == (1.5, 2.0)
    assert priced.helpers[0].output_price == 0.2
    for wrong, told in (
        ("m", "NAME=IN/OUT"),
        ("m=3", "NAME=IN/OUT"),
        ("x=1/2", "'x' is not among the models"),
    ):
        with pytest.raises(ConfigError, match=told):
            with_prices({"models": ["m"]}, (wrong,))


def test_a_cutoff_is_a_day() -> None:
    assert config(models=[{"name": "m", "knowledge_cutoff": "2023-10-01"}]).models[
        0
    ].knowledge_cutoff == date(2023, 10, 1)


def test_a_text_never_has_more_tokens_than_the_bound() -> None:
    text = "因子 factor 🙂" * 10
    assert most_tokens([{"role": "user", "content": text}]) > len(text.encode())
    assert 0 < about_tokens(text) < most_tokens([{"role": "user", "content": text}])
