"""Options of a search: what islands concentrate on, when trials end early, what parameters are tried first."""

import pytest

from engine.config import MineConfig
from engine.mining import mine
from knowledge_base.records import ScoreRecord
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
THIRD = body('return ops.ts_std(data.returns, p["window"])', parameters=f"{{{WINDOW}}}")
BY_HORIZON = ["1d", "5d+10d"]


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
    def search(proposer, on_progress=lambda _: None, **settings):
        chosen = {"data": prices, "store": str(tmp_path / "s.db"), "run": "r", "workers": 1, "seeds": "none"}
        config = MineConfig.of(chosen | {"iterations": 2, "trials": 6} | settings)
        mine(config, proposer=proposer, on_progress=on_progress)
        return open_store(tmp_path / "s.db")

    return search


def test_each_island_is_told_what_it_concentrates_on(searched) -> None:
    proposer = Listener([FIRST, SECOND])
    searched(proposer, emphasis=["volume", "price+volatility"]).close()
    assert [briefing.emphasis for briefing in proposer.told] == [("volume",), ("price", "volatility")]


def test_each_island_is_told_its_horizons(searched) -> None:
    proposer = Listener([FIRST, SECOND])
    searched(proposer, emphasis=["volume+10d+1d", "price"]).close()
    told = [(briefing.emphasis, briefing.horizons_days) for briefing in proposer.told]
    assert told == [(("volume",), (1, 10)), (("price",), ())]


@pytest.mark.parametrize("part", ["volumes", "2d", "0d", "-1d", "01d", "1", "d", "", "1d+", "price+7d"])
def test_an_unknown_theme_or_horizon_is_refused_with_the_known_ones(part) -> None:
    with pytest.raises(
        ConfigError, match=r"setting `emphasis`: the themes are .*volume.*, the horizons 1d, 3d,"
    ):
        MineConfig.of({"emphasis": ["price", part]})


@pytest.mark.parametrize("part", ["1d+1d", "volume+5d+volume"])
def test_a_part_that_stands_twice_is_refused(part) -> None:
    with pytest.raises(ConfigError, match="setting `emphasis`: each theme and each horizon stands once"):
        MineConfig.of({"emphasis": [part]})


def test_the_horizons_of_an_emphasis_are_those_of_the_run() -> None:
    assert MineConfig.of({"emphasis": ["2d"], "horizons_days": [2, 4]}).emphasis == ("2d",)
    with pytest.raises(ConfigError, match="the horizons 2d, 4d, got"):
        MineConfig.of({"emphasis": ["1d"], "horizons_days": [2, 4]})


def mean_fitness(card: ScoreRecord, days: tuple[int, ...]) -> float:
    """The mean of FS over some horizons of a stored card, written out."""
    parts = [
        (10 * h.ic + h.icir + 10 * h.rank_ic + h.rank_icir) / 4
        for h in card.horizons
        if h.horizon_days in days
    ]
    assert len(parts) == len(days)
    return sum(parts) / len(parts)


def test_an_island_tunes_and_rewards_by_its_horizons_and_stores_all(searched, tmp_path) -> None:
    (tmp_path / "seed.py").write_text(SECOND)
    proposer = Script([FIRST, THIRD])
    with searched(proposer, emphasis=BY_HORIZON, seeds=str(tmp_path / "seed.py")) as store:
        records = [store.program(program) for program, _ in sorted(store.sources(1))]
        trials = {record.id: store.trials(record.id) for record in records}
    every = (1, 3, 5, 10)
    judged = {-1: every, 0: (1,), 1: (5, 10)}
    assert [record.iteration for record in records] == list(judged)
    for record in records:
        train, validation = (
            next(card for card in record.scores if card.split == split) for split in ("train", "validation")
        )
        days = judged[record.iteration]
        best = max(trial.value for trial in trials[record.id] if trial.parameters == record.parameters)
        assert best == pytest.approx(mean_fitness(train, days), abs=1e-9)
        assert record.reward_terms["fitness"] == pytest.approx(mean_fitness(validation, days))
        lost = mean_fitness(train, days) - mean_fitness(validation, days)
        assert record.reward_terms["gap"] == pytest.approx(-0.5 * max(0.0, lost))
        assert [card.fitness for card in (train, validation)] == pytest.approx(
            [mean_fitness(card, every) for card in (train, validation)]
        )
        if days != every:
            assert best != pytest.approx(train.fitness, abs=1e-3)


def test_a_run_that_died_goes_on_by_the_horizons_of_each_island(searched, tmp_path) -> None:
    class PowerCut(BaseException):
        pass

    def fail(progress):
        if progress.trials_done >= 9:  # among the second program's, on the second island
            raise PowerCut

    def outcome(store):
        records = [store.program(program) for program, _ in sorted(store.sources(1))]
        return [
            (
                r.parameters,
                r.direction,
                r.reward_terms,
                [(t.number, t.parameters, t.value) for t in store.trials(r.id)],
            )
            for r in records
        ]

    proposer = Script([FIRST, THIRD])
    other = {"store": str(tmp_path / "cut.db")}
    with pytest.raises(PowerCut):
        searched(proposer, on_progress=fail, emphasis=BY_HORIZON, **other)
    searched(proposer, emphasis=BY_HORIZON, **other).close()
    with searched(proposer, emphasis=BY_HORIZON) as whole, open_store(tmp_path / "cut.db") as resumed:
        assert outcome(resumed) == outcome(whole)


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
