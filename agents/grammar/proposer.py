"""The offline proposer: typed construction and mutation of readable programs, without a language model.

Every program is put together from measures (what to look at) and shapes (what to do with it), or is a
parent's own text with a change. Whatever comes out is checked before it is proposed: it parses, its units are
sound, it is not too long, nothing in it is left unread, and its fingerprint is new.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

import numpy as np

from agents.errors import ProposalError
from agents.grammar.draft import Draft
from agents.grammar.grafting import opening
from agents.grammar.measures import MEASURES, Measure
from agents.grammar.moves import Move, changed, composed, joined, opened, turned, wandered
from agents.grammar.parsing import parse_draft
from agents.grammar.soundness import is_degenerate
from agents.grammar.steering import Compass, SteeringConfig, chosen
from agents.grammar.tidying import tidied
from agents.grammar.units import unit_problems
from agents.proposer import Proposal
from factors.errors import ProgramError
from factors.program import Program
from knowledge_base.briefing import Briefing, Elite

_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, kw_only=True)
class GrammarConfig:
    """How often each kind of proposal is made, and how large a program may grow.

    opening     weight of plain measures, times the share of them not yet tried
    turning     weight of measures of the price's moves whose sign depends on the state of the stock
    composing   weight of new measures with a shape
    changing    weight of one changed parent
    joining     weight of two joined parents
    """

    opening: float = 1.2
    turning: float = 0.25
    composing: float = 0.1
    changing: float = 0.5
    joining: float = 0.9
    most_parameters: int = 20
    most_lines: int = 70
    longest_line: int = 110
    attempts: int = 60
    steering: SteeringConfig = field(default_factory=SteeringConfig)


class GrammarProposer:
    """Proposes programs from a grammar of measures and shapes; a pure function of the briefing and `rng`."""

    name = "grammar"

    def __init__(self, config: GrammarConfig | None = None) -> None:
        self._config = config or GrammarConfig()

    def propose(self, briefing: Briefing, rng: np.random.Generator) -> Proposal:
        """See `Proposer`; takes a few milliseconds."""
        readable = replace(
            briefing,
            elites=tuple(filter(_is_readable, briefing.elites)),
            current=briefing.current if briefing.current and _is_readable(briefing.current) else None,
            paths=tuple(tuple(filter(_is_readable, path)) for path in briefing.paths),
        )
        compass = Compass(readable, self._config.steering)
        untried = [m for m, mark in _openings() if mark not in briefing.tried_fingerprints]
        return self._first_sound(lambda: self._move(untried, compass, rng), briefing)

    def _first_sound(self, move: Callable[[], Move | None], briefing: Briefing) -> Proposal:
        for _ in range(self._config.attempts):
            moved = move()
            proposal = self._checked(moved, briefing) if moved else None
            if proposal:
                return proposal
        raise ProposalError(
            f"no new program in {self._config.attempts} attempts, {len(briefing.tried_fingerprints)} tried: "
            "raise `attempts` or `most_lines` in GrammarConfig, or stop the run."
        )

    def _move(self, untried: list[Measure], compass: Compass, rng: np.random.Generator) -> Move | None:
        if untried and (not compass.elites or compass.neglected_themes() & {m.theme for m in untried}):
            return opened(untried, compass, rng)
        count, config = len(compass.elites), self._config
        options: list[tuple[float, Callable[[], Move | None]]] = [
            (config.opening * len(untried) / len(MEASURES), lambda: opened(untried, compass, rng)),
            (config.turning, lambda: turned(compass, rng)),
            (config.composing, lambda: composed(compass, rng)),
            (config.changing * (count > 0), lambda: changed(compass, rng)),
            (config.joining * (count > 1), lambda: joined(compass, config.most_parameters, rng)),
        ]
        move = chosen([move for _, move in options], [weight for weight, _ in options], rng)
        return move()

    def _checked(self, move: Move, briefing: Briefing) -> Proposal | None:
        draft = tidied(move.draft)
        source = draft.render()
        known = {
            problem for parent in move.parents for problem in unit_problems(parse_draft(parent.source).code)
        }
        sound = not is_degenerate(draft.code) and set(unit_problems(draft.code)) <= known
        if not (sound and self._fits(draft, source)):
            return None
        mark = _fingerprint(source)
        if mark is None or mark in briefing.tried_fingerprints:
            return None
        return Proposal(
            name=draft.name,
            idea=draft.idea,
            source=source,
            parents=tuple(parent.id for parent in move.parents),
            operation=move.operation,
            tags=_current(move.tags, source),
        )

    def _fits(self, draft: Draft, source: str) -> bool:
        code = "\n".join([*draft.helpers, draft.code]).splitlines()
        return (
            len(draft.parameters) <= self._config.most_parameters
            and sum(bool(line.strip()) for line in code) <= self._config.most_lines
            and max(map(len, source.splitlines())) <= self._config.longest_line
        )


class RandomProposer(GrammarProposer):
    """Draws programs of the same grammar by chance alone: what a search must beat to be worth its name."""

    name = "random"

    def propose(self, briefing: Briefing, rng: np.random.Generator) -> Proposal:
        """See `Proposer`; of the briefing only the tried fingerprints are read."""
        nowhere = Compass(Briefing(iteration=briefing.iteration), self._config.steering)
        return self._first_sound(lambda: wandered(nowhere, rng), briefing)


def _openings() -> tuple[tuple[Measure, str | None], ...]:
    """Each measure with the fingerprint of its plain program; computed once, though many threads may ask at once."""
    with _ONE_AT_A_TIME:
        return _fingerprinted_openings()


@functools.cache
def _fingerprinted_openings() -> tuple[tuple[Measure, str | None], ...]:
    return tuple((measure, _fingerprint(tidied(opening(measure)).render())) for measure in MEASURES)


def _fingerprint(source: str) -> str | None:
    """Return the program's fingerprint; None if a parent's peculiarity left it outside the contract."""
    try:
        return Program.parse(source).fingerprint
    except ProgramError:
        return None


def _is_readable(elite: Elite) -> bool:
    """Whether a parent's text can be taken apart; an unusual but working program may not."""
    try:
        parse_draft(elite.source)
    except (SyntaxError, ValueError, ProgramError):
        return False
    return True


def _current(tags: tuple[str, ...], source: str) -> tuple[str, ...]:
    """`tags`, each once, without the measures that a change has taken out of the program."""
    gone = {m.name for m in MEASURES if m.name in tags and f"{m.name} =" not in source}
    kept = [tag for tag in dict.fromkeys(tags) if tag not in gone]
    themes = {m.theme for m in MEASURES if m.name in kept}
    emptied = {m.theme for m in MEASURES if m.name in gone} - themes
    return tuple(tag for tag in kept if tag not in emptied)
