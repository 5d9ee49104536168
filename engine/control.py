"""The control experiment: labels that keep every property of the market except its link with the signals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backtest.labels import Labels, RankedReturns


def shuffled(labels: Labels, rng: np.random.Generator) -> Labels:
    """Permute the forward returns of each date among the universe's names, all horizons alike.

    A search rewarded with these can only find noise, so whatever it calls a discovery is a false one.
    """
    panel = labels.panel
    forward = [panel.forward_returns(h, entry=labels.entry).copy() for h in labels.horizons_days]
    for day in range(panel.shape[0]):
        names = np.flatnonzero(panel.universe[day])
        dealt = rng.permutation(names)
        for returns in forward:
            returns[day, names] = returns[day, dealt]
    return replace(labels, returns=RankedReturns.of(forward, len(forward), labels.section))
