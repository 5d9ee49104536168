"""The same orders, sent to vectorbt, give the same account."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from backtest.labels import Labels
from backtest.portfolio import PortfolioConfig, simulate
from tests.backtest import oracles
from tests.backtest.markets import random_panel, random_signal

TRANCHES = 5


def vectorbt_value(vectorbt, orders, panel, cost, entry):
    """Value per day, an account per tranche; a day is two rows: a name may be sold and bought on it."""
    days, names = panel.shape
    shape = (2 * days, TRANCHES * names)
    size, price = np.full(shape, np.nan), np.full(shape, np.nan)
    for order in orders:
        row, column = 2 * order.day + (order.shares > 0), order.account * names + order.name
        size[row, column], price[row, column] = order.shares, order.price
    close = np.tile(np.repeat(panel.fields["close"], 2, axis=0), TRANCHES)
    account = vectorbt.Portfolio.from_orders(
        pd.DataFrame(close),
        size=pd.DataFrame(size),
        price=pd.DataFrame(price),
        fees=cost,
        init_cash=1.0 / TRANCHES,
        group_by=np.repeat(np.arange(TRANCHES), names),
        cash_sharing=True,
    )
    return account.value().sum(axis=1).to_numpy()[1::2], len(account.orders)


@pytest.mark.parametrize("entry", ["close", "open"])
def test_vectorbt_values_the_same_orders_alike(entry):
    vectorbt = pytest.importorskip("vectorbt")
    panel = random_panel(11, rows=60, names=12, missing=0.15)
    signal = random_signal(11, panel.shape, "holes")
    config = PortfolioConfig(top_k=4, top_share=1.0, tranches=TRANCHES, cost_bps=25.0)
    chosen = oracles.best_names(signal, panel.universe, 4, 1.0)
    _, _, orders = oracles.trade(chosen, panel, entry, TRANCHES, 25e-4)
    value, filled = vectorbt_value(vectorbt, orders, panel, 25e-4, entry)
    assert filled == len(orders) > 200
    result = simulate(signal, Labels.of(panel, entry=entry), config=config)
    assert_allclose(result.value, value, rtol=1e-9)
