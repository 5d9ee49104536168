"""Sentences of a report that address a program that reads it: flagged, and treated as data like everything else."""

from __future__ import annotations

import re

from agents.reports.document import Document

_ADDRESSED = re.compile(
    r"(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,4}(?:instructions?|prompts?|rules?)"
    r"|(?:language|ai)\s+models?\s+(?:must|should|shall|are\s+to|reading)"
    r"|(?:if|when)\s+you\s+are\s+(?:an?\s+)?(?:ai|llm|language\s+model|assistant)"
    r"|\b(?:ai|llm)\s+(?:assistants?|readers?|agents?)\b"
    r"|system\s+prompt"
    r"|(?:忽略|无视|忘记).{0,12}(?:指令|提示|规则)"
    r"|(?:人工智能|语言模型|大模型).{0,12}(?:必须|应当|请)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]*[.!?。！？]?")  # noqa: RUF001 (Chinese stops)
_MOST, _MOST_CHARACTERS = 20, 500


def addressed_sentences(document: Document) -> tuple[str, ...]:
    """The sentences, at most 20, in their order."""
    found = [
        sentence.strip()[:_MOST_CHARACTERS]
        for page in document.pages
        for sentence in _SENTENCE.findall(page.text)
        if _ADDRESSED.search(sentence)
    ]
    return tuple(dict.fromkeys(found))[:_MOST]
