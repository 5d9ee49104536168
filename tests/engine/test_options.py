"""Options of a search: what islands concentrate on, when trials end early, what parameters are tried first."""

import pytest

from engine.config import MineConfig
from engine.mining import mine
from knowledge_base.store import open_store
from market.errors import ConfigError
from tests.engine.proposers import Script
from tests.factors.programs import body

WINDOW = '"window": {"type": "int", "low": 2, "high": 20, "default": 5}'
SCALE = '"scale": {"type": "float", "low": 0.1, "high": 9.0, "default": 1.0}'
FIRST = body('return -ops.ts_delta(data.close, p["window"]) / data.close', parameters=f"{{{WINDOW}}}")
SECOND = body(
    'return ops.ts_mean(data.volume, p["window"]) / data.volume ** p["scale"]',
    parameters=f"{{{WINDOW}, {SCALE}}}",
)


class Listener(Script):
    """A script that remembers what it was told."""

    def __init__(self, texts) -> None:
        super().__init__(texts)
        self.told = []

    def propose(self, briefing, rng):
        self.told.append(briefing)
        return super().propose(briefing, rng)


@pytest.fixture
def searched(prices, tmp_path):
    def search(proposer, **settings):
        chosen = {"data": prices, "store": str(tmp_path / "s.db"), "run": "r", "workers": 1, "seeds": "none"}
        mine(MineConfig.of(chosen | {"iterations": 2, "trials": 6} | settings), proposer=proposer)
        return open_store(tmp_path / "s.db")

    return search


def test_each_island_is_told_what_it_concentrates_on(searched) -> None:
    proposer = Listener([FIRST, SECOND])
    searched(proposer, emphasis=["volume", "price+volatility"]).close()
    assert [briefing.emphasis for briefing in proposer.told] == [("volume",), ("price", "volatility")]


def test_an_unknown_theme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"setting `emphasis`: the themes are .*volume"):
        MineConfig.of({"emphasis": ["volumes"]})


def test_equal_names_in_other_programs_are_tried_early(searched) -> None:
    with searched(Script([FIRST, SECOND]), trials=6) as store:
        learned = store.program(1).parameters["window"]
        early = [trial.parameters["window"] for trial in store.trials(2)[:2]]
    assert learned != 5
    assert early == [5, learned]


def test_trials_end_early_when_nothing_beats_the_noise(searched) -> None:
    with searched(
        Script([FIRST, SECOND]), trials=20, neighbours=0, trial_patience=3, trial_noise=9.0
    ) as store:
        assert [len(store.trials(program)) for program in (1, 2)] == [4, 4]
