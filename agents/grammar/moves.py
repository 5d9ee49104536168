"""The ways to a new program: open a measure, compose measures, change one parent, join two, or wander."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents.grammar.draft import Draft
from agents.grammar.grafting import bare, opening, phrase, reasons, shaped, with_measure, with_program
from agents.grammar.measures import MEASURES, Measure
from agents.grammar.mutations import MUTATIONS
from agents.grammar.parsing import parse_draft
from agents.grammar.ranges import SIDE, WEIGHT
from agents.grammar.shapes import PAIRED, SINGLE, SWITCH, TURNED, Shape
from agents.grammar.steering import Compass, Mixture, chosen, uniformly
from knowledge_base.briefing import Elite

LONGEST_NAME = 32
"""A longer name would grow with every child; the idea's first words take its place."""

MUTATION_SHARE, SINGLE_SHARE = 0.35, 0.3
"""How often a parent is changed in its text, or by a shape without a partner; else by a shape with one."""

MOST_STEPS = 3
"""The changes that a random walk makes at most."""

PARTNERS = (0.3, 0.35, 0.35)
"""How often a blend is to have one partner, two, or three."""

LEAST_WEIGHT = 0.1
"""Of the lighter part of a blend, beside 1 for the heavier: with less it would hardly be a part."""

JOINTS = {"blended": 0.5, "scaled": 0.15, "gated": 0.2, "switched": 0.15}
"""How two parents are joined, and how often."""

MOVES_OF_PRICE = tuple(measure for measure in MEASURES if measure.theme in {"price", "candle"})
"""Measures of what the price did, which may go on or come back."""

_PAIRED = {shape.name: shape for shape in PAIRED}


@dataclass(frozen=True, kw_only=True)
class Move:
    """A draft and how it came about."""

    draft: Draft
    operation: str
    parents: tuple[Elite, ...] = ()
    tags: tuple[str, ...] = ()


def opened(untried: Sequence[Measure], compass: Compass, rng: np.random.Generator) -> Move:
    """Return the plain program of a measure that has not been tried."""
    neglected = compass.neglected_themes()
    first = [measure for measure in untried if measure.theme in neglected]
    measure = compass.measure(first or untried, rng)
    return Move(draft=opening(measure), operation="measure", tags=_tags(measure))


def composed(compass: Compass, rng: np.random.Generator) -> Move:
    """Return a measure with a shape, and another measure where the shape asks for a partner."""
    measure = compass.measure(MEASURES, rng)
    if rng.random() < SINGLE_SHARE:
        shape = uniformly(SINGLE, rng)
        draft = _ranked(_ended(bare(measure), shape))
        return Move(draft=draft, operation=shape.name, tags=(*_tags(measure), shape.name))
    return _joined_by_measure(bare(measure), _tags(measure), compass, rng)


def turned(compass: Compass, rng: np.random.Generator) -> Move:
    """Return a measure of what the price did whose sign depends on the state of the stock."""
    measure = compass.measure(MOVES_OF_PRICE, rng)
    draft = _ended(bare(measure), TURNED)
    return Move(draft=draft, operation=TURNED.name, tags=(*_tags(measure), TURNED.name))


def changed(compass: Compass, rng: np.random.Generator) -> Move | None:
    """One parent with one change; None if the change does not apply to it."""
    parent = compass.parent(rng)
    move = _varied(_opened_parent(parent), parent.tags, compass, rng)
    return replace(move, parents=(parent,)) if move else None


def wandered(compass: Compass, rng: np.random.Generator) -> Move:
    """Return a measure after up to `MOST_STEPS` changes, each of which may or may not apply."""
    measure = compass.measure(MEASURES, rng)
    move = Move(draft=opening(measure), operation="measure", tags=_tags(measure))
    for _ in range(rng.integers(MOST_STEPS + 1)):
        move = _varied(move.draft, move.tags, compass, rng) or move
    return move


def joined(compass: Compass, room: int, rng: np.random.Generator) -> Move | None:
    """Parents in one program: blended, one scaling or gating the other, or taking turns.

    It has at most `room` parameters; None if no partner is small enough.
    """
    joint = chosen(tuple(JOINTS), JOINTS.values(), rng)
    first = compass.parent(rng)
    if joint == "blended":
        return _blended(first, compass, room, rng)
    second = compass.partner(Mixture.of(first), room - len(first.parameters), rng)
    if second is None:
        return None
    shape, tags, z, state = _PAIRED.get(joint, SWITCH), (*first.tags, *second.tags), "", ""
    draft, other = _opened_parent(first), _opened_parent(second)
    draft, y = with_program(draft, other)
    if shape is SWITCH:
        condition = compass.measure(_unrelated(tags), rng)
        draft, z = with_measure(draft, condition)
        tags, state = (*tags, *_tags(condition)), condition.says
    ended = _ended(draft, _sided(shape, first, second), y=y, z=z, other=other.idea, state=state)
    told = replace(ended, rationale=reasons(ended.rationale, other.rationale))
    return Move(draft=told, operation=joint, parents=(first, second), tags=(*tags, joint))


