"""Who proposes factor programs: the contract between the search and anything that has ideas.

The search calls `propose` once an iteration, in its own process. A proposer keeps no state between calls:
all it may know is in the briefing, all its chance is in `rng`, so that a run can be stopped and repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from knowledge_base.briefing import Briefing


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One program to be tried.

    name       a short identifier for tables; need not be unique
    idea       what the program measures, in words: the first paragraph of its docstring
    source     the program's text
    parents    ids of the programs in the briefing that it was made from, most important first
    operation  how it was made, such as "measure" or "blended"
    tags       themes and parts, the units in which the store counts what works and what fails
    origin     the proposer's name, where one proposer speaks for several
    """

    name: str
    idea: str
    source: str
    parents: tuple[int, ...] = ()
    operation: str
    tags: tuple[str, ...] = ()
    origin: str = ""


class Proposer(Protocol):
    """A source of programs."""

    @property
    def name(self) -> str:
        """The name that the store keeps as the program's origin."""
        ...

    def propose(self, briefing: Briefing, rng: np.random.Generator) -> Proposal:
        """Return a program that is not among `briefing`'s tried fingerprints.

        The same briefing and the same state of `rng` give the same proposal. Raises `ProposalError` if
        nothing new can be proposed.
        """
        ...
