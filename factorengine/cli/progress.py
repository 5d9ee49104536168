"""What a person sees while the machine works: on a terminal a bar, in a log file a line now and then."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from engine.config import MineConfig
    from engine.mining import Progress as MiningState

_LOG_EVERY_S = 10.0


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
def mining_progress(config: MineConfig, *, quiet: bool) -> Iterator[Callable[[MiningState], None]]:
    """A callback that shows a run's progress on standard error."""
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
    return f"{state.trials_done} trials, {state.trials_per_second:.1f}/s{failed}, {best}"
