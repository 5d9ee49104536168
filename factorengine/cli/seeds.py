"""`factorengine seeds`: the programs that searches start from, and how to add to them."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from factorengine.cli import from_report
from factorengine.cli.options import (
    day_of_option,
    emit,
    examples,
    format_option,
    mine_with,
    output_option,
    require_sandbox_option,
    store_option,
)
from factorengine.cli.tables import short_table

if TYPE_CHECKING:
    from knowledge_base.reports import NewSeed, SeedRecord

_LIBRARY_COLUMNS = {"name": "library", "needs": "lacks", "idea": "idea", "formula": "formula"}
_OWN_COLUMNS = {"name": "own", "origin": "origin", "published": "published", "from": "from"}
_NEGATIVE_FORMULA = re.compile(r"-(?!-).*[($]")


@click.group(
    "seeds",
    epilog=examples(
        "factorengine seeds list --set alpha101",
        "factorengine seeds from-report reports/ --published-before 2013-01-01",
        "factorengine mine --seeds own",
    ),
)
def commands() -> None:
    """Programs to start a search from: the library of published formulas, and the store's own."""


published_option = click.option(
    "--published",
    metavar="DAY",
    callback=day_of_option,
    help="When the idea became public; a search on earlier days refuses it. [default: not known]",
)
name_option = click.option("--name", metavar="NAME", help="The seed's name. [default: from the program]")


@commands.command(
    "list",
    epilog=examples(
        "factorengine seeds list", "factorengine seeds list --set own --store factors.db --format json"
    ),
)
@click.option("--set", "set_", type=click.Choice(["alpha158", "alpha101", "own"]), help="Only these.")
@store_option
@format_option("table", "json")
def list_(set_: str | None, store_url: str, format_: str) -> None:
    """List the library's formulas, what a panel lacks for them, and the store's own seeds."""
    rows = [] if set_ == "own" else _library_rows(set_)
    own = [] if set_ not in (None, "own") else _own_rows(store_url, required=set_ == "own")
    if format_ == "json":
        click.echo(json.dumps([*rows, *own], indent=2))
        return
    parts = [
        short_table(found, columns) for found, columns in ((rows, _LIBRARY_COLUMNS), (own, _OWN_COLUMNS))
    ]
    click.echo("\n\n".join(filter(None, parts)) or "no seeds yet: `factorengine seeds add FILE.py` adds one.")


@commands.command(
    "show",
    epilog=examples(
        "factorengine seeds show alpha158:corr5",
        "factorengine seeds show alpha101:12 --qlib",
        "factorengine seeds show my_reversal > my_reversal.py",
    ),
)
@click.argument("name")
@click.option("--qlib", is_flag=True, help="As an expression of Qlib, with the default parameters.")
@store_option
def show(name: str, qlib: bool, store_url: str) -> None:
    """Print the program of a seed: of the library as `alpha158:corr5`, of the store by its name."""
    source = _source(name, store_url)
    if qlib:
        from factors.formulas import to_qlib

        source = to_qlib(source)
    click.echo(source.rstrip("\n"))


@commands.command(
    "add",
    epilog=examples(
        "factorengine seeds add my_reversal.py",
        "factorengine seeds add draft.py --name reversal_2 --published 2012-06-30",
    ),
)
@click.argument("program", type=click.Path(path_type=Path), metavar="PROGRAM.py")
@name_option
@published_option
@store_option
@require_sandbox_option
def add(
    program: Path, name: str | None, published: date | None, store_url: str, require_sandbox: bool
) -> None:
    """Add a program to the store's seeds, after a run in the sandbox and a test for look-ahead."""
    from factors.program import read_program
    from knowledge_base.reports import NewSeed

    read = read_program(program)
    seed = NewSeed(
        name=name or read.name,
        source=read.source,
        origin="file",
        provenance={"file": program.name},
        published=published,
    )
    _add(seed, store_url, require_sandbox=require_sandbox)


class _FormulaCommand(click.Command):
    """A command whose formula may begin with a minus, as an option does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put formulas last, where nothing is an option."""
        formulas = [] if "--" in args else [text for text in args if _NEGATIVE_FORMULA.match(text)]
        options = [text for text in args if text not in formulas]
        return super().parse_args(ctx, [*options, "--", *formulas] if formulas else options)


