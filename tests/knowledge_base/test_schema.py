import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from knowledge_base.database import Database, store_url
from knowledge_base.errors import StoreError
from knowledge_base.schema import alembic_config, schema_revision, upgrade_schema
from knowledge_base.store import open_store
from knowledge_base.tables import Base
from tests.knowledge_base.samples import add_scored, new_run


@pytest.fixture
def database(tmp_path):
    opened = Database(store_url(tmp_path / "store.db"))
    yield opened
    opened.close()


def table_names(connection):
    return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrations_make_exactly_the_declared_tables(database):
    with database.write() as connection:
        upgrade_schema(connection, "it")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_the_declared_checks(database):
    with database.write() as connection:
        upgrade_schema(connection, "it")
        for table in Base.metadata.sorted_tables:
            declared = {str(c.name) for c in table.constraints if type(c).__name__ == "CheckConstraint"}
            made = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert made == declared


def test_the_schema_can_be_taken_down_and_built_again(database):
    with database.write() as connection:
        upgrade_schema(connection, "it")
        command.downgrade(alembic_config(connection), "base")
        assert (table_names(connection), schema_revision(connection)) == (set(), None)
        upgrade_schema(connection, "it")
        assert table_names(connection) == set(Base.metadata.tables)


def test_the_migrations_lie_in_the_package():
    import knowledge_base

    package = Path(knowledge_base.__file__).parent
    assert (package / "migrations" / "env.py").is_file()
    assert list((package / "migrations" / "versions").glob("0001_*.py"))


def test_a_store_from_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "store.db"
    open_store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="has '9999': it was written by a newer FactorEngine; upgrade"):
        open_store(path)


def test_a_database_with_another_programs_tables_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (id INTEGER)")
    connection.close()
    with pytest.raises(StoreError, match="runs of something else"):
        open_store(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("runs",)]
    connection.close()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Buy low, sell high.\n" * 100)
    with pytest.raises(StoreError, match="must be a SQLite database"):
        open_store(path)


def test_a_missing_file_is_created_with_its_folder_unless_told_otherwise(tmp_path):
    path = tmp_path / "new" / "store.db"
    with pytest.raises(StoreError, match="the store must exist"):
        open_store(path, create=False)
    assert not path.parent.exists()
    open_store(str(path)).close()
    open_store(path, create=False).close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"folder .* must be writable"):
        open_store(tmp_path / "file" / "store.db")


def test_a_path_and_its_url_are_the_same_store(tmp_path):
    path = tmp_path / "store.db"
    with open_store(path) as store:
        add_scored(store, store.start_run(new_run()).id, "f")
    with open_store(f"sqlite:///{path}") as store:
        assert len(store.ranking("first")) == 1


@pytest.mark.parametrize("url", ["nosuchbase://host/name", "postgresql+nosuchdriver://host/name"])
def test_an_unknown_database_or_driver_is_refused_with_a_remedy(url):
    with pytest.raises(StoreError, match="pip install pg8000"):
        open_store(url)


def test_the_schema_can_be_written_for_postgresql():
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    made = [
        str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in Base.metadata.sorted_tables
    ]
    assert any("daily_ic BYTEA" in text for text in made)
    assert any("TIMESTAMP WITH TIME ZONE" in text for text in made)
