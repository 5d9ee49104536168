"""`factorengine runs`, `status`, `stop`, `pause`, `resume`: searches seen and steered from another terminal."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.options import DEFAULT_STORE, examples, format_option, store_option

if TYPE_CHECKING:
    from knowledge_base.records import RunRecord
    from knowledge_base.store import Store

SHOWN_FACTORS = 5
_WATCH_EVERY_S = 2.0
_COLUMNS = {
    "run": "run",
    "state": "state",
    "iterations": "iterations",
    "trials": "trials",
    "failed": "failed",
    "best": "best fitness",
    "data": "data",
    "started": "started",
}


@click.command("runs", epilog=examples("factorengine runs", "factorengine runs --format json"))
@store_option
@format_option("table", "json")
def runs(store_url: str, format_: str) -> None:
    """List the runs of a store."""
    from factorengine.cli.tables import table
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        rows = [_summary(store, run) for run in store.runs()]
    if format_ == "json":
        click.echo(json.dumps(rows, indent=2))
    else:
        click.echo(table([row | {"best": _signed(row["best"])} for row in rows], _COLUMNS))


@click.command(
    "status",
    epilog=examples(
        "factorengine status", "factorengine status us --watch", "factorengine status us --format json"
    ),
)
@click.argument("run", required=False)
@click.option("--watch", is_flag=True, help="Show it again every two seconds until the run ends.")
@store_option
@format_option("table", "json")
def status(run: str | None, watch: bool, store_url: str, format_: str) -> None:
    """Show how far a run is, the newest if none is named, also while another process works on it."""
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        while True:
            record = run_named(store, run)
            facts = _status(store, record)
            click.echo(json.dumps(facts, indent=2) if format_ == "json" else _status_text(facts))
            if not (watch and facts["working"]):
                return
            time.sleep(_WATCH_EVERY_S)
            if format_ != "json":
                click.echo()


@click.command("stop", epilog=examples("factorengine stop us"))
@click.argument("run")
@store_option
def stop(run: str, store_url: str) -> None:
    """Ask the process that works on a run to save and leave; resume it later."""
    _ask(run, store_url, "stop", "asked {run} to stop; it saves what is done and leaves within seconds")


@click.command("pause", epilog=examples("factorengine pause us", "factorengine resume us"))
@click.argument("run")
@store_option
def pause(run: str, store_url: str) -> None:
    """Ask the process that works on a run to wait until it is resumed."""
    _ask(run, store_url, "pause", "asked {run} to pause; `factorengine resume {run}` lets it go on")


@click.command(
    "resume",
    epilog=examples("factorengine resume us", "factorengine resume us --iterations 400 --time-limit 8h"),
)
@click.argument("run")
@click.option("--iterations", metavar="N", help="Programs to propose in all. [default: as before]")
@click.option("--workers", metavar="N", help="Worker processes. [default: as before]")
@click.option("--time-limit", metavar="10m", help="Stop after 90s, 10m, 8h, … [default: none]")
@click.option(
    "--log-json", type=click.Path(path_type=Path), metavar="FILE", help="Append progress as JSON lines."
)
@store_option
@format_option("table", "json")
def resume(run: str, store_url: str, format_: str, log_json: Path | None, **flags: str | None) -> int:
    """Let a paused run go on, or continue a stopped one in this process."""
    from factorengine.cli.mine import carry_out
    from knowledge_base.holding import is_held
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        record = run_named(store, run)
        if is_held(record) and record.wish == "pause":
            store.wish(run, None)
            click.echo(f"{run} goes on", err=True)
            return 0
    stated = {key: value for key, value in flags.items() if value is not None}
    return carry_out(stated | {"run": run, "store": store_url}, format_, log_json)


def _ask(run: str, store_url: str, what: Any, answer: str) -> None:
    from knowledge_base.store import open_store

    with open_store(store_url, create=False) as store:
        store.wish(run, what)
    where = "" if store_url == DEFAULT_STORE else f" (store {store_url})"
    click.echo(answer.format(run=run) + where, err=True)


def run_named(store: Store, name: str | None) -> RunRecord:
    """The run of that name, the newest if there is none; `StoreError` with the known names."""
    from knowledge_base.errors import StoreError

    known = store.runs()
    found = [run for run in known if name in (None, run.name)]
    if not found:
        names = ", ".join(run.name for run in known[-20:]) or "none yet"
        raise StoreError(f"a run's name must be one of {names}, got {name!r}.")
    return found[-1]


def _summary(store: Store, run: RunRecord) -> dict[str, Any]:
    best = store.ranking(run.name, top=1)
    return {
        "run": run.name,
        "state": _state(run),
        "iterations": f"{run.iterations_done}/{run.config['iterations']}",
        "trials": run.trials_done,
        "failed": sum(store.failure_stages(run.id).values()),
        "best": best[0].fitness if best else None,
        "data": run.panel.get("origin"),
        "started": run.created_at.isoformat(timespec="seconds"),
    }


def _status(store: Store, run: RunRecord) -> dict[str, Any]:
    from factorengine.cli.rank import as_row
    from knowledge_base.holding import is_held

    planned, done = run.config["iterations"], run.iterations_done
    elapsed_s = max(run.elapsed_seconds, 1e-9)
    return {
        "run": run.name,
        "state": _state(run),
        "working": is_held(run),
        "holder": run.holder if is_held(run) else None,
        "reason": (run.result or {}).get("reason") if not is_held(run) else None,
        "iterations_done": done,
        "iterations": planned,
        "trials": run.trials_done,
        "trials_per_second": run.trials_done / elapsed_s,
        "elapsed_s": run.elapsed_seconds,
        "seconds_left": elapsed_s / done * (planned - done) if is_held(run) and done else None,
        "programs_by_island": [
            len(store.tree(run.id, island)) for island in range(run.config.get("islands", 1))
        ],
        "failures_by_stage": store.failure_stages(run.id),
        "language_models": _language(store, run),
        "elites": [as_row(factor) for factor in store.ranking(run.name, top=SHOWN_FACTORS, distinct=True)],
    }


def _language(store: Store, run: RunRecord) -> dict[str, Any] | None:
    """What the run's language models used of their budget; None if there are none."""
    from knowledge_base.calls import run_account

    latest = store.latest_call(run_account(run.name))
    if latest is None:
        return None
    made = [line for line in store.spending(run_account(run.name)) if line.outcome != "refused"]
    settings = run.config.get("llm", {})
    return {
        "trouble": latest.detail if latest.outcome in {"refused", "lost"} else None,
        "calls": sum(line.calls for line in made),
        "tokens": sum(line.tokens for line in made),
        "usd": sum(line.usd for line in made),
        "budget_usd": settings.get("budget_usd"),
        "budget_tokens": settings.get("budget_tokens"),
        "budget_calls": settings.get("budget_calls"),
    }


