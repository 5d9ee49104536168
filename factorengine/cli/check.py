"""`factorengine check`: what the engine thinks of a program before anything is scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from factorengine.cli.options import emit, examples, format_option, require_sandbox_option

if TYPE_CHECKING:
    from engine.evaluation import Checked


@click.command(
    "check",
    epilog=examples(
        "factorengine check reversal.py",
        "factorengine check reversal.py --data prices.parquet",
        "factorengine check draft.py --lifted tunable.py   # its hidden constants as parameters",
    ),
)
@click.argument("program", type=click.Path(path_type=Path), metavar="PROGRAM.py")
@click.option(
    "--data",
    metavar="PATH",
    help="Parquet, CSV, folder of CSVs or panel folder. [default: a small made-up market]",
)
@click.option("--params", metavar="JSON", help="Parameter values. [default: the program's defaults]")
@click.option(
    "--lifted",
    type=click.Path(path_type=Path),
    metavar="OUT.py",
    help="Write the program with every knob declared.",
)
@require_sandbox_option
@format_option("table", "json")
def command(
    program: Path,
    data: str | None,
    params: str | None,
    lifted: Path | None,
    require_sandbox: bool,
    format_: str,
) -> None:
    """Check a factor program: policy, a run in the sandbox, look-ahead, hidden constants, complexity."""
    from factorengine.api import check
    from factorengine.cli.evaluate import json_parameters
    from factorengine.cli.progress import compile_once
    from factors.program import read_program
    from market.panel import Panel

    parsed = read_program(program)
    parameters = json_parameters(params)
    parsed.parameters.complete(parameters)
    panel = Panel.load(data) if data else None
    compile_once(quiet=format_ == "json")
    checked = check(parsed, panel, parameters=parameters, require_sandbox=require_sandbox)
    click.echo(json.dumps(checked.to_dict(), indent=2) if format_ == "json" else _text(checked))
    if lifted is not None:
        emit(checked.lifting.source.rstrip("\n"), lifted)


def _text(checked: Checked) -> str:
    from factorengine.cli.tables import audit_line, sandbox_line

    size = checked.complexity
    lines = [
        f"{checked.program.name}: {checked.program.idea}",
        "policy: passed",
        audit_line(checked.audit),
        sandbox_line(checked.protections),
        f"complexity: {size.nodes} nodes, {size.depth} deep, {size.operators} operators, {size.parameters} parameters",
        f"hidden constants: {len(checked.lifting.lifted) or 'none'}",
    ]
    lines += [f"  line {line}: {literal} stays: {reason}" for line, literal, reason in checked.lifting.kept]
    diff = checked.lifting.diff(checked.program.source).rstrip("\n")
    return "\n".join([*lines, "", diff] if diff else lines)
