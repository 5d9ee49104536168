"""How far a search can get on the built-in market: `python -m benchmarks.reachable`.

Prints the fitness of sums of ranked signals on the training, validation and test days: of the planted factors, and of
the nearest plain constructions of docs/synthetic_market.md, which are what a search can hope to find. Either is added
up by the strengths that the market gave the factors, and with the weights that fit the training days best. Both need
the truth; a search does not have it.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from backtest.labels import Labels
from backtest.scoring import combined_score
from engine.config import MineConfig
from engine.source import whole_market
from factors import operators as ops
from factors.compiled import ensure_compiled
from factors.execution import run
from factors.program import Program
from market.arrays import FloatArray
from market.panel import Panel
from market.synthetic import default_market
from market.synthetic.planted import RULES


def planted(panel: Panel) -> dict[str, FloatArray]:
    return {rule.name: run(Program.parse(rule.source), panel, dict(rule.parameters)) for rule in RULES}


def constructed(panel: Panel) -> dict[str, FloatArray]:
    """For each planted factor a plain construction that comes near it, at the windows that come nearest."""
    open_, high, low, close, volume = (
        panel.fields[name] for name in ("open", "high", "low", "close", "volume")
    )
    spread, dollars = high / low - 1, close * volume
    move = ops.cs_demean(close / ops.ts_delay(close, 4) - 1, universe=panel.universe)
    return {
        "intraday_flow_reversal": -ops.ts_mean(close / open_ - 1, 6) / ops.ts_std(panel.returns, 20),
        "steady_winner_momentum": ops.ts_delay(close, 18) / ops.ts_delay(close, 48) - 1,
        "lasting_attention": ops.ts_mean(dollars, 6) / ops.ts_mean(dollars, 45),
        "fear_subsiding": -ops.ts_mean(spread, 10) / ops.ts_mean(spread, 60),
        "crowded_move": np.where(volume > ops.ts_mean(volume, 20), -move, move),
    }


def main() -> None:
    ensure_compiled()
    panel, splits = whole_market(MineConfig())
    assert panel.content_hash == default_market().panel.content_hash, "the built-in market was expected"
    labels, universe = Labels.of(panel), panel.universe
    strengths = np.array([rule.strength for rule in RULES])

    def fitness(ranks: FloatArray, weights: FloatArray, rows: slice) -> float:
        total = np.where(universe, np.tensordot(weights, ranks, axes=1), np.nan)
        return float(combined_score(total, labels, rows=rows))

    print(f"{'':44}    train  validation  test")
    for what, signals in {"planted": planted(panel), "constructed": constructed(panel)}.items():
        scores = [ops.cs_rank(signals[rule.name], universe=universe) - 0.5 for rule in RULES]
        ranks = np.nan_to_num(np.stack(scores))
        fitted = minimize(
            lambda logs, ranks=ranks: -fitness(ranks, np.exp(logs), splits.train),
            np.log(strengths),
            method="Nelder-Mead",
            options={"maxfev": 200},
        )
        for how, weights in {"by strength": strengths, "fitted to train": np.exp(fitted.x)}.items():
            parts = (fitness(ranks, weights, rows) for rows in (splits.train, splits.validation, splits.test))
            print(f"{what + ', ' + how:44}", *(f"{part:8.3f}" for part in parts))


if __name__ == "__main__":
    main()
