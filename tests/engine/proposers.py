"""Proposers that say what a test wants said."""

from agents.proposer import Proposal
from tests.factors.programs import REVERSAL, body

GOOD = REVERSAL
FAILING = {
    "parse": "def factor(:",
    "contract": '"""Idea."""\nPARAMETERS = {}\n',
    "policy": body("import os\nreturn data.close"),
    "run": body("return data.close[99999]"),
    "timeout": body("while True:\n    pass\nreturn data.close"),
    "causality": body("return data.frame('close').shift(-1)"),
}


class Script:
    """Proposes the given texts, one an iteration."""

    name = "script"

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def propose(self, briefing, rng) -> Proposal:
        text = self._texts[briefing.iteration]
        return Proposal(name=f"p{briefing.iteration}", idea="An idea.", source=text, operation="script")
