"""`factorengine mine`: the search, with its progress and its way to stop."""

from __future__ import annotations

import json
import math
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli.language import language_options, language_settings
from factorengine.cli.options import DEFAULT_STORE, examples, format_option, require_sandbox_option, where

if TYPE_CHECKING:
    from engine.config import MineConfig
    from engine.mining import MineResult

SHOWN_FACTORS = 10
_RECOVERY_COLUMNS = {
    "planted": "planted factor",
    "theme": "theme",
    "attainable_rank_ic": "attainable rank IC",
    "correlation": "nearest",
    "program": "program",
    "found": "found",
}


@click.command(
    "mine",
    epilog=examples(
        "factorengine mine                                  # the built-in market, two minutes",
        "factorengine mine --data prices.parquet --iterations 40 --trials 20 --run us",
        "factorengine resume us                             # goes on where it stopped",
        "factorengine mine --config mine.toml --time-limit 8h",
        "factorengine mine --seeds alpha158-5+own           # and the store's own seeds, such as those of reports",
        "factorengine mine --proposer mixed --model NAME --price NAME=0.5/2 --budget-usd 5",
        "factorengine mine --proposer llm --base-url http://127.0.0.1:8000/v1 --model NAME",
    ),
)
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="F.toml", help="Settings; flags win over them."
)
@click.option(
    "--data", metavar="PATH", help="Parquet, CSV, folder of CSVs or panel folder. [default: built-in market]"
)
@click.option("--store", metavar="URL", help=f"Experience store. [default: {DEFAULT_STORE}]")
@click.option(
    "--run", metavar="NAME", help="Name of the run; an existing one is resumed. [default: run-1, run-2, …]"
)
@click.option(
    "--seeds",
    metavar="SELECTION",
    help="What to start from, joined by +: sets, own, files, folders; or none. [default: alpha158-10]",
)
@click.option("--iterations", metavar="N", help="Programs to propose, after the seeds. [default: 120]")
@click.option("--trials", metavar="N", help="Usual number of parameter trials of a program. [default: 20]")
@click.option("--workers", metavar="N", help="Worker processes. [default: one per core]")
@click.option("--seed", metavar="N", help="Seed; with one worker the same seed repeats the run. [default: 7]")
@click.option("--time-limit", metavar="10m", help="Stop after 90s, 10m, 8h, …; resume later. [default: none]")
@click.option("--train-end", metavar="DATE", help="Last training day. [default: after 60 % of the days]")
@click.option(
    "--valid-end", metavar="DATE", help="Last validation day; later days stay unread. [default: after 80 %]"
)
@click.option("--universe", metavar="RULE", help="auto (the data's column), all, or top:500. [default: auto]")
@click.option(
    "--control", metavar="KIND", help="shuffled = permuted returns: an honest search finds nothing."
)
@click.option("--islands", metavar="N", help="Independent program trees. [default: 2]")
@click.option("--sampler", metavar="NAME", help="tpe, gp, cmaes, qmc, random or auto. [default: tpe]")
@click.option(
    "--reward",
    metavar="KIND",
    help="robust = validation fitness less what makes it doubtful; or paper. [default: robust]",
)
@click.option("--target", metavar="FITNESS", help="Stop when a program has this validation fitness.")
@click.option("--patience", metavar="N", help="Stop after N iterations without a new elite.")
@click.option(
    "--proposer",
    metavar="WHO",
    help="grammar (built in), llm (a language model), mixed, or random for comparison. [default: grammar]",
)
@language_options
@click.option(
    "--llm-replay", metavar="RUN", help="Give the replies of a recorded run or cassette again; ask no model."
)
@click.option(
    "--proposals-ahead",
    metavar="N",
    help="Proposals thought out at once; 0 with --workers 1 repeats a run. [default: 0, with a language model 4]",
)
@click.option(
    "--log-json", type=click.Path(path_type=Path), metavar="FILE", help="Append progress as JSON lines."
)
@require_sandbox_option
@format_option("table", "json")
def command(
    config: Path | None, format_: str, require_sandbox: bool, log_json: Path | None, **flags: Any
) -> int:
    """Search for factors until the iterations or the time are used up.

    Every trial is committed before the next begins: after Ctrl-C, a crash or a power cut, the same command with
    the same --run goes on where it stopped.
    """
    from engine.config import MineConfig

    stated = MineConfig.read(config) if config else {}
    stated["llm"] = language_settings(stated.get("llm", {}), flags)
    stated |= {key: value for key, value in flags.items() if value is not None}
    if require_sandbox:
        stated["require_sandbox"] = True
    return carry_out(stated, format_, log_json)


def carry_out(stated: dict[str, Any], format_: str, log_json: Path | None) -> int:
    """Search with what a person stated, or go on with the run that they named; the exit code."""
    from engine.config import MineConfig

    before = _settings_of_run(stated)
    language = {**before.get("llm", {}), **stated.get("llm", {})}
    settings = MineConfig.of(before | stated | {"llm": language})
    result, interrupted = _search(settings, quiet=format_ == "json", log_json=log_json)
    report = _json if format_ == "json" else _report
    click.echo(report(settings, result))
    return 130 if interrupted and result.status == "stopped" else 0


