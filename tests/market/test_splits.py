"""Splits in a stock that closes at 60 every day and trades 1000 shares."""

import numpy as np
import pandas as pd
import pytest

from market.loaders import LoadOptions
from market.loaders.frames import panel_from_frame
from market.panel import Panel

DAYS = 40
SPLIT = 25


def jump(
    ratio: float, *, volume: float = 1.0, back: int | None = None, gap: float | None = None
) -> pd.DataFrame:
    """AA is worth `ratio` times as much from day SPLIT on (until day `back`); BB never changes.

    `volume` multiplies the shares traded that day, `gap` is the ratio at the open if not `ratio`.
    """
    level = np.full(DAYS, 60.0)
    level[SPLIT:back] *= ratio
    shares = np.full(DAYS, 1000.0)
    shares[SPLIT] *= volume
    opened = level.copy()
    opened[SPLIT] = 60.0 * (gap or ratio)
    days = pd.bdate_range("2020-01-01", periods=DAYS)
    bars = {
        "open": opened,
        "high": np.maximum(opened, level),
        "low": np.minimum(opened, level),
        "close": level,
    }
    split = pd.DataFrame({"date": days, "symbol": "AA", **bars, "volume": shares})
    calm = {"open": 60.0, "high": 60.0, "low": 60.0, "close": 60.0, "volume": 1000.0}
    return pd.concat([split, pd.DataFrame({"date": days, "symbol": "BB", **calm})])


def count(panel: Panel, kind: str) -> int:
    assert panel.audit is not None
    return panel.audit.count(kind)


@pytest.mark.parametrize("ratio", [1 / 2, 1 / 3, 1 / 4, 1 / 10, 2.0, 3.0, 10.0])
def test_a_split_rescales_the_past_and_nothing_else(ratio: float) -> None:
    panel = panel_from_frame(jump(ratio, volume=2.0))
    np.testing.assert_allclose(panel.fields["close"][:, 0], 60.0 * ratio)
    np.testing.assert_allclose(panel.fields["volume"][:SPLIT, 0], 1000.0 / ratio)
    np.testing.assert_allclose(panel.fields["volume"][SPLIT + 1 :, 0], 1000.0)
    np.testing.assert_allclose(panel.fields["close"][:, 1], 60.0)
    assert count(panel, "split not adjusted") == 1


def test_the_report_names_symbol_date_and_ratio() -> None:
    audit = panel_from_frame(jump(1 / 3)).audit
    assert audit is not None
    assert audit.summary()[-1] == (
        "split not adjusted: 1, earlier prices and volumes rescaled (AA 2020-02-05 x1/3)"
    )


def test_a_few_days_at_a_wrong_scale_are_put_right_exactly() -> None:
    panel = panel_from_frame(jump(1 / 10, back=SPLIT + 2))
    assert (np.delete(panel.fields["close"][:, 0], [SPLIT, SPLIT + 1]) == 60.0).all()
    np.testing.assert_allclose(panel.fields["close"][[SPLIT, SPLIT + 1], 0], 60.0)
    assert count(panel, "split not adjusted") == 2


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (jump(1 / 2, volume=20.0), "a crash on twenty times the usual volume"),
        (jump(0.39, gap=0.4), "a crash to no simple ratio, as AIG in 2008"),
        (jump(0.5, gap=0.7), "a fall during the day"),
        (jump(0.7, gap=0.5), "a recovery during the day"),
        (jump(0.9), "a bad day"),
    ],
)
def test_a_real_move_is_left_alone(frame: pd.DataFrame, why: str) -> None:
    panel = panel_from_frame(frame)
    assert panel.fields["close"][0, 0] == 60.0, why
    assert count(panel, "split not adjusted") == 0, why


@pytest.mark.parametrize("ratio", [2 / 3, 3 / 2])
def test_three_for_two_is_only_listed(ratio: float) -> None:
    panel = panel_from_frame(jump(ratio))
    assert panel.fields["close"][0, 0] == 60.0
    assert count(panel, "jump that may be a split") == 1


def test_a_stale_price_is_no_evidence() -> None:
    frame = jump(1 / 2).reset_index(drop=True)
    frame.loc[SPLIT - 1, "volume"] = 0.0
    assert count(panel_from_frame(frame), "split not adjusted") == 0


def test_a_split_over_missing_days_is_found() -> None:
    frame = jump(1 / 2).reset_index(drop=True).drop(index=[SPLIT - 2, SPLIT - 1])
    assert count(panel_from_frame(frame), "split not adjusted") == 1


def test_repair_can_be_declined() -> None:
    panel = panel_from_frame(jump(1 / 2), LoadOptions(repair_splits=False))
    assert panel.fields["close"][0, 0] == 60.0
    assert panel.audit is not None
    assert "left as it is" in panel.audit.summary()[-1]


def test_repair_never_changes_a_return_on_another_day() -> None:
    frame = jump(1 / 2)
    frame["close"] *= np.exp(0.01 * np.sin(np.arange(len(frame))))
    raw = panel_from_frame(frame, LoadOptions(repair_splits=False)).returns
    repaired = panel_from_frame(frame).returns
    np.testing.assert_allclose(np.delete(repaired, SPLIT, axis=0), np.delete(raw, SPLIT, axis=0), atol=1e-12)
    assert abs(repaired[SPLIT, 0]) < 0.05
    assert raw[SPLIT, 0] < -0.45
