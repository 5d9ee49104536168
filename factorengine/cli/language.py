"""Options of every command that may ask a language model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_PREFIX = "llm_"
_OPTIONS = (
    click.option(
        "--base-url",
        "llm_base_url",
        metavar="URL",
        help="OpenAI-compatible endpoint, such as http://127.0.0.1:8000/v1. [default: $OPENAI_BASE_URL]",
    ),
    click.option(
        "--model",
        "llm_models",
        multiple=True,
        metavar="NAME[=WEIGHT]",
        help="Language model that has ideas; repeat it for an ensemble. The key is read from $OPENAI_API_KEY.",
    ),
    click.option(
        "--helper-model",
        "llm_helpers",
        multiple=True,
        metavar="NAME[=WEIGHT]",
        help="Cheaper model that corrects, criticises and analyses. [default: as --model]",
    ),
    click.option(
        "--price",
        "llm_prices",
        multiple=True,
        metavar="NAME=IN/OUT",
        help="Price of a model in USD per million tokens of prompt and reply.",
    ),
    click.option(
        "--allow-unpriced",
        "llm_allow_unpriced",
        is_flag=True,
        help="Count models without a price as free; those on this machine are.",
    ),
    click.option(
        "--budget-usd", "llm_budget_usd", metavar="USD", help="Most that the run may cost. [default: 10]"
    ),
    click.option("--budget-tokens", "llm_budget_tokens", metavar="N", help="Most tokens of the run."),
    click.option("--budget-calls", "llm_budget_calls", metavar="N", help="Most calls of the run."),
    click.option(
        "--budget-usd-per-day",
        "llm_budget_usd_per_day",
        metavar="USD",
        help="Most that all runs of the store may cost in one day (UTC).",
    ),
    click.option(
        "--when-spent",
        "llm_when_spent",
        metavar="WHAT",
        help="When the budget is used up: offline (go on with the grammar) or stop. [default: offline]",
    ),
    click.option(
        "--disclose-market",
        "llm_disclose_market",
        is_flag=True,
        help="Tell the model which market and years it works on. It may then remember what happened.",
    ),
)


def language_options(function: F) -> F:
    """The options, collected by `language_settings`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def language_settings(stated: Mapping[str, Any], flags: dict[str, Any]) -> dict[str, Any]:
    """The `[llm]` settings with those of the command line, which are taken out of `flags`."""
    from agents.llm.settings import with_prices

    given = {key: flags.pop(key) for key in list(flags) if key.startswith(_PREFIX) and key != "llm_replay"}
    prices = given.pop("llm_prices")
    settings = dict(stated) | {
        key.removeprefix(_PREFIX): list(value) if isinstance(value, tuple) else value
        for key, value in given.items()
        if value not in (None, (), False)
    }
    return with_prices(settings, prices)
