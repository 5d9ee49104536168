"""The search's language-model agents: one has ideas, one mends, one draws lessons, one objects."""

from agents.language.mentor import Experience, LanguageMentor, Mentor, Problem
from agents.language.proposer import LanguageProposer

__all__ = ["Experience", "LanguageMentor", "LanguageProposer", "Mentor", "Problem"]
