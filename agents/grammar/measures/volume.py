"""How much was traded, against the stock's own habit and against other stocks."""

from agents.grammar.measures.measure import Measure
from agents.grammar.ranges import MONTH, QUARTER, WEEK

VOLUME = (
    Measure(
        name="volume_surprise",
        theme="volume",
        says="recent volume against its own habit",
        because="Unusual volume is attention: more people look at the stock, and those who can buy "
        "outnumber those who can sell. High values are expected to do better at first.",
        code='usual_volume = ops.ts_mean(data.volume, p["habit_window"])\n'
        'volume_surprise = ops.safe_div(ops.ts_mean(data.volume, p["surprise_window"]), usual_volume)',
        parameters={"surprise_window": WEEK, "habit_window": QUARTER},
    ),
    Measure(
        name="volume_trend",
        theme="volume",
        says="slope of volume in units of its own average",
        because="Interest that builds up day after day precedes the news that explains it, interest that "
        "ebbs away takes the price along. Low values are expected to do better.",
        code='volume_slope = ops.ts_slope(data.volume, p["volume_trend_window"])\n'
        'volume_trend = ops.safe_div(volume_slope, ops.ts_mean(data.volume, p["volume_trend_window"]))',
        parameters={"volume_trend_window": MONTH},
    ),
    Measure(
        name="illiquidity",
        theme="volume",
        says="price impact of a traded dollar",
        because="A stock that little money can move is costly to leave, and its holders ask to be paid for "
        "that. High values are expected to do better.",
        code="impact = ops.safe_div(np.abs(data.returns), data.close * data.volume)\n"
        'illiquidity = ops.ts_mean(impact, p["impact_window"])',
        parameters={"impact_window": MONTH},
    ),
    Measure(
        name="dollar_volume",
        theme="volume",
        says="money traded in the stock on an average day",
        because="Much traded stocks are easy to leave and closely watched, so they offer less. "
        "Low values are expected to do better.",
        code='dollar_volume = ops.ts_mean(data.close * data.volume, p["dollar_window"])',
        parameters={"dollar_window": MONTH},
    ),
    Measure(
        name="volume_instability",
        theme="volume",
        says="dispersion of volume in units of its own average",
        because="Uneven trading comes in waves of attention, and buyers in a wave overpay. "
        "Low values are expected to do better.",
        code='volume_spread = ops.ts_std(data.volume, p["unevenness_window"])\n'
        'volume_instability = ops.safe_div(volume_spread, ops.ts_mean(data.volume, p["unevenness_window"]))',
        parameters={"unevenness_window": MONTH},
    ),
    Measure(
        name="volume_rank",
        theme="volume",
        says="rank of today's volume in its own recent history",
        because="A rank within the stock's own past shows a crowded day whatever the size of the stock. "
        "Low values are expected to do better.",
        code='volume_rank = ops.ts_rank(data.volume, p["volume_rank_window"])',
        parameters={"volume_rank_window": MONTH},
    ),
    Measure(
        name="signed_volume",
        theme="volume",
        says="share of volume traded on rising days less the share on falling days",
        because="Volume on rising days is demand and volume on falling days is supply; the balance leans on"
        " the price until it is served. Low values are expected to do better in short windows, high"
        " values in long ones.",
        code='bought_less_sold = ops.ts_sum(np.sign(data.returns) * data.volume, p["flow_window"])\n'
        'signed_volume = ops.safe_div(bought_less_sold, ops.ts_sum(data.volume, p["flow_window"]))',
        parameters={"flow_window": MONTH},
    ),
    Measure(
        name="volume_weighted_return",
        theme="volume",
        says="average return of the traded share",
        because="Returns weighted by volume are what the active traders earned; winners take their profit. "
        "Low values are expected to do better.",
        code='return_on_volume = ops.ts_sum(data.returns * data.volume, p["traded_window"])\n'
        'traded = ops.ts_sum(data.volume, p["traded_window"])\n'
        "volume_weighted_return = ops.safe_div(return_on_volume, traded)",
        parameters={"traded_window": MONTH},
    ),
    Measure(
        name="days_since_crowd",
        theme="volume",
        says="time since the busiest day of the window",
        because="The crowd of the busiest day overpaid, and the correction takes a while. "
        "Long-past crowds are expected to do better.",
        code='days_since_crowd = ops.ts_argmax(data.volume, p["crowd_window"]) / p["crowd_window"]',
        parameters={"crowd_window": MONTH},
    ),
)