def _blended(first: Elite, compass: Compass, room: int, rng: np.random.Generator) -> Move | None:
    """The sum of a program and of up to three that promise most beside it, with the weights that promise most.

    None if none of them would have a weight worth its parameters.
    """
    mixture, draft, direction = Mixture.of(first), _opened_parent(first), first.direction
    for _ in range(1 + rng.choice(len(PARTNERS), p=PARTNERS)):
        partner = compass.partner(mixture, room - len(draft.parameters) - 1, rng)
        weight = compass.weight(mixture, partner) if partner else 0.0
        if partner is None or not LEAST_WEIGHT <= weight <= 1.0 / LEAST_WEIGHT:
            break
        mixture = compass.mixed(mixture, partner, weight)
        sign = direction * partner.direction
        added = _opened_parent(partner)
        if weight > 1.0:  # the heavier part comes first
            draft, added, weight, direction = added, draft, 1.0 / weight, partner.direction
        draft = _summed(draft, added, sign * round(weight, 2))
    parents = tuple(elite for elite, _ in mixture.parts)
    if len(parents) == 1:
        return None
    tags = dict.fromkeys(tag for parent in parents for tag in parent.tags)
    return Move(draft=draft, operation="blended", parents=parents, tags=(*tags, "blended"))


def _summed(draft: Draft, added: Draft, weight: float) -> Draft:
    grown, y = with_program(draft, added)
    blend = replace(_PAIRED["blended"], parameters={"weight": replace(WEIGHT, default=weight)})
    ended = _ended(grown, blend, y=y, other=added.idea)
    return replace(ended, rationale=reasons(ended.rationale, added.rationale))


def _varied(draft: Draft, tags: tuple[str, ...], compass: Compass, rng: np.random.Generator) -> Move | None:
    chance = rng.random()
    if chance < MUTATION_SHARE:
        return _mutated(draft, tags, rng)
    if chance < MUTATION_SHARE + SINGLE_SHARE:
        shape = uniformly([shape for shape in SINGLE if shape.name not in tags] or SINGLE, rng)
        return Move(draft=_ended(draft, shape), operation=shape.name, tags=(*tags, shape.name))
    return _joined_by_measure(draft, tags, compass, rng)


def _joined_by_measure(
    draft: Draft, tags: tuple[str, ...], compass: Compass, rng: np.random.Generator
) -> Move:
    partner = compass.measure(_unrelated(tags), rng)
    shape = uniformly(PAIRED, rng)
    draft, y = with_measure(draft, partner)
    ended = _ended(draft, shape, y=y, other=partner.says)
    because = reasons(ended.rationale, *([partner.because] if shape.name == "blended" else []))
    return Move(
        draft=replace(ended, rationale=because),
        operation=shape.name,
        tags=(*tags, *_tags(partner), shape.name),
    )


def _mutated(draft: Draft, tags: tuple[str, ...], rng: np.random.Generator) -> Move | None:
    mutation = uniformly(MUTATIONS, rng)
    changed_draft = mutation.change(draft, rng)
    if changed_draft is None:
        return None
    told_already = mutation.says.removeprefix("{idea}") in draft.idea
    idea = draft.idea if told_already else mutation.says.format(idea=phrase(draft.idea))
    told = changed_draft.told_as(idea=idea, rationale=reasons(draft.rationale, mutation.because))
    return Move(draft=told, operation=mutation.name, tags=tags)


def _ended(
    draft: Draft, shape: Shape, *, y: str = "", z: str = "", other: str = "", state: str = ""
) -> Draft:
    idea = shape.says.format(idea=phrase(draft.idea), other=phrase(other), state=phrase(state))
    ended = shaped(draft, shape, y=y, z=z)
    return ended.told_as(idea=idea, rationale=reasons(draft.rationale, shape.because))


def _ranked(draft: Draft) -> Draft:
    draft, name = draft.named_result() if len(draft.result) > 70 else (draft, draft.result)
    return draft.returning(f"ops.cs_rank({name})")


def _opened_parent(elite: Elite) -> Draft:
    """Return the elite's program under its own name, with its best parameter values as defaults."""
    draft = parse_draft(elite.source).with_defaults(elite.parameters)
    fits = elite.name.isidentifier() and len(elite.name) <= LONGEST_NAME
    return replace(draft, name=elite.name) if fits else draft


def _sided(shape: Shape, first: Elite, second: Elite) -> Shape:
    """Return `shape`, its partner's side reversed by default if the parents point in opposite directions."""
    if first.direction == second.direction:
        return shape
    parameters = {name: replace(SIDE, default=-1) if p is SIDE else p for name, p in shape.parameters.items()}
    return replace(shape, parameters=parameters)


def _unrelated(tags: Sequence[str]) -> list[Measure]:
    """Measures of themes that `tags` lacks; if it has all themes, measures that it lacks."""
    return (
        [m for m in MEASURES if m.theme not in tags]
        or [m for m in MEASURES if m.name not in tags]
        or [*MEASURES]
    )


def _tags(measure: Measure) -> tuple[str, str]:
    return measure.theme, measure.name
