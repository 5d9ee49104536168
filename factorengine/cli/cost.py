"""`factorengine cost`: what language models were asked, what it cost and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.options import examples, format_option, store_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledge_base.calls import RoleSpending
    from knowledge_base.records import RunRecord
    from knowledge_base.store import Store

_COLUMNS = {
    "role": "role",
    "model": "model",
    "outcome": "outcome",
    "calls": "calls",
    "tokens": "tokens",
    "usd": "USD",
    "latency_s": "mean s",
}


@click.command(
    "cost",
    epilog=examples(
        "factorengine cost",
        "factorengine cost us --format json",
        "factorengine cost us --cassette us.jsonl    # the calls, for --llm-replay us.jsonl",
    ),
)
@click.argument("run", required=False)
@click.option(
    "--cassette", type=click.Path(path_type=Path), metavar="FILE", help="Write the calls to this file."
)
@store_option
@format_option("table", "json")
def command(run: str | None, cassette: Path | None, store_url: str, format_: str) -> None:
    """Show what the language models of a run cost, or those of the whole store if none is named."""
    from factorengine.cli.runs import run_named
    from knowledge_base.calls import run_account
    from knowledge_base.store import open_store
    from market.errors import ConfigError

    if cassette is not None and run is None:
        raise ConfigError("a cassette holds the calls of one run: name it.")
    with open_store(store_url, create=False) as store:
        record = None if run is None else run_named(store, run)
        spending = store.spending(None if record is None else run_account(record.name))
        facts = _totals(spending) | ({} if record is None else _per_factor(store, record, spending))
        if cassette is not None and record is not None:
            from agents.llm.replay import write_cassette

            write_cassette(store.calls(run_account(record.name), answered=True), cassette)
            click.echo(f"wrote {cassette}", err=True)
    rows = [vars(line) for line in spending]
    click.echo(json.dumps(facts | {"by_role": rows}, indent=2) if format_ == "json" else _text(facts, rows))


def _totals(spending: Sequence[RoleSpending]) -> dict[str, Any]:
    made = [line for line in spending if line.outcome != "refused"]
    calls = sum(line.calls for line in made)
    corrections = sum(line.calls for line in made if line.role == "corrector")
    return {
        "calls": calls,
        "tokens": sum(line.tokens for line in made),
        "usd": sum(line.usd for line in made),
        "refused_calls": sum(line.calls for line in spending) - calls,
        "correction_share": corrections / calls if calls else None,
        "understood_share": _share(made, "understood"),
    }


def _share(lines: Sequence[RoleSpending], outcome: str) -> float | None:
    judged = sum(line.calls for line in lines if line.outcome in {"understood", "misunderstood"})
    return sum(line.calls for line in lines if line.outcome == outcome) / judged if judged else None


def _per_factor(store: Store, run: RunRecord, spending: Sequence[RoleSpending]) -> dict[str, Any]:
    """What the language model's proposals came to: those that ran, those that are elites."""
    rewards = store.briefing(run.id).rewards.get("llm", ())
    accepted = [
        factor
        for factor in store.ranking(run.name, top=None, distinct=True)
        if store.program(factor.id).origin == "llm"
    ]
    usd = sum(line.usd for line in spending)
    executable = sum(reward is not None for reward in rewards)
    return {
        "run": run.name,
        "proposals": len(rewards),
        "executable": executable,
        "executable_share": executable / len(rewards) if rewards else None,
        "accepted": len(accepted),
        "usd_per_accepted": usd / len(accepted) if accepted else None,
    }


def _text(facts: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    from factorengine.cli.tables import table

    if not rows:
        return "no calls of language models: `factorengine mine --proposer llm --model NAME` makes some."
    lines = [
        f"{facts['calls']} calls, {facts['tokens']} tokens, {facts['usd']:.4f} USD; "
        f"{facts['refused_calls']} attempts that the endpoint refused",
        f"replies understood {_percent(facts['understood_share'])}; calls for correction "
        f"{_percent(facts['correction_share'])}",
    ]
    if "run" in facts:
        price = facts["usd_per_accepted"]
        lines.append(
            f"{facts['proposals']} proposals of the language model, {_percent(facts['executable_share'])} of them "
            f"executable, {facts['accepted']} accepted as distinct factors"
            + ("" if price is None else f" at {price:.4f} USD each")
        )
    return "\n".join([*lines, "", table(rows, _COLUMNS)])


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"
