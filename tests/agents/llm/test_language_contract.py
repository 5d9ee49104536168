"""The language proposer passes every proposer's tests, with a model that answers from a script."""

import pytest

from agents.language import LanguageProposer
from agents.llm.client import LanguageClient
from agents.llm.endpoint import ChatRequest
from agents.llm.scripted import ScriptedModel
from agents.llm.settings import LanguageConfig
from agents.stub.answers import computed_reply
from agents.stub.prompts import Prompt
from agents.testing import ProposerContract
from knowledge_base.store import open_store


def answer(request: ChatRequest) -> str:
    body = {"model": request.model, "messages": list(request.messages)}
    return computed_reply(Prompt.parse(body), seed=1).text


class TestLanguageProposer(ProposerContract):
    @pytest.fixture
    def proposer(self, tmp_path):
        with open_store(tmp_path / "store.db") as store:
            settings = LanguageConfig.model_validate({"models": ["m"]})
            yield LanguageProposer(LanguageClient(ScriptedModel(answer), store, settings, account="run a"))
