"""The parser that the notations share: operator precedence with an explicit stack, recursion only at brackets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar

from factors.formulas.building import make, number
from factors.formulas.errors import FormulaError, MissingDataError
from factors.formulas.signatures import Argument
from factors.formulas.syntax import MAX_DEPTH, Node, holds_data
from factors.formulas.tokens import Token, tokens


@dataclass(frozen=True, kw_only=True)
class Infix:
    """An operator between or before operands; of two, the one that binds more strongly is applied first."""

    operator: str
    strength: int
    operands: int = 2
    from_right: bool = False
    chains: bool = True


@dataclass
class _Pending:
    """Operands and operators of one expression that wait for what comes after them."""

    operands: list[Node] = field(default_factory=list)
    operators: list[tuple[Infix, Token]] = field(default_factory=list)


class Parser(ABC):
    """Reads one formula; a notation fills in its operators and names."""

    infix: ClassVar[Mapping[str, Infix]]
    prefix: ClassVar[Mapping[str, Infix]]
    has_choice: ClassVar[bool] = False

    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._place = 0
        self._depth = 0
        self.missing: list[str] = []

    def parse(self) -> Node:
        """Return the tree; `FormulaError` if the text is no formula, `MissingDataError` if data for it is missing."""
        tree = self._nested()
        self._expect("", "an operator or the end of the formula")
        if self.missing:
            raise MissingDataError(list(dict.fromkeys(self.missing)))
        if not holds_data(tree):
            raise FormulaError("a formula reads data, got a constant: use a field such as close.")
        return tree

    @abstractmethod
    def _name(self, token: Token) -> Node:
        """Return the node of a name or field."""

    @abstractmethod
    def _call(self, token: Token, arguments: Sequence[Argument]) -> Node:
        """Return the node of a call; the name is that of `token`."""

    # Expressions

    def _nested(self) -> Node:
        """One expression, a bracket deeper."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FormulaError(
                f"brackets nest at most {MAX_DEPTH} deep: split the formula.", column=self._here.column
            )
        tree = self._expression()
        if self.has_choice and self._here.text == "?":
            question = self._next()
            chosen = self._nested()
            self._expect(":", "`:` of the choice")
            tree = self._made(question, "where", tree, chosen, self._nested())
        self._depth -= 1
        return tree

    def _expression(self) -> Node:
        pending = _Pending()
        self._operand_into(pending)
        while self._here.kind == "sign" and self._here.text in self.infix:
            token = self._next()
            operator = self.infix[token.text]
            while pending.operators and self._goes_first(pending.operators[-1], operator, token):
                self._apply(pending)
            pending.operators.append((operator, token))
            self._operand_into(pending)
        while pending.operators:
            self._apply(pending)
        return pending.operands[0]

    def _operand_into(self, pending: _Pending) -> None:
        while self._here.kind == "sign" and self._here.text in self.prefix:
            token = self._next()
            pending.operators.append((self.prefix[token.text], token))
        pending.operands.append(self._operand())

    def _goes_first(self, waiting: tuple[Infix, Token], operator: Infix, token: Token) -> bool:
        first, _ = waiting
        if first.strength == operator.strength and not operator.chains:
            raise FormulaError("comparisons do not chain: put brackets around one.", column=token.column)
        return first.strength > operator.strength or (
            first.strength == operator.strength and not operator.from_right
        )

    def _apply(self, pending: _Pending) -> None:
        operator, token = pending.operators.pop()
        operands = pending.operands[-operator.operands :]
        del pending.operands[-operator.operands :]
        plus = operator.operator == "pos"
        pending.operands.append(operands[0] if plus else self._made(token, operator.operator, *operands))

    def _operand(self) -> Node:
        token = self._next()
        if token.kind == "number":
            with _at(token):
                return number(float(token.text))
        if token.text == "(":
            tree = self._nested()
            self._expect(")", "`)`")
            return tree
        if token.kind == "name" and self._here.text == "(":
            self._next()
            arguments = self._arguments()
            with _at(token):
                return self._call(token, arguments)
        if token.kind in {"name", "field", "text"}:
            with _at(token):
                return self._name(token)
        raise FormulaError(
            f"expected a number, a field, an operator or `(`, found {token}.", column=token.column
        )

    def _arguments(self) -> list[Argument]:
        arguments = []
        while True:
            start, keyword = self._here, ""
            if start.kind == "name" and self._tokens[self._place + 1].text == "=":
                keyword, self._place = start.text, self._place + 2
            arguments.append(Argument(value=self._nested(), keyword=keyword, column=start.column))
            if self._here.text != ",":
                self._expect(")", "`,` or `)`")
                return arguments
            self._next()

    def _made(self, token: Token, operator: str, *operands: Node) -> Node:
        with _at(token):
            return make(operator, *operands)

    # Tokens

    @property
    def _here(self) -> Token:
        return self._tokens[self._place]

    def _next(self) -> Token:
        token = self._here
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _expect(self, text: str, expected: str) -> None:
        token = self._next()
        if token.text != text:
            raise FormulaError(f"expected {expected}, found {token}.", column=token.column)


@contextmanager
def _at(token: Token) -> Iterator[None]:
    """Give an error that knows no place the place of `token`."""
    try:
        yield
    except FormulaError as problem:
        if problem.column is not None:
            raise
        raise FormulaError(problem.message, column=token.column) from None


def unknown(name: str, what: str, known: Collection[str]) -> FormulaError:
    """Return the error for a name that the notation does not have, with the nearest that it has."""
    nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
    return FormulaError(f"`{name[:40]}` is no {what}: did you mean `{nearest}`?")
