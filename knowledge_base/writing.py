"""Programs and what happens to them, written row by row on a connection that the caller commits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from knowledge_base.errors import StoreError
from knowledge_base.records import (
    VALIDATION,
    FailureRecord,
    HorizonRecord,
    Json,
    NewProgram,
    Revision,
    ScoreRecord,
    TrialRecord,
)
from knowledge_base.tables import (
    Failure,
    HorizonScore,
    Program,
    ProgramParent,
    ProgramRevision,
    ProgramTag,
    Scorecard,
    TreeNode,
    Trial,
)

AVERAGED = ("ic", "icir", "rank_ic", "rank_icir")
"""What a scorecard averages over its horizons."""


def insert_program(connection: Connection, run_id: int, program: NewProgram) -> int:
    """Store a program as tuning, with its tags and parents; return its id."""
    statement = insert(Program).values(
        run_id=run_id,
        fingerprint=program.fingerprint,
        name=program.name,
        source=program.source,
        idea=program.idea,
        origin=program.origin,
        iteration=program.iteration,
        complexity=program.complexity,
        similarity=program.similarity,
        similar_to=program.similar_to,
    )
    program_id = int(connection.execute(statement.returning(Program.id)).scalar_one())
    parents = dict.fromkeys(program.parent_ids)
    _insert_tags(connection, program_id, run_id, program.tags)
    _insert_all(
        connection,
        ProgramParent,
        [{"program_id": program_id, "position": i, "parent_id": parent} for i, parent in enumerate(parents)],
    )
    _insert_revisions(connection, program_id, program.revisions)
    return program_id


def rewrite_program(connection: Connection, program_id: int, program: NewProgram) -> None:
    """Give a program that is not scored yet another text; its tags and its earlier texts are replaced, too."""
    changes = {
        "fingerprint": program.fingerprint,
        "name": program.name,
        "source": program.source,
        "idea": program.idea,
        "complexity": program.complexity,
        "similarity": program.similarity,
        "similar_to": program.similar_to,
    }
    _update_program(connection, program_id, changes)
    run_id = connection.execute(select(Program.run_id).where(Program.id == program_id)).scalar_one()
    for table in (ProgramTag, ProgramRevision):
        connection.execute(delete(table).where(table.program_id == program_id))
    _insert_tags(connection, program_id, run_id, program.tags)
    _insert_revisions(connection, program_id, program.revisions)


def _insert_tags(connection: Connection, program_id: int, run_id: int, tags: Sequence[str]) -> None:
    rows = [
        {"program_id": program_id, "run_id": run_id, "position": i, "tag": tag}
        for i, tag in enumerate(dict.fromkeys(tags))
    ]
    _insert_all(connection, ProgramTag, rows)


def _insert_revisions(connection: Connection, program_id: int, revisions: Sequence[Revision]) -> None:
    rows = [
        {"program_id": program_id, "number": i, "source": revision.source, "reason": revision.reason}
        for i, revision in enumerate(revisions)
    ]
    _insert_all(connection, ProgramRevision, rows)


def insert_trial(connection: Connection, program_id: int, trial: TrialRecord) -> None:
    """Store one trial."""
    values = {
        "program_id": program_id,
        "number": trial.number,
        "parameters": trial.parameters,
        "state": trial.state,
        "value": trial.value,
        "early_value": trial.early_value,
        "direction": trial.direction,
        "duration_ms": trial.duration_ms,
        "message": trial.message,
    }
    connection.execute(insert(Trial), values)


def write_scores(
    connection: Connection,
    program_id: int,
    parameters: Json,
    direction: int,
    scorecards: Sequence[ScoreRecord],
) -> None:
    """Store scorecards, in place of earlier ones on the same splits; the program is scored from now on."""
    changes: dict[str, Any] = {"status": "scored", "parameters": parameters, "direction": direction}
    fitness = {card.split: card.fitness for card in scorecards}
    reward = {"reward": fitness[VALIDATION]} if VALIDATION in fitness else {}
    _update_program(connection, program_id, changes | reward)
    replaced = delete(Scorecard).where(Scorecard.program_id == program_id, Scorecard.split.in_(fitness))
    connection.execute(replaced)
    for card in scorecards:
        _insert_scorecard(connection, program_id, card)
    tagged = update(ProgramTag).where(ProgramTag.program_id == program_id)
    connection.execute(tagged.values(failed=0, **reward))


def write_evidence(
    connection: Connection,
    program_id: int,
    audits: Sequence[Json],
    reward_terms: Mapping[str, float] | None,
    tuning: Json | None,
) -> None:
    """Store what a scored program's reward is made of and how sure its parameters are."""
    changes: dict[str, Any] = {"audits": list(audits), "tuning": tuning}
    if reward_terms is not None:
        reward = math.fsum(reward_terms.values())
        changes |= {"reward_terms": dict(reward_terms), "reward": reward}
        tagged = update(ProgramTag).where(ProgramTag.program_id == program_id)
        connection.execute(tagged.values(reward=reward))
    _update_program(connection, program_id, changes)


