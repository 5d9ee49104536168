"""What can go wrong while somebody proposes a program.

ProposalError           no new program could be built from what the briefing offers
LLMError                a language model was asked in vain
├── BudgetError         a limit of money, tokens or calls would be exceeded
├── TransportError      the endpoint refuses, or cannot be reached for too long
├── ReplayError         a prompt for which no reply was recorded
└── UnusableReplyError  what it answered could not be understood, nor what it answered to the complaint
"""

from market.errors import FactorEngineError


class ProposalError(FactorEngineError):
    """A proposer could not find a program that is new and well formed."""


class LLMError(FactorEngineError):
    """A language model was asked in vain."""


class BudgetError(LLMError):
    """A limit of money, tokens or calls would be exceeded by the next call."""


class TransportError(LLMError):
    """The endpoint refuses for good, or could not be reached for too long."""


class ReplayError(LLMError):
    """A prompt for which no reply was recorded."""


class UnusableReplyError(LLMError):
    """A model answered, and was told what was wrong with it, and still could not be understood.

    `reply` is what it said last.
    """

    def __init__(self, message: str, reply: str = "") -> None:
        super().__init__(message)
        self.reply = reply
