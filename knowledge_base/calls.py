"""Calls of language models: paid from a budget before they are made, kept with prompt and reply, found again.

A call is stored as pending with the most that it can cost; that is what the budget counts until the answer is there.
So calls at the same time, of several processes even, never spend more than there is, and a call whose process died
counts in full. Days are UTC's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from knowledge_base.errors import StoreError
from knowledge_base.tables import LanguageCall, now

CallOutcome: TypeAlias = Literal["pending", "answered", "understood", "misunderstood", "refused", "lost"]
_COUNTED = LanguageCall.outcome != "refused"  # the endpoint did nothing for it


@dataclass(frozen=True, kw_only=True)
class NewCall:
    """A call about to be made.

    account   whose budget pays, such as "run us"
    role      what the model is asked to be, such as "idea"
    prompt    name and version of the prompt, such as "idea/1"
    messages  the rendered prompt: role and content of each message
    tokens    the most that prompt and reply can have, `cost_usd` what that would cost
    replayed  whether the reply is a recorded one
    """

    account: str
    run_id: int | None = None
    iteration: int | None = None
    role: str
    model: str
    prompt: str
    prompt_hash: str
    messages: Sequence[Mapping[str, str]]
    tokens: int
    cost_usd: float
    replayed: bool = False


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """How a call ended: its reply, or why there is none (`detail`)."""

    outcome: CallOutcome
    reply: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    tokens: int
    cost_usd: float
    latency_s: float
    detail: str | None = None


@dataclass(frozen=True, kw_only=True)
class CallRecord(NewCall, CallResult):
    """A call as the store knows it."""

    id: int
    latency_s: float | None  # type: ignore[assignment]
    started_at: datetime


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """A budget: of an account, and of all accounts of a store in one day; None = no limit."""

    usd: float | None = None
    tokens: int | None = None
    calls: int | None = None
    usd_per_day: float | None = None
    tokens_per_day: int | None = None
    calls_per_day: int | None = None


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What calls used."""

    calls: int
    tokens: int
    usd: float


@dataclass(frozen=True, kw_only=True)
class RoleSpending(Spending):
    """What the calls of one role and model used, by their outcomes; `latency_s` is their mean."""

    role: str
    model: str
    outcome: str
    latency_s: float | None


def run_account(run: str) -> str:
    """The account that pays for the calls of the run of that name."""
    return f"run {run}"


def reserve_call(connection: Connection, call: NewCall, limits: CallLimits) -> int | str:
    """Store a call as pending and return its id; if a limit stands against it, return that in words instead."""
    refusal = _refusal(connection, call, limits)
    if refusal:
        return refusal
    return int(
        connection.execute(insert(LanguageCall).values(asdict(call)).returning(LanguageCall.id)).scalar_one()
    )


def settle_call(connection: Connection, call_id: int, result: CallResult) -> None:
    """Store how a pending call ended."""
    _update(connection, call_id, asdict(result))


def judge_call(connection: Connection, call_id: int, *, understood: bool, detail: str | None) -> None:
    """Store whether the reply could be used, and if not, why."""
    _update(
        connection, call_id, {"outcome": "understood" if understood else "misunderstood", "detail": detail}
    )


def abandon_calls(connection: Connection, account: str) -> None:
    """Count the account's pending calls as lost: the process that made them is gone."""
    pending = (LanguageCall.account == account) & (LanguageCall.outcome == "pending")
    connection.execute(update(LanguageCall).where(pending).values(outcome="lost"))


def read_calls(connection: Connection, account: str, *, answered: bool = False) -> list[CallRecord]:
    """Return the account's calls, the oldest first: all, or those with a reply."""
    chosen = select(LanguageCall.__table__).where(LanguageCall.account == account)
    if answered:
        chosen = chosen.where(LanguageCall.reply.is_not(None))
    rows = connection.execute(chosen.order_by(LanguageCall.id))
    return [CallRecord(**row._asdict()) for row in rows]


def latest_call(connection: Connection, account: str) -> CallRecord | None:
    """Return the account's latest call that has ended, if there is one."""
    ended = (LanguageCall.account == account) & (LanguageCall.outcome != "pending")
    chosen = select(LanguageCall.__table__).where(ended).order_by(LanguageCall.id.desc()).limit(1)
    row = connection.execute(chosen).one_or_none()
    return None if row is None else CallRecord(**row._asdict())


def spent_usd(connection: Connection, run_id: int) -> float:
    """Return what the run's calls cost."""
    return _spent(connection, LanguageCall.run_id == run_id).usd


def read_spending(connection: Connection, account: str | None) -> list[RoleSpending]:
    """Return what an account's calls used, or those of all, by role, model and outcome."""
    groups = (LanguageCall.role, LanguageCall.model, LanguageCall.outcome)
    used = (
        func.count().label("calls"),
        func.coalesce(func.sum(LanguageCall.tokens), 0).label("tokens"),
        func.coalesce(func.sum(LanguageCall.cost_usd), 0.0).label("usd"),
        func.avg(LanguageCall.latency_s).label("latency_s"),
    )
    chosen = select(*groups, *used)
    if account is not None:
        chosen = chosen.where(LanguageCall.account == account)
    rows = connection.execute(chosen.group_by(*groups).order_by(*groups))
    return [RoleSpending(**row._asdict()) for row in rows]


def _refusal(connection: Connection, call: NewCall, limits: CallLimits) -> str:
    """Say which limit would be exceeded; empty if none."""
    midnight = datetime.combine(now().date(), time(), tzinfo=now().tzinfo)
    today = (LanguageCall.started_at >= midnight) & LanguageCall.replayed.is_(False)
    checks = [
        ("", LanguageCall.account == call.account, limits.usd, limits.tokens, limits.calls),
        ("_per_day", today, limits.usd_per_day, limits.tokens_per_day, limits.calls_per_day),
    ]
    for suffix, where, usd, tokens, calls in checks[: 1 if call.replayed else 2]:
        if usd is None and tokens is None and calls is None:
            continue
        spent = _spent(connection, where)
        for name, limit, used, wanted in (
            ("usd", usd, spent.usd, call.cost_usd),
            ("tokens", tokens, spent.tokens, call.tokens),
            ("calls", calls, spent.calls, 1),
        ):
            if limit is not None and used + wanted > limit:
                return (
                    f"{name}{suffix} is limited to {limit:g}, {used:g} are used or reserved "
                    f"and the next call may need {wanted:g}"
                )
    return ""


def _spent(connection: Connection, where: ColumnElement[bool]) -> Spending:
    used = select(
        func.count(),
        func.coalesce(func.sum(LanguageCall.tokens), 0),
        func.coalesce(func.sum(LanguageCall.cost_usd), 0.0),
    )
    calls, tokens, usd = connection.execute(used.where(where, _COUNTED)).one()
    return Spending(calls=calls, tokens=int(tokens), usd=float(usd))


def _update(connection: Connection, call_id: int, changes: dict[str, Any]) -> None:
    if not connection.execute(
        update(LanguageCall).where(LanguageCall.id == call_id).values(**changes)
    ).rowcount:
        raise StoreError(f"a call's id must be in the store, got {call_id}: reserve the call first.")
