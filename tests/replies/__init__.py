"""Replies as language models write them, each with the program that it means.

A `.reply` file is a TOML head, a line `---`, and the reply, byte for byte. The head says: `base`, the program to be
changed (a `.txt` file beside it; none: a new one); `reader` = "correction" for `read_correction`; and either
`complaint`, the error's class, with words that it `says`, or what is meant: `program`, the whole text, or `edits`,
replacements to be made in the base, and `idea`, its new first line. `repairs` are words that the notes must hold.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.replies import IdeaReply, read_correction, read_idea

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    name: str
    head: dict[str, Any]
    reply: str

    @property
    def base(self) -> str | None:
        return (HERE / f"{self.head['base']}.txt").read_text() if "base" in self.head else None

    @property
    def meant(self) -> str:
        """The program that the reply means."""
        if "program" in self.head:
            return self.head["program"].strip("\n") + "\n"
        text = self.base or ""
        for old, new in self.head["edits"]:
            assert text.count(old) == 1, f"{self.name}: {old!r} occurs {text.count(old)} times"
            text = text.replace(old, new)
        first, rest = text.split("\n", 1)
        return f'"""{self.head["idea"]}\n{rest}' if "idea" in self.head else f"{first}\n{rest}"

    def read(self, reply: str | None = None) -> IdeaReply:
        reader: Callable[..., IdeaReply] = (
            read_correction if self.head.get("reader") == "correction" else read_idea
        )
        return reader(self.reply if reply is None else reply, base=self.base)


def samples() -> list[Sample]:
    found = []
    for path in sorted(HERE.glob("*.reply")):
        head, reply = path.read_bytes().decode().split("---\n", 1)
        found.append(Sample(path.stem, tomllib.loads(head), reply))
    return found
