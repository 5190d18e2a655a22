"""Imports only go down: a module may import from lower floors alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "kg"
FLOORS = [
    ["errors", "terms", "limits", "findings", "sssom", "formulas"],
    ["files", "results", "memory", "keeper", "reports", "vocabularies", "engines", "dutch", "evidence", "plots"],
    ["sources", "queries", "settings", "sparql", "labels", "resources", "mappings"],
    ["inference", "vocab", "rows", "inputs", "rulebook", "passages", "facts", "lexicon"],
    ["graph", "views", "places", "verdicts", "approvals", "baseline", "sheets"],
    ["kinds", "problems", "jobs", "located", "ruleset", "pool", "link", "charts"],
    ["answers", "worker", "unknown", "switch"],
    ["validate", "tables", "context", "export", "disk", "backend"],
    ["proof", "diff", "new", "plans", "assist"],
    ["__init__"],
    ["web"],
    ["cli"],
    ["__main__"],
]
# The modules of the web, each above those that it imports; a line for each part of the site.
ORDER = """
negotiation cache proxies note front metrics journal ledger description address options site
pages signposts schema showing atlas backing things citing errors results
answers charts saved api
editor lookup health llms crawlers rules accessibility
lists home resources sparql store
finding search reconcile training switch
downloads
operations openapi docs
server __init__
"""
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
MODULES = sorted(SOURCE.rglob("*.py"))


def module_of(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imported(path: Path) -> list[str]:
    """Names of the modules of kg that a file imports, type-checking imports included."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "kg":
            parts = node.module.split(".")
            names += [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
    return names


def test_every_module_has_a_floor() -> None:
    assert {module_of(path) for path in MODULES} == set(FLOOR)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_go_down(path: Path) -> None:
    here = module_of(path)
    upward = [name for name in imported(path) if name != here and FLOOR[name] >= FLOOR[here]]
    assert not upward, f"{here} imports {upward} from its own floor or above"


def test_the_web_pages_import_down_too() -> None:
    order = ORDER.split()
    for path in (SOURCE / "web").glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        froms = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        below = [name.split(".")[2] for name in froms if name.startswith("kg.web.")]
        assert all(order.index(name) < order.index(path.stem) for name in below), path.name
