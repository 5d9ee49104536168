"""The offline proposer: a grammar of measures and shapes."""

from agents.grammar.proposer import GrammarConfig, GrammarProposer

__all__ = ["GrammarConfig", "GrammarProposer"]
