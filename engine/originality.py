"""How much of a program's text was there before: the most similar of a run's programs, found by an index."""

from __future__ import annotations

from collections.abc import Iterable

from factors.complexity import subtrees


class Library:
    """The expressions of a run's programs; each leads to the smallest program that holds it.

    That one shares the largest part with a newcomer that holds the expression, too, so the index finds exactly what
    comparing with every program by `factors.complexity.shared_part` would.
    """

    def __init__(self, programs: Iterable[tuple[int, str]] = ()) -> None:
        self._holders: dict[str, tuple[int, int]] = {}
        for program_id, source in programs:
            self.add(program_id, source)

    def add(self, program_id: int, source: str) -> None:
        """Remember a program."""
        parts = subtrees(source)
        holder = max(parts.values(), default=0), program_id
        for digest in parts:
            self._holders[digest] = min(holder, self._holders.get(digest, holder))

    def nearest(self, source: str) -> tuple[float, int | None]:
        """The largest shared part, from 0 to 1, and the program that shares it; (0.0, None) if none does."""
        parts = subtrees(source)
        size = max(parts.values(), default=0)
        shares = (
            (nodes / max(size, holder_size), -holder)
            for digest, nodes in parts.items()
            for holder_size, holder in [self._holders.get(digest, (0, 0))]
            if holder_size
        )
        share, holder = max(shares, default=(0.0, 0))
        return share, -holder or None
