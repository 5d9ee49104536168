"""The syntax tree of a formula, the same for every notation.

Nodes are values: equal sub-expressions are equal nodes. A tree is bounded when it is made, so that whatever walks
one may recurse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from factors.formulas.errors import FormulaError

MAX_DEPTH, MAX_NODES = 100, 500


@dataclass(frozen=True)
class Number:
    """A constant."""

    value: float


@dataclass(frozen=True)
class Field:
    """An array of the panel by its name in a program: `data.<name>`."""

    name: str


@dataclass(frozen=True)
class Call:
    """An operator of `factors.formulas.operators` on its operands; `days` is its window or lag."""

    operator: str
    operands: tuple[Node, ...]
    days: int | None = None
    depth: int = field(init=False, compare=False, repr=False)
    size: int = field(init=False, compare=False, repr=False)
    has_data: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        inner = [operand for operand in self.operands if isinstance(operand, Call)]
        depth = 1 + max((call.depth for call in inner), default=1)
        size = 1 + len(self.operands) - len(inner) + sum(call.size for call in inner)
        if depth > MAX_DEPTH or size > MAX_NODES:
            raise FormulaError(
                f"a formula has at most {MAX_NODES} parts, nested at most {MAX_DEPTH} deep, "
                f"got {size} and {depth}: split it."
            )
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "has_data", any(map(holds_data, self.operands)))


Node: TypeAlias = Number | Field | Call


def holds_data(node: Node) -> bool:
    """Whether the value of `node` is an array."""
    return isinstance(node, Field) or (isinstance(node, Call) and node.has_data)


def constant(node: Node) -> float | None:
    """The value of a node that is a number, also of `1 - w`; None for others."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Call) and not node.has_data:  # only complements are kept as they are written
        part = constant(node.operands[1])
        return None if part is None else 1.0 - part
    return None


def walk(node: Node) -> Iterator[Node]:
    """Every node, operands before their operator, in the order of the formula."""
    if isinstance(node, Call):
        for operand in node.operands:
            yield from walk(operand)
    yield node
