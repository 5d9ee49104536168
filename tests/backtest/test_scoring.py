import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from backtest.labels import Labels
from backtest.portfolio import PortfolioConfig, simulate
from backtest.scorecard import HorizonScore
from backtest.scoring import combined_score, early_and_full_score, learned_direction, score
from market.errors import ConfigError
from tests.backtest import oracles
from tests.backtest.markets import kinds, panels, random_panel, random_signal, seeds

HORIZONS = (1, 4)


def labels_of(panel):
    return Labels.of(panel, horizons_days=HORIZONS, min_assets=4)


def test_the_scorecard_agrees_with_figures_written_out():
    panel = random_panel(21, rows=60, names=20)
    signal = random_signal(21, panel.shape, "holes")
    card = score(signal, labels_of(panel))
    expected = []
    for horizon, found in zip(HORIZONS, card.horizons, strict=True):
        forward = oracles.forward_returns(panel, horizon, "close")
        ics, rank_ics = oracles.information(signal, forward, panel.universe, 4)
        ics, rank_ics = ics[np.isfinite(ics)], rank_ics[np.isfinite(rank_ics)]
        assert_allclose(found.ic, ics.mean(), atol=1e-12)
        assert_allclose(found.icir, ics.mean() / ics.std(ddof=1), atol=1e-12)
        assert_allclose(found.rank_ic, rank_ics.mean(), atol=1e-12)
        assert_allclose(found.rank_icir, rank_ics.mean() / rank_ics.std(ddof=1), atol=1e-12)
        assert found.days == len(rank_ics)
        expected.append((10 * found.ic + found.icir + 10 * found.rank_ic + found.rank_icir) / 4)
    assert_allclose(card.fitness, np.mean(expected))
    assert_allclose(card.ic, np.mean([h.ic for h in card.horizons]))


def test_coverage_is_the_mean_share_of_the_universe_with_an_opinion():
    panel = random_panel(22)
    signal = random_signal(22, panel.shape, "infinities")
    shares = [np.isfinite(row[m]).mean() for row, m in zip(signal, panel.universe, strict=True) if m.any()]
    assert_allclose(score(signal, labels_of(panel)).coverage, np.mean(shares))


def test_rank_autocorrelation_compares_each_date_with_the_one_before():
    panel = random_panel(23)
    signal = np.cumsum(random_signal(23, panel.shape, "plain"), axis=0)
    both = panel.universe[1:] & panel.universe[:-1]
    expected = oracles.information(signal[1:], signal[:-1], both, 4)[1]
    found = score(signal, labels_of(panel)).rank_autocorrelation
    assert_allclose(found, np.nanmean(expected))
    assert found > 0.5


def test_turnover_and_portfolio_follow_the_configuration():
    panel = random_panel(24)
    signal = random_signal(24, panel.shape, "holes")
    labels, config = labels_of(panel), PortfolioConfig(top_k=3, top_share=1.0)
    card = score(signal, labels, config=config, rows=slice(5, 30))
    chosen = oracles.best_names(signal[5:30], panel.universe[5:30], 3, 1.0)
    assert_allclose(card.turnover, np.nanmean(oracles.target_turnover(chosen, panel.shape[1])))
    traded = simulate(signal, labels, config=config, rows=slice(5, 30))
    assert card.portfolio.value.tolist() == traded.value.tolist()
    assert score(signal, labels, portfolio=False).portfolio is None


@settings(max_examples=30, deadline=None)
@given(seed=seeds, kind=st.sampled_from(["plain", "holes", "ties"]))
def test_fitness_changes_sign_with_the_signal(seed, kind):
    panel = random_panel(seed)
    signal, labels = random_signal(seed, panel.shape, kind), labels_of(panel)
    plain = combined_score(signal, labels)
    assert_allclose(combined_score(-signal, labels), -plain, atol=1e-12)
    assert_allclose(score(signal, labels, direction=-1, portfolio=False).fitness, -plain, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, step=st.integers(1, 9), first=st.integers(0, 9))
