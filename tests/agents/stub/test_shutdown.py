"""The scripted endpoint: many at once, and the end."""

import http.client
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.stub import ScriptedEndpoint
from tests.agents.stub.support import (
    CHANGE,
    PROGRAM,
    VERDICT,
    address_of,
    ask,
    messages,
    text_of,
)


def test_eight_clients_at_once_get_their_own_answers(good) -> None:
    prompts = [messages("idea", f"number {n}", current_program=PROGRAM) for n in range(40)]
    with ScriptedEndpoint() as endpoint, ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda asked: text_of(endpoint, asked), prompts))
        assert [exchange.number for exchange in endpoint.requests] == list(range(1, 41))
    assert together == [text_of(good, asked) for asked in prompts]


def test_stopping_ends_hanging_requests_and_leaves_no_thread() -> None:
    before, arrived, failures = set(threading.enumerate()), threading.Semaphore(0), []
    endpoint = ScriptedEndpoint(scenarios=["hang"], on_exchange=lambda _: arrived.release())

    def hang() -> None:
        try:
            ask(endpoint, CHANGE)
        except (OSError, http.client.HTTPException) as failure:
            failures.append(failure)

    clients = [threading.Thread(target=hang) for _ in range(4)]
    with endpoint:
        address = address_of(endpoint)
        idle = socket.create_connection(address)
        for one in clients:
            one.start()
        for _ in clients:
            assert arrived.acquire(timeout=60)
    for one in clients:
        one.join()
    with idle:
        assert idle.recv(1) == b""
    assert len(failures) == 4
    assert set(threading.enumerate()) <= before
    with ScriptedEndpoint(port=address[1]) as again:
        assert text_of(again, VERDICT)


@pytest.mark.parametrize("name", ["hang", "slow@3600"])
def test_a_client_that_hangs_up_frees_its_thread(name) -> None:
    arrived = threading.Event()
    with ScriptedEndpoint(scenarios=[name], on_exchange=lambda _: arrived.set()) as endpoint:
        running = set(threading.enumerate())
        body = json.dumps({"model": "m", "messages": VERDICT}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(address_of(endpoint)) as connection:
            connection.sendall(head.encode() + body)
            assert arrived.wait(60)
            (serving,) = set(threading.enumerate()) - running
        serving.join(60)
        assert not serving.is_alive()