def _state(run: RunRecord) -> str:
    """What a person calls it: a run whose process died says running in the store."""
    from knowledge_base.holding import is_held

    if is_held(run):
        return {"pause": "paused", "stop": "stopping", None: "running"}[run.wish]
    return "interrupted" if run.status == "running" else run.status


def _status_text(facts: dict[str, Any]) -> str:
    from factorengine.cli.rank import rendered

    left = facts["seconds_left"]
    failures = ", ".join(f"{stage} {count}" for stage, count in facts["failures_by_stage"].items())
    lines = [
        f"run {facts['run']}: {facts['state']}"
        + (f" by {facts['holder']}" if facts["working"] else "")
        + (f" ({facts['reason']})" if facts["reason"] else ""),
        f"{facts['iterations_done']}/{facts['iterations']} iterations, {facts['trials']} trials, "
        f"{facts['trials_per_second']:.1f}/s, {_span(facts['elapsed_s'])} worked"
        + (f", about {_span(left)} left" if left is not None else ""),
        f"programs by island: {', '.join(map(str, facts['programs_by_island']))}; failures: {failures or 'none'}",
    ]
    if facts["language_models"]:
        lines.append(_language_text(facts["language_models"]))
    if facts["elites"]:
        lines += ["", rendered(facts["elites"], "table")]
    if not facts["working"] and facts["state"] != "finished":
        lines += ["", f"next: factorengine resume {facts['run']}"]
    return "\n".join(lines)


def _language_text(used: dict[str, Any]) -> str:
    def of(name: str, value: str) -> str:
        limit = used[f"budget_{name}"]
        return value if limit is None else f"{value} of {limit:g}"

    parts = [
        f"{of('calls', str(used['calls']))} calls",
        f"{of('tokens', str(used['tokens']))} tokens",
        f"{of('usd', format(used['usd'], '.4f'))} USD",
    ]
    trouble = f"; the latest call failed: {used['trouble']}" if used["trouble"] else ""
    return f"language models: {', '.join(parts)}{trouble}"


def _span(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}"
