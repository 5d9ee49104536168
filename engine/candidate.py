"""What happens to one candidate program: examined, tuned, assessed, recorded. A coroutine over worker requests."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from agents.errors import BudgetError
from agents.language import Experience, Mentor, Problem
from backtest.scorecard import HorizonScore
from backtest.scoring import mean_fitness
from engine.allotment import Competitors
from engine.crew import Job
from engine.originality import Library
from engine.requests import Request, Thought
from engine.reward import RewardKind, reward_terms
from engine.robustness import importance
from engine.samplers import SamplerName
from engine.tuning import tune
from factors.complexity import Complexity
from factors.errors import ContractError, NoveltyError, ProgramError, TamperingError
from factors.lifting import lift_constants
from factors.parameters import Value
from factors.program import Program
from knowledge_base.records import (
    FailureRecord,
    HorizonRecord,
    NewProgram,
    Revision,
    ScoreRecord,
    TrialRecord,
)
from knowledge_base.store import Store

SEED = "seed"
"""The origin of programs that nobody proposed."""

_BEYOND_MENDING = (NoveltyError, TamperingError)
_FEWEST_DRAWN = 5  # trials for each one beside the best


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A program text that entered the search, and where it came from."""

    source: str
    name: str
    idea: str
    origin: str
    tags: tuple[str, ...]
    parent_ids: tuple[int, ...]
    iteration: int


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """A candidate that was scored: its place in the store, its reward and its signal's signature.

    `fitness` is that on the validation days over all horizons, `training_fitness` over those it is judged by.
    """

    program_id: int
    candidate: Candidate
    training_fitness: float
    fitness: float
    reward: float
    signature: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A candidate that came to nothing; `program_id` is None if it was no program at all."""

    program_id: int | None
    candidate: Candidate


@dataclass(frozen=True, kw_only=True)
class _Entered:
    """A recorded program that was examined: it may be tuned."""

    candidate: Candidate
    program: Program
    program_id: int
    audits: list[Any] = field(default_factory=list)


Outcome: TypeAlias = Assessed | Failed


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Takes candidates through the stages; every outcome is in the store before the coroutine goes on.

    A program has `trials` trials, of which up to `neighbours` are spent beside its best parameters; `patience` and
    `noise` may end them early, see `engine.tuning.tune`, and with `competitors` it has fewer or more, see
    `engine.allotment`. `samples` leads from the values on the audit's slice to the program that gave them first.
    `correlation` tells how much a signal, by its signature, resembles a better program than one of that fitness.
    `mentor` mends and analyses; `root_of` leads to the program that a candidate's line began with, if it has one;
    `horizons_of` to the horizons that its trials and its reward are judged by, None = all.
    """

    store: Store
    run_id: int
    trials: int
    seed: int
    sampler: SamplerName
    neighbours: int
    patience: int | None
    noise: float
    library: Library
    samples: dict[str, int]
    reward: RewardKind
    correlation: Callable[[str, float], float]
    on_trial: Callable[[TrialRecord], None]
    competitors: Competitors | None = None
    mentor: Mentor | None = None
    root_of: Callable[[Candidate], Sequence[int]] = lambda _: ()
    horizons_of: Callable[[Candidate], Sequence[int] | None] = lambda _: None

    def develop(self, candidate: Candidate) -> Job[Outcome]:
        """Record a new candidate and take it through all stages; a failure is recorded, too."""
        entered = yield from self._enter(candidate)
        if isinstance(entered, Failed):
            return entered
        return (yield from self._tune(entered, known=[]))

    def finish(
        self, program: Program, program_id: int, candidate: Candidate, known: list[TrialRecord]
    ) -> Job[Outcome]:
        """Go on with a recorded program: examine it unless it has trials, finish its trials, score the best one."""
        if known:
            entered = _Entered(candidate=candidate, program=program, program_id=program_id)
            return (yield from self._tune(entered, known))
        examined = yield from self._enter(candidate, program, program_id)
        return examined if isinstance(examined, Failed) else (yield from self._tune(examined, known))

    def _enter(
        self, candidate: Candidate, program: Program | None = None, program_id: int | None = None
    ) -> Job[_Entered | Failed]:
        """Phase 1: read the text, run it once and audit it; mend it while the mentor can. Nothing is tuned before."""
        revisions: tuple[Revision, ...] = ()
        while True:
            try:
                if program is None:
                    program, new = self._read(candidate, revisions)
                    program_id = self._record(new, program_id)
                assert program_id is not None  # noqa: S101 (it comes with the program)
                audit = (yield Request("examine", {"source": program.source}))["audit"]
                self._require_new(audit["sample"], program_id)
            except ProgramError as error:
                mended = yield from self._mended(candidate, error, attempt=len(revisions))
                if mended is None:
                    return self._fail(candidate, error, program_id)
                revisions = (*revisions, Revision(source=candidate.source, reason=str(error)))
                candidate, program = replace(candidate, source=mended), None
            else:
                self.library.add(program_id, program.source)
                return _Entered(candidate=candidate, program=program, program_id=program_id, audits=[audit])

    def _tune(self, entered: _Entered, known: list[TrialRecord]) -> Job[Outcome]:
        """Phase 2: find the best parameters, score them, and learn from the program."""
        program, program_id, candidate = entered.program, entered.program_id, entered.candidate
        trials, horizons_days = [*known], self.horizons_of(candidate)

        def record(trial: TrialRecord) -> None:
            self.store.record_trial(program_id, trial)
            trials.append(trial)
            self.on_trial(trial)

        aside = min(self.neighbours, self.trials // _FEWEST_DRAWN)
        try:
            tuned = yield from tune(
                program,
                trials=self.trials - aside,
                seed=(self.seed, int(program.fingerprint, 16)),
                known=known,
                record=record,
                sampler=self.sampler,
                hints=self._hints(program, candidate),
                neighbours_tried=aside,
                patience=self.patience,
                noise=self.noise,
                horizons_days=horizons_days,
                surpassing=self._surpassing(horizons_days),
            )
            if tuned is None:
                raise ContractError(
                    "no trial has a defined fitness: too few stocks with an opinion on most days."
                )
            answer = yield Request(
                "assess",
                {"source": program.source, "parameters": tuned.parameters, "direction": tuned.direction},
            )
        except ProgramError as error:
            return self._fail(candidate, error, program_id)
        cards = [score_record(card) for card in answer["scorecards"]]
        train, validation = cards
        terms = reward_terms(
            train=judged(train, horizons_days),
            validation=judged(validation, horizons_days),
            plateau=tuned.plateau,
            turnover=validation.turnover,
            nodes=Complexity.of(program.source).nodes,
            correlation=self.correlation(answer["signature"], validation.fitness),
            kind=self.reward,
        )
        self.store.record_scores(
            program_id,
            parameters=tuned.parameters,
            direction=tuned.direction,
            scorecards=cards,
            audits=[*entered.audits, answer["audit"]],
            reward_terms=terms,
            tuning={
                "sampler": self.sampler,
                "plateau": tuned.plateau,
                "importance": importance(program, trials),
            },
        )
        yield from self._learn(program_id, candidate)
        return Assessed(
            program_id=program_id,
            candidate=candidate,
            training_fitness=judged(train, horizons_days),
            fitness=validation.fitness,
            reward=math.fsum(terms.values()),
            signature=answer["signature"],
        )

    def _surpassing(self, horizons_days: Sequence[int] | None) -> Callable[[float], float | None] | None:
        """What share of the competitors is better than a fitness."""
        competitors = self.competitors
        return None if competitors is None else lambda fitness: competitors.surpassing(fitness, horizons_days)

    def _read(self, candidate: Candidate, revisions: tuple[Revision, ...]) -> tuple[Program, NewProgram]:
        """The candidate as a program with all its knobs, new to the run."""
        program, lifted = _with_all_knobs(Program.parse(candidate.source, name=candidate.name))
        if self.store.has_tried(self.run_id, program.fingerprint):
            raise NoveltyError("the same logic was proposed before in this run: propose another program.")
        similarity, similar_to = self.library.nearest(program.source)
        return program, NewProgram(
            fingerprint=program.fingerprint,
            name=program.name,
            source=program.source,
            idea=program.idea,
            origin=candidate.origin,
            tags=candidate.tags,
            iteration=candidate.iteration,
            parent_ids=candidate.parent_ids,
            complexity=Complexity.of(program.source).to_dict(),
            similarity=similarity,
            similar_to=similar_to,
            revisions=(*revisions, *lifted),
        )

    def _record(self, program: NewProgram, program_id: int | None) -> int:
        """Store a program, in place of the text that it was mended from; its id."""
        if program_id is None:
            return self.store.record_program(self.run_id, program)
        self.store.rewrite_program(program_id, program)
        return program_id

    def _mended(self, candidate: Candidate, error: ProgramError, attempt: int) -> Job[str | None]:
        """Another text for a program that does not pass; None if there is nobody to write one, or no hope."""
        mentor = self.mentor
        if mentor is None or attempt >= mentor.corrections or isinstance(error, _BEYOND_MENDING):
            return None
        problem = Problem(
            source=candidate.source, stage=error.stage, message=str(error), iteration=candidate.iteration
        )
        rng = np.random.default_rng([self.seed, candidate.iteration + 1, attempt])
        try:
            mended: str | None = yield Thought(lambda: mentor.correct(problem, rng))
        except BudgetError:
            return None
        return mended

    def _learn(self, program_id: int, candidate: Candidate) -> Job[None]:
        """Store the lesson of a scored program that was proposed."""
        mentor = self.mentor
        if mentor is None or candidate.origin == SEED:
            return
        parents = [*candidate.parent_ids[:1], *self.root_of(candidate)]
        known = {elite.id: elite for elite in self.store.elites([program_id, *parents])}
        experience = Experience(
            elite=known[program_id],
            parent=known.get(parents[0]) if parents else None,
            root=known.get(parents[-1]) if len(set(parents)) > 1 else None,
            iteration=candidate.iteration,
        )
        rng = np.random.default_rng([self.seed, candidate.iteration + 1])
        try:
            lesson: str | None = yield Thought(lambda: mentor.lesson(experience, rng))
        except BudgetError:
            return
        if lesson:
            self.store.record_lesson(program_id, lesson)

    def _hints(self, program: Program, candidate: Candidate) -> list[Mapping[str, Value]]:
        """The best parameters of the programs that it was made from, then what equal names have in the best others."""
        hints = [parent.parameters for parent in self.store.elites(candidate.parent_ids)]
        others = self.store.best(self.run_id)
        elsewhere = {
            name: value
            for elite in reversed(others)
            for name, value in elite.parameters.items()
            if name in program.parameters
        }
        return [*hints, elsewhere] if elsewhere else hints

    def _require_new(self, sample: str, program_id: int) -> None:
        """Raise `NoveltyError` if another program gives the same values; remember this one."""
        twin = self.samples.setdefault(sample, program_id)
        if twin != program_id:
            raise NoveltyError(
                f"it ranks the stocks as `{self.store.program(twin).name}` does, which is tuned already: propose "
                "something else.",
                facts={"program": twin},
            )

    def _fail(self, candidate: Candidate, error: ProgramError, program_id: int | None = None) -> Failed:
        self.store.record_failure(
            FailureRecord(
                run_id=self.run_id,
                program_id=program_id,
                iteration=candidate.iteration,
                stage=error.stage,
                kind=type(error).__name__,
                message=str(error),
                source=candidate.source,
                facts=error.facts or None,
                origin=candidate.origin,
            )
        )
        return Failed(program_id=program_id, candidate=candidate)


def _with_all_knobs(program: Program) -> tuple[Program, tuple[Revision, ...]]:
    """The program with its hidden constants declared as parameters, and its text before that if it had any."""
    lifting = lift_constants(program.source)
    if not lifting.lifted:
        return program, ()
    named = ", ".join(f"{constant.literal} as `{constant.name}`" for constant in lifting.lifted)
    revision = Revision(source=program.source, reason=f"constants became parameters: {named}")
    return Program.parse(lifting.source, name=program.name), (revision,)


def score_record(card: Mapping[str, Any]) -> ScoreRecord:
    """A worker's scorecard (plain JSON) as the store keeps it."""
    portfolio = card["portfolio"] or {}
    horizons = tuple(
        HorizonRecord(
            horizon_days=int(days),
            ic=_number(score["ic"]),
            icir=_number(score["icir"]),
            rank_ic=_number(score["rank_ic"]),
            rank_icir=_number(score["rank_icir"]),
            days=score["days"],
            daily_ic=np.array(card["daily_ic"][place], dtype=np.float64),
            daily_rank_ic=np.array(card["daily_rank_ic"][place], dtype=np.float64),
        )
        for place, (days, score) in enumerate(card["horizons"].items())
    )
    return ScoreRecord(
        split=card["split"],
        fitness=_number(card["fitness"]),
        coverage=_number(card["coverage"]),
        turnover=_number(card["turnover"]),
        rank_autocorrelation=_number(card["rank_autocorrelation"]),
        ar=_number(portfolio.get("ar")),
        sharpe=_number(portfolio.get("sharpe")),
        mdd=_number(portfolio.get("mdd")),
        horizons=horizons,
    )


def judged(card: ScoreRecord, horizons_days: Sequence[int] | None) -> float:
    """A card's fitness over these of its horizons only, None = all."""
    if horizons_days is None:
        return card.fitness
    return mean_fitness(
        [
            HorizonScore(
                horizon_days=horizon.horizon_days,
                ic=horizon.ic,
                icir=horizon.icir,
                rank_ic=horizon.rank_ic,
                rank_icir=horizon.rank_icir,
                days=horizon.days,
            )
            for horizon in card.horizons
            if horizon.horizon_days in horizons_days
        ]
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
