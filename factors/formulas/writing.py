"""From a formula to the text of a program, as a person would write it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from factors.formulas.docstring import WIDTH, docstring_of
from factors.formulas.knobs import with_knobs
from factors.formulas.reading import Formula
from factors.formulas.steps import body_of, source_of
from factors.formulas.windows import windows_of
from factors.syntax import parse


def write_program(formula: Formula, *, idea: str = "", rationale: str = "", source: str = "") -> str:
    """Return the program that computes `formula`, its windows and knobs declared; `idea` defaults to its words.

    With default parameters the score is the published one, given a whole window of values; where an input is missing so
    is a comparison. The docstring ends with the formula, wrapped between its tokens.
    """
    windows = windows_of(formula.tree)
    tuned = with_knobs(body_of(formula.tree, windows))
    parameters = {window.name: window.specification for window in windows.values()} | tuned.parameters
    body = "".join(f"    {_laid_out(line)}\n" for line in tuned.body)
    imports = "import numpy as np\n\n" if "np." in body else ""
    docstring = docstring_of(formula, idea=idea, rationale=rationale, source=source)
    return f"{docstring}\n{imports}{_declared(parameters)}\n\ndef factor(data, ops, p):\n{body}"


def _declared(parameters: Mapping[str, Mapping[str, Any]]) -> str:
    if not parameters:
        return "PARAMETERS = {}\n"
    entries = "".join(f'    "{name}": {_entry(entry)},\n' for name, entry in parameters.items())
    return f"PARAMETERS = {{\n{entries}}}\n"


def _entry(entry: Mapping[str, Any]) -> str:
    items = (
        f'"{key}": "{value}"' if isinstance(value, str) else f'"{key}": {value!r}'
        for key, value in entry.items()
    )
    return f"{{{', '.join(items)}}}"


def _laid_out(statement: str) -> str:
    """Break a statement that is too long for its line inside the brackets of its call, or of its own."""
    if len(statement) <= WIDTH - 4:
        return statement
    text = statement.removeprefix("return ").rpartition(" = ")[2]
    value = parse(text, mode="eval").body
    begin, end = len(statement) - len(text), len(statement)
    if isinstance(value, ast.Call):
        begin, end = statement.index("(", begin) + 1, end - 1
        if end - begin <= WIDTH - 8:
            return f"{statement[:begin]}\n        {statement[begin:end]}\n    )"
        arguments = "".join(f"        {source_of(argument)},\n" for argument in value.args)
        return f"{statement[:begin]}\n{arguments}    )"
    return f"{statement[:begin]}(\n        {statement[begin:]}\n    )"
