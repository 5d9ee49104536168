"""Kernel of the portfolio: the tranche rule of `backtest.portfolio`, day by day."""

import numpy as np

from factors.jit import Indices, IntegerVector, Mask, Matrix, OutVector, device, kernel


@device
def fills(traded_today: bool, quote: float) -> bool:
    """Whether an order in a symbol can be filled at a price."""
    return traded_today and 0.0 < quote < np.inf


@kernel
def tranche_kernel(
    best: Indices,
    counts: IntegerVector,
    price: Matrix,
    close: Matrix,
    tradable: Mask,
    tranches: int,
    cost: float,
    value: OutVector,
    traded: OutVector,
) -> None:
    """Run the accounts; positions are one list, a sold one is replaced by the last."""
    rows, symbols = price.shape
    capacity = tranches * max(best.shape[1], symbols)
    owner = np.empty(capacity, np.int64)
    name = np.empty(capacity, np.int64)
    due = np.empty(capacity, np.int64)
    shares = np.empty(capacity)
    mark = np.empty(capacity)
    cash = np.full(tranches, 1.0 / tranches)
    held = 0
    for day in range(1, rows):
        p = 0
        while p < held:
            quote = price[day, name[p]]
            if due[p] <= day and fills(tradable[day, name[p]], quote):
                proceeds = shares[p] * quote
                cash[owner[p]] += proceeds * (1.0 - cost)
                traded[day] += proceeds
                held -= 1
                owner[p], name[p], due[p] = owner[held], name[held], due[held]
                shares[p], mark[p] = shares[held], mark[held]
            else:
                p += 1
        turn = (day - 1) % tranches
        budget = max(cash[turn], 0.0) / max(counts[day - 1], 1)  # rounding may leave -1e-17
        for k in range(counts[day - 1]):
            column = best[day - 1, k]
            quote = price[day, column]
            if fills(tradable[day, column], quote):
                spent = budget / (1.0 + cost)
                owner[held], name[held], due[held] = turn, column, day + tranches
                shares[held], mark[held] = spent / quote, quote
                held += 1
                cash[turn] -= budget
                traded[day] += spent
        total = 0.0
        for p in range(held):
            quote = close[day, name[p]]
            if fills(True, quote):
                mark[p] = quote
            total += shares[p] * mark[p]
        for account in range(tranches):
            total += cash[account]
        value[day] = total
