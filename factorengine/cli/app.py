"""The `factorengine` command: its subcommands, and one line with exit code 2 for whatever a user can mend."""

from __future__ import annotations

import sys

import click

from factorengine import __version__
from factorengine.cli import (
    ablate,
    check,
    cost,
    data,
    evaluate,
    export,
    llm_stub,
    mine,
    rank,
    report_card,
    runs,
    seeds,
    show,
)
from market.errors import FactorEngineError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="factorengine")
def app() -> None:
    """Search for alpha factors in daily OHLCV data.

    With no data and no key it searches a built-in market. Begin with `factorengine mine`, then `factorengine rank`.
    """


for command in (
    mine.command,
    runs.status,
    runs.stop,
    runs.pause,
    runs.resume,
    runs.runs,
    rank.command,
    show.command,
    cost.command,
    check.command,
    evaluate.command,
    export.command,
    ablate.command,
    data.commands,
    seeds.commands,
    report_card.command,
    llm_stub.command,
):
    app.add_command(command)


def main() -> None:
    """Run the command; exit code 0 = done, 2 = bad input or data, 130 = interrupted."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        code = 0
    except click.ClickException as error:
        code = _complain(f"{error.format_message()} (see --help)")
    except FactorEngineError as error:
        code = _complain(str(error))
    except (KeyboardInterrupt, click.Abort):
        code = _complain("interrupted.", code=130)
    except BrokenPipeError:  # the reader of the output went away, as `head` does
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str, *, code: int = 2) -> int:
    click.echo(f"factorengine: {' '.join(message.split())}", err=True)
    return code
