"""`factorengine llm-stub`: a language model's endpoint without a language model."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from factorengine.cli.options import examples

if TYPE_CHECKING:
    from agents.stub import Exchange

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@click.command(
    "llm-stub",
    epilog=examples(
        "factorengine llm-stub --port 8123",
        "factorengine llm-stub --scenario good=8 --scenario rate-limit --scenario slow@3=2 --log",
        "factorengine llm-stub --plan good:10,outage:30s,good --seed 1",
        "factorengine llm-stub --script answers.toml",
        "factorengine llm-stub --list                       # the scenarios",
    ),
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port. [default: any free one]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME[@S][=W]",
    help="What is done to requests, mixed by weight W; may be repeated. [default: good]",
)  # fmt: skip
@click.option("--plan", default="", metavar="STEP,…", help="Scenarios in turn: NAME:10, NAME:30s, …")
@click.option(
    "--script",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML or JSON rules: role, contains, reply.",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, other answers."
)
@click.option("--stubborn", is_flag=True, help="Let a scenario spoil the retry of a malformed answer too.")
@click.option("--log", is_flag=True, help="Print one line a request.")
@click.option("--list", "list_", is_flag=True, help="Print the scenarios and leave.")
def command(
    port: int,
    host: str,
    scenarios: tuple[str, ...],
    plan: str,
    script: Path | None,
    seed: int,
    stubborn: bool,
    log: bool,
    list_: bool,
) -> None:
    """Serve the OpenAI chat-completions protocol, with computed or scripted answers and faults at will.

    Nothing leaves this machine and no key is needed; the answers are real programs of the offline grammar. Ends with
    Ctrl-C and a summary.
    """
    from agents.stub import SCENARIOS, ScriptedEndpoint

    if list_:
        width = max(map(len, SCENARIOS))
        click.echo("\n".join(f"{name:{width}}  {entry.says}" for name, entry in SCENARIOS.items()))
        return
    seen: Counter[str] = Counter()

    def note(exchange: Exchange) -> None:
        seen[exchange.scenario or "other"] += 1
        if log:
            click.echo(_line(exchange))

    endpoint = ScriptedEndpoint(
        scenarios=scenarios, plan=plan, seed=seed, script=script or (), stubborn=stubborn, host=host, port=port,
        on_exchange=note,
    )  # fmt: skip
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        with endpoint:
            click.echo(f"serving {endpoint.url}; Ctrl-C ends it. In another terminal:")
            click.echo(f"  factorengine mine --proposer llm --base-url {endpoint.url} --model any")
            signal.sigwait(_SIGNALS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    click.echo(_summary(seen, endpoint.refused))


def _line(exchange: Exchange) -> str:
    status = exchange.status or "no reply"
    asked = exchange.role or f"{exchange.method} {exchange.path[:60]!a}"
    said = f", {len(exchange.reply)} characters" if exchange.reply else ""
    return f"{exchange.at:%H:%M:%S} #{exchange.number} {asked}: {exchange.scenario or '-'} → {status}{said}"


def _summary(seen: Counter[str], refused: int) -> str:
    counted = ", ".join(f"{count} {name}" for name, count in seen.most_common())
    broken = f"; {refused} connections refused in outages" if refused else ""
    return f"{seen.total()} requests" + (f": {counted}" if counted else "") + broken
