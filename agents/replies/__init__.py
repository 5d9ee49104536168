"""Understanding what language models really answer: a changed program out of a reply, or one complaint to send back.

The answer asked for has four parts: ANALYSIS:, IDEA:, CHANGES: (SEARCH/REPLACE blocks against the current program, or
a whole program in a fence) and PARAMETERS: (ranges in JSON). What deviates from it is mended as far as its meaning is
certain, and each repair is noted; what is not certain is a `ReplyError`. Replies are strangers: nothing of them is
executed, and time and memory are bounded.
"""

from agents.replies.errors import EmptyReplyError, RefusalError, ReplyError, TruncatedReplyError
from agents.replies.idea import IdeaReply, read_correction, read_idea
from agents.replies.objects import read_json

__all__ = [
    "EmptyReplyError",
    "IdeaReply",
    "RefusalError",
    "ReplyError",
    "TruncatedReplyError",
    "read_correction",
    "read_idea",
    "read_json",
]
