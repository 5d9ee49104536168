"""The text with its constants declared and their places edited."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from factors.fingerprint import parameters_literal
from factors.lifting.constants import Constant
from factors.lifting.flow import default_arguments
from factors.lifting.obstacles import threaded
from factors.lifting.ranges import Lifted, specification_of
from factors.lifting.text import Code, Function, assigned_value


@dataclass
class Rewriting:
    """Collects the edits of a text."""

    code: Code
    lifted: list[Lifted] = field(default_factory=list)
    _edits: list[tuple[int, int, str]] = field(default_factory=list)
    _signatures: dict[Function, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _passed: dict[ast.Call, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _completed: set[ast.Call] = field(default_factory=set)

    def lift(self, constant: Constant) -> None:
        """Declare `constant` and put the parameter in its places."""
        name, code = self._name(constant), self.code
        literal = code.text.segment(constant.sites[0] if len(constant.literals) > 1 else constant.literals[0])
        argument = _fresh(name, self._identifiers())
        owners = [code.owner(place) for place in (*constant.sites, *(c for c, _ in constant.omissions))]
        for function in threaded(code, owners):
            self._signatures[function].append((argument, literal))
            for call in code.calls(function):
                self._passed[call].append((argument, self._read(call, name, argument)))
        for site in constant.sites:
            self._replace(site, self._read(site, name, argument))
        for call, given in constant.omissions:
            self._completed.add(call)
            self._passed[call].append((given, self._read(call, name, argument)))
        if constant.removed:
            self._remove(constant.removed)
        self.lifted.append(
            Lifted(
                name=name,
                line=constant.literals[0].lineno,
                literal=literal,
                role=constant.role,
                specification=specification_of(constant),
            )
        )

    def text(self) -> str:
        """The text with every edit made."""
        for call, items in self._passed.items():
            self._append_to_call(call, items)
        for function, arguments in self._signatures.items():
            self._append_to_signature(function, arguments)
        self._declare()
        source, pieces, position = self.code.text.source, [], 0
        for start, end, text in sorted(self._edits, key=lambda edit: edit[:2]):
            pieces += [source[position:start], text]
            position = end
        return "".join([*pieces, source[position:]])

    def _name(self, constant: Constant) -> str:
        named = [use.name for use in constant.uses if use.name]
        bound = [p for p in map(self._bound_name, constant.literals) if p]
        wanted = (bound or named or [constant.role])[0].strip("_").lower() or constant.role
        keys = [key.value for key in parameters_literal(self.code.tree).keys if isinstance(key, ast.Constant)]
        return _fresh(wanted, [*map(str, keys), *(lifted.name for lifted in self.lifted)])

    def _bound_name(self, literal: ast.expr) -> str:
        """The name that `literal` is directly assigned to."""
        names = (
            node for nodes in self.code.bindings.values() for node in nodes if isinstance(node, ast.Name)
        )
        return next((n.id for n in names if assigned_value(self.code.parents, n) is literal), "")

    def _identifiers(self) -> Iterator[str]:
        yield from (name for _, name in self.code.bindings)
        for node in self.code.parents:
            if isinstance(node, ast.Name):
                yield node.id
        for arguments in self._signatures.values():
            yield from (name for name, _ in arguments)

    def _read(self, place: ast.AST, name: str, argument: str) -> str:
        in_factor = self.code.owner(place) is self.code.factor
        return f'{self.code.parameters}["{name}"]' if in_factor else argument

    def _replace(self, node: ast.AST, text: str) -> None:
        source = self.code.text.source
        start, end = self.code.text.span(node)
        before = " " if re.match(r"\w", source[start - 1 : start]) else ""
        after = " " if re.match(r"\w", source[end : end + 1]) else ""
        self._edits.append((start, end, before + text + after))

    def _remove(self, statement: ast.stmt) -> None:
        """Remove the assignment of a name that is no longer read, if it has its line for itself."""
        text = self.code.text
        start, end = text.span(statement)
        rest = re.match(r"[ \t]*(#[^\r\n]*)?(\r\n|\r|\n|$)", text.source[end:])
        if text.line_start(start) != start or rest is None:
            return
        end += rest.start(1) if rest[1] else rest.end()
        if not rest[1] and re.search(r"(\n|\r)[ \t]*(\r\n|\r|\n)$", text.source[:start]):
            blank = re.match(r"([ \t]*(\r\n|\r|\n))*", text.source[end:])
            end += blank.end() if blank else 0
        self._edits.append((start, end, ""))

    def _append_to_call(self, call: ast.Call, items: list[tuple[str, str]]) -> None:
        function = self.code.callee(call)
        positional = (
            function is not None
            and not (call.keywords or function.args.kwonlyargs or call in self._completed)
            and len(call.args) == len(function.args.args)
        )
        texts = [value if positional else f"{name}={value}" for name, value in items]
        close = self.code.text.span(call)[1] - 1
        parts = [*call.args, *call.keywords]
        self._append(max((self.code.text.span(p)[1] for p in parts), default=None), close, texts)

    def _append_to_signature(self, function: Function, items: list[tuple[str, str]]) -> None:
        text, arguments = self.code.text, function.args
        default = bool(arguments.defaults) and not arguments.kwonlyargs
        parts = [*arguments.args, *arguments.kwonlyargs, *default_arguments(arguments)]
        last = max((text.span(part)[1] for part in parts), default=None)
        begin = last or text.span(function)[0]
        head = text.without_comments(begin, text.span(function.body[0])[0])
        end = re.search(r"->|:", head)
        close = begin + head.rindex(")", 0, end.start() if end else None)
        self._append(last, close, [f"{name}={value}" if default else name for name, value in items])

    def _append(self, last: int | None, close: int, items: list[str]) -> None:
        """Put `items` before the bracket at `close`, after what ends at `last`, in the layout that is there."""
        text = self.code.text
        gap = text.without_comments(last if last is not None else close, close)
        position = close - len(gap) + len(gap.rstrip())
        comma = "" if last is None or gap.rstrip().endswith(",") else ","
        margin = text.source[text.line_start(close) : close]
        if last is None or margin.strip():
            space = "" if last is None else " "
            self._edits.append((position, position, comma + space + ", ".join(items)))
        else:
            line = text.source[text.line_start(last) : last]
            indent = line[: len(line) - len(line.lstrip())]
            self._add_lines(position, comma, close, [f"{indent}{item}," for item in items])

    def _add_lines(self, position: int, comma: str, close: int, lines: list[str]) -> None:
        if comma:
            self._edits.append((position, position, comma))
        start = self.code.text.line_start(close)
        self._edits.append((start, start, "".join(f"{line}\n" for line in lines)))

    def _declare(self) -> None:
        """Add the entries to the `PARAMETERS` literal, one to a line."""
        text, literal = self.code.text, parameters_literal(self.code.tree)
        start, end = text.span(literal)
        close = end - 1
        last = text.span(literal.values[-1])[1] if literal.values else start + 1
        gap = text.without_comments(last, close)
        position = last + len(gap.rstrip())
        comma = "," if literal.values and not gap.rstrip().endswith(",") else ""
        keys = [text.span(key)[0] for key in literal.keys if key]
        multiline = [key for key in keys if not text.source[text.line_start(key) : key].strip()]
        margin = text.source[text.line_start(multiline[0]) : multiline[0]] if multiline else "    "
        lines = [f'{margin}"{lifted.name}": {_entry(lifted.specification)},' for lifted in self.lifted]
        if not text.source[text.line_start(close) : close].strip():
            self._add_lines(position, comma, close, lines)
            return
        for key in keys if not multiline else []:
            before = len(text.source[:key]) - len(text.source[:key].rstrip(" \t"))
            self._edits.append((key - before, key, f"\n{margin}"))
        self._edits.append((position, close, comma + "".join(f"\n{line}" for line in lines) + "\n"))


def _entry(specification: Mapping[str, Any]) -> str:
    items = (
        f'"{key}": "{v}"' if isinstance(v, str) else f'"{key}": {v!r}' for key, v in specification.items()
    )
    return f"{{{', '.join(items)}}}"


def _fresh(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted_2`, `wanted_3`, … whichever is the first not in `taken`."""
    reserved = set(taken)
    numbered = (f"{wanted}_{number}" for number in range(2, len(reserved) + 3))
    return wanted if wanted not in reserved else next(name for name in numbered if name not in reserved)
