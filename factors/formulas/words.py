"""A formula in plain words, for a reader who knows no notation."""

from __future__ import annotations

from factors.formulas.operators import OPERATORS
from factors.formulas.syntax import Call, Field, Node, Number, walk

_LONGEST = 160
_JOINED = frozenset("add sub mul div pow and or where".split())


def in_words(tree: Node) -> str:
    """One sentence: the whole formula if it is short, else what it is made of."""
    sentence = _said(tree)
    if len(sentence) > _LONGEST:
        fields = dict.fromkeys(node.name for node in walk(tree) if isinstance(node, Field))
        sentence = f"a combination of {_listed(list(fields))}, led by {_head(tree)}"
    singular = sentence.replace(" 1 days", " 1 day")
    return f"{singular[0].upper()}{singular[1:]}."


def _said(node: Node) -> str:
    if isinstance(node, Field):
        return node.name
    if isinstance(node, Number):
        return f"{node.value:g}"
    operands = [_bracketed(operand) for operand in node.operands]
    return OPERATORS[node.operator].words.format(n=node.days, **dict(zip("abc", operands, strict=False)))


def _bracketed(node: Node) -> str:
    said = _said(node)
    return f"({said})" if isinstance(node, Call) and node.operator in _JOINED else said


def _head(tree: Node) -> str:
    """The outermost operator that is more than arithmetic, in its words."""
    calls = [node for node in walk(tree) if isinstance(node, Call)]
    telling = [call for call in calls if OPERATORS[call.operator].kind != "value"] or calls
    outer = telling[-1]
    return OPERATORS[outer.operator].words.format(n=outer.days, a="a part", b="another", c="a third")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
