"""How two things move together: price with volume, today with yesterday, the stock with the market."""

from agents.grammar.helpers import MARKET_MEAN
from agents.grammar.measures.measure import Measure
from agents.grammar.ranges import MONTH, QUARTER

MARKET = "market_return = market_mean(data.returns)"

RELATION = (
    Measure(
        name="price_volume_correlation",
        theme="relation",
        says="correlation of the price with volume",
        because="Prices that rise only while volume rises are carried by a crowd, and the crowd leaves. "
        "Low values are expected to do better.",
        code='price_volume_correlation = ops.ts_corr(data.close, data.volume, p["level_window"])',
        parameters={"level_window": MONTH},
    ),
    Measure(
        name="return_volume_correlation",
        theme="relation",
        says="correlation of daily returns with the change of volume",
        because="When gains come with swelling volume the last buyer may already be in. "
        "Low values are expected to do better.",
        code="volume_change = ops.log1p_sign(ops.ts_pct_change(data.volume, 1))\n"
        'return_volume_correlation = ops.ts_corr(data.returns, volume_change, p["agreement_window"])',
        parameters={"agreement_window": MONTH},
    ),
    Measure(
        name="volume_leads_return",
        theme="relation",
        says="correlation of returns with the volume of the day before",
        because="Where volume runs ahead of the price, somebody knows before others do. "
        "High values are expected to do better.",
        code="earlier_volume = ops.ts_delay(data.volume, 1)\n"
        'volume_leads_return = ops.ts_corr(data.returns, earlier_volume, p["lead_window"])',
        parameters={"lead_window": MONTH},
    ),
    Measure(
        name="range_volume_correlation",
        theme="relation",
        says="correlation of the day's range with volume",
        because="If wide days are busy days, volume moves the price and liquidity is thin; if not, the "
        "market absorbs what comes. Low values are expected to do better.",
        code="day_spread = data.high / data.low\n"
        'range_volume_correlation = ops.ts_corr(day_spread, data.volume, p["absorption_window"])',
        parameters={"absorption_window": MONTH},
    ),
    Measure(
        name="return_persistence",
        theme="relation",
        says="correlation of each day's return with the day before",
        because="Returns that follow one another mean slow news, returns that undo one another mean noise "
        "traders. Low values are expected to do better.",
        code="return_before = ops.ts_delay(data.returns, 1)\n"
        'return_persistence = ops.ts_corr(data.returns, return_before, p["persistence_window"])',
        parameters={"persistence_window": QUARTER},
    ),
    Measure(
        name="market_beta",
        theme="relation",
        says="sensitivity of the stock to the market",
        because="Stocks that swing with the market are the substitute for borrowing, and overpriced for it. "
        "Low values are expected to do better.",
        code=f'{MARKET}\nmarket_beta = ops.ts_beta(data.returns, market_return, p["beta_window"])',
        parameters={"beta_window": QUARTER},
        helpers=(MARKET_MEAN,),
    ),
    Measure(
        name="own_return",
        theme="relation",
        says="return that the market does not explain",
        because="What is left after the market is news about the stock alone or pressure on it alone; "
        "pressure fades. Low values are expected to do better in short windows, high values in long"
        " ones.",
        code=f"{MARKET}\n"
        'sensitivity = ops.ts_beta(data.returns, market_return, p["sensitivity_window"])\n'
        'own_return = ops.ts_sum(data.returns - sensitivity * market_return, p["own_window"])',
        parameters={"sensitivity_window": QUARTER, "own_window": MONTH},
        helpers=(MARKET_MEAN,),
    ),
    Measure(
        name="own_volatility",
        theme="relation",
        says="volatility that the market does not explain",
        because="Risk that could be diversified away is not paid for, but gamblers like it. "
        "Low values are expected to do better.",
        code=f"{MARKET}\n"
        'exposure = ops.ts_beta(data.returns, market_return, p["exposure_window"])\n'
        'own_volatility = ops.ts_std(data.returns - exposure * market_return, p["own_risk_window"])',
        parameters={"exposure_window": QUARTER, "own_risk_window": MONTH},
        helpers=(MARKET_MEAN,),
    ),
    Measure(
        name="trend_fit",
        theme="relation",
        says="share of the price path that a straight line explains",
        because="A straight path is driven by steady one-sided flow; when the flow stops its support is "
        "gone. Low values are expected to do better.",
        code='trend_fit = ops.ts_rsquare(data.close, p["fit_window"])',
        parameters={"fit_window": MONTH},
    ),
    Measure(
        name="distance_from_trend",
        theme="relation",
        says="distance of the price from its own straight-line trend",
        because="A jump away from the line through recent prices is what the trend did not announce, and "
        "part of it is passing pressure. Low values are expected to do better.",
        code='distance_from_trend = ops.ts_residual(data.close, p["trend_line_window"]) / data.close',
        parameters={"trend_line_window": MONTH},
    ),
)
