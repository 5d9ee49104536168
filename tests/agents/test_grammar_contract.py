import pytest

from agents.grammar import GrammarProposer
from agents.proposer import Proposer
from agents.testing import ProposerContract


class TestGrammarProposer(ProposerContract):
    @pytest.fixture
    def proposer(self) -> Proposer:
        return GrammarProposer()