def test_a_look_at_some_dates_ends_with_exactly_the_score_of_one_pass(panel, seed, kind, step, first):
    first = min(first, panel.shape[0] - 1)
    signal, labels, rows = random_signal(seed, panel.shape, kind), labels_of(panel), slice(first, None)
    early, full = early_and_full_score(signal, labels, step=step, rows=rows)
    assert early.hex() == combined_score(signal, labels, rows=np.arange(first, panel.shape[0], step)).hex()
    assert full.hex() == combined_score(signal, labels, rows=rows).hex()


@settings(max_examples=40, deadline=None)
@given(panel=panels(), seed=seeds, kind=kinds, chosen=st.sets(st.sampled_from([1, 2, 5]), min_size=1))
def test_a_score_over_some_horizons_is_exactly_that_of_labels_of_these(panel, seed, kind, chosen):
    signal = random_signal(seed, panel.shape, kind)
    whole, some = (
        Labels.of(panel, horizons_days=days, min_assets=4) for days in ((1, 2, 5), tuple(sorted(chosen)))
    )
    looks = early_and_full_score(signal, whole, step=3, horizons_days=chosen)
    alone = list(early_and_full_score(signal, some, step=3))
    assert [look.hex() for look in looks] == [look.hex() for look in alone]
    assert combined_score(signal, whole, horizons_days=chosen).hex() == alone[1].hex()


@pytest.mark.parametrize("chosen", [(), (2,), (1, 4, 5)])
def test_horizons_that_the_labels_do_not_have_are_refused(chosen):
    panel = random_panel(26)
    with pytest.raises(ConfigError, match=r"horizons to count must be some of \(1, 4\)"):
        combined_score(np.zeros(panel.shape), labels_of(panel), horizons_days=chosen)


def test_a_date_is_not_scored_before_it_is_asked_for():
    panel = random_panel(25)
    signal = random_signal(25, panel.shape, "plain")
    whole = list(early_and_full_score(signal, labels_of(panel), step=4))
    looks = early_and_full_score(signal, labels_of(panel), step=4)
    early = next(looks)
    signal[::4] = np.nan
    assert [early, next(looks)] == whole


def test_an_undefined_ratio_leaves_fitness_undefined_and_says_why():
    panel = random_panel(27)
    signal = np.full(panel.shape, np.nan)
    signal[3] = np.arange(panel.shape[1])
    card = score(signal, labels_of(panel))
    assert math.isnan(card.fitness)
    assert (
        card.undefined == "1-day horizon has 1 valid days, needs 2; 4-day horizon has 1 valid days, needs 2"
    )
    assert card.undefined in card.summary()
    assert card.to_dict()["fitness"] is None


def test_coefficients_that_never_vary_have_no_ratio():
    found = HorizonScore.of(1, np.full(5, 0.03), np.full(5, 0.03))
    assert found.ic == pytest.approx(0.03)
    assert math.isnan(found.icir)


def test_the_dictionary_is_valid_json_with_the_documented_keys():
    panel = random_panel(28)
    card = score(random_signal(28, panel.shape, "plain"), labels_of(panel), split="train")
    found = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert set(found["horizons"]) == {"1", "4"}
    assert set(found["horizons"]["1"]) == {"ic", "icir", "rank_ic", "rank_icir", "days"}
    assert {"ar", "sharpe", "mdd"} <= set(found["portfolio"])
    assert {"fitness", "coverage", "turnover", "rank_autocorrelation", "split"} <= set(found)


def test_the_direction_is_that_of_the_fitness_it_is_learnt_from():
    assert [learned_direction(x) for x in (-0.1, 0.0, 0.1, math.nan)] == [-1, 1, 1, 1]


def test_a_direction_other_than_plus_or_minus_one_is_refused():
    panel = random_panel(29)
    with pytest.raises(ConfigError, match="direction must be 1 or -1, got 0"):
        score(np.zeros(panel.shape), labels_of(panel), direction=0)


def test_a_single_date_is_scored_as_far_as_it_can_be():
    panel = random_panel(30)
    card = score(random_signal(30, panel.shape, "plain"), labels_of(panel), rows=slice(7, 8))
    assert [h.days for h in card.horizons] == [1, 1]
    assert math.isnan(card.turnover)
    assert math.isnan(card.rank_autocorrelation)
    assert card.portfolio.value.tolist() == [1.0]
