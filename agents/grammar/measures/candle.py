"""What happened inside the day and between two days: open, high, low and close of the bar."""

from agents.grammar.measures.measure import Measure
from agents.grammar.ranges import WEEK

CANDLE = (
    Measure(
        name="intraday_return",
        theme="candle",
        says="move from the open to the close",
        because="During the day prices are set by those who must trade today, and part of their pressure "
        "fades. Low values are expected to do better.",
        code='intraday_return = ops.ts_mean(data.close / data.open - 1, p["intraday_window"])',
        parameters={"intraday_window": WEEK},
    ),
    Measure(
        name="overnight_return",
        theme="candle",
        says="move from the last close to the open",
        because="Orders that gather overnight come from those who saw the news last and buy at any price. "
        "Low values are expected to do better.",
        code="overnight_gap = data.open / ops.ts_delay(data.close, 1) - 1\n"
        'overnight_return = ops.ts_mean(overnight_gap, p["overnight_window"])',
        parameters={"overnight_window": WEEK},
    ),
    Measure(
        name="night_against_day",
        theme="candle",
        says="overnight moves less moves during the day",
        because="Different people trade at the open and at the close; a stock on which they disagree for "
        "long is pulled one way every night and the other way every day. Low values are expected to"
        " do better.",
        code="night_move = data.open / ops.ts_delay(data.close, 1) - 1\n"
        "day_move = data.close / data.open - 1\n"
        'night_against_day = ops.ts_mean(night_move - day_move, p["disagreement_window"])',
        parameters={"disagreement_window": WEEK},
    ),
    Measure(
        name="close_location",
        theme="candle",
        says="place of the close between the low and the high of the day",
        because="A close at the high is the mark of buyers who had to finish by the bell, and the price "
        "pays them back the next days. Low values are expected to do better.",
        code="place_in_bar = ops.safe_div(2 * data.close - data.high - data.low, data.high - data.low)\n"
        'close_location = ops.ts_mean(place_in_bar, p["location_window"])',
        parameters={"location_window": WEEK},
    ),
    Measure(
        name="shadow_balance",
        theme="candle",
        says="upper shadow of the bar less its lower shadow",
        because="Upper shadows are rises that met sellers, lower shadows are falls that met buyers; those "
        "who were met first are the more patient side. Low values are expected to do better.",
        code="upper_shadow = data.high - np.maximum(data.open, data.close)\n"
        "lower_shadow = np.minimum(data.open, data.close) - data.low\n"
        'shadow_balance = ops.ts_mean((upper_shadow - lower_shadow) / data.open, p["shadow_window"])',
        parameters={"shadow_window": WEEK},
    ),
    Measure(
        name="body_share",
        theme="candle",
        says="share of the day's range that was kept at the close",
        because="A range that ends in a body was won by one side, a range that ends where it began settled "
        "nothing. High values are expected to go on.",
        code="body = ops.safe_div(data.close - data.open, data.high - data.low)\n"
        'body_share = ops.ts_mean(body, p["body_window"])',
        parameters={"body_window": WEEK},
    ),
    Measure(
        name="distance_from_fair_day",
        theme="candle",
        says="distance of the close from the average price of the day",
        because="The average price of the day is where most of it changed hands; a close away from it rests"
        " on few trades. Low values are expected to do better.",
        code='distance_from_fair_day = ops.ts_mean(data.close / data.vwap - 1, p["fair_window"])',
        parameters={"fair_window": WEEK},
    ),
)
