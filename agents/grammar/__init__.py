"""The offline proposer, a grammar of measures and shapes; and one that draws from the same grammar at random."""

from agents.grammar.proposer import GrammarConfig, GrammarProposer, RandomProposer

__all__ = ["GrammarConfig", "GrammarProposer", "RandomProposer"]
