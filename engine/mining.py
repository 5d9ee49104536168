"""The mining run: seeds first, then proposals, each developed by a worker, until the budget is spent.

Everything a run knows is in the store, so a run that was killed goes on from there: programs with missing trials are
finished first, then the iterations continue. Proposals depend on (seed, iteration) and the store alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from agents.errors import BudgetError, LLMError, ProposalError, UnusableReplyError
from agents.proposer import Proposer
from engine.allotment import Competitors
from engine.candidate import SEED, Assessed, Candidate, Examiner, Failed, Outcome, judged
from engine.config import MineConfig
from engine.crew import Crew, Job, Later
from engine.emphasis import Emphasis
from engine.islands import Islands, IslandSettings
from engine.originality import Library
from engine.proposing import Proposals
from engine.recovery import Comparison, Recovery, compare, is_confirmed, nearest
from engine.robustness import load_importance
from engine.samplers import require
from engine.similarity import Clusters, Elites, Likeness
from engine.source import MiningMarket, open_market
from engine.staff import Staff, staff_of
from engine.starting import start_or_resume, starting_seeds, worker_of
from factors.compiled import ensure_compiled
from factors.errors import ProgramError
from factors.program import MAX_SOURCE_CHARACTERS, Program
from factors.sandbox import Protection, Worker
from knowledge_base.briefing import Briefing
from knowledge_base.records import FailureRecord, ProgramRecord, RunRecord, RunStatus, TrialRecord
from knowledge_base.store import Store, open_store

SEED_ITERATION = -1
_HEARTBEAT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is; `iterations_done` counts proposals, not seeds; `note` is what a person should know."""

    iterations_done: int
    iterations: int
    trials_done: int
    trials_per_second: float
    failed: int
    best_name: str
    best_fitness: float
    elapsed_s: float
    paused: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class MineResult:
    """How a run ended; the factors themselves are in the store.

    `reason` is why it ended. `cache_hit_rate` is the share of operator calls inside trials that the workers had
    computed before, `worker_utilisation` that of the workers' time in which they had something to do.
    """

    run: str
    store: str
    status: str
    reason: str
    iterations_done: int
    trials_done: int
    programs_scored: int
    programs_failed: int
    elapsed_s: float
    cache_hit_rate: float
    worker_utilisation: float
    confirmed: tuple[int, ...]
    recovered: tuple[Recovery, ...]


def mine(
    config: MineConfig,
    *,
    proposer: Proposer | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
    on_sandbox: Callable[[tuple[Protection, ...]], None] = lambda _: None,
) -> MineResult:
    """Search until the iterations or the time are used up, the target is met or patience is at an end.

    It also ends, to be resumed later, when `should_stop` or another process says so (status "stopped").

    Programs come from `proposer`; without one, from those that the config names. `on_sandbox` is told which walls stand
    around the workers before the first program runs.

    A run of that name in the store is resumed; `ConfigError` if its settings or its market differ, `StoreError` if
    another process works on it. `LLMError` if a language model's endpoint refuses or is away for too long: the run is
    stopped then, to be resumed later.
    """
    require(config.sampler)
    config.require_language()
    ensure_compiled()
    with ExitStack() as stack:
        market = stack.enter_context(open_market(config))
        store = stack.enter_context(open_store(config.store))
        seeds = starting_seeds(store, config, market)
        run = start_or_resume(store, config, market)
        stack.enter_context(store.holding(run.name))
        store.reconfigure_run(run.id, config.of_a_run | {"run": run.name})
        staff = staff_of(config, store, run, market, proposer)
        stack.callback(staff.close)
        workers = [stack.enter_context(worker_of(config, market)) for _ in range(config.workers)]
        for worker in workers:
            worker.launch()
        load_importance(config.trials)
        workers[0].start()
        on_sandbox(workers[0].protections)
        return _Mining(config, market, store, run, seeds, workers, staff, on_progress, should_stop).go()


