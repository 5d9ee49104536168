"""What can go wrong while somebody proposes a program.

ProposalError   no new program could be built from what the briefing offers
"""

from market.errors import FactorEngineError


class ProposalError(FactorEngineError):
    """A proposer could not find a program that is new and well formed."""
