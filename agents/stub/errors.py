"""What a client of the scripted endpoint can get wrong.

RequestError   a request that the endpoint cannot answer; it becomes an error of the protocol
"""

from __future__ import annotations

from market.errors import FactorEngineError


class RequestError(FactorEngineError):
    """A request is malformed, or nothing can answer it; `status` and `code` are told to the client."""

    def __init__(self, message: str, *, status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
