"""How far and how steadily the price has come."""

from agents.grammar.helpers import SIGNED_RUN
from agents.grammar.measures.measure import Measure
from agents.grammar.ranges import DAYS, HALF_YEAR, LAG, MONTH, QUARTER, SHARE, WEEK

PRICE = (
    Measure(
        name="past_return",
        theme="price",
        says="return over the past few days",
        because="Who trades in a hurry pays for it: one-sided orders push the price, and it comes back when"
        " they are done. Low values are expected to do better.",
        code='past_return = data.close / ops.ts_delay(data.close, p["return_window"]) - 1',
        parameters={"return_window": WEEK},
    ),
    Measure(
        name="past_trend",
        theme="price",
        says="return over the past months without the latest days",
        because="News is absorbed slowly, so a stock that rose goes on rising once the short-term noise is "
        "left out. High values are expected to do better.",
        code='recent = ops.ts_delay(data.close, p["skipped_days"])\n'
        'past_trend = recent / ops.ts_delay(recent, p["trend_window"]) - 1',
        parameters={"skipped_days": LAG, "trend_window": HALF_YEAR},
    ),
    Measure(
        name="distance_from_average",
        theme="price",
        says="distance of the price from its moving average",
        because="The average of recent prices is what the typical holder paid, and prices are drawn back "
        "towards it. Low values are expected to do better.",
        code='distance_from_average = data.close / ops.ts_mean(data.close, p["average_window"]) - 1',
        parameters={"average_window": MONTH},
    ),
    Measure(
        name="range_position",
        theme="price",
        says="position of the price between its recent low and high",
        because="Traders anchor on recent extremes and sell near highs and buy near lows more than news "
        "warrants. Low values are expected to do better in short windows, high values in long ones.",
        code='lowest = ops.ts_min(data.low, p["channel_window"])\n'
        'highest = ops.ts_max(data.high, p["channel_window"])\n'
        "range_position = ops.safe_div(data.close - lowest, highest - lowest)",
        parameters={"channel_window": QUARTER},
    ),
    Measure(
        name="distance_from_high",
        theme="price",
        says="distance of the price below its highest level of the past months",
        because="Investors hesitate to buy near a long-standing high although the news supports it, so the "
        "rest of the move comes later. High values are expected to do better.",
        code='distance_from_high = data.close / ops.ts_max(data.high, p["peak_window"]) - 1',
        parameters={"peak_window": HALF_YEAR},
    ),
    Measure(
        name="days_since_high",
        theme="price",
        says="time since the highest close of the past months",
        because="A fresh high is news that is still being acted on, an old one is forgotten. "
        "Recent highs are expected to do better.",
        code='days_since_high = ops.ts_argmax(data.close, p["age_window"]) / p["age_window"]',
        parameters={"age_window": QUARTER},
    ),
    Measure(
        name="up_day_balance",
        theme="price",
        says="balance of rising and falling days",
        because="Many small rises draw less attention than one large rise, so what they say is priced late. "
        "High values are expected to do better.",
        code='up_day_balance = ops.ts_mean(np.sign(data.returns), p["balance_window"])',
        parameters={"balance_window": QUARTER},
    ),
    Measure(
        name="trend_slope",
        theme="price",
        says="slope of the straight line through the log price",
        because="The slope uses every price of the window and not only its ends, so one odd day hardly "
        "moves it. High values are expected to do better in long windows, low values in short ones.",
        code='trend_slope = ops.ts_slope(np.log(data.close), p["slope_window"])',
        parameters={"slope_window": QUARTER},
    ),
    Measure(
        name="acceleration",
        theme="price",
        says="recent pace of the price against its pace of the past months",
        because="A move that speeds up beyond its own trend is carried by late followers and tires. "
        "Low values are expected to do better.",
        code='usual_pace = ops.ts_mean(data.returns, p["usual_window"])\n'
        'acceleration = ops.ts_mean(data.returns, p["recent_window"]) - usual_pace',
        parameters={"recent_window": WEEK, "usual_window": QUARTER},
    ),
    Measure(
        name="return_for_risk",
        theme="price",
        says="mean daily return for each unit of its own risk",
        because="Equal gains mean more in a calm stock: they are less likely to be luck. "
        "High values are expected to do better in long windows, low values in short ones.",
        code='mean_return = ops.ts_mean(data.returns, p["reward_window"])\n'
        'return_for_risk = ops.safe_div(mean_return, ops.ts_std(data.returns, p["reward_window"]))',
        parameters={"reward_window": QUARTER},
    ),
    Measure(
        name="streak",
        theme="price",
        says="current run of consecutive rises or falls",
        because="After several days in one direction people expect the next to follow, and pay for that "
        "belief. Low values are expected to do better.",
        code='run_length = signed_run(data.returns, p["run_memory"])\n'
        'streak = ops.ts_mean(run_length, p["run_window"])',
        parameters={"run_memory": SHARE, "run_window": DAYS},
        helpers=(SIGNED_RUN,),
    ),
)