def _settings_of_run(stated: dict[str, Any]) -> dict[str, Any]:
    """The settings of the run to be resumed, or of the one to be replayed; none if the run is new."""
    from knowledge_base.errors import StoreError
    from knowledge_base.store import open_store

    url = stated.get("store", DEFAULT_STORE)
    try:
        with open_store(url, create=False) as store:
            known = {run.name: run for run in store.runs()}
    except StoreError:
        return {}  # a store that is not there yet; one that is broken is reported when the search opens it
    run = known.get(str(stated.get("run")))
    if run is not None:
        return dict(run.config) | {"store": url, "time_limit": None}
    recorded = known.get(str(stated.get("llm_replay")))
    return {} if recorded is None else dict(recorded.config) | {"store": url, "time_limit": None, "run": None}


def _search(config: MineConfig, *, quiet: bool, log_json: Path | None) -> tuple[MineResult, bool]:
    """The result, and whether a signal asked for the end."""
    from factorengine.api import mine
    from factorengine.cli.progress import compile_once, mining_progress
    from factorengine.cli.tables import sandbox_line

    compile_once(quiet=quiet)
    with _stop_on_signal() as stopping, mining_progress(config, quiet=quiet, log_json=log_json) as show:
        result = mine(
            config,
            on_progress=show,
            should_stop=lambda: bool(stopping),
            on_sandbox=lambda walls: None if quiet else click.echo(sandbox_line(walls), err=True),
        )
        return result, bool(stopping)


@contextmanager
def _stop_on_signal() -> Iterator[list[int]]:
    """Collect the first SIGINT or SIGTERM, for an orderly stop; a second one interrupts at once."""
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        click.echo("\nstopping; press Ctrl-C again to leave at once", err=True)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(config: MineConfig, result: MineResult) -> str:
    from factorengine.cli.tables import table

    spent = f"{result.elapsed_s:.0f} s, {result.trials_done / max(result.elapsed_s, 1e-9):.1f} trials/s"
    used = f"; workers busy {result.worker_utilisation:.0%} of the time"
    cached = (
        ""
        if math.isnan(result.cache_hit_rate)
        else (f"; {result.cache_hit_rate:.0%} of operator calls in trials came from the cache")
    )
    parts = [
        f"run {result.run} {result.status} ({result.reason}): {result.iterations_done} iterations, "
        f"{result.programs_scored} programs scored, {result.programs_failed} failed, "
        f"{result.trials_done} trials in {spent}{used}{cached}",
        "",
        _ranking(result),
        "",
        f"{len(result.confirmed)} programs beat the luck of {result.trials_done} trials on the training days and held "
        "on the validation days.",
    ]
    if result.recovered:
        found = sum(recovery.found for recovery in result.recovered)
        rows = [
            recovery.to_dict() | {"found": "yes" if recovery.found else "no"} for recovery in result.recovered
        ]
        parts += [
            "",
            table(rows, _RECOVERY_COLUMNS),
            "",
            f"{found} of {len(rows)} planted factors found again",
        ]
    return "\n".join([*parts, "", *_next_steps(config, result)])


def _ranking(result: MineResult) -> str:
    from factorengine.cli.rank import as_row, rendered
    from knowledge_base.store import open_store

    with open_store(result.store) as store:
        return rendered(
            [as_row(f) for f in store.ranking(result.run, top=SHOWN_FACTORS, distinct=True)], "table"
        )


def _next_steps(config: MineConfig, result: MineResult) -> list[str]:
    from knowledge_base.store import open_store

    at = where(result.store)
    with open_store(result.store) as store:
        best = store.ranking(result.run, top=1)
    steps = []
    if result.status == "stopped":
        steps.append(f"  factorengine resume {shlex.quote(result.run)}{at}")
    steps.append(f"  factorengine rank --run {shlex.quote(result.run)}{at}")
    if best:
        steps.append(f"  factorengine show {best[0].id}{at}")
        steps.append(f"  factorengine export {best[0].id} -o factor-{best[0].id}{at}")
    if config.data is None:
        steps.append("  factorengine mine --data YOUR.parquet --train-end DATE --valid-end DATE")
    return ["next:", *steps]


def _json(config: MineConfig, result: MineResult) -> str:
    from factorengine.cli.rank import as_row
    from knowledge_base.store import open_store

    with open_store(result.store) as store:
        ranked = [as_row(factor) for factor in store.ranking(result.run, top=SHOWN_FACTORS, distinct=True)]
    summary: dict[str, Any] = {
        "run": result.run,
        "store": config.store,
        "status": result.status,
        "reason": result.reason,
        "iterations": result.iterations_done,
        "trials": result.trials_done,
        "programs_scored": result.programs_scored,
        "programs_failed": result.programs_failed,
        "elapsed_s": round(result.elapsed_s, 3),
        "worker_utilisation": result.worker_utilisation,
        "cache_hit_rate": None if math.isnan(result.cache_hit_rate) else result.cache_hit_rate,
        "confirmed": list(result.confirmed),
        "recovered": [recovery.to_dict() for recovery in result.recovered],
        "ranked": ranked,
    }
    return json.dumps(summary, indent=2)
