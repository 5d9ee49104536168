"""Prompts for the scripted endpoint, and ways to ask it."""

import http.client
import json
import re

import openai

PROGRAM = '''"""Short-term reversal confirmed by abnormal volume.

Rationale: liquidity providers are paid for absorbing one-sided flow.
"""

PARAMETERS = {
    "window": {"type": "int", "low": 2, "high": 20, "default": 5},
    "volume_window": {"type": "int", "low": 10, "high": 60, "default": 20},
}


def factor(data, ops, p):
    past_return = data.close / ops.ts_delay(data.close, p["window"]) - 1
    surprise = data.volume / ops.ts_mean(data.volume, p["volume_window"])
    return -ops.cs_rank(past_return) * ops.cs_rank(surprise)'''

BLOCK = re.compile(r"<<<<<<< SEARCH\n(.*?)\n=======\n(.*?)\n>>>>>>> REPLACE", re.DOTALL)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def messages(role: str, text: str = "Please.", **data: str) -> list[dict]:
    quoted = [f'<data name="{name.replace("_", " ")}">\n{value}\n</data>' for name, value in data.items()]
    system = f"# FactorEngine: {role}\nYou help."
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n".join([text, *quoted])}]


CHANGE = messages("idea", current_program=PROGRAM)
NEW = messages("idea", "Something new.")
VERDICT = messages("critic", program=PROGRAM)


def send(endpoint, method="POST", path="/v1/chat/completions", body=None, headers=None):
    """(status, headers, body) of one request on a connection of its own."""
    address = endpoint.url.removeprefix("http://").removesuffix("/v1")
    connection = http.client.HTTPConnection(address, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as response:
            return response.status, response.headers, response.read()
    finally:
        connection.close()


def ask(endpoint, asked, model="m", **fields):
    body = json.dumps({"model": model, "messages": asked, **fields})
    status, headers, answered = send(endpoint, body=body)
    return status, headers, json.loads(answered)


def text_of(endpoint, asked, model="m") -> str:
    status, _, answered = ask(endpoint, asked, model)
    assert status == 200
    return answered["choices"][0]["message"]["content"]


def client(endpoint, **settings) -> openai.OpenAI:
    return openai.OpenAI(base_url=endpoint.url, api_key="sk-secret", **{"max_retries": 0, **settings})


def chat(endpoint, asked=CHANGE, **settings):
    with client(endpoint, **settings) as opened:
        return opened.chat.completions.create(model="m", messages=asked)


def applied(reply: str, program: str) -> str:
    for search, replacement in BLOCK.findall(reply):
        assert program.count(search) == 1
        program = program.replace(search, replacement)
    return program


def ranges(reply: str) -> dict:
    return json.loads(reply.rpartition("PARAMETERS:\n")[2])


def in_fence(reply: str) -> str:
    return reply.removeprefix("```python\n").removesuffix("\n```")


def address_of(endpoint) -> tuple[str, int]:
    host, _, port = endpoint.url.removeprefix("http://").removesuffix("/v1").partition(":")
    return host, int(port)
