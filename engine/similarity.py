"""Which programs give the same signal: elites must be distinct as signals, not as texts.

A signature is the unit vector of a signal's centred ranks on a few training dates, so that the product of two is
close to their mean rank correlation. Programs whose signatures agree up to sign are one cluster, named by the
first member's id.
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from market.arrays import FloatArray

SAME_SIGNAL = 0.85


class Clusters:
    """Clusters of the programs of one run, grown one program at a time."""

    def __init__(self) -> None:
        self._founders: list[int] = []
        self._signatures: list[FloatArray] = []

    def assign(self, program_id: int, signature: str) -> int:
        """The cluster of a program: that of the oldest founder it agrees with, so that equal signals share one."""
        vector = _vector(signature)
        for program, founder in zip(self._founders, self._signatures, strict=True):
            if abs(float(vector @ founder)) >= SAME_SIGNAL:
                return program
        self._founders.append(program_id)
        self._signatures.append(vector)
        return program_id


class Elites:
    """The signatures of the fittest programs of a run."""

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._kept: list[tuple[float, int, FloatArray]] = []

    def add(self, program_id: int, fitness: float, signature: str) -> bool:
        """Remember a program if it is among the fittest; whether it is."""
        if not np.isfinite(fitness):
            return False
        self._kept.append((fitness, -program_id, _vector(signature)))
        self._kept.sort(key=lambda kept: kept[:2], reverse=True)
        del self._kept[self._most :]
        return any(-number == program_id for _, number, _ in self._kept)

    def correlation(self, signature: str, fitness: float) -> float:
        """With the most similar of those that are fitter, sign ignored; 0 if none is."""
        vector = _vector(signature)
        better = (kept @ vector for value, _, kept in self._kept if value > fitness)
        return max((abs(float(product)) for product in better), default=0.0)


class Likeness:
    """The signatures of all programs of a run, to tell how alike any two are as signals."""

    def __init__(self) -> None:
        self._signatures: dict[int, NDArray[np.float32]] = {}

    def add(self, program_id: int, signature: str) -> None:
        """Remember a program."""
        self._signatures[program_id] = _vector(signature).astype(np.float32)

    def among(self, program_ids: Collection[int]) -> dict[tuple[int, int], float]:
        """The correlation of every two of these programs that are known, the lower id first, to four digits."""
        known = sorted(set(program_ids) & set(self._signatures))
        return {
            (one, other): round(float(self._signatures[one] @ self._signatures[other]), 4)
            for one, other in combinations(known, 2)
        }


def _vector(signature: str) -> FloatArray:
    return np.frombuffer(base64.b64decode(signature), dtype=np.float16).astype(np.float64)
