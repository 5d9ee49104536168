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
from agents.grammar.shapes import PAIRED, SINGLE, SWITCH, Shape
from agents.grammar.steering import Compass, chosen, uniformly
from factors.parameters import Parameter
from knowledge_base.briefing import Elite

LONGEST_NAME = 32
"""A longer name would grow with every child; the idea's first words take its place."""

MUTATION_SHARE, SINGLE_SHARE = 0.35, 0.3
"""How often a parent is changed in its text, or by a shape without a partner; else by a shape with one."""

MOST_STEPS = 3
"""The changes that a random walk makes at most."""

JOINTS = {"blended": 0.5, "scaled": 0.15, "gated": 0.2, "switched": 0.15}
"""How two parents are joined, and how often."""

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


def joined(compass: Compass, rng: np.random.Generator) -> Move:
    """Two parents in one program: blended, one scaling or gating the other, or taking turns."""
    first = compass.parent(rng)
    second = compass.partner(first, rng)
    other = _opened_parent(second)
    draft, y = with_program(_opened_parent(first), other)
    joint = chosen(tuple(JOINTS), JOINTS.values(), rng)
    shape = _aligned(SWITCH if joint == SWITCH.name else _PAIRED[joint], first, second)
    tags, z, state = (*first.tags, *second.tags), "", ""
    if joint == SWITCH.name:
        condition = compass.measure(_unrelated(tags), rng)
        draft, z = with_measure(draft, condition)
        tags, state = (*tags, *_tags(condition)), condition.says
    ended = _ended(draft, shape, y=y, z=z, other=other.idea, state=state)
    told = replace(ended, rationale=reasons(ended.rationale, other.rationale))
    return Move(draft=told, operation=joint, parents=(first, second), tags=(*tags, joint))


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


def _aligned(shape: Shape, first: Elite, second: Elite) -> Shape:
    """Return `shape`, its partner's sign reversed by default if the parents point in opposite directions."""
    if first.direction == second.direction:
        return shape
    other_way: dict[Parameter, Parameter] = {
        WEIGHT: replace(WEIGHT, default=-WEIGHT.default),
        SIDE: replace(SIDE, default=-1),
    }
    return replace(shape, parameters={name: other_way.get(p, p) for name, p in shape.parameters.items()})


def _unrelated(tags: Sequence[str]) -> list[Measure]:
    """Measures of themes that `tags` lacks; if it has all themes, measures that it lacks."""
    return (
        [m for m in MEASURES if m.theme not in tags]
        or [m for m in MEASURES if m.name not in tags]
        or [*MEASURES]
    )


def _tags(measure: Measure) -> tuple[str, str]:
    return measure.theme, measure.name
