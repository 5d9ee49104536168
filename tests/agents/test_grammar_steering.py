"""Where the proposer looks next, given what it is told."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import ProposalError
from agents.grammar import GrammarConfig, GrammarProposer
from agents.grammar.measures import MEASURES, THEMES
from agents.grammar.steering import Compass, Mixture, SteeringConfig
from agents.testing import empty_briefing, sample_briefing
from factors.program import Program
from knowledge_base.briefing import Briefing, Elite, FailureNote, ThemeRecord

BY_NAME = {measure.name: measure for measure in MEASURES}


class Everything(frozenset[str]):
    """A set that holds whatever is asked for."""

    def __contains__(self, _: object) -> bool:
        return True


def picks(briefing: Briefing, count: int = 400) -> Counter[str]:
    """Names of the measures chosen from all."""
    compass, rng = Compass(briefing, SteeringConfig()), np.random.default_rng(0)
    return Counter(compass.measure(MEASURES, rng).name for _ in range(count))


def themes_of(names: Counter[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, count in names.items():
        counts[BY_NAME[name].theme] += count
    return counts


def record(tries: int, reward: float, failures: int = 0) -> ThemeRecord:
    return ThemeRecord(tries=tries, failures=failures, mean_reward=reward, best_reward=reward)


def test_names_of_themes_and_measures_are_all_different() -> None:
    names = [*THEMES, *BY_NAME]
    assert len(set(names)) == len(names) == len(THEMES) + len(MEASURES)


def test_parameters_of_measures_never_share_a_name() -> None:
    names = [parameter for measure in MEASURES for parameter in measure.parameters]
    assert len(set(names)) == len(names)


def test_with_nothing_known_every_measure_has_the_same_chance() -> None:
    counts = picks(empty_briefing(), count=46 * 40)
    assert set(counts) == set(BY_NAME)
    assert max(counts.values()) < 80


def test_a_rewarding_theme_is_looked_at_more() -> None:
    records = {theme: record(10, 0.3 if theme == "volume" else 0.1) for theme in THEMES}
    counts = themes_of(picks(replace(empty_briefing(), themes=records)))
    assert counts["volume"] > 2 * max(counts[theme] for theme in THEMES if theme != "volume")


def test_a_theme_that_was_hardly_tried_is_looked_at_more() -> None:
    records = {theme: record(1 if theme == "candle" else 40, 0.1) for theme in THEMES}
    counts = themes_of(picks(replace(empty_briefing(), themes=records)))
    per_measure = {theme: counts[theme] / sum(m.theme == theme for m in MEASURES) for theme in THEMES}
    assert max(per_measure, key=per_measure.__getitem__) == "candle"


def test_a_theme_whose_programs_fail_is_looked_at_less() -> None:
    records = {theme: record(10, 0.1, failures=9 * (theme == "relation")) for theme in THEMES}
    counts = themes_of(picks(replace(empty_briefing(), themes=records)))
    assert counts["relation"] < min(counts[theme] for theme in THEMES if theme != "relation") / 2


def test_a_measure_computed_in_recent_failures_is_avoided() -> None:
    note = FailureNote(
        iteration=3,
        stage="tune",
        kind="TimeoutProgramError",
        message="the program took longer than 5 s",
        source_head="    streak = ops.ts_mean(run_length, p['run_window'])",
    )
    before, after = (
        picks(empty_briefing(), 4000),
        picks(replace(empty_briefing(), failures=(note, note)), 4000),
    )
    assert after["streak"] < before["streak"] / 3
    assert after["past_return"] > before["past_return"] / 3


def test_rewards_that_are_no_numbers_are_no_rewards() -> None:
    records = {theme: record(5, float("nan")) for theme in THEMES}
    assert set(themes_of(picks(replace(empty_briefing(), themes=records)))) == set(THEMES)


def test_better_parents_are_chosen_more_often_and_unscored_ones_least() -> None:
    compass, rng = Compass(sample_briefing(), SteeringConfig()), np.random.default_rng(0)
    counts = Counter(compass.parent(rng).id for _ in range(2000))
    assert counts[1] > counts[5] > counts[10] > 0


def test_a_partner_is_another_program_and_rather_a_different_one() -> None:
    compass, rng = Compass(sample_briefing(), SteeringConfig()), np.random.default_rng(0)
    parent = Mixture.of(compass.elites[0])
    found = [compass.partner(parent, 20, rng) for _ in range(500)]
    partners = Counter(partner.tags[0] for partner in found if partner)
    assert compass.elites[0] not in found
    assert partners["volume"] > partners["price"]


def test_a_partner_is_rather_one_whose_signal_is_another_than_the_parents() -> None:
    elites = tuple(
        replace(e, train_fitness=0.2, validation_fitness=0.2) for e in sample_briefing().elites[:5]
    )
    parent, twin, *others = elites
    alike = {(parent.id, twin.id): 0.9 * parent.direction * twin.direction}
    unlike = {(parent.id, other.id): 0.0 for other in others}
    briefing = replace(sample_briefing(), elites=elites, likeness=alike | unlike)
    compass, rng = Compass(briefing, SteeringConfig()), np.random.default_rng(0)
    found = [compass.partner(Mixture.of(parent), 20, rng) for _ in range(1000)]
    counts = Counter(partner.id for partner in found if partner)
    assert min(counts[other.id] for other in others) > counts[twin.id] > 0


def test_a_partner_has_no_more_parameters_than_there_is_room_for() -> None:
    compass, rng = Compass(sample_briefing(), SteeringConfig()), np.random.default_rng(0)
    parent = Mixture.of(compass.elites[0])
    sizes = {len(compass.elites[place].parameters) for place in range(1, 10)}
    assert compass.partner(parent, min(sizes) - 1, rng) is None
    found = compass.partner(parent, min(sizes), rng)
    assert found is not None
    assert len(found.parameters) == min(sizes)


def test_a_program_that_adds_nothing_to_another_is_not_blended_with_it() -> None:
    config = GrammarConfig(opening=0, turning=0, composing=0, changing=0, joining=1)
    good, poor = (
        replace(elite, direction=1, train_fitness=fitness, validation_fitness=fitness)
        for elite, fitness in zip(sample_briefing().elites, (0.4, 0.2), strict=False)
    )
    operations = {}
    for likeness in (0.0, 0.6):
        records = {theme: record(5, 0.1) for theme in THEMES}
        briefing = replace(empty_briefing(), elites=(good, poor), themes=records, likeness={(1, 2): likeness})
        proposals = [GrammarProposer(config).propose(briefing, np.random.default_rng(s)) for s in range(30)]
        operations[likeness] = {proposal.operation for proposal in proposals}
    assert "blended" in operations[0.0]
    assert "blended" not in operations[0.6]
    assert operations[0.6]


@given(
    first=st.floats(0.01, 1.0),
    second=st.floats(0.01, 1.0),
    correlation=st.floats(-0.9, 0.9),
    third=st.floats(0.01, 1),
)
def test_the_weights_of_a_mixture_are_those_that_promise_most(first, second, correlation, third) -> None:
    """Against a search over weights: fitness of a sum is its covariance with the returns over its spread."""
    one, two, three = (
        replace(elite, direction=1, train_fitness=fitness, validation_fitness=fitness)
        for elite, fitness in zip(sample_briefing().elites, (first, second, third), strict=False)
    )
    likeness = {(1, 2): correlation, (1, 3): 0.1, (2, 3): 0.0}
    compass = Compass(replace(sample_briefing(), likeness=likeness), SteeringConfig())
    weights = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 4001)])

    def promised(mixture: Mixture, other: Elite, fitness: float) -> float:
        spread = sum(w * v * known(a, b) for a, w in mixture.parts for b, v in mixture.parts)
        shared = sum(w * known(a, other) for a, w in mixture.parts) / np.sqrt(spread)
        sums = (mixture.fitness + weights * fitness) / np.sqrt(1 + weights**2 + 2 * weights * shared)
        return float(sums.max())

    def known(a: Elite, b: Elite) -> float:
        return 1.0 if a is b else likeness[min(a.id, b.id), max(a.id, b.id)]

    pair = compass.mixed(Mixture.of(one), two, compass.weight(Mixture.of(one), two))
    assert pair.fitness == pytest.approx(promised(Mixture.of(one), two, second), rel=1e-3)
    if pair.parts[1][1] > 0.0:
        triple = compass.mixed(pair, three, compass.weight(pair, three))
        assert triple.fitness == pytest.approx(promised(pair, three, third), rel=1e-3)


def test_parents_that_cannot_be_taken_apart_are_left_in_peace() -> None:
    strange = Elite(
        id=7,
        name="odd",
        source='"""Odd."""\nPARAMETERS = dict()\nfactor = None\n',
        idea="Odd.",
        tags=("price",),
        parameters={},
        train_fitness=0.9,
        validation_fitness=0.9,
        parent_ids=(),
    )
    briefing = replace(empty_briefing(), elites=(strange,))
    proposals = [GrammarProposer().propose(briefing, np.random.default_rng(seed)) for seed in range(10)]
    assert all(proposal.parents == () for proposal in proposals)


def test_elites_are_worked_on_once_the_themes_are_known() -> None:
    records = {theme: record(5, 0.1) for theme in THEMES}
    briefing = replace(sample_briefing(), themes=records)
    proposals = [GrammarProposer().propose(briefing, np.random.default_rng(seed)) for seed in range(60)]
    counts = Counter(len(proposal.parents) for proposal in proposals)
    assert counts[0] > 10
    assert counts[1] > 5
    assert counts[2] > 2


def test_a_child_starts_from_its_parents_best_values() -> None:
    elite = replace(sample_briefing().elites[2], parameters={"window": 77})
    config = GrammarConfig(opening=0, turning=0, composing=0, changing=1, joining=0)
    records = {theme: record(5, 0.1) for theme in THEMES}
    briefing = replace(sample_briefing(), elites=(elite,), themes=records)
    proposals = [GrammarProposer(config).propose(briefing, np.random.default_rng(s)) for s in range(20)]
    assert sum('"default": 77' in proposal.source for proposal in proposals) >= 18


def test_when_everything_was_tried_the_proposer_says_so() -> None:
    briefing = replace(empty_briefing(), tried_fingerprints=Everything())
    with pytest.raises(ProposalError, match="no new program in 60 attempts"):
        GrammarProposer().propose(briefing, np.random.default_rng(0))


def test_parents_that_point_in_opposite_directions_are_joined_with_a_reversed_sign() -> None:
    config = GrammarConfig(opening=0, turning=0, composing=0, changing=0, joining=1)
    one, other = sample_briefing().elites[:2]
    records = {theme: record(5, 0.1) for theme in THEMES}
    for direction in (1, -1):
        pair = (replace(one, direction=1), replace(other, direction=direction))
        briefing = replace(empty_briefing(), elites=pair, themes=records)
        proposals = [GrammarProposer(config).propose(briefing, np.random.default_rng(s)) for s in range(30)]
        defaults = [Program.parse(proposal.source).parameters.defaults() for proposal in proposals]
        signs = {name: [d[name] for d in defaults if name in d] for name in ("weight", "side")}
        assert signs["weight"]
        assert signs["side"]
        assert all(sign * direction > 0 for sign in signs["weight"] + signs["side"])


def test_a_theme_that_the_search_concentrates_on_is_looked_at_more() -> None:
    plain = themes_of(picks(Briefing(iteration=0)))
    wished = themes_of(picks(Briefing(iteration=0, emphasis=("volume",))))
    assert wished["volume"] > 2 * plain["volume"]
    assert len(wished) > 1
