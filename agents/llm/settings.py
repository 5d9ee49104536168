"""Which language models are asked, where, how much they may cost and what they may be told."""

from __future__ import annotations

import os
from datetime import date
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from knowledge_base.calls import CallLimits
from market.errors import ConfigError

_KEY_VARIABLE = "OPENAI_API_KEY"
_URL_VARIABLE = "OPENAI_BASE_URL"


class Model(BaseModel):
    """One model of an endpoint; prices are US dollars per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="as the endpoint calls it")
    weight: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="how often it is asked, beside the others"
    )
    input_price: float | None = Field(None, ge=0, allow_inf_nan=False, description="USD per million tokens")
    output_price: float | None = Field(None, ge=0, allow_inf_nan=False, description="USD per million tokens")
    knowledge_cutoff: date | None = Field(None, description="the last day that its training data know of")

    @classmethod
    def of(cls, text: object) -> object:
        """`"name"` or `"name=weight"` → the fields of a model; other types pass through to be checked."""
        if not isinstance(text, str):
            return text
        name, _, weight = text.partition("=")
        return {"name": name.strip(), **({"weight": weight.strip()} if weight else {})}

    @property
    def has_price(self) -> bool:
        """Whether what a call costs is known."""
        return self.input_price is not None and self.output_price is not None

    def cost_usd(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What a call costs; a model without prices costs nothing."""
        return (prompt_tokens * (self.input_price or 0) + completion_tokens * (self.output_price or 0)) / 1e6


