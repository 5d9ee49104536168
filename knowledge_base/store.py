"""The experience store: what the search remembers, in SQL.

Every call is one transaction, committed before it returns, so that a killed process loses at most the call in
flight. Several processes may write to one store; a store object belongs to the process that opened it.
All methods raise `StoreError`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from knowledge_base import calls, holding, ranking, reading, reports, runs, writing
from knowledge_base.briefing import Briefing, Elite, best_elites, build_briefing, has_fingerprint, read_elites
from knowledge_base.calls import CallLimits, CallRecord, CallResult, NewCall, RoleSpending
from knowledge_base.database import Database, store_url
from knowledge_base.errors import StoreError
from knowledge_base.ranking import RankedFactor
from knowledge_base.records import (
    VALIDATION,
    FailureRecord,
    Json,
    NewProgram,
    NewRun,
    ProgramRecord,
    RunCounts,
    RunRecord,
    RunStatus,
    ScoreRecord,
    TrialRecord,
    Wish,
)
from knowledge_base.reports import NewReport, NewReportFactor, NewSeed, ReportRecord, SeedRecord
from knowledge_base.schema import upgrade_schema

if TYPE_CHECKING:
    import pandas as pd


def open_store(location: str | Path, *, create: bool = True) -> Store:
    """Open the store at a path (a SQLite file) or a database URL, bringing its schema up to date.

    A file that does not exist is created, with its folder, unless `create` is False. Raises `StoreError` if
    that fails, if the file is not a database, or if the store comes from a newer version.
    """
    url = store_url(location)
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:"):
        path = Path(str(url.database))
        if not create and not path.exists():
            raise StoreError(f"the store must exist, {path} does not: check the path, or begin a run there.")
        _make_folder(path.parent)
    return Store(Database(url))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the store's folder {folder} must be writable: {error.strerror}.") from error


class Store:
    """An open store; a context manager that closes it. Made by `open_store`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        try:
            with database.write() as connection:
                upgrade_schema(connection, database.name)
        except StoreError:
            database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def start_run(self, run: NewRun) -> RunRecord:
        """Store a new run as running; its name must be free."""
        with self._database.write(
            f"a run's name must be new, {run.name!r} exists: resume it or rename."
        ) as c:
            return runs.insert_run(c, run)

    def find_run(self, name: str) -> RunRecord | None:
        """Return the run of that name, or None."""
        with self._database.read() as connection:
            return runs.find_run(connection, name)

    def runs(self) -> tuple[RunRecord, ...]:
        """Return every run, the oldest first."""
        with self._database.read() as connection:
            return runs.all_runs(connection)

    def advance_run(
        self,
        run_id: int,
        *,
        iterations_done: int,
        trials_done: int,
        elapsed_seconds: float,
        status: RunStatus | None = None,
    ) -> None:
        """Set the run's counters (totals, not increments) and, if given, its status."""
        counters = {
            "iterations_done": iterations_done,
            "trials_done": trials_done,
            "elapsed_seconds": elapsed_seconds,
        }
        with self._database.write() as connection:
            runs.update_run(connection, run_id, status, **counters)

    def reconfigure_run(self, run_id: int, config: Json) -> None:
        """Set the settings that the run goes on with."""
        with self._database.write() as connection:
            runs.update_run(connection, run_id, None, config=config)

    def finish_run(self, run_id: int, status: RunStatus, result: Json | None = None) -> None:
        """Set the run's last status and what came out of it."""
        with self._database.write() as connection:
            runs.update_run(connection, run_id, status, result=result)

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Work on the run of that name as the only process; `StoreError` if another does."""
        with self._database.write() as connection:
            holding.take(connection, name)
            run_id = runs.run_named(connection, name).id
        try:
            yield
        finally:
            with self._database.write() as connection:
                holding.release(connection, run_id)

    def still_holding(self, run_id: int) -> Wish | None:
        """Say that this process works on the run; what others wish of it. `StoreError` if it was taken over."""
        with self._database.write() as connection:
            return holding.renew(connection, run_id)

    def wish(self, name: str, what: Wish | None) -> None:
        """Ask whoever works on the run to stop, to pause, or (None) to go on; `StoreError` if nobody does."""
        with self._database.write() as connection:
            holding.wish(connection, name, what)

    def failure_stages(self, run_id: int) -> dict[str, int]:
        """Count the run's failures by stage."""
        with self._database.read() as connection:
            return runs.count_failures(connection, run_id)

    def counts(self, run_id: int) -> RunCounts:
        """Count the run's programs and trials."""
        with self._database.read() as connection:
            return runs.count_run(connection, run_id)

    def record_program(self, run_id: int, program: NewProgram) -> int:
        """Store a program as tuning and return its id; its fingerprint must be new to the run."""
        conflict = (
            f"program {program.name!r} needs a fingerprint new to its run, parents in the store and a known "
            f"run, got fingerprint {program.fingerprint}, parents {list(program.parent_ids)}, run {run_id}."
        )
        with self._database.write(conflict) as connection:
            return writing.insert_program(connection, run_id, program)

    def rewrite_program(self, program_id: int, program: NewProgram) -> None:
        """Give a program that is tuning another text; its fingerprint must be new to the run or its own."""
        conflict = f"a program's fingerprint must be new to its run, got {program.fingerprint}."
        with self._database.write(conflict) as connection:
            writing.rewrite_program(connection, program_id, program)

    def record_trial(self, program_id: int, trial: TrialRecord) -> None:
        """Store one trial; its number must be new to the program."""
        conflict = (
            f"a trial needs a known program, a number new to it, a known state and a direction of +1, -1 or "
            f"None, got program {program_id}, number {trial.number}, {trial.state!r}, {trial.direction}."
        )
        with self._database.write(conflict) as connection:
            writing.insert_trial(connection, program_id, trial)

    def record_scores(
        self,
        program_id: int,
        *,
        parameters: Json,
        direction: int,
        scorecards: Sequence[ScoreRecord],
        audits: Sequence[Json] = (),
        reward_terms: Mapping[str, float] | None = None,
        tuning: Json | None = None,
    ) -> None:
        """Store the best parameters and their scorecards, replacing earlier ones on the same splits.

        The program is scored from now on. `direction` is the sign learnt on train, +1 or -1; `audits` are those that
        the program passed. The reward is the sum of its terms; without terms it is the fitness on validation.
        """
        conflict = (
            f"scores of program {program_id} need direction +1 or -1 and each split and horizon once, "
            f"got direction {direction}, splits {[card.split for card in scorecards]}."
        )
        with self._database.write(conflict) as connection:
            writing.write_scores(connection, program_id, parameters, direction, scorecards)
            writing.write_evidence(connection, program_id, audits, reward_terms, tuning)

    def record_failure(self, failure: FailureRecord) -> None:
        """Store a failure; the program it names, if any, has failed from now on."""
        conflict = f"a failure needs a known run and program, got {failure.run_id} and {failure.program_id}."
        with self._database.write(conflict) as connection:
            writing.insert_failure(connection, failure)

    def grow_tree(self, run_id: int, island: int, program_id: int, parent_id: int | None) -> None:
        """Store a program as a node of an island's tree; a node that is there already stays as it is."""
        with self._database.write() as connection:
            writing.insert_node(connection, run_id, island, program_id, parent_id)

    def tree(self, run_id: int, island: int) -> list[tuple[int, int | None, float | None]]:
        """Return program, parent and reward of the nodes of an island's tree, in order; no reward for a failure."""
        with self._database.read() as connection:
            return reading.read_tree(connection, run_id, island)

    def record_lesson(self, program_id: int, lesson: str) -> None:
        """Store what was learnt from a program."""
        with self._database.write() as connection:
            writing.write_lesson(connection, program_id, lesson)

    def set_cluster(self, program_id: int, cluster: int) -> None:
        """Mark the program as one of the run's programs with alike signals, numbered `cluster`."""
        with self._database.write() as connection:
            writing.write_cluster(connection, program_id, cluster)

    def program(self, program_id: int) -> ProgramRecord:
        """Return everything recorded about a program."""
        with self._database.read() as connection:
            return reading.read_program(connection, program_id)

    def sources(self, run_id: int) -> list[tuple[int, str]]:
        """Return id and text of the run's programs, the oldest first."""
        with self._database.read() as connection:
            return reading.read_sources(connection, run_id)

    def samples(self, run_id: int) -> dict[str, int]:
        """Return for each sample of values in the audits of the run's scored programs the first that gave it."""
        with self._database.read() as connection:
            return reading.read_samples(connection, run_id)

    def trials(self, program_id: int) -> list[TrialRecord]:
        """Return the program's trials in order."""
        with self._database.read() as connection:
            return reading.read_trials(connection, program_id)

    def unfinished_programs(self, run_id: int) -> list[tuple[ProgramRecord, list[TrialRecord]]]:
        """Return the run's programs still tuning, the oldest first, each with its trials in order."""
        with self._database.read() as connection:
            return reading.read_unfinished(connection, run_id)

    def ranking(
        self,
        run: str | None = None,
        *,
        split: str = VALIDATION,
        by: str = "fitness",
        top: int | None = 20,
        distinct: bool = False,
    ) -> list[RankedFactor]:
        """Return the best scored programs of one run (by name), or of all.

        Undefined values come last, equal ones by id. `distinct` leaves out programs whose cluster a better
        one of the same run shares; programs without a cluster stay.
        """
        with self._database.read() as connection:
            return ranking.rank_programs(connection, run=run, split=split, by=by, top=top, distinct=distinct)

    def ranked(
        self,
        run: str | None = None,
        *,
        split: str = VALIDATION,
        by: str = "fitness",
        top: int | None = 20,
        distinct: bool = False,
    ) -> pd.DataFrame:
        """Return `ranking` as a table."""
        return ranking.ranking_frame(self.ranking(run, split=split, by=by, top=top, distinct=distinct))

    def briefing(self, run_id: int, *, elites: int = 12, failures: int = 8) -> Briefing:
        """Return what a proposer is told: the best programs, the latest failures, all that has been tried."""
        with self._database.read() as connection:
            return build_briefing(connection, run_id, elites=elites, failures=failures)

    def best(self, run_id: int, *, elites: int = 12) -> tuple[Elite, ...]:
        """Return the elites of the run's briefing, alone."""
        with self._database.read() as connection:
            return best_elites(connection, run_id, elites)

    def has_tried(self, run_id: int, fingerprint: str) -> bool:
        """Return whether a program of the run has this logic."""
        with self._database.read() as connection:
            return has_fingerprint(connection, run_id, fingerprint)

    def elites(self, program_ids: Collection[int]) -> tuple[Elite, ...]:
        """Return the scored ones of these programs, the best reward first."""
        with self._database.read() as connection:
            return read_elites(connection, program_ids)

    def reserve_call(self, call: NewCall, limits: CallLimits) -> int | str:
        """Pay for a language model's call with the most that it can cost; return its id, or which limit forbids it."""
        with self._database.write() as connection:
            return calls.reserve_call(connection, call, limits)

    def settle_call(self, call_id: int, result: CallResult) -> None:
        """Store how a call ended; from now on the budget counts what it really cost."""
        with self._database.write() as connection:
            calls.settle_call(connection, call_id, result)

    def judge_call(self, call_id: int, *, understood: bool, detail: str | None = None) -> None:
        """Store whether a call's reply could be used, and if not, why."""
        with self._database.write() as connection:
            calls.judge_call(connection, call_id, understood=understood, detail=detail)

    def abandon_calls(self, account: str) -> None:
        """Count the account's pending calls as lost: the process that made them is gone."""
        with self._database.write() as connection:
            calls.abandon_calls(connection, account)

    def calls(self, account: str, *, answered: bool = False) -> list[CallRecord]:
        """Return an account's calls, the oldest first: all, or those with a reply."""
        with self._database.read() as connection:
            return calls.read_calls(connection, account, answered=answered)

    def latest_call(self, account: str) -> CallRecord | None:
        """Return an account's latest call that has ended, if there is one."""
        with self._database.read() as connection:
            return calls.latest_call(connection, account)

    def spending(self, account: str | None = None) -> list[RoleSpending]:
        """Return what an account's calls used, or those of all, by role, model and outcome."""
        with self._database.read() as connection:
            return calls.read_spending(connection, account)

    def find_report(self, sha256: str) -> ReportRecord | None:
        """Return the report with that content, if it was met before."""
        with self._database.read() as connection:
            return reports.find_report(connection, sha256)

    def reports(self) -> tuple[ReportRecord, ...]:
        """Return every report with its factors, the oldest first."""
        with self._database.read() as connection:
            return reports.all_reports(connection)

    def save_report(self, report: NewReport) -> int:
        """Store a report, or what is new about it; return its id."""
        with self._database.write() as connection:
            return reports.save_report(connection, report)

    def save_report_factor(
        self, report_id: int, factor: NewReportFactor, seed: NewSeed | None = None
    ) -> None:
        """Store what came of a factor of a report, in place of an earlier outcome, with the seed that it became."""
        with self._database.write() as connection:
            reports.save_report_factor(connection, report_id, factor, seed)

    def add_seed(self, seed: NewSeed) -> None:
        """Store a program to start searches from; its name must be new."""
        conflict = f"a seed's name must be new to the store, {seed.name!r} is taken: choose another."
        with self._database.write(conflict) as connection:
            reports.insert_seed(connection, seed)

    def seeds(self, names: Collection[str] | None = None) -> tuple[SeedRecord, ...]:
        """Return the named seeds, or all; `StoreError` with the known names if one is missing."""
        with self._database.read() as connection:
            return reports.read_seeds(connection, names)
