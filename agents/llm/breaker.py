"""Patience with an endpoint: growing pauses after a failure, one probe at a time in an outage, an end at last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

import numpy as np

from agents.errors import TransportError
from agents.llm.endpoint import UnavailableError

OUTAGE_AFTER = 4
"""Failures in a row that make an outage."""
_LONGEST_PAUSE_S = 60.0
_LONGEST_WISH_S = 600.0  # of an endpoint that says when to come back


class Breaker:
    """Shared by all calls to one endpoint; every call passes through `attempt`."""

    def __init__(self, *, backoff_s: float, outage_limit_s: float) -> None:
        self._backoff_s, self._outage_limit_s = backoff_s, outage_limit_s
        self._state = Condition()
        self._jitter = np.random.default_rng()
        self._failures = 0
        self._since_s = self._until_s = 0.0
        self._probing = self._closed = False
        self.trouble = ""  # why calls wait, if they do

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Wait for one's turn, then note whether the call inside succeeded.

        `UnavailableError` inside is noted and passes on. Raises `TransportError` when the endpoint has been away for
        longer than the limit, or this breaker was closed.
        """
        is_probe = self._wait()
        try:
            yield
        except UnavailableError as error:
            self._failed(error)
            raise
        else:
            self._succeeded()
        finally:
            if is_probe:
                with self._state:
                    self._probing = False
                    self._state.notify_all()

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._state:
            self._closed = True
            self._state.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether nobody waits any longer."""
        return self._closed

    def _wait(self) -> bool:
        """Wait until a call may be made; whether it is the only one, a probe."""
        with self._state:
            while True:
                if self._closed:
                    raise TransportError("the run is ending: no more calls.")
                pause_s = self._until_s - time.monotonic()
                outage = self._failures >= OUTAGE_AFTER
                if pause_s <= 0 and not (outage and self._probing):
                    self._probing = outage
                    return outage
                self._state.wait(pause_s if pause_s > 0 else None)

    def _failed(self, error: UnavailableError) -> None:
        now_s = time.monotonic()
        with self._state:
            self._failures += 1
            if self._failures == 1:
                self._since_s = now_s
            self.trouble = str(error)
            away_s = now_s - self._since_s
            if away_s > self._outage_limit_s:
                raise TransportError(
                    f"the endpoint was away for {away_s:.0f} s, more than the limit of {self._outage_limit_s:.0f} s: "
                    f"{error}"
                )
            pause_s = min(_LONGEST_PAUSE_S, self._backoff_s * 2.0 ** (self._failures - 1))
            pause_s *= self._jitter.uniform(0.5, 1.0)  # so that callers do not come back all at once
            wish_s = min(error.retry_after_s or 0.0, _LONGEST_WISH_S)
            self._until_s = now_s + max(pause_s, wish_s)

    def _succeeded(self) -> None:
        with self._state:
            self._failures, self._until_s, self.trouble = 0, 0.0, ""
            self._state.notify_all()
