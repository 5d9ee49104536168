from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge_base.store import Store, open_store
from tests.knowledge_base.samples import new_run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def run_id(store: Store) -> int:
    return store.start_run(new_run()).id
