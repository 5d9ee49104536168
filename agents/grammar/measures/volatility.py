"""How rough the way was: dispersion, its asymmetry, its tails and its change."""

from agents.grammar.measures.measure import Measure
from agents.grammar.ranges import MONTH, QUARTER, WEEK

VOLATILITY = (
    Measure(
        name="return_volatility",
        theme="volatility",
        says="standard deviation of daily returns",
        because="Those who may not borrow buy risky stocks instead, and overpay for them. "
        "Low values are expected to do better.",
        code='return_volatility = ops.ts_std(data.returns, p["volatility_window"])',
        parameters={"volatility_window": MONTH},
    ),
    Measure(
        name="bar_range",
        theme="volatility",
        says="average distance from the low to the high of the day",
        because="The day's range shows the disagreement that closing prices hide; disagreement favours the "
        "optimists, who hold the stock. Low values are expected to do better.",
        code='bar_range = ops.ts_mean(np.log(data.high / data.low), p["range_window"])',
        parameters={"range_window": MONTH},
    ),
    Measure(
        name="downside_share",
        theme="volatility",
        says="share of the movement that was downwards",
        because="Holders fear losses more than they enjoy gains, so stocks that fall hard and rise slowly "
        "pay a premium. High values are expected to do better.",
        code='losses = ops.ts_mean(np.minimum(data.returns, 0), p["downside_window"])\n'
        'downside_share = ops.safe_div(-losses, ops.ts_mean(np.abs(data.returns), p["downside_window"]))',
        parameters={"downside_window": MONTH},
    ),
    Measure(
        name="volatility_change",
        theme="volatility",
        says="recent volatility against its own habit",
        because="A stock that grows rougher than usual is being repriced by people who disagree; calm "
        "returns with agreement. Low values are expected to do better.",
        code='usual_volatility = ops.ts_std(data.returns, p["calm_window"])\n'
        'volatility_change = ops.safe_div(ops.ts_std(data.returns, p["rough_window"]), usual_volatility)',
        parameters={"rough_window": WEEK, "calm_window": QUARTER},
    ),
    Measure(
        name="volatility_of_volatility",
        theme="volatility",
        says="unevenness of daily movement",
        because="Uncertainty about the risk itself is disliked, and what is disliked is cheap. "
        "High values are expected to do better.",
        code="movement = np.abs(data.returns)\n"
        'usual_movement = ops.ts_mean(movement, p["uncertainty_window"])\n'
        'movement_spread = ops.ts_std(movement, p["uncertainty_window"])\n'
        "volatility_of_volatility = ops.safe_div(movement_spread, usual_movement)",
        parameters={"uncertainty_window": MONTH},
    ),
    Measure(
        name="return_skew",
        theme="volatility",
        says="skewness of daily returns",
        because="A stock that now and then jumps up is a lottery ticket, and lottery tickets are overpriced. "
        "Low values are expected to do better.",
        code='return_skew = ops.ts_skew(data.returns, p["skew_window"])',
        parameters={"skew_window": QUARTER},
    ),
    Measure(
        name="tail_weight",
        theme="volatility",
        says="weight of the tails of daily returns",
        because="Rare large moves are noticed and remembered, and those who remember them ask for a "
        "discount. High values are expected to do better.",
        code='tail_weight = ops.ts_kurt(data.returns, p["tail_window"])',
        parameters={"tail_window": QUARTER},
    ),
    Measure(
        name="largest_gain",
        theme="volatility",
        says="largest daily gain of the window",
        because="A spectacular day puts the stock on every screen, and attention is paid for. "
        "Low values are expected to do better.",
        code='largest_gain = ops.ts_max(data.returns, p["gain_window"])',
        parameters={"gain_window": MONTH},
    ),
    Measure(
        name="range_expansion",
        theme="volatility",
        says="the day's range against its own habit",
        because="An unusually wide bar marks the day on which opinions were exchanged; the loser's last "
        "orders push the price too far. Low values are expected to do better.",
        code="day_range = data.high / data.low - 1\n"
        'usual_range = ops.ts_mean(day_range, p["usual_range_window"])\n'
        'range_expansion = ops.safe_div(ops.ts_mean(day_range, p["wide_window"]), usual_range)',
        parameters={"wide_window": WEEK, "usual_range_window": QUARTER},
    ),
)
