"""What can be done to a score: the last lines of a program, with the score and its partners as free names.

In a shape's `code`, `x` stands for the score so far, `y` for its partner and `z` for a condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.grammar.helpers import MARKET_MEAN, STOCK_STATE
from agents.grammar.ranges import DAYS, LAG, MONTH, MUTED, QUARTER, SHARE, SIDE, STATE, WEEK, WEIGHT
from factors.parameters import FloatParameter, Parameter


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A way to end a program.

    name        the operation's name, also a tag
    says        the new idea; `{idea}` is the old one, `{other}` the partner's, `{state}` the condition's
    because     the mechanism, as a sentence
    code        statements over the free names; the last is a return
    parameters  ranges of every `p[...]` in `code`
    helpers     functions that `code` calls, at module level
    """

    name: str
    says: str
    because: str
    code: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()


POWER = FloatParameter(low=0.3, high=3.0, default=1.5, log=True)

TURNED = Shape(
    name="turned",
    says="{idea}, its sign turned by the state of the stock",
    because="A move that took much trading is pressure that fades, the same move in a quiet stock is news "
    "that spreads, so one score says opposite things in stocks of opposite states.",
    code='state = stock_state(data, ops, p["state"], p["usual_window"])\n'
    "return (ops.cs_rank(x) - 0.5) * (ops.cs_rank(state) - 0.5)",
    parameters={"state": STATE, "usual_window": MONTH},
    helpers=(STOCK_STATE,),
)

_CALMER = "A score that is averaged over days keeps what lasts, drops what was chance, and trades less."

SINGLE = (
    Shape(
        name="smoothed",
        says="{idea}, averaged over some days",
        because=_CALMER,
        code='return ops.ts_mean(x, p["smoothing_window"])',
        parameters={"smoothing_window": WEEK},
    ),
    Shape(
        name="faded",
        says="{idea}, averaged over some days with the latest counting most",
        because=_CALMER,
        code='return ops.ts_decay_linear(x, p["fading_window"])',
        parameters={"fading_window": WEEK},
    ),
    Shape(
        name="tracked",
        says="{idea}, followed by an exponential average",
        because=_CALMER,
        code='return ops.ts_ema(x, p["tracking_window"])',
        parameters={"tracking_window": WEEK},
    ),
    Shape(
        name="delayed",
        says="{idea}, as it stood some days ago",
        because="The first days after the event belong to fast traders; the slow correction begins later.",
        code='return ops.ts_delay(x, p["delay"])',
        parameters={"delay": DAYS},
    ),
    Shape(
        name="standardised",
        says="{idea}, against the stock's own history",
        because="What is much for one stock is usual for another, so each is measured by its own past.",
        code='return ops.ts_zscore(x, p["history_window"])',
        parameters={"history_window": QUARTER},
    ),
    Shape(
        name="changed",
        says="{idea}, less its own recent average",
        because="A level is known to everybody and priced; a change of the level is the news.",
        code='return x - ops.ts_mean(x, p["level_average_window"])',
        parameters={"level_average_window": MONTH},
    ),
    Shape(
        name="moved",
        says="{idea}, as a change over some days",
        because="A level is known to everybody and priced; a change of the level is the news.",
        code='return ops.ts_delta(x, p["change_lag"])',
        parameters={"change_lag": LAG},
    ),
    Shape(
        name="stretched",
        says="{idea}, with a chosen weight on the extremes",
        because="The effect need not grow evenly from the worst stock to the best, so the tuner may bend "
        "the scale.",
        code='return ops.signed_power(ops.cs_rank(x) - 0.5, p["power"])',
        parameters={"power": POWER},
    ),
    Shape(
        name="folded",
        says="{idea}, as the distance from the middle of the market",
        because="Both extremes are watched and traded by the same impatient people; the middle is left "
        "alone.",
        code="return np.abs(ops.cs_rank(x) - 0.5)",
    ),
    TURNED,
)

GATES = (
    Shape(
        name="gated",
        says="{idea}, given its full weight only in stocks with a high {other}",
        because="The effect has a cause, and the cause is at work in some stocks only.",
        code="centred = ops.cs_rank(x) - 0.5\n"
        'active = ops.cs_rank(y) > p["threshold"]\n'
        'return np.where(active, centred, p["elsewhere"] * centred)',
        parameters={"threshold": SHARE, "elsewhere": MUTED},
    ),
    Shape(
        name="timed",
        says="{idea}, given its full weight only while the stock's {other} is high for its own past",
        because="The effect has a cause, and the cause is at work at some times only.",
        code="centred = ops.cs_rank(x) - 0.5\n"
        'active = ops.ts_rank(y, p["state_window"]) > p["threshold"]\n'
        'return np.where(active, centred, p["elsewhere"] * centred)',
        parameters={"state_window": QUARTER, "threshold": SHARE, "elsewhere": MUTED},
    ),
    Shape(
        name="climate",
        says="{idea}, given its full weight only while the whole market's {other} is high",
        because="In some climates everybody trades for the same reason, and effects between stocks change "
        "their sign.",
        code="centred = ops.cs_rank(x) - 0.5\n"
        'active = ops.ts_rank(market_mean(y), p["climate_window"]) > p["threshold"]\n'
        'return np.where(active, centred, p["elsewhere"] * centred)',
        parameters={"climate_window": QUARTER, "threshold": SHARE, "elsewhere": MUTED},
        helpers=(MARKET_MEAN,),
    ),
)

PAIRED = (
    *GATES,
    Shape(
        name="scaled",
        says="{idea}, scaled by {other}",
        because="The two conditions strengthen each other, so the score is large only where both are met.",
        code='strength = ops.cs_rank(p["side"] * y)\nreturn (ops.cs_rank(x) - 0.5) * strength',
        parameters={"side": SIDE},
    ),
    Shape(
        name="blended",
        says="{idea}, together with {other}",
        because="Two reasons that have little to do with each other are wrong on different days.",
        code='return ops.cs_rank(x) + p["weight"] * ops.cs_rank(y)',
        parameters={"weight": WEIGHT},
    ),
    Shape(
        name="purified",
        says="{idea}, beyond what {other} explains",
        because="Part of the score is another effect in disguise; what is left is its own.",
        code="return ops.cs_neutralize(x, ops.cs_rank(y))",
    ),
)

SWITCH = Shape(
    name="switched",
    says="{idea} in stocks with a high {state}, otherwise {other}",
    because="Different forces rule different stocks, so each is judged by the measure that fits it.",
    code='favoured = ops.cs_rank(z) > p["threshold"]\n'
    'return np.where(favoured, ops.cs_rank(x), ops.cs_rank(p["side"] * y))',
    parameters={"threshold": SHARE, "side": SIDE},
)