def insert_node(
    connection: Connection, run_id: int, island: int, program_id: int, parent_id: int | None
) -> None:
    """Store a program as a node of an island's tree, unless it is one already."""
    place = {"run_id": run_id, "island": island, "program_id": program_id}
    if connection.execute(select(TreeNode.id).filter_by(**place)).first() is None:
        connection.execute(insert(TreeNode).values(parent_id=parent_id, **place))


def insert_failure(connection: Connection, failure: FailureRecord) -> None:
    """Store a failure; the program it names, if any, has failed from now on."""
    values = {
        "run_id": failure.run_id,
        "program_id": failure.program_id,
        "iteration": failure.iteration,
        "stage": failure.stage,
        "kind": failure.kind,
        "message": failure.message,
        "source": failure.source,
        "facts": failure.facts,
        "origin": failure.origin,
    }
    connection.execute(insert(Failure), values)
    if failure.program_id is not None:
        _update_program(connection, failure.program_id, {"status": "failed"})
        tagged = update(ProgramTag).where(ProgramTag.program_id == failure.program_id)
        connection.execute(tagged.values(failed=1))


def write_lesson(connection: Connection, program_id: int, lesson: str) -> None:
    """Store what was learnt from a program."""
    _update_program(connection, program_id, {"lesson": lesson})


def write_cluster(connection: Connection, program_id: int, cluster: int) -> None:
    """Mark the program as one of those whose signals are alike."""
    _update_program(connection, program_id, {"cluster": cluster})


def _update_program(connection: Connection, program_id: int, changes: dict[str, Any]) -> None:
    if not connection.execute(update(Program).where(Program.id == program_id).values(**changes)).rowcount:
        raise StoreError(f"a program's id must be in the store, got {program_id}: record the program first.")


def _insert_scorecard(connection: Connection, program_id: int, card: ScoreRecord) -> None:
    values = {
        "program_id": program_id,
        "split": card.split,
        "fitness": card.fitness,
        "coverage": card.coverage,
        "turnover": card.turnover,
        "rank_autocorrelation": card.rank_autocorrelation,
        "ar": card.ar,
        "sharpe": card.sharpe,
        "mdd": card.mdd,
    } | {name: _average([getattr(horizon, name) for horizon in card.horizons]) for name in AVERAGED}
    scorecard_id = connection.execute(insert(Scorecard).values(values).returning(Scorecard.id)).scalar_one()
    rows = [{"scorecard_id": scorecard_id, **_horizon_values(horizon)} for horizon in card.horizons]
    _insert_all(connection, HorizonScore, rows)


def _horizon_values(horizon: HorizonRecord) -> dict[str, Any]:
    return {
        "horizon_days": horizon.horizon_days,
        "ic": horizon.ic,
        "icir": horizon.icir,
        "rank_ic": horizon.rank_ic,
        "rank_icir": horizon.rank_icir,
        "days": horizon.days,
        "daily_ic": horizon.daily_ic,
        "daily_rank_ic": horizon.daily_rank_ic,
    }


def _average(values: Sequence[float]) -> float:
    """Return the mean; undefined if one value is: only factors defined at all horizons compare."""
    return math.fsum(values) / len(values) if values and all(map(math.isfinite, values)) else math.nan


def _insert_all(connection: Connection, table: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)
