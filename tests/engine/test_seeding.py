"""What a selection of seeds stands for, and what a run refuses to start from."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.config import MineConfig
from engine.mining import mine
from engine.seeding import add_seed, seeds_of
from factors.errors import ProgramError
from factors.seeds import seed_sources
from knowledge_base.errors import StoreError
from knowledge_base.reports import NewSeed
from knowledge_base.store import open_store
from market.errors import ConfigError
from market.panel import Panel
from tests.factors.programs import REVERSAL, body

MOMENTUM = REVERSAL.replace("return -past", "return past").replace("reversal", "momentum")
PUBLISHED = date(2018, 6, 1)


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path / 'factors.db'}"


@pytest.fixture
def store(url):
    with open_store(url) as opened:
        opened.add_seed(NewSeed(name="reversal", source=REVERSAL, origin="file"))
        opened.add_seed(NewSeed(name="momentum", source=MOMENTUM, origin="report", published=PUBLISHED))
        yield opened


def test_own_is_every_seed_of_the_store(store) -> None:
    assert seeds_of("own", store) == {"reversal": REVERSAL, "momentum": MOMENTUM}


def test_own_seeds_come_in_the_order_in_which_they_are_named(store) -> None:
    assert list(seeds_of("own:momentum, reversal", store)) == ["momentum", "reversal"]


def test_parts_of_a_selection_follow_each_other(store, tmp_path) -> None:
    (tmp_path / "mine.py").write_text(REVERSAL)
    found = seeds_of(f"alpha158:corr5 + own:momentum+{tmp_path / 'mine.py'}", store)
    assert found == seed_sources("alpha158:corr5") | {"momentum": MOMENTUM, "mine": REVERSAL}


def test_none_is_nothing_and_needs_no_store() -> None:
    assert seeds_of("none", None) == {}


def test_the_library_needs_no_store_and_own_seeds_do() -> None:
    assert seeds_of("alpha158-5", None) == seed_sources("alpha158-5")
    with pytest.raises(ConfigError, match="name the store"):
        seeds_of("own", None)


def test_an_unknown_own_seed_is_named_with_the_known_ones(store) -> None:
    with pytest.raises(StoreError, match="'absent': its seeds are reversal, momentum"):
        seeds_of("own:absent", store)


def test_own_of_a_store_without_seeds_says_how_to_add_one(tmp_path) -> None:
    with open_store(tmp_path / "empty.db") as empty, pytest.raises(ConfigError, match="seeds add"):
        seeds_of("own", empty)


def test_two_different_seeds_of_one_name_are_refused(store, tmp_path) -> None:
    (tmp_path / "reversal.py").write_text(MOMENTUM)
    with pytest.raises(ConfigError, match="are called 'reversal'"):
        seeds_of(f"own+{tmp_path / 'reversal.py'}", store)


def test_the_same_seed_twice_is_one(store) -> None:
    assert list(seeds_of("own:reversal+own", store)) == ["reversal", "momentum"]


@pytest.mark.parametrize("selection", ["own", "own:momentum", "alpha158-5+own"])
def test_an_idea_of_a_later_day_was_not_known(store, selection) -> None:
    with pytest.raises(ConfigError, match="'momentum' was published on 2018-06-01, after 2018-05-31"):
        seeds_of(selection, store, known_until=date(2018, 5, 31))
    assert "momentum" in seeds_of(selection, store, known_until=PUBLISHED)


def test_an_idea_of_an_unknown_day_passes(store) -> None:
    assert list(seeds_of("own:reversal", store, known_until=date(1990, 1, 1))) == ["reversal"]


def test_own_without_names_leaves_out_what_was_added_later(store) -> None:
    now = datetime.now(UTC)
    early, late = now - timedelta(days=1), now + timedelta(days=1)
    assert seeds_of("own", store, added_until=early, known_until=date(1990, 1, 1)) == {}
    assert list(seeds_of("own", store, added_until=late)) == ["reversal", "momentum"]
    assert list(seeds_of("own:momentum", store, added_until=early)) == ["momentum"]


@pytest.mark.parametrize("name", ["a,b", "a+b", "a:b", "", ".hidden", "a b", "x" * 101, "a\n"])
def test_a_name_that_no_selection_could_hold_is_refused(store, name) -> None:
    with pytest.raises(ConfigError, match="a seed's name has"):
        add_seed(store, NewSeed(name=name, source=REVERSAL, origin="file"))


def test_a_program_that_looks_ahead_becomes_no_seed(store) -> None:
    ahead = body("n = len(p) - 1\nreturn data.frame('close').shift(n)")
    with pytest.raises(ProgramError, match="moves when later days change"):
        add_seed(store, NewSeed(name="ahead", source=ahead, origin="file"))
    assert len(store.seeds()) == 2


def settings(prices, url: str, **changes: object) -> MineConfig:
    usual = {"data": prices, "store": url, "run": "r", "iterations": 1, "trials": 1, "workers": 1}
    return MineConfig.of(usual | changes)


def test_a_run_starts_from_own_seeds_and_keeps_them_when_it_is_resumed(store, url, prices) -> None:
    mine(settings(prices, url, seeds="own"))
    store.add_seed(
        NewSeed(name="later", source=seed_sources("alpha158:klen")["klen"], origin="file", published=date.max)
    )
    mine(settings(prices, url, seeds="own", iterations=2))
    run = store.find_run("r")
    names = {store.program(number).name for number, _ in store.sources(run.id)}
    assert names >= {"reversal", "momentum"}
    assert "later" not in names


def test_a_run_refuses_an_idea_of_its_test_period_before_it_begins(store, url, prices) -> None:
    late = Panel.load(prices).dates[-1].item()
    store.add_seed(
        NewSeed(name="late", source=seed_sources("alpha158:klen")["klen"], origin="file", published=late)
    )
    with pytest.raises(ConfigError, match=f"'late' was published on {late}, after .* leave it out"):
        mine(settings(prices, url, seeds="own"))
    assert store.runs() == ()
