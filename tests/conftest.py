from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def private_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests never see the user's panel cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACTORENGINE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
