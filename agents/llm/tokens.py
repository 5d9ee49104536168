"""How many tokens a text has: what it cannot exceed, for budgets, and about, for the size of prompts.

Tokenizers differ from model to model. All in use map every token to at least one byte of the text, hence the bound;
English prose and code have three to four bytes a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_PER_MESSAGE = 16  # the markers that a chat template puts around a message
_BYTES_A_TOKEN = 3


def most_tokens(messages: Sequence[Mapping[str, str]]) -> int:
    """The most tokens that the messages can have."""
    return _PER_MESSAGE + sum(_PER_MESSAGE + len(message["content"].encode()) for message in messages)


def about_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many than too few."""
    return -(-len(text.encode()) // _BYTES_A_TOKEN)
