"""`factorengine data`: make, check and convert market data."""

from __future__ import annotations

from pathlib import Path

import click

from factorengine.cli.options import examples


@click.group("data")
def commands() -> None:
    """Make, check and convert market data."""


@commands.command("synth", epilog=examples("factorengine data synth -o market.parquet --seed 3"))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="OUT",
    help=".parquet or folder.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=7, show_default=True, help="Another seed, another market."
)
def synth(output: Path, seed: int) -> None:
    """Make a synthetic market with planted factors; the truth about them is written beside it."""
    from factorengine.data import write_panel
    from market.synthetic import default_market, write_truth

    market = default_market(seed=seed)
    write_panel(market.panel, output)
    truth = write_truth(market.planted, output)
    dates, symbols = market.panel.shape
    click.echo(f"wrote {output}: {dates} days × {symbols} symbols")
    click.echo(f"wrote {truth}: {len(market.planted)} planted factors")


@commands.command("check", epilog=examples("factorengine data check prices.parquet"))
@click.argument("path")
@click.option("--universe", default="auto", show_default=True, metavar="RULE", help="auto, all or top:N.")
def check(path: str, universe: str) -> None:
    """Load the data and say what is in it, what was wrong and what was repaired."""
    from market.panel import Panel

    panel = Panel.load(path, universe=universe)
    dates, symbols = panel.shape
    click.echo(f"{path}: {dates} days × {symbols} symbols, {panel.dates[0]} to {panel.dates[-1]}")
    members = panel.universe.sum(axis=1)
    click.echo(f"universe: {members.min()} to {members.max()} symbols a day, {members.mean():.0f} on average")
    click.echo(f"content hash: {panel.content_hash}")
    for line in (
        panel.audit.summary() if panel.audit else ["no audit: the panel was not loaded from raw data"]
    ):
        click.echo(line)


@commands.command("convert", epilog=examples("factorengine data convert csv-folder -o prices.parquet"))
@click.argument("path")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="OUT",
    help=".parquet or folder.",
)
@click.option("--universe", default="auto", show_default=True, metavar="RULE", help="auto, all or top:N.")
def convert(path: str, output: Path, universe: str) -> None:
    """Write data, repaired, as one Parquet file or as a panel folder that opens in milliseconds."""
    from factorengine.data import write_panel
    from market.panel import Panel

    panel = Panel.load(path, universe=universe)
    write_panel(panel, output)
    dates, symbols = panel.shape
    click.echo(f"wrote {output}: {dates} days × {symbols} symbols")