@dataclass
class _Mining:
    config: MineConfig
    market: MiningMarket
    store: Store
    run: RunRecord
    seeds: dict[str, str]
    workers: list[Worker]
    staff: Staff
    on_progress: Callable[[Progress], None]
    should_stop: Callable[[], bool]
    clusters: Clusters = field(default_factory=Clusters)
    elites: Elites = field(default_factory=Elites)
    likeness: Likeness = field(default_factory=Likeness)
    competitors: Competitors = field(default_factory=Competitors)
    best: tuple[float, str] = (float("-inf"), "")
    exhausted: str = ""
    interrupted: str = ""
    refused: LLMError | None = None

    def __post_init__(self) -> None:
        self._started_s = time.monotonic()
        self._before_s = self.run.elapsed_seconds
        before = self.store.counts(self.run.id)
        self._trials_before = self._trials_done = before.trials
        self._failed = before.failed
        self._iterations_done = self.run.iterations_done
        self._examiner = Examiner(
            store=self.store,
            run_id=self.run.id,
            trials=self.config.trials,
            seed=self.config.seed,
            sampler=self.config.sampler,
            neighbours=self.config.neighbours,
            patience=self.config.trial_patience,
            noise=self.config.trial_noise,
            library=Library(self.store.sources(self.run.id)),
            samples=self.store.samples(self.run.id),
            reward=self.config.reward,
            correlation=self.elites.correlation,
            on_trial=self._count_trial,
            competitors=self.competitors if self.config.allotment == "promise" else None,
            mentor=self.staff.mentor,
            root_of=lambda candidate: self._islands.root(candidate.iteration, candidate.parent_ids),
            horizons_of=lambda candidate: self._islands.horizons_days(candidate.iteration),
        )
        self._islands = Islands(
            self.store,
            self.run.id,
            IslandSettings(
                count=self.config.islands,
                exploration=self.config.exploration,
                scaled_rewards=self.config.reward_scale == "tree",
                migration_every=self.config.migration_every,
                migrants=self.config.migrants,
                topology=self.config.migration,
                experience=self.config.experience,
                emphasis=tuple(
                    Emphasis.parse(part, self.config.horizons_days) for part in self.config.emphasis
                ),
            ),
        )
        self._proposals = Proposals(
            self.staff.proposer,
            seed=self.config.seed,
            ahead=self.config.ahead,
            briefing=self._briefing,
        )
        self._crew: Crew[Outcome] = Crew(self.workers, one_by_one=not self.config.ahead)
        self._last_elite = self._iterations_done
        self._heard_s = 0.0

    def go(self) -> MineResult:
        """Work through the queue, then say what was found."""
        self._restore()
        crew = self._crew
        queue = self._jobs()
        for outcome in crew.work(lambda: next(queue, None), self._must_stop):
            if isinstance(outcome, Failed):
                self._failed += 1
            else:
                self._welcome(outcome)
            self._place(outcome)
            self._advance()
        if self.refused is not None:
            self._finish("stopped")
            raise self.refused
        spent = self._iterations_done >= self.config.iterations or bool(self.exhausted)
        complete = spent and not self.store.unfinished_programs(self.run.id)
        status: RunStatus = "finished" if complete else "stopped"
        return self._finish(status)

    def _jobs(self) -> Iterator[Job[Outcome] | Later]:
        """Unfinished programs, then seeds not yet tried, then proposals."""
        for record, known in self.store.unfinished_programs(self.run.id):
            program = Program.parse(record.source, name=record.name)
            yield self._examiner.finish(program, record.id, _candidate_of(record), known)
        for name, source in self.seeds.items():
            program = Program.parse(source, name=name)
            if not self.store.has_tried(self.run.id, program.fingerprint):
                yield self._examiner.develop(_seed(program))
        while self._iterations_done < self.config.iterations and not self._is_satisfied():
            iteration = self._iterations_done
            try:
                proposal = self._proposals.take(iteration, stop=self.config.iterations)
            except ProposalError as error:
                self.exhausted = str(error)
                return
            except UnusableReplyError as error:
                self._note_unusable(iteration, error)
                continue
            except LLMError as error:
                self.interrupted = str(error)
                self.refused = None if isinstance(error, BudgetError) else error
                return
            if isinstance(proposal, Later):
                yield proposal
                continue
            self._iterations_done += 1
            self._advance()
            yield self._examiner.develop(
                Candidate(
                    source=proposal.source,
                    name=proposal.name,
                    idea=proposal.idea,
                    origin=proposal.origin or self.staff.proposer.name,
                    tags=proposal.tags,
                    parent_ids=proposal.parents,
                    iteration=iteration,
                )
            )

    def _note_unusable(self, iteration: int, error: UnusableReplyError) -> None:
        """A proposal that nobody could understand is a failed one."""
        self.store.record_failure(
            FailureRecord(
                run_id=self.run.id,
                iteration=iteration,
                stage="propose",
                kind=type(error).__name__,
                message=str(error),
                source=error.reply[:MAX_SOURCE_CHARACTERS],
                origin=self.staff.proposer.name,
            )
        )
        self._failed += 1
        self._iterations_done += 1
        self._advance()

    def _briefing(self, iteration: int) -> Briefing:
        self._islands.migrate(iteration)
        told = self._islands.briefing(iteration)
        return replace(told, likeness=self.likeness.among([elite.id for elite in told.programs]))

    def _welcome(self, outcome: Assessed) -> None:
        """Give a scored program its cluster and remember the best."""
        self.competitors.add(
            outcome.training_fitness, self._islands.horizons_days(outcome.candidate.iteration)
        )
        self.likeness.add(outcome.program_id, outcome.signature)
        cluster = self.clusters.assign(outcome.program_id, outcome.signature)
        self.store.set_cluster(outcome.program_id, cluster)
        if self.elites.add(outcome.program_id, outcome.fitness, outcome.signature):
            self._last_elite = self._iterations_done
        if outcome.fitness > self.best[0]:
            self.best = outcome.fitness, outcome.candidate.name

    def _place(self, outcome: Outcome) -> None:
        """Make an evaluated program a node of its island's tree."""
        if outcome.program_id is not None:
            reward = outcome.reward if isinstance(outcome, Assessed) else None
            candidate = outcome.candidate
            self._islands.grow(candidate.iteration, outcome.program_id, candidate.parent_ids, reward)

    def _restore(self) -> None:
        """Know again what an earlier process knew; signatures are not stored, they are computed again."""
        worker = self.workers[0]
        for ranked in sorted(self.store.ranking(run=self.run.name, top=None), key=lambda factor: factor.id):
            program = self.store.program(ranked.id)
            parameters = dict(program.parameters or {})
            try:
                answer = worker.call("signature", source=program.source, parameters=parameters)
            except ProgramError:
                continue  # it ran before and is too slow or too large today: it keeps the cluster it had
            outcome = Assessed(
                program_id=program.id,
                candidate=_candidate_of(program),
                training_fitness=self._training_fitness(program),
                fitness=ranked.fitness,
                reward=math.nan if program.reward is None else program.reward,
                signature=answer["signature"],
            )
            self._welcome(outcome)
            self._place(outcome)
        for program_id, _ in self.store.sources(self.run.id):
            if not self._islands.know(program_id):  # it failed, and the process died before it was placed
                record = self.store.program(program_id)
                if record.status == "failed":
                    self._place(Failed(program_id=program_id, candidate=_candidate_of(record)))

    def _training_fitness(self, program: ProgramRecord) -> float:
        card = next(card for card in program.scores if card.split == "train")
        return judged(card, self._islands.horizons_days(program.iteration))

    def _count_trial(self, _: TrialRecord) -> None:
        self._trials_done += 1
        self._report()

    def _advance(self) -> None:
        self.store.advance_run(
            self.run.id,
            iterations_done=self._iterations_done,
            trials_done=self._trials_done,
            elapsed_seconds=self._before_s + self._elapsed_s,
        )
        self._report()

    def _report(self, *, paused: bool = False) -> None:
        elapsed_s = self._elapsed_s
        fitness, name = self.best
        self.on_progress(
            Progress(
                iterations_done=self._iterations_done,
                iterations=self.config.iterations,
                trials_done=self._trials_done,
                trials_per_second=(self._trials_done - self._trials_before) / max(elapsed_s, 1e-9),
                failed=self._failed,
                best_name=name,
                best_fitness=fitness,
                elapsed_s=self._before_s + elapsed_s,
                paused=paused,
                note=self.staff.note,
            )
        )

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._started_s

    def _is_satisfied(self) -> bool:
        """Whether more proposals are not worth their time; `exhausted` says why."""
        config = self.config
        if config.target is not None and self.best[0] >= config.target:
            self.exhausted = f"a program has the target fitness of {config.target:g}"
        elif config.patience is not None and self._iterations_done - self._last_elite >= config.patience:
            self.exhausted = f"no new elite in {config.patience} iterations"
        return bool(self.exhausted)

    def _must_stop(self) -> bool:
        """Whether the run is interrupted here; a wish to pause is waited out."""
        limit_s = self.config.time_limit
        while not self.interrupted:
            if self.should_stop():
                self.interrupted = "interrupted"
            elif limit_s is not None and self._elapsed_s >= limit_s:
                self.interrupted = f"the time limit of {limit_s:g} s"
            elif time.monotonic() - self._heard_s < _HEARTBEAT_S:
                break
            else:
                wish = self.store.still_holding(self.run.id)
                self._heard_s = time.monotonic()
                if wish == "stop":
                    self.interrupted = "another process asked it to stop"
                elif wish != "pause":
                    self._advance()
                    break
                self._report(paused=True)
                time.sleep(_HEARTBEAT_S)
        return bool(self.interrupted)

    def _finish(self, status: RunStatus) -> MineResult:
        counts = self.store.counts(self.run.id)
        utilisation = self._crew.busy_s / max(self._elapsed_s * len(self.workers), 1e-9)
        confirmed = self._confirmed(counts.trials)
        recovered = self._recover(confirmed) if status == "finished" else ()
        result = {
            "confirmed": [program.id for program in confirmed],
            "recovered": [recovery.to_dict() for recovery in recovered],
            "reason": self._reason,
            "worker_utilisation": utilisation,
        }
        self._advance()
        self.store.finish_run(self.run.id, status, result)
        return MineResult(
            run=self.run.name,
            store=self.config.store,
            status=status,
            reason=self._reason,
            iterations_done=self._iterations_done,
            trials_done=counts.trials,
            programs_scored=counts.scored,
            programs_failed=counts.failed,
            elapsed_s=self._before_s + self._elapsed_s,
            cache_hit_rate=self._cache_hit_rate(),
            worker_utilisation=utilisation,
            confirmed=tuple(program.id for program in confirmed),
            recovered=recovered,
        )

    @property
    def _reason(self) -> str:
        return self.interrupted or self.exhausted or "all iterations are done"

    def _cache_hit_rate(self) -> float:
        """Share of operator calls in trials that were answered from the cache; NaN before the first."""
        counts = [worker.call("statistics") for worker in self.workers if worker.is_idle]
        calls = sum(count["hits"] + count["misses"] for count in counts)
        return sum(count["hits"] for count in counts) / calls if calls else math.nan

    def _confirmed(self, trials: int) -> list[ProgramRecord]:
        ranked = self.store.ranking(run=self.run.name, top=None)
        programs = (self.store.program(factor.id) for factor in ranked)
        return [program for program in programs if is_confirmed(program, trials=trials)]

    def _recover(self, confirmed: list[ProgramRecord]) -> tuple[Recovery, ...]:
        if not self.market.planted:
            return ()
        jobs = iter([compare(program, self.market.planted) for program in confirmed])
        crew: Crew[Comparison] = Crew(self.workers)
        return nearest(self.market.planted, crew.work(lambda: next(jobs, None), lambda: False))


def _seed(program: Program) -> Candidate:
    return Candidate(
        source=program.source,
        name=program.name,
        idea=program.idea,
        origin=SEED,
        tags=("seed", program.name),
        parent_ids=(),
        iteration=SEED_ITERATION,
    )


def _candidate_of(record: ProgramRecord) -> Candidate:
    return Candidate(
        source=record.source,
        name=record.name,
        idea=record.idea,
        origin=record.origin,
        tags=record.tags,
        parent_ids=record.parent_ids,
        iteration=record.iteration,
    )
