"""Who works on a run: one process at a time, for as long as it says so; and what others wish of it.

The holder renews its hold while it works. A hold that is not renewed ends by itself; that of a process that has died on
this machine ends at once.
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from sqlalchemy import Connection, select, update

from knowledge_base.errors import StoreError
from knowledge_base.records import RunRecord, Wish
from knowledge_base.runs import run_named
from knowledge_base.tables import Run, now

HOLD_S = 120.0


def this_process() -> str:
    """Host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def take(connection: Connection, name: str) -> None:
    """Hold the run of that name for this process; `StoreError` if another works on it. Old wishes are forgotten."""
    run = run_named(connection, name)
    if is_held(run) and run.holder != this_process():
        raise StoreError(
            f"one process at a time works on a run, {run.holder} works on {name!r}: watch it with `factorengine status "
            f"{name}`, end it with `factorengine stop {name}`, or choose another --run name."
        )
    changes = {"holder": this_process(), "held_until": now() + timedelta(seconds=HOLD_S), "wish": None}
    connection.execute(update(Run).where(Run.id == run.id).values(status="running", **changes))


def renew(connection: Connection, run_id: int) -> Wish | None:
    """Hold on to the run; what others wish of it. `StoreError` if the hold was lost."""
    mine = (Run.id == run_id) & (Run.holder == this_process())
    renewed = update(Run).where(mine).values(held_until=now() + timedelta(seconds=HOLD_S))
    if not connection.execute(renewed).rowcount:
        raise StoreError(
            "a run is worked on by one process at a time, this one was taken over: resume it later."
        )
    return connection.execute(select(Run.wish).where(Run.id == run_id)).scalar_one()  # type: ignore[return-value]


def release(connection: Connection, run_id: int) -> None:
    """Let go of the run, if it is still held."""
    mine = (Run.id == run_id) & (Run.holder == this_process())
    connection.execute(update(Run).where(mine).values(holder=None, held_until=None, wish=None))


def wish(connection: Connection, name: str, what: Wish | None) -> None:
    """Tell whoever works on the run; `StoreError` if nobody does."""
    run = run_named(connection, name)
    if not is_held(run):
        raise StoreError(
            f"nobody works on run {name!r}, it is {run.status}: resume it with `factorengine resume {name}`."
        )
    connection.execute(update(Run).where(Run.id == run.id).values(wish=what))


def is_held(run: RunRecord) -> bool:
    """Whether a process works on the run, as far as can be told from here."""
    if run.holder is None or run.held_until is None or run.held_until < now():
        return False
    host, _, process = run.holder.rpartition(":")
    return host != socket.gethostname() or _is_alive(int(process))


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
