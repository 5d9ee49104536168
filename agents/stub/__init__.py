"""A scripted double of a language model's endpoint: real HTTP, computed or hand-written answers, faults at will."""

from agents.stub.exchanges import Exchange
from agents.stub.scenarios import SCENARIOS
from agents.stub.script import Rule
from agents.stub.server import ScriptedEndpoint

__all__ = ["SCENARIOS", "Exchange", "Rule", "ScriptedEndpoint"]
