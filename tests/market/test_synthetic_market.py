import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from market.arrays import BoolArray, FloatArray
from market.errors import ConfigError
from market.panel import Panel
from market.synthetic import SyntheticConfig, synthesize
from market.synthetic.history import History
from market.synthetic.lifetimes import quoted_days
from market.synthetic.planted import PlantedRule
from market.synthetic.shocks import draw_shocks
from market.synthetic.simulation import simulate
from tests.market.synthetic_markets import full, small

FIELDS = ("open", "high", "low", "close", "volume")


def test_the_same_seed_gives_the_same_market_in_another_process(pytestconfig: pytest.Config) -> None:
    script = (
        "from tests.market.synthetic_markets import small; market = small();"
        "print(market.panel.content_hash, [sorted(f.attainable_ic.items()) for f in market.planted])"
    )
    command = [sys.executable, "-c", script]
    root = pytestconfig.rootpath
    other = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout.strip()
    market = small()
    here = f"{market.panel.content_hash} {[sorted(f.attainable_ic.items()) for f in market.planted]}"
    assert other == here


def test_another_seed_gives_another_market() -> None:
    assert small(3).panel.content_hash != small(4).panel.content_hash


def test_a_market_leaves_the_global_random_state_alone() -> None:
    np.random.seed(1)  # noqa: NPY002 - the global state is what this test is about
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    synthesize(SyntheticConfig(dates=130, symbols=20), seed=1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_the_default_market_has_the_promised_shape() -> None:
    panel = full().panel
    assert panel.shape == (1500, 300)
    assert panel.universe[100:].sum(axis=1).min() > 200


def test_dates_are_business_days_in_order() -> None:
    dates = small().panel.dates
    assert np.is_busday(dates).all()
    assert (np.diff(dates) > np.timedelta64(0, "D")).all()


def test_open_and_close_lie_between_low_and_high() -> None:
    opening, high, low, close, _ = (full().panel.fields[name] for name in FIELDS)
    quoted = np.isfinite(close)
    for price in (opening, close):
        assert (low[quoted] <= price[quoted]).all()
        assert (price[quoted] <= high[quoted]).all()
    assert low[quoted].min() > 0


def test_prices_are_whole_cents_and_volumes_whole_shares() -> None:
    fields = full().panel.fields
    for name in FIELDS[:4]:
        price = fields[name][np.isfinite(fields[name])]
        np.testing.assert_allclose(price * 100, np.round(price * 100), atol=1e-6)
    volume = fields["volume"][np.isfinite(fields["volume"])]
    np.testing.assert_array_equal(volume, np.round(volume))
    assert volume.min() > 0


def test_a_day_without_a_quote_has_no_field_at_all() -> None:
    missing = np.stack([np.isnan(small().panel.fields[name]) for name in FIELDS])
    assert (missing.all(axis=0) == missing.any(axis=0)).all()
    np.testing.assert_array_equal(small().panel.tradable, ~missing[0])


def test_symbols_are_listed_late_delisted_early_and_halted_in_between() -> None:
    quoted = np.isfinite(small().panel.fields["close"])
    dates = len(quoted)
    first, last = quoted.argmax(axis=0), dates - 1 - quoted[::-1].argmax(axis=0)
    halted_days = last - first + 1 - quoted.sum(axis=0)
    assert (first > 0).sum() >= 5
    assert (last < dates - 1).sum() >= 5
    assert (halted_days > 0).sum() >= 10
    assert quoted.any(axis=0).all()


def test_the_universe_is_what_the_quotes_so_far_say() -> None:
    panel = small().panel
    config = SyntheticConfig()
    close = panel.fields["close"]
    for day in range(panel.shape[0]):
        past = close[: day + 1]
        seasoned = np.isfinite(past).sum(axis=0) >= config.seasoning_days
        np.testing.assert_array_equal(panel.universe[day], seasoned & (past[-1] >= config.minimum_price))


def test_a_market_without_signal_strength_pays_no_factor() -> None:
    null = synthesize(SyntheticConfig(dates=700, symbols=200, signal_strength=0), seed=5)
    coefficients = [ic for factor in null.planted for ic in factor.attainable_rank_ic.values()]
    assert max(abs(ic) for ic in coefficients) < 0.02


def _pulse(day: int, horizon_days: int) -> PlantedRule:
    """A rule with an opinion on one day only: the first half of the symbols is better than the second."""
    days = count()

    def score(_history: History, universe: BoolArray, _parameters: Mapping[str, float]) -> FloatArray:
        opinion = np.repeat([1.0, -1.0], len(universe) // 2)
        return opinion if next(days) == day else np.full(len(universe), np.nan)

    return PlantedRule(
        name="pulse",
        theme="test",
        source="",
        parameters={},
        horizon_days=horizon_days,
        strength=0.6,
        score=score,
    )


@pytest.mark.parametrize("horizon_days", [1, 3])
def test_a_signal_moves_prices_from_the_second_day_after_it_and_for_its_horizon(horizon_days: int) -> None:
    config = SyntheticConfig(dates=130, symbols=20, late_listings=0, delistings=0, halts_per_year=0)
    shocks = draw_shocks(config, np.random.default_rng(0))
    shocks = replace(shocks, first_price=np.full(20, 1e6))  # so dear that rounding to cents cannot show
    quoted = quoted_days(config, np.random.default_rng(0))
    day = 100
    moved, still = (
        simulate(
            replace(config, signal_strength=strength),
            shocks=shocks,
            quoted=quoted,
            rules=(_pulse(day, horizon_days),),
        ).fields["close"]
        for strength in (1.0, 0.0)
    )
    effect = np.diff(np.log(moved / still), axis=0, prepend=0) / shocks.risk
    expected = np.zeros(effect.shape)
    opinion = np.repeat([1.0, -1.0], 10)
    expected[day + 2 : day + 2 + horizon_days] = 0.6 / horizon_days * opinion
    assert moved[day, 0] >= config.minimum_price
    np.testing.assert_allclose(effect, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"dates": 50}, "`dates` must be at least 120, got 50"),
        ({"symbols": 3}, "`symbols` must be at least 20, got 3"),
        ({"signal_strength": float("nan")}, "`signal_strength` must be at least 0, got nan"),
        ({"delistings": 0.9}, "`delistings` is a share between 0 and 0.5, got 0.9"),
        ({"start": "soon"}, "`start` must be an ISO date, got 'soon'"),
    ],
)
def test_a_setting_that_cannot_make_a_market_is_refused(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SyntheticConfig(**setting)


def test_the_panel_is_an_ordinary_panel() -> None:
    assert isinstance(small().panel, Panel)
    assert len(set(small().panel.symbols)) == 40
