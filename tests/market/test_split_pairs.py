import numpy as np
import pandas as pd

from market.loaders.frames import panel_from_wide
from market.panel import Panel

DAYS, FAULT = 60, 40


def loaded(close: list[float], opened: list[float] | None = None) -> Panel:
    """The given closes of A from day FAULT on, 50 before, beside a quiet B; it opens at its close."""
    dates = pd.bdate_range("2015-01-01", periods=DAYS)
    closes = pd.DataFrame(50.0, index=dates, columns=["A", "B"])
    stop = FAULT + len(close)
    closes.iloc[FAULT:stop, 0] = close
    closes.iloc[stop:, 0] = close[-1]
    opens = closes.copy()
    if opened:
        opens.iloc[FAULT:stop, 0] = opened
    high, low = closes.where(closes > opens, opens), closes.where(closes < opens, opens)
    volume = closes * 0 + 1000.0
    return panel_from_wide({"open": opens, "high": high, "low": low, "close": closes, "volume": volume})


def repaired(panel: Panel) -> int:
    assert panel.audit is not None
    return panel.audit.count("split not adjusted")


def test_a_price_wrong_for_one_day_is_repaired_at_both_ends() -> None:
    panel = loaded([5.0, 50.0])
    assert repaired(panel) == 2
    np.testing.assert_allclose(panel.fields["close"][:, 0], 50.0)


def test_a_weak_end_is_confirmed_by_the_strong_one_it_cancels() -> None:
    panel = loaded([5.0, 49.0], [5.0, 47.8])  # the way back opens 4.4 % off the ratio: weak by itself
    assert repaired(panel) == 2
    np.testing.assert_allclose(
        panel.fields["close"][:, 0], [50.0] * (FAULT + 1) + [49.0] * (DAYS - FAULT - 1)
    )


def test_a_break_undone_by_something_else_is_listed_and_left() -> None:
    panel = loaded([5.0, 44.0], [5.0, 30.0])  # the way back is no split
    assert repaired(panel) == 0
    assert panel.audit is not None
    assert panel.audit.count("jump that may be a split") == 1
    assert panel.fields["close"][FAULT - 1, 0] == 50.0


def test_a_jump_beyond_tenfold_without_a_ratio_is_listed() -> None:
    panel = loaded([0.31])
    assert panel.audit is not None
    (finding,) = panel.audit.findings
    assert (finding.kind, finding.examples) == ("jump beyond tenfold", (f"A {panel.dates[FAULT]}",))
    assert panel.fields["close"][FAULT - 1, 0] == 50.0
