import pytest

from agents.grammar import GrammarProposer, RandomProposer
from agents.proposer import Proposer
from agents.testing import ProposerContract


class TestGrammarProposer(ProposerContract):
    @pytest.fixture
    def proposer(self) -> Proposer:
        return GrammarProposer()


class TestRandomProposer(ProposerContract):
    @pytest.fixture
    def proposer(self) -> Proposer:
        return RandomProposer()
