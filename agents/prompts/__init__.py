"""The texts that language models are given: one file a prompt, its name and version in the first line.

A prompt is rendered by a pure function of named values. Whatever comes from elsewhere, such as program texts, messages
and reports, is put in with `quoted`, so that it stays data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

_HEADER = re.compile(r"<!-- (\w+) (\d+) -->\n")
_TAG = re.compile(r"<(?=\s*/?\s*data\b)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt's text, with `$names` for values; `version` is "name/number"."""

    version: str
    text: str

    def render(self, **values: str) -> str:
        """The text with its values; `KeyError` if one is missing."""
        return Template(self.text).substitute(values)


@cache
def prompt(name: str) -> Prompt:
    """The prompt in the file `name`.md."""
    text = (files("agents.prompts") / f"{name}.md").read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if header is None or header[1] != name:
        raise ValueError(f"{name}.md must begin with `<!-- {name} VERSION -->`")
    return Prompt(version=f"{name}/{header[2]}", text=text[header.end() :].strip())


def prompt_names() -> list[str]:
    """All prompts."""
    return sorted(
        entry.name.removesuffix(".md")
        for entry in files("agents.prompts").iterdir()
        if entry.name.endswith(".md")
    )


def quoted(name: str, text: str) -> str:
    """The text as data: nothing inside can look like the end of the section."""
    return f'<data name="{name}">\n{_TAG.sub("&lt;", text).strip()}\n</data>'
