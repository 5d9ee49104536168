"""`factorengine export`: a factor as files that stand alone."""

from __future__ import annotations

from pathlib import Path

import click

from factorengine.cli.options import examples, store_option


@click.command("export", epilog=examples("factorengine export 12 -o my-factor", "ls my-factor"))
@click.argument("program_id", metavar="ID", type=click.IntRange(min=1, max=2**63 - 1))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="A new folder."
)
@store_option
def command(program_id: int, output: Path, store_url: str) -> None:
    """Write a factor's program with its tuned defaults and direction, its scores and its data contract.

    The exported text is run beside the original, and must give the same values.
    """
    from factorengine.cli.progress import compile_once
    from factorengine.exporting import export

    compile_once(quiet=False)
    for path in export(program_id, output, store=store_url):
        click.echo(f"wrote {path}")
    click.echo("the exported program gives the same values as the original")
