import pytest

from agents.llm.client import LanguageClient
from agents.llm.scripted import ScriptedModel
from agents.llm.settings import LanguageConfig
from knowledge_base.store import open_store


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def asking(store):
    """A client whose model answers with a function of the request."""

    def client(answer, **settings) -> LanguageClient:
        chosen = LanguageConfig.model_validate({"models": ["m"], "backoff": 0.001, **settings})
        return LanguageClient(ScriptedModel(answer), store, chosen, account="run a")

    return client
