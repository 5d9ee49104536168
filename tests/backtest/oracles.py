"""Slow and obvious versions of what the kernels compute."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import pearsonr, rankdata, spearmanr

from market.arrays import BoolArray, FloatArray
from market.panel import Panel


def forward_returns(panel: Panel, horizon: int, entry: str) -> FloatArray:
    price = panel.fields[entry]
    rows, names = price.shape
    out = np.full((rows, names), np.nan)
    for t in range(rows - 1 - horizon):
        for i in range(names):
            if panel.tradable[t + 1, i]:
                out[t, i] = price[t + 1 + horizon, i] / price[t + 1, i] - 1.0
    return out


def information(
    signal: FloatArray, forward: FloatArray, universe: BoolArray, min_assets: int
) -> tuple[FloatArray, FloatArray]:
    pearson, spearman = np.full(len(signal), np.nan), np.full(len(signal), np.nan)
    for t in range(len(signal)):
        both = universe[t] & np.isfinite(signal[t]) & np.isfinite(forward[t])
        x, y = signal[t, both], forward[t, both]
        if len(x) >= min_assets and len(set(x)) > 1 and len(set(y)) > 1:
            pearson[t] = pearsonr(x / np.abs(x).max(), y)[0]
            spearman[t] = spearmanr(x, y)[0]
    return pearson, spearman


def doubled_ranks(values: FloatArray) -> FloatArray:
    ranks = np.zeros(len(values))
    known = np.isfinite(values)
    ranks[known] = 2.0 * rankdata(values[known])
    return ranks


def best_names(signal: FloatArray, universe: BoolArray, top_k: int, top_share: float) -> list[list[int]]:
    chosen = []
    for row, members in zip(signal, universe, strict=True):
        wanted = min(top_k, max(1, int(top_share * members.sum() + 1e-9)))
        eligible = [i for i in range(len(row)) if members[i] and np.isfinite(row[i])]
        chosen.append(sorted(sorted(eligible, key=lambda i: -row[i])[:wanted]))
    return chosen


def target_turnover(chosen: list[list[int]], names: int) -> FloatArray:
    weights = np.zeros((len(chosen), names))
    for t, picks in enumerate(chosen):
        weights[t, picks] = 1.0 / max(len(picks), 1)
    moved = 0.5 * np.abs(np.diff(weights, axis=0)).sum(axis=1)
    empty = np.array([not picks for picks in chosen])
    moved[empty[1:] | empty[:-1]] = np.nan
    return moved


@dataclass(frozen=True)
class Order:
    day: int
    account: int
    name: int
    shares: float  # negative = sale
    price: float


@dataclass
class Account:
    """One tranche: cash, and what it bought on one day."""

    cash: float
    held: dict[int, float] = field(default_factory=dict)
    due: dict[int, int] = field(default_factory=dict)


def trade(
    chosen: list[list[int]], panel: Panel, entry: str, tranches: int, cost: float
) -> tuple[FloatArray, FloatArray, list[Order]]:
    """Value and traded amount per day, and the orders, of the tranche rule written as one reads it."""
    price, close = panel.fields[entry], panel.fields["close"]
    accounts = [Account(1.0 / tranches) for _ in range(tranches)]
    last: dict[int, float] = {}
    value, traded, orders = np.ones(len(close)), np.zeros(len(close)), []
    for day in range(1, len(close)):
        open_for_orders = [i for i in range(close.shape[1]) if panel.tradable[day, i] and price[day, i] > 0]
        for number, account in enumerate(accounts):
            for name in [n for n in account.held if n in open_for_orders and account.due[n] <= day]:
                shares = account.held.pop(name)
                account.cash += shares * price[day, name] * (1 - cost)
                traded[day] += shares * price[day, name]
                orders.append(Order(day, number, name, -shares, price[day, name]))
        number = (day - 1) % tranches
        account, picks = accounts[number], chosen[day - 1]
        part = account.cash / max(len(picks), 1)
        for name in [n for n in picks if n in open_for_orders]:
            shares = part / (1 + cost) / price[day, name]
            account.held[name], account.due[name] = shares, day + tranches
            account.cash -= part
            last[name] = price[day, name]
            traded[day] += shares * price[day, name]
            orders.append(Order(day, number, name, shares, price[day, name]))
        last.update({i: close[day, i] for i in range(close.shape[1]) if close[day, i] > 0})
        value[day] = sum(a.cash + sum(s * last[n] for n, s in a.held.items()) for a in accounts)
    return value, traded, orders
