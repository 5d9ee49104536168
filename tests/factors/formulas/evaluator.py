"""A second, slow evaluation of formulas in pandas: each operator is one obvious line.

`FORMULAS` pairs formulas of both notations with what they mean. A comparison is 1 or 0 and missing where an input is;
a window needs all of its values; infinity is missing to windows and ranks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from market.panel import Panel

Frame = pd.DataFrame


@dataclass(frozen=True)
class Market:
    """The fields of a panel as frames."""

    panel: Panel

    def __getattr__(self, name: str) -> Frame:
        return Frame(
            getattr(self.panel, name, None) if name in {"vwap", "returns"} else self.panel.fields[name]
        )

    def rank(self, x: Frame) -> Frame:
        return finite(x).where(self.panel.universe).rank(axis=1, pct=True)

    def members(self, x: Frame) -> Frame:
        return finite(x).where(self.panel.universe)


def finite(x: Frame) -> Frame:
    return x.where(np.isfinite(x))


def over(x: Frame, days: int, statistic: Callable[[np.ndarray], float]) -> Frame:
    return finite(x).rolling(days).apply(statistic, raw=True)


def known(condition: Frame, *inputs: Frame | float) -> Frame:
    missing = [np.isnan(x) for x in inputs if isinstance(x, Frame)]
    return condition.astype(float).mask(reduce(Frame.__or__, missing))


def above(x: Frame, y: Frame | float) -> Frame:
    return known(x > y, x, y)


def below(x: Frame, y: Frame | float) -> Frame:
    return known(x < y, x, y)


def choose(condition: Frame, x: Frame | float, y: Frame | float) -> Frame:
    chosen = Frame(np.where(condition != 0, x, y))
    return chosen.mask(condition.isna())


def line(window: np.ndarray) -> np.ndarray:
    days = np.arange(len(window))
    return np.polyval(np.polyfit(days, window, 1), days)


def slope(window: np.ndarray) -> float:
    return float(np.polyfit(np.arange(len(window)), window, 1)[0])


def straightness(window: np.ndarray) -> float:
    spread = ((window - window.mean()) ** 2).sum()
    return float(1 - ((window - line(window)) ** 2).sum() / spread) if spread > 0 else np.nan


def place(window: np.ndarray) -> float:
    return float(pd.Series(window).rank(pct=True).iloc[-1])


def weighted(window: np.ndarray) -> float:
    return float(np.average(window, weights=np.arange(1, len(window) + 1)))


def latest_top(window: np.ndarray) -> float:
    return float(np.flatnonzero(window == window.max())[-1] + 1)


def latest_bottom(window: np.ndarray) -> float:
    return latest_top(-window)


def deviation(window: np.ndarray) -> float:
    return float(np.mean(np.abs(window - window.mean())))


def together(x: Frame, y: Frame, days: int, statistic: str) -> Frame:
    x, y = finite(x), finite(y)
    both = x.notna() & y.notna()
    result = getattr(x.where(both).rolling(days), statistic)(y.where(both))
    constant = (x.rolling(days).max() == x.rolling(days).min()) | (
        y.rolling(days).max() == y.rolling(days).min()
    )
    return result.mask(constant) if statistic == "corr" else result


def signed(x: Frame, exponent: float | Frame) -> Frame:
    return np.sign(x) * x.abs() ** exponent


QLIB: dict[str, Callable[[Market], Frame]] = {
    "Ref($close, 5)/$close": lambda m: m.close.shift(5) / m.close,
    "Delta($volume, 3)": lambda m: m.volume - m.volume.shift(3),
    "Mean($close, 5)/$close": lambda m: over(m.close, 5, np.mean) / m.close,
    "Sum($volume, 4)": lambda m: over(m.volume, 4, np.sum),
    "Std($close, 5)": lambda m: finite(m.close).rolling(5).std(),
    "Var($close, 5)": lambda m: finite(m.close).rolling(5).var(),
    "Skew($low, 6)": lambda m: over(m.low, 6, lambda w: pd.Series(w).skew() if np.ptp(w) else np.nan),
    "Kurt($low, 6)": lambda m: over(m.low, 6, lambda w: pd.Series(w).kurt() if np.ptp(w) else np.nan),
    "Max($high, 5) - Min($low, 3)": lambda m: over(m.high, 5, np.max) - over(m.low, 3, np.min),
    "Med($close, 4)": lambda m: over(m.close, 4, np.median),
    "Mad($close, 4)": lambda m: over(m.close, 4, deviation),
    "Quantile($close, 5, 0.8)": lambda m: over(m.close, 5, lambda w: np.quantile(w, 0.8)),
    "Rank($close, 5)": lambda m: over(m.close, 5, place),
    "Rank($volume / $close)": lambda m: m.rank(m.volume / m.close),
    "Slope($close, 5)": lambda m: over(m.close, 5, slope),
    "Rsquare($close, 5)": lambda m: over(m.close, 5, straightness),
    "Resi($close, 5)": lambda m: over(m.close, 5, lambda w: w[-1] - line(w)[-1]),
    "WMA($close, 4)": lambda m: over(m.close, 4, weighted),
    "EMA($close, 4)": lambda m: finite(m.close).ewm(span=4, ignore_na=True, min_periods=4).mean(),
    "Corr($close, Log($volume+1), 5)": lambda m: together(m.close, np.log(m.volume + 1), 5, "corr"),
    "Cov($close, $volume, 5)": lambda m: together(m.close, m.volume, 5, "cov"),
    "IdxMax($high, 5)/5": lambda m: over(m.high, 5, latest_top) / 5,
    "(IdxMax($high, 4)-IdxMin($low, 4))/4": lambda m: (
        (over(m.high, 4, latest_top) - over(m.low, 4, latest_bottom)) / 4
    ),
    "Count($close, 3)": lambda m: finite(m.close).rolling(3, min_periods=0).count(),
    "Abs($open - $close) * Sign($close - $open)": lambda m: (
        (m.open - m.close).abs() * np.sign(m.close - m.open)
    ),
    "Power($close, 3) + $close ** 0.5": lambda m: m.close**3 + m.close**0.5,
    "Greater($open, $close) - Less($open, 5)": lambda m: np.maximum(m.open, m.close) - np.minimum(m.open, 5),
    "Mean($close > Ref($close, 1), 3)": lambda m: over(above(m.close, m.close.shift(1)), 3, np.mean),
    "If($close > $open, $high, -$low)": lambda m: choose(above(m.close, m.open), m.high, -m.low),
    "If(Gt($close, $open) & ($volume < 30000), 1, 0)": lambda m: choose(
        np.minimum(above(m.close, m.open), below(m.volume, 30000)), 1, 0
    ),
    "($close > $open) | ($close < $low + 1)": lambda m: np.maximum(
        above(m.close, m.open), below(m.close, m.low + 1)
    ),
    "Not(Lt($close, $open))": lambda m: 1 - below(m.close, m.open),
    "Eq($close, $high) + Ne($close, $low) + Ge($close, 40) + Le($close, 40)": lambda m: (
        known(m.close == m.high, m.close, m.high)
        + known(m.close != m.low, m.close, m.low)
        + known(m.close >= 40, m.close)
        + known(m.close <= 40, m.close)
    ),
    "-$close**2 + 2**-1": lambda m: -(m.close**2) + 0.5,
    "($close-$open)/($high-$low+1e-12)": lambda m: (m.close - m.open) / (m.high - m.low + 1e-12),
}

WORLDQUANT: dict[str, Callable[[Market], Frame]] = {
    "rank(delay(close, 2.9))": lambda m: m.rank(m.close.shift(2)),
    "-1 * correlation(rank(open), rank(volume), 6)": lambda m: (
        -together(m.rank(m.open), m.rank(m.volume), 6, "corr")
    ),
    "ts_cov(high, low, 4) + covariance(high, low, 4)": lambda m: 2 * together(m.high, m.low, 4, "cov"),
    "scale(close - open)": lambda m: m.members(m.close - m.open).pipe(
        lambda x: x.div(x.abs().sum(axis=1).replace(0, np.nan), axis=0)
    ),
    "scale(close, 3)": lambda m: m.members(m.close).pipe(lambda x: 3 * x.div(x.abs().sum(axis=1), axis=0)),
    "SignedPower(close - open, 2.)": lambda m: signed(m.close - m.open, 2),
    "signedpower(rank(close), delta(open, 1))": lambda m: signed(m.rank(m.close), m.open - m.open.shift(1)),
    "Decay_Linear(returns, 4.2)": lambda m: over(m.returns, 4, weighted),
    "ts_argmax(high, 5)": lambda m: over(m.high, 5, latest_top),
    "ts_arg_min(low, 5)": lambda m: 5 - over(m.low, 5, latest_bottom),
    "min(close, 3.7) + max(low, 2)": lambda m: over(m.close, 3, np.min) + over(m.low, 2, np.max),
    "min(open, close) + max(close - open, 0)": lambda m: (
        np.minimum(m.open, m.close) + np.maximum(m.close - m.open, 0)
    ),
    "sum(volume, 3)/3 - stddev(volume, 3)": lambda m: (
        over(m.volume, 3, np.mean) - finite(m.volume).rolling(3).std()
    ),
    "product(1 + returns, 3)": lambda m: over(1 + m.returns, 3, np.prod),
    "close > open ? volume : 0 - volume": lambda m: choose(above(m.close, m.open), m.volume, -m.volume),
    "close > open || close < vwap && volume >= 1 ? 1 : -1": lambda m: choose(
        np.maximum(
            above(m.close, m.open), np.minimum(below(m.close, m.vwap), known(m.volume >= 1, m.volume))
        ),
        1,
        -1,
    ),
    "(high * low)^0.5 - vwap": lambda m: (m.high * m.low) ** 0.5 - m.vwap,
    "volume / adv5": lambda m: m.volume / over(m.volume, 5, np.mean),
    "ts_mean(close, 3) + ts_delta(close, 2) - ts_delay(close, 1)": lambda m: (
        over(m.close, 3, np.mean) + (m.close - m.close.shift(2)) - m.close.shift(1)
    ),
    "ts_zscore(close, 5)": lambda m: over(
        m.close, 5, lambda w: (w[-1] - w.mean()) / w.std(ddof=1) if np.ptp(w) else np.nan
    ),
    "zscore(close)": lambda m: m.members(m.close).pipe(
        lambda x: x.sub(x.mean(axis=1), axis=0).div(x.std(axis=1).replace(0, np.nan), axis=0)
    ),
    "winsorize(close, std=1)": lambda m: m.members(m.close).pipe(
        lambda x: x.clip(x.mean(axis=1) - x.std(axis=1), x.mean(axis=1) + x.std(axis=1), axis=0)
    ),
    "(rank(close) < 0.5) * -1": lambda m: -below(m.rank(m.close), 0.5),
    "close * 0.3 + open * (1 - 0.3)": lambda m: m.close * 0.3 + m.open * 0.7,
}

FORMULAS = QLIB | WORLDQUANT
