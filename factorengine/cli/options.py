"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_STORE = "sqlite:///factorengine.db"


def examples(*lines: str) -> str:
    """A help epilog that keeps its line breaks."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def store_option(function: F) -> F:
    """`--store URL`."""
    return click.option(
        "--store",
        "store_url",
        default=DEFAULT_STORE,
        show_default=True,
        metavar="URL",
        help="Experience store: a database URL or the path of a SQLite file.",
    )(function)


def format_option(*formats: str) -> Callable[[F], F]:
    """`--format`, the first one being the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="How to print.",
    )


def output_option(help_: str) -> Callable[[F], F]:
    """`-o FILE`."""
    return click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help=help_)


def require_sandbox_option(function: F) -> F:
    """`--require-sandbox`."""
    return click.option(
        "--require-sandbox",
        is_flag=True,
        help="Refuse to run programs where a wall of the sandbox is missing.",
    )(function)


def day_of_option(_: click.Context, option: click.Parameter, text: str | None) -> date | None:
    """The callback of an option that is a day."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"a day is written as 2012-06-30, got {text!r}.", param=option) from None


def where(store_url: str) -> str:
    """The `--store` of a command to type next; empty for the usual store."""
    return "" if store_url == DEFAULT_STORE else f" --store {quote(store_url)}"


def mine_with(selection: str, store_url: str) -> str:
    """The command that searches from these seeds."""
    return f"factorengine mine --seeds {quote(selection)}{where(store_url)}"


def emit(text: str, output: Path | None) -> None:
    """Print `text`, or write it to a file."""
    from market.errors import DataError

    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text + "\n", encoding="utf-8")
    except OSError as problem:
        raise DataError(f"`{output}` cannot be written: {problem.strerror}.") from None
    click.echo(f"wrote {output}", err=True)
