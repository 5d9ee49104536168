"""What a person sees while the machine works: on a terminal a bar, in a log file a line now and then."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from engine.config import MineConfig
    from engine.mining import Progress as MiningState

_LOG_EVERY_S, _JSON_EVERY_S = 10.0, 1.0


def compile_once(*, quiet: bool) -> None:
    """Compile the kernels if this machine has not done so yet, visibly: the only long wait, and only once."""
    from engine import evaluator  # noqa: F401 (declares the scoring kernels)
    from factors.compiled import ensure_compiled, is_compiled

    if is_compiled():
        return
    if quiet or not sys.stderr.isatty():
        if not quiet:
            click.echo("compiling the numeric kernels once for this machine (about a minute)", err=True)
        ensure_compiled()
        return
    with Progress(
        TextColumn("compiling once for this machine"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("compile", total=None)
        ensure_compiled(progress=lambda state: bar.update(task, completed=state.done, total=state.total))


@contextmanager
def mining_progress(
    config: MineConfig, *, quiet: bool, log_json: Path | None
) -> Iterator[Callable[[MiningState], None]]:
    """A callback that shows a run's progress on standard error, and appends it to a file if there is one."""
    with _shown(config, quiet=quiet) as show:
        if log_json is None:
            yield show
            return
        with _json_lines(log_json) as write:

            def both(state: MiningState) -> None:
                write(state)
                show(state)

            yield both


@contextmanager
def _json_lines(path: Path) -> Iterator[Callable[[MiningState], None]]:
    """A line a second, and one at the end."""
    from market.errors import DataError

    try:
        file = path.open("a", encoding="utf-8")
    except OSError as problem:
        raise DataError(f"`{path}` cannot be written: {problem.strerror}.") from None
    last_s, latest = -math.inf, ""

    def write(state: MiningState) -> None:
        nonlocal last_s, latest
        facts = {"time": datetime.now(UTC).isoformat(timespec="milliseconds")} | asdict(state)
        latest = json.dumps(
            {key: None if value in (math.inf, -math.inf) else value for key, value in facts.items()}
        )
        if time.monotonic() - last_s >= _JSON_EVERY_S:
            last_s = time.monotonic()
            file.write(latest + "\n")
            file.flush()
            latest = ""

    with file:
        yield write
        file.write(latest + "\n" if latest else "")


@contextmanager
def _shown(config: MineConfig, *, quiet: bool) -> Iterator[Callable[[MiningState], None]]:
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with Progress(
            TextColumn("mining"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=Console(stderr=True),
        ) as bar:
            task = bar.add_task("mine", total=config.iterations, state="starting")
            yield lambda state: bar.update(task, completed=state.iterations_done, state=_state(state))
    else:
        yield _logger()


def _logger() -> Callable[[MiningState], None]:
    last_s = -math.inf

    def log(state: MiningState) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s >= _LOG_EVERY_S:
            last_s = now_s
            click.echo(
                f"{state.elapsed_s:5.0f} s  {state.iterations_done}/{state.iterations} iterations  {_state(state)}",
                err=True,
            )

    return log


def _state(state: MiningState) -> str:
    best = f"best {state.best_fitness:+.3f} {state.best_name}" if state.best_name else "no score yet"
    failed = f", {state.failed} failed" if state.failed else ""
    paused = "paused, " if state.paused else ""
    note = f"; {state.note}" if state.note else ""
    return f"{paused}{state.trials_done} trials, {state.trials_per_second:.1f}/s{failed}, {best}{note}"
