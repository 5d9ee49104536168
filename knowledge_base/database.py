"""A connection pool with two doors, `read` and `write`; every error of the database is a `StoreError`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from knowledge_base.columns import to_json
from knowledge_base.errors import StoreError

BUSY_TIMEOUT_MS = 30_000
"""How long a connection waits for another process's write to end."""
_WRITERS = 7_021_964  # the PostgreSQL advisory lock of stores; any number that nobody else takes
_BROKEN_CONSTRAINT = "23"  # how the SQLSTATE of a refused row begins


class Database:
    """An engine for one URL; closing it returns every connection."""

    def __init__(self, url: URL) -> None:
        self.name = url.database or ":memory:" if _is_sqlite(url) else url.render_as_string()
        self._engine = _engine(url)
        self._writer = self._engine.execution_options(writes=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection on one consistent snapshot."""
        with self._refusals(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self, conflict: str = "") -> Iterator[Connection]:
        """Yield a connection whose changes are committed when the block ends, or not at all.

        One block at a time writes to a store: the lock is taken before its first statement, so that what it reads
        stays true until it has written. `conflict` explains a violated constraint.
        """
        with self._refusals(conflict), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _refusals(self, conflict: str = "") -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            if _breaks_a_constraint(error):
                raise StoreError(conflict or f"{self.name} refused a change: {_cause(error)}") from error
            raise StoreError(f"{self.name} {_explained(_cause(error))}") from error


def store_url(location: str | Path) -> URL:
    """Return the URL of `location`: itself, or that of a SQLite file if it is a path."""
    text = str(location)
    if isinstance(location, Path) or "://" not in text:
        return URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        return make_url(text)
    except ArgumentError as error:
        raise StoreError(f"a store is a path or a database URL, got {text!r}: {_cause(error)}") from error


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, json_serializer=to_json)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(
            f"a store needs a known database and its driver, got {url.drivername!r} ({error}): "
            "install the driver (for PostgreSQL: pip install pg8000, with a postgresql+pg8000:// URL)."
        ) from error
    if _is_sqlite(url):
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif url.get_backend_name() == "postgresql":
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Let readers and a writer work side by side; a commit survives a killed process, if not a power cut."""
    connection.isolation_level = None  # the driver begins no transaction: `_begin_sqlite` does
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "cache_size = -65536",  # KiB
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {BUSY_TIMEOUT_MS}")
    cursor.close()
    connection.commit()


def _begin_postgresql(connection: Connection) -> None:
    connection.exec_driver_sql(
        f"SELECT pg_advisory_xact_lock({_WRITERS})"
        if _writes(connection)
        else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    )


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("writes", False))


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _breaks_a_constraint(error: Any) -> bool:
    state = _told(error).get("C", "")
    return isinstance(error, IntegrityError) or state.startswith(_BROKEN_CONSTRAINT)


def _cause(error: Any) -> str:
    cause = _told(error).get("M") or getattr(error, "orig", None) or error
    return " ".join(str(cause).split())


def _told(error: Any) -> dict[str, str]:
    """The fields of a PostgreSQL server's message, which pg8000 hands on as they are; {} from other drivers."""
    arguments = getattr(getattr(error, "orig", None), "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], dict) else {}


def _explained(cause: str) -> str:
    locked = "stayed locked by another process: wait for it to end, or give each run its own store"
    remedies = {
        "locked": locked,
        "lock timeout": locked,
        "not a database": "must be a SQLite database: name another file, or a new one",
        "unable to open": "cannot be opened: its folder must exist and be writable",
        "readonly": "must be writable: check the permissions of the file and its folder",
    }
    found = [remedy for sign, remedy in remedies.items() if sign in cause]
    return f"{found[0]} ({cause})." if found else f"failed: {cause}"
