"""Bringing a database to the schema of this version."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from knowledge_base.errors import StoreError
from knowledge_base.tables import Base

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_schema(connection: Connection, where: str) -> None:
    """Apply the migrations that are missing, within the connection's transaction.

    Raises `StoreError` if the database is newer than this package, or has tables of the store's names that
    the store did not make. `where` names the database in messages.
    """
    script = ScriptDirectory.from_config(alembic_config(connection))
    revision = schema_revision(connection)
    if revision == script.get_current_head():
        return
    known = {step.revision for step in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"the store's schema must be one of {', '.join(sorted(known))}, {where} has {revision!r}: "
            "it was written by a newer FactorEngine; upgrade the package or open another store."
        )
    _refuse_strange_tables(connection, revision, where)
    command.upgrade(alembic_config(connection), "head")


def schema_revision(connection: Connection) -> str | None:
    """Return the revision that the database is at; None if it has no schema."""
    return MigrationContext.configure(connection).get_current_revision()


def alembic_config(connection: Connection) -> Config:
    """Return the configuration of Alembic's commands on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _refuse_strange_tables(connection: Connection, revision: str | None, where: str) -> None:
    strange = sorted(set(inspect(connection).get_table_names()) & set(Base.metadata.tables))
    if revision is None and strange:
        raise StoreError(
            f"a new store needs its table names free, {where} has {', '.join(strange)} of something else: "
            "give the store a file or a database of its own."
        )
