"""The schema. A change here needs a migration beside it: a test compares the two."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from knowledge_base.columns import Finite, Series, UtcTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """Return the current moment in UTC."""
    return datetime.now(UTC)


def _one_of(column: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})", name=column)


class Base(DeclarativeBase):
    """The root of all tables."""

    metadata = MetaData(naming_convention=NAMING)


class Run(Base):
    """One search, from its configuration to its result."""

    __tablename__ = "runs"
    __table_args__ = (_one_of("status", "running", "stopped", "finished"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    status: Mapped[str] = mapped_column(String(16), default="running")
    seed: Mapped[int] = mapped_column(BigInteger)
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    panel: Mapped[dict[str, Any]] = mapped_column(JSON)
    splits: Mapped[dict[str, Any]] = mapped_column(JSON)
    horizons_days: Mapped[list[int]] = mapped_column(JSON)
    package_version: Mapped[str] = mapped_column(String(64))
    iterations_done: Mapped[int] = mapped_column(default=0)
    trials_done: Mapped[int] = mapped_column(default=0)
    elapsed_seconds: Mapped[float] = mapped_column(Finite, default=0.0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    holder: Mapped[str | None] = mapped_column(String(300))
    held_until: Mapped[datetime | None] = mapped_column(UtcTime)
    wish: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcTime, default=now, onupdate=now)


class Program(Base):
    """One program of a run; `reward` is what the search goes by, `reward_terms` what it is made of."""

    __tablename__ = "programs"
    __table_args__ = (
        UniqueConstraint("run_id", "fingerprint"),
        Index(None, "run_id", "status", "reward"),
        _one_of("status", "tuning", "scored", "failed"),
        CheckConstraint("direction IN (-1, 1)", name="direction"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    idea: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(64))
    iteration: Mapped[int]
    status: Mapped[str] = mapped_column(String(16), default="tuning")
    parameters: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    direction: Mapped[int | None]
    reward: Mapped[float | None] = mapped_column(Finite)
    cluster: Mapped[int | None]
    audits: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    complexity: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    similarity: Mapped[float | None] = mapped_column(Finite)
    similar_to: Mapped[int | None]
    reward_terms: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    tuning: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    lesson: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ProgramRevision(Base):
    """An earlier text of a program, and why it was changed."""

    __tablename__ = "program_revisions"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class TreeNode(Base):
    """A program in an island's tree, in the order of their evaluations; below the root without a parent."""

    __tablename__ = "tree_nodes"
    __table_args__ = (UniqueConstraint("run_id", "island", "program_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    island: Mapped[int]
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))


class ProgramParent(Base):
    """An arc of the lineage."""

    __tablename__ = "program_parents"

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), index=True)


class ProgramTag(Base):
    """A tag of a program, with what is counted by tag, so that one covering index answers the briefing."""

    __tablename__ = "program_tags"
    __table_args__ = (Index(None, "run_id", "tag", "failed", "reward"),)

    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    tag: Mapped[str] = mapped_column(String(64))
    failed: Mapped[int] = mapped_column(default=0)
    reward: Mapped[float | None] = mapped_column(Finite)


