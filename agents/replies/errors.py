"""What can be wrong with a language model's reply.

ReplyError              the reply holds no usable answer; `complaint` can be sent back to the model
├── RefusalError        the model declined
├── EmptyReplyError     nothing was said besides thinking
└── TruncatedReplyError the reply stops in the middle: ask the model to go on
"""

from market.errors import FactorEngineError


class ReplyError(FactorEngineError):
    """A reply that holds no usable answer; `complaint` tells the model what to mend."""

    looks_truncated = False

    @property
    def complaint(self) -> str:
        """What is wrong, in words meant for the model."""
        return str(self)


class RefusalError(ReplyError):
    """The model declined to answer."""


class EmptyReplyError(ReplyError):
    """The reply is empty, or holds thinking only."""


class TruncatedReplyError(ReplyError):
    """The reply stops inside of a block, a fence or an object."""

    looks_truncated = True
