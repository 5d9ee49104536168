"""One connection: reads requests, has them answered, sends what was decided."""

from __future__ import annotations

import json
import math
import select
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import TYPE_CHECKING, Any

from agents.stub.director import Director
from agents.stub.errors import RequestError
from agents.stub.exchanges import KEPT_CHARACTERS, Exchange, Exchanges
from agents.stub.prompts import Prompt
from agents.stub.wire import MODELS, Answer, error, json_answer, refused

if TYPE_CHECKING:
    from agents.stub.server import Server

LARGEST_BODY_BYTES = 32 * 2**20
LONGEST_IDLE_S = 60.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with which a close resets the connection."""

_SECRET = {"authorization", "api-key", "x-api-key", "cookie", "proxy-authorization"}
_MISSING_BYTES = 1000
_KNOWN_PATHS = {("GET", "/v1/models"), ("POST", "/v1/chat/completions")}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What all connections of an endpoint share."""

    director: Director
    exchanges: Exchanges
    arrivals: count[int]


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with kept connections."""

    protocol_version = "HTTP/1.1"
    server_version = "factorengine-stub"
    sys_version = ""
    timeout = LONGEST_IDLE_S
    server: Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name)
        """Say nothing: exchanges are told to the listener."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is not even a request, as the protocol states an error."""
        self.close_connection = True
        self._send(error(int(code), "bad_request", message or "not a request that is understood."))

    def _serve(self) -> None:
        number, at = next(self.server.desk.arrivals), datetime.now(UTC)
        body, prompt, answer = self._answered()
        self.server.desk.exchanges.add(
            Exchange(
                number=number,
                at=at,
                method=self.command,
                path=self.path,
                headers={name.lower(): v for name, v in self.headers.items() if name.lower() not in _SECRET},
                authorized="Authorization" in self.headers,
                body=body,
                role=prompt.role if prompt else "",
                scenario=answer.scenario,
                status=answer.status,
                reply=answer.reply[:KEPT_CHARACTERS],
            )
        )
        self._send(answer)

    def _answered(self) -> tuple[Any, Prompt | None, Answer]:
        """Return what was asked, as far as it can be read, and what to answer."""
        director, body = self.server.desk.director, None
        if director.is_out():
            return None, None, director.out()
        try:
            body = self._body()
            prompt = self._prompt(body)
        except RequestError as problem:
            return body, None, refused(problem)
        return body, prompt, director.answer(prompt) if prompt else json_answer(MODELS)

    def _body(self) -> Any:
        """Return the request's JSON, None without one."""
        stated = self.headers.get("Content-Length", "0" if self.command == "GET" else "")
        if (
            not (stated.isascii() and stated.isdigit())
            or len(stated) > 12
            or int(stated) > LARGEST_BODY_BYTES
        ):
            self.close_connection = True  # what follows is no request
            raise RequestError(
                f"Content-Length must be a number up to {LARGEST_BODY_BYTES}, got {stated[:20]!r}: send the body whole."
            )
        content = self.rfile.read(int(stated))
        try:
            return json.loads(content) if content else None
        except (ValueError, RecursionError):
            raise RequestError("the body is not JSON: send an object with `model` and `messages`.") from None

    def _prompt(self, body: Any) -> Prompt | None:
        """Return the prompt of a chat request; None if the request asks for the models."""
        path = self.path.partition("?")[0]
        if (self.command, path) not in _KNOWN_PATHS:
            known = ", ".join(f"{method} {known}" for method, known in sorted(_KNOWN_PATHS))
            raise RequestError(
                f"no such resource: {self.command} {path[:100]}; there are {known}.",
                status=404,
                code="not_found",
            )
        return Prompt.parse(body) if self.command == "POST" else None

    def _send(self, answer: Answer) -> None:
        if answer.delay_s and not self._waited(answer.delay_s):
            self.close_connection = True
            return
        if answer.breaks:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.close_connection |= answer.breaks or answer.status is None
        if answer.status is None:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + _MISSING_BYTES * answer.breaks))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def _waited(self, seconds: float) -> bool:
        """Whether the time passed while the client, and the endpoint, stayed."""
        watch = select.poll()
        watch.register(self.connection, select.POLLRDHUP)
        return not watch.poll(None if math.isinf(seconds) else seconds * 1000)