class Trial(Base):
    """One evaluation of a program on the train split."""

    __tablename__ = "trials"
    __table_args__ = (
        UniqueConstraint("program_id", "number"),
        _one_of("state", "complete", "pruned", "failed"),
        CheckConstraint("direction IN (-1, 1)", name="direction"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    number: Mapped[int]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16))
    value: Mapped[float | None] = mapped_column(Finite)
    early_value: Mapped[float | None] = mapped_column(Finite)
    direction: Mapped[int | None]
    duration_ms: Mapped[float | None] = mapped_column(Finite)
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Scorecard(Base):
    """A program on a split; the four correlation columns are averages over its horizons, kept for ranking."""

    __tablename__ = "scorecards"
    __table_args__ = (UniqueConstraint("program_id", "split"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    program_id: Mapped[int] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    split: Mapped[str] = mapped_column(String(32))
    fitness: Mapped[float | None] = mapped_column(Finite)
    coverage: Mapped[float | None] = mapped_column(Finite)
    turnover: Mapped[float | None] = mapped_column(Finite)
    rank_autocorrelation: Mapped[float | None] = mapped_column(Finite)
    ar: Mapped[float | None] = mapped_column(Finite)
    sharpe: Mapped[float | None] = mapped_column(Finite)
    mdd: Mapped[float | None] = mapped_column(Finite)
    ic: Mapped[float | None] = mapped_column(Finite)
    icir: Mapped[float | None] = mapped_column(Finite)
    rank_ic: Mapped[float | None] = mapped_column(Finite)
    rank_icir: Mapped[float | None] = mapped_column(Finite)


class HorizonScore(Base):
    """A scorecard at one horizon, with the daily series."""

    __tablename__ = "horizon_scores"

    scorecard_id: Mapped[int] = mapped_column(
        ForeignKey("scorecards.id", ondelete="CASCADE"), primary_key=True
    )
    horizon_days: Mapped[int] = mapped_column(primary_key=True)
    ic: Mapped[float | None] = mapped_column(Finite)
    icir: Mapped[float | None] = mapped_column(Finite)
    rank_ic: Mapped[float | None] = mapped_column(Finite)
    rank_icir: Mapped[float | None] = mapped_column(Finite)
    days: Mapped[int]
    daily_ic: Mapped[NDArray[np.float64] | None] = mapped_column(Series)
    daily_rank_ic: Mapped[NDArray[np.float64] | None] = mapped_column(Series)


class Failure(Base):
    """A program, or the attempt at one, that came to nothing."""

    __tablename__ = "failures"
    __table_args__ = (Index(None, "run_id", "id"), Index(None, "program_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id", ondelete="CASCADE"))
    iteration: Mapped[int]
    stage: Mapped[str] = mapped_column(String(32))
    kind: Mapped[str] = mapped_column(String(100))
    message: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[str] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class LanguageCall(Base):
    """A call of a language model; `tokens` and `cost_usd` are what the budget counts, at first the most it can be."""

    __tablename__ = "language_calls"
    __table_args__ = (
        Index(None, "account"),
        Index(None, "started_at"),
        _one_of("outcome", "pending", "answered", "understood", "misunderstood", "refused", "lost"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(300))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    iteration: Mapped[int | None]
    role: Mapped[str] = mapped_column(String(32))
    model: Mapped[str] = mapped_column(String(200))
    prompt: Mapped[str] = mapped_column(String(64))
    prompt_hash: Mapped[str] = mapped_column(String(64))
    messages: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    reply: Mapped[str | None] = mapped_column(Text)
    finish_reason: Mapped[str | None] = mapped_column(String(32))
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost_usd: Mapped[float] = mapped_column(Finite)
    latency_s: Mapped[float | None] = mapped_column(Finite)
    outcome: Mapped[str] = mapped_column(String(16), default="pending")
    detail: Mapped[str | None] = mapped_column(Text)
    replayed: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Report(Base):
    """A research report that was read, identified by its content."""

    __tablename__ = "reports"
    __table_args__ = (
        _one_of("status", "reading", "read", "formulas_only", "screened_out", "too_late", "failed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    title: Mapped[str] = mapped_column(String(300))
    published: Mapped[date | None] = mapped_column(Date)
    pages: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    screening: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class ReportFactor(Base):
    """A factor that a report defines, and what came of it."""

    __tablename__ = "report_factors"
    __table_args__ = (
        UniqueConstraint("report_id", "name"),
        _one_of("status", "program", "disputed", "skipped", "failed"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    pseudocode: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    disagreements: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class Seed(Base):
    """A program to start searches from, and where it comes from."""

    __tablename__ = "seeds"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(300))
    provenance: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    published: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
