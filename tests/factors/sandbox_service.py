"""A service whose methods do what hostile or careless programs do."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

from factors.errors import ContractError

DEEDS = {
    "read_a_secret": lambda path: Path(path).read_text(),
    "write_a_file": lambda path: Path(path).write_text("overwritten"),
    "call_home": lambda _: socket.create_connection(("127.0.0.1", 9)),
    "start_a_process": lambda _: subprocess.run(["true"], check=False),
    "fork": lambda _: os.fork(),
}


class Misbehaving:
    def __init__(self, greeting: str) -> None:
        self.greeting = greeting

    def echo(self, text: str) -> dict:
        return {"text": f"{self.greeting} {text}"}

    def fail(self) -> None:
        raise ContractError("one clear line")

    def hang(self) -> None:
        while True:
            pass

    def devour(self) -> dict:
        blocks = [np.ones(2**24) for _ in range(100)]
        return {"blocks": len(blocks)}

    def die(self) -> None:
        os._exit(7)

    def attempt(self, deed: str, path: str) -> dict:
        try:
            DEEDS[deed](path)
        except PermissionError:
            return {"refused": True}
        return {"refused": False}

    def environment(self) -> dict:
        return dict(os.environ)

    def print_noise(self) -> dict:
        sys.stdout.write("{not json}\n")
        os.write(1, b"noise\n")
        sys.stderr.write("more\n")
        return {"done": True}

    def open_files(self) -> dict:
        return {"most": resource.getrlimit(resource.RLIMIT_NOFILE)[1]}

    def pid(self) -> dict:
        return {"pid": os.getpid()}


class WithoutLandlock(Misbehaving):
    def __init__(self, greeting: str) -> None:
        super().__init__(greeting)
        sys.modules["landlockpy"] = None  # as where it is not installed
