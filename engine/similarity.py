"""Which programs give the same signal: elites must be distinct as signals, not as texts.

A signature is the unit vector of a signal's centred ranks on a few training dates, so that the product of two is
close to their mean rank correlation. Programs whose signatures agree up to sign are one cluster, named by the
first member's id.
"""

from __future__ import annotations

import base64

import numpy as np

from market.arrays import FloatArray

SAME_SIGNAL = 0.85


class Clusters:
    """Clusters of the programs of one run, grown one program at a time."""

    def __init__(self) -> None:
        self._founders: list[int] = []
        self._signatures: list[FloatArray] = []

    def assign(self, program_id: int, signature: str) -> int:
        """The cluster of a program: that of the oldest founder it agrees with, so that equal signals share one."""
        vector = np.frombuffer(base64.b64decode(signature), dtype=np.float16).astype(np.float64)
        for program, founder in zip(self._founders, self._signatures, strict=True):
            if abs(float(vector @ founder)) >= SAME_SIGNAL:
                return program
        self._founders.append(program_id)
        self._signatures.append(vector)
        return program_id