@commands.command(
    "from-expression",
    cls=_FormulaCommand,
    epilog=examples(
        "factorengine seeds from-expression 'Rank(Corr($close,Log($volume+1),10))' -o corr.py",
        "factorengine seeds from-expression '-1*delta(close,5)' --add --name reversal",
    ),
)
@click.argument("formula")
@name_option
@click.option(
    "--idea", default="", metavar="TEXT", help="The program's idea. [default: the formula in words]"
)
@click.option("--source", default="", metavar="TEXT", help="Where the formula is published.")
@click.option(
    "--dialect",
    type=click.Choice(["auto", "qlib", "worldquant"]),
    default="auto",
    show_default=True,
    help="The formula's notation.",
)
@output_option("Write the program to this file instead of the screen.")
@click.option("--add", "add_", is_flag=True, help="Add it to the store's seeds, after a check.")
@published_option
@store_option
@require_sandbox_option
def from_expression(
    formula: str,
    name: str | None,
    idea: str,
    source: str,
    dialect: Any,
    output: Path | None,
    add_: bool,
    published: date | None,
    store_url: str,
    require_sandbox: bool,
) -> None:
    """Write the program of a formula in Qlib's or WorldQuant's notation."""
    from factorengine.api import from_formula
    from knowledge_base.reports import NewSeed

    program = from_formula(formula, dialect=dialect, name=name, idea=idea, source=source)
    emit(program.source.rstrip("\n"), output)
    if add_:
        seed = NewSeed(
            name=program.name,
            source=program.source,
            origin="formula",
            provenance={"formula": formula, "source": source},
            published=published,
        )
        _add(seed, store_url, require_sandbox=require_sandbox)


def _library_rows(set_: str | None) -> list[dict[str, Any]]:
    from factors.seeds import seed_catalogue

    keys = ("set", "formula", "idea", "needs", "source")
    return [
        {"name": f"{entry.set}:{entry.name}"} | {key: getattr(entry, key) for key in keys}
        for entry in seed_catalogue()
        if set_ in (None, entry.set)
    ]


def _own_rows(store_url: str, *, required: bool) -> list[dict[str, Any]]:
    """The store's own seeds; if they were not asked for, a store that cannot be read is a remark."""
    from knowledge_base.errors import StoreError
    from knowledge_base.store import open_store

    try:
        with open_store(store_url, create=False) as store:
            return [_own_row(seed) for seed in store.seeds()]
    except StoreError as problem:
        if required:
            raise
        click.echo(f"no seeds of a store: {problem}", err=True)
        return []


def _own_row(seed: SeedRecord) -> dict[str, Any]:
    provenance = seed.provenance or {}
    return {
        "name": seed.name,
        "set": "own",
        "origin": seed.origin,
        "published": None if seed.published is None else seed.published.isoformat(),
        "from": next((provenance[key] for key in ("report", "file", "formula") if key in provenance), None),
    }


def _source(name: str, store_url: str) -> str:
    from engine.seeding import OWN, seeds_of
    from factors.seeds import seed_sources
    from knowledge_base.store import open_store
    from market.errors import ConfigError

    set_, colon, _ = name.partition(":")
    if colon and set_ != OWN:
        found = seed_sources(name)
    else:
        with open_store(store_url, create=False) as store:
            found = seeds_of(name if colon else f"{OWN}:{name}", store)
    if len(found) != 1:
        raise ConfigError(
            f"`show` prints one seed, {name!r} are {len(found)}: name one, as in alpha158:corr5."
        )
    return next(iter(found.values()))


def _add(seed: NewSeed, store_url: str, *, require_sandbox: bool) -> None:
    """Check a program and store it as a seed."""
    from engine.seeding import add_seed
    from factorengine.cli.progress import compile_once
    from knowledge_base.store import open_store

    compile_once(quiet=False)
    with open_store(store_url) as store:
        add_seed(store, seed, require_sandbox=require_sandbox)
    click.echo(f"added seed {seed.name}; next: {mine_with(f'own:{seed.name}', store_url)}", err=True)


commands.add_command(from_report.command)