class LanguageConfig(BaseModel):
    """The `[llm]` part of a run's settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str | None = Field(
        None, description=f"the endpoint, such as http://127.0.0.1:8000/v1; {_URL_VARIABLE} if absent"
    )
    models: tuple[Model, ...] = Field((), description="those that have ideas, each with a weight")
    helpers: tuple[Model, ...] = Field(
        (), description="cheaper ones that correct, criticise and analyse; the same as `models` if absent"
    )
    api_key: SecretStr | None = Field(
        None, exclude=True, repr=False, description="better kept in the variable `api_key_variable`"
    )
    api_key_variable: str = Field(_KEY_VARIABLE, description="environment variable that holds the key")
    timeout: float = Field(120.0, gt=0, le=3600, description="seconds that one call may take")
    outage_limit: float = Field(
        6 * 3600.0, gt=0, description="seconds that the endpoint may be away before the run stops"
    )
    backoff: float = Field(1.0, gt=0, description="seconds before the first repetition; they double")
    concurrency: int = Field(4, ge=1, le=256, description="calls at the same time")
    temperature: float | None = Field(None, ge=0, le=2, description="of ideas; the endpoint's own if absent")
    max_prompt_tokens: int = Field(12_000, ge=2_000, le=1_000_000, description="history is shortened to fit")
    max_output_tokens: int = Field(4_096, ge=256, le=200_000, description="of one reply")
    output_limit_name: Literal["max_tokens", "max_completion_tokens"] = Field(
        "max_tokens", description="what the endpoint calls the limit of a reply"
    )
    budget_usd: float | None = Field(10.0, ge=0, allow_inf_nan=False, description="of the run")
    budget_tokens: int | None = Field(None, ge=0, description="of the run")
    budget_calls: int | None = Field(None, ge=0, description="of the run")
    budget_usd_per_day: float | None = Field(None, ge=0, description="of all runs in the store")
    budget_tokens_per_day: int | None = Field(None, ge=0, description="of all runs in the store")
    budget_calls_per_day: int | None = Field(None, ge=0, description="of all runs in the store")
    allow_unpriced: bool = Field(False, description="count models without a price as free")
    when_spent: Literal["offline", "stop"] = Field(
        "offline", description="go on with the built-in proposer, or stop"
    )
    corrections: int = Field(2, ge=0, le=10, description="attempts to mend a program that does not run")
    critic: bool = Field(True, description="whether idea and code are compared before a program is tried")
    analyst: bool = Field(True, description="whether a lesson is drawn from every scored program")
    least_share: float = Field(
        0.2, ge=0, le=0.5, description="of proposals that each proposer of a mixed run makes at least"
    )
    disclose_market: bool = Field(False, description="tell the model which market and years it works on")

    @field_validator("models", "helpers", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        listed = [value] if isinstance(value, str | dict) else value
        return [Model.of(item) for item in listed] if isinstance(listed, list | tuple) else listed

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https address such as http://127.0.0.1:8000/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("must not hold a name, password or query: put the key into the environment")
        return value

    @model_validator(mode="after")
    def _distinct(self) -> LanguageConfig:
        for models in (self.models, self.helpers):
            names = [model.name for model in models]
            if len(set(names)) != len(names):
                raise ValueError(f"each model is named once, got {', '.join(names)}")
        return self

    @property
    def limits(self) -> CallLimits:
        """The budget, as the store checks it."""
        return CallLimits(
            usd=self.budget_usd,
            tokens=self.budget_tokens,
            calls=self.budget_calls,
            usd_per_day=self.budget_usd_per_day,
            tokens_per_day=self.budget_tokens_per_day,
            calls_per_day=self.budget_calls_per_day,
        )

    @property
    def url(self) -> str | None:
        """The endpoint's address; None = the openai package's own."""
        return self.base_url or os.environ.get(_URL_VARIABLE) or None

    @property
    def key(self) -> str | None:
        """The key, if there is one; a server on this machine needs none."""
        stated = self.api_key.get_secret_value() if self.api_key else None
        return stated or os.environ.get(self.api_key_variable) or None

    def require_models(self) -> None:
        """Raise `ConfigError` unless there is a model."""
        if not self.models:
            raise ConfigError("a language model must be named: give --model NAME, or models in [llm].")

    def require_access(self) -> None:
        """Raise `ConfigError` unless there are a way to reach the models and a known price."""
        if self.url is None and self.key is None:
            raise ConfigError(
                f"an endpoint needs an address or a key: set {self.api_key_variable}, or give --base-url URL."
            )
        unpriced = [model.name for model in (*self.models, *self.helpers) if not model.has_price]
        if unpriced and not self.allow_unpriced and not is_local(self.url):
            raise ConfigError(
                f"the price of model {unpriced[0]!r} is unknown, so no budget can hold: give --price "
                f"{unpriced[0]}=IN/OUT in USD per million tokens, or --allow-unpriced."
            )

    def choose(self, rng: np.random.Generator, *, helper: bool = False) -> Model:
        """One of the models, by weight."""
        models = (self.helpers if helper else ()) or self.models
        weights = np.array([model.weight for model in models])
        return models[int(rng.choice(len(models), p=weights / weights.sum()))]


def is_local(url: str | None) -> bool:
    """Whether an address is on this machine, where calls cost nothing."""
    host = urlsplit(url or "").hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def with_prices(stated: dict[str, Any], prices: tuple[str, ...]) -> dict[str, Any]:
    """The stated models with prices given as `NAME=IN/OUT`; `ConfigError` for a name or number that is none."""
    by_name: dict[str, dict[str, str]] = {}
    for price in prices:
        name, _, numbers = price.rpartition("=")
        cost_in, separator, cost_out = numbers.partition("/")
        if not name or not separator:
            raise ConfigError(f"a price is NAME=IN/OUT in USD per million tokens, got {price!r}.")
        by_name[name] = {"input_price": cost_in, "output_price": cost_out}
    changed = dict(stated)
    used = set()
    for key in ("models", "helpers"):
        models = [Model.of(item) for item in stated.get(key, ())]
        for model in models:
            if isinstance(model, dict) and model.get("name") in by_name:
                model |= by_name[model["name"]]
                used.add(model["name"])
        if models:
            changed[key] = models
    unused = sorted(set(by_name) - used)
    if unused:
        raise ConfigError(
            f"a price needs its model, {unused[0]!r} is not among the models: name it with --model."
        )
    return changed
