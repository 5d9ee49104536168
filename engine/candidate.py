"""What happens to one candidate program: examined, tuned, assessed, recorded. A coroutine over worker requests."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from engine.originality import Library
from engine.requests import Answer, Request
from engine.reward import RewardKind, reward_terms
from engine.robustness import importance
from engine.samplers import SamplerName
from engine.tuning import tune
from factors.complexity import Complexity
from factors.errors import ContractError, NoveltyError, ProgramError
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
    """A candidate that was scored: its place in the store, its reward and its signal's signature."""

    program_id: int
    candidate: Candidate
    fitness: float
    reward: float
    signature: str


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A candidate that came to nothing; `program_id` is None if it was no program at all."""

    program_id: int | None
    candidate: Candidate


Outcome: TypeAlias = Assessed | Failed


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Takes candidates through the stages; every outcome is in the store before the coroutine goes on.

    A program has `trials` trials, of which up to `neighbours` are spent beside its best parameters. `samples` leads
    from the values on the audit's slice to the program that gave them first. `correlation` tells how much a signal, by
    its signature, resembles a better program than one of that fitness.
    """

    store: Store
    run_id: int
    trials: int
    seed: int
    sampler: SamplerName
    neighbours: int
    library: Library
    samples: dict[str, int]
    reward: RewardKind
    correlation: Callable[[str, float], float]
    on_trial: Callable[[TrialRecord], None]

    def develop(self, candidate: Candidate) -> Generator[Request, Answer, Outcome]:
        """Record a new candidate and take it through all stages; a failure is recorded, too."""
        try:
            program, revisions = _with_all_knobs(Program.parse(candidate.source, name=candidate.name))
            if program.fingerprint in self.store.briefing(self.run_id).tried_fingerprints:
                raise NoveltyError("the same logic was proposed before in this run: propose another program.")
        except ProgramError as error:
            return self._fail(candidate, error)
        similarity, similar_to = self.library.nearest(program.source)
        program_id = self.store.record_program(
            self.run_id,
            NewProgram(
                fingerprint=program.fingerprint,
                name=program.name,
                source=program.source,
                idea=candidate.idea,
                origin=candidate.origin,
                tags=candidate.tags,
                iteration=candidate.iteration,
                parent_ids=candidate.parent_ids,
                complexity=Complexity.of(program.source).to_dict(),
                similarity=similarity,
                similar_to=similar_to,
                revisions=revisions,
            ),
        )
        self.library.add(program_id, program.source)
        return (yield from self.finish(program, program_id, candidate, known=[]))

    def finish(
        self, program: Program, program_id: int, candidate: Candidate, known: list[TrialRecord]
    ) -> Generator[Request, Answer, Outcome]:
        """Examine a recorded program unless it has trials already, finish its trials and score the best one."""
        trials = [*known]

        def record(trial: TrialRecord) -> None:
            self.store.record_trial(program_id, trial)
            trials.append(trial)
            self.on_trial(trial)

        seed = (self.seed, int(program.fingerprint, 16))
        audits = []
        aside = min(self.neighbours, self.trials // _FEWEST_DRAWN)
        try:
            if not known:
                audits.append((yield Request("examine", {"source": program.source}))["audit"])
                self._require_new(audits[0]["sample"], program_id)
            tuned = yield from tune(
                program,
                trials=self.trials - aside,
                seed=seed,
                known=known,
                record=record,
                sampler=self.sampler,
                hints=self._hints(candidate),
                neighbours_tried=aside,
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
            train=train.fitness,
            validation=validation.fitness,
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
            audits=[*audits, answer["audit"]],
            reward_terms=terms,
            tuning={
                "sampler": self.sampler,
                "plateau": tuned.plateau,
                "importance": importance(program, trials),
            },
        )
        return Assessed(
            program_id=program_id,
            candidate=candidate,
            fitness=cards[-1].fitness,
            reward=math.fsum(terms.values()),
            signature=answer["signature"],
        )

    def _hints(self, candidate: Candidate) -> list[Mapping[str, Value]]:
        """The best parameters of the programs that it was made from."""
        return [parent.parameters for parent in self.store.elites(candidate.parent_ids)]

    def _require_new(self, sample: str, program_id: int) -> None:
        """Raise `NoveltyError` if another program gives the same values; remember this one."""
        twin = self.samples.setdefault(sample, program_id)
        if twin != program_id:
            raise NoveltyError(
                f"it ranks the stocks as program {twin} does, which is tuned already: propose something else.",
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


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
