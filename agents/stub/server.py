"""A scripted endpoint: a real HTTP server that speaks the OpenAI chat-completions protocol, for tests and demos.

with ScriptedEndpoint(scenarios=["good=8", "rate-limit"], seed=1) as endpoint:
    client = OpenAI(base_url=endpoint.url, api_key="any")
    ...
    assert endpoint.requests[0].role == "idea"
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import ThreadingHTTPServer
from itertools import count
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from typing import Any

from agents.stub.director import Director
from agents.stub.exchanges import Exchange, Exchanges
from agents.stub.handler import RESET_ON_CLOSE, Desk, Handler
from agents.stub.schedule import Clock, Mix, Plan
from agents.stub.script import Rule, read_script
from market.errors import ConfigError

_POLL_S = 0.05


class ScriptedEndpoint:
    """An endpoint that runs inside a `with` block.

    scenarios    what is done to requests, "NAME[@SECONDS][=WEIGHT]"; see `scenarios.SCENARIOS`
    plan         or steps one after the other, "good:10,outage:30s,good"; see `schedule`
    seed         with the model and the messages, all that a computed answer depends on
    script       answers written by hand: a file of rules, or the rules
    stubborn     draw again for the retry of a malformed answer, instead of answering it well
    port         0 = any free one
    clock        seconds, of which the lengths of outages and timed steps are measured
    on_exchange  told of each request, by one thread at a time, before its answer is sent
    """

    def __init__(
        self,
        *,
        scenarios: Sequence[str] = (),
        plan: str = "",
        seed: int = 0,
        script: str | Path | Sequence[Rule] = (),
        stubborn: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock = time.monotonic,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        if plan and scenarios:
            raise ConfigError(f"give scenarios or a plan, not both, got {list(scenarios)} and `{plan}`.")
        if seed < 0:
            raise ConfigError(f"`seed` must be 0 or more, got {seed}.")
        rules = read_script(script) if isinstance(script, str | Path) else script
        mix = Mix(scenarios or ["good"], seed=seed, stubborn=stubborn, clock=clock)
        self._exchanges = Exchanges(on_exchange)
        director = Director(Plan(plan, clock=clock) if plan else mix, rules, seed=seed)
        self._desk = Desk(director=director, exchanges=self._exchanges, arrivals=count(1))
        self._address = (host, port)

    def __enter__(self) -> ScriptedEndpoint:
        try:
            self._server = Server(self._address, self._desk)
        except (OSError, OverflowError) as problem:
            host, port = self._address
            raise ConfigError(
                f"{host}:{port} cannot be served: {problem}. Choose another port, or 0."
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def url(self) -> str:
        """The base URL, such as http://127.0.0.1:8123/v1."""
        return f"http://{self._address[0]}:{self._server.server_address[1]}/v1"

    @property
    def requests(self) -> tuple[Exchange, ...]:
        """The latest 10,000 requests, those still being answered included, in order of arrival."""
        return self._exchanges.all()

    @property
    def refused(self) -> int:
        """How many connections were broken on arrival, in an outage."""
        return self._server.refused


class Server(ThreadingHTTPServer):
    """One thread a connection; stopping ends the connections and waits for the threads."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], desk: Desk) -> None:
        self.desk = desk
        self.refused = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind, without asking the network for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection, or break it in an outage."""
        if self.desk.director.is_out():
            self.refused += 1
            request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.close_request(request)
            return
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one that is to be reset, without a farewell."""
        with self._lock:
            self._open.discard(request)
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(RESET_ON_CLOSE))
        close = self.close_request if linger == RESET_ON_CLOSE else super().shutdown_request
        close(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that went away; anything else is told on stderr."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Accept nothing more, end all connections, wait for their threads."""
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
