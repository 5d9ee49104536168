"""The packages form a stack; imports point down it, and only the front door parses arguments."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

LAYERS = ("market", "factors", "backtest", "knowledge_base", "agents", "engine", "factorengine")
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Module:
    name: str
    package: str
    imports: frozenset[str]


def imported_roots(tree: ast.AST) -> frozenset[str]:
    roots = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            roots.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            roots.add(node.module.split(".")[0])
    return frozenset(roots)


def project_modules() -> list[Module]:
    modules = []
    for package in LAYERS:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            modules.append(Module(name, package, imported_roots(ast.parse(path.read_text()))))
    return modules


@pytest.mark.parametrize("module", project_modules(), ids=lambda module: module.name)
def test_imports_point_down(module: Module) -> None:
    above = set(LAYERS[LAYERS.index(module.package) + 1 :])
    upward = sorted(above & module.imports)
    assert not upward, f"{module.name} imports {upward}: pass it in, or move the code to its owner"


@pytest.mark.parametrize("module", project_modules(), ids=lambda module: module.name)
def test_only_the_knowledge_base_speaks_sql(module: Module) -> None:
    if module.package != "knowledge_base":
        assert not {"sqlalchemy", "alembic"} & module.imports


@pytest.mark.parametrize("module", project_modules(), ids=lambda module: module.name)
def test_only_the_front_door_parses_arguments(module: Module) -> None:
    if module.package != "factorengine":
        assert not {"typer", "argparse", "rich"} & module.imports
