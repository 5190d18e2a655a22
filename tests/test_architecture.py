"""docs/architecture.md: its picture and its tables name the rooms and files that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import ROOT

DOCS, CODE = ROOT / "docs", ROOT / "src" / "kg"
PAGE = (DOCS / "architecture.md").read_text("utf-8")
DOT = (DOCS / "architecture.dot").read_text("utf-8")
ROOMS = {path.parent.name for path in CODE.glob("*/__init__.py")}
LEAVES = {path.stem for path in CODE.glob("*.py") if not path.stem.startswith("__")}
NAMED = sorted(set(re.findall(r"`((?:[a-z_.*-]+/)+[a-z_*.]*)`", PAGE)))


def drawn(text: str) -> set[str]:
    return {name.strip("_") for name in re.findall(r"\b([a-z]+_?)(?: \[[^]]*\])?;", text)}


def test_the_table_has_each_room_once() -> None:
    table = PAGE[PAGE.index("| room |") : PAGE.index("Beside them")]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(ROOMS)


def test_the_picture_has_each_room() -> None:
    line = next(line for line in DOT.splitlines() if "graph_ [" in line)
    assert drawn(line) == ROOMS
    svg = (DOCS / "architecture.svg").read_text("utf-8")
    assert set(re.findall(r"<title>([a-z]+)_?</title>", svg)) - {"architecture"} >= ROOMS, "run make docs"


@pytest.mark.parametrize("name", ["architecture", "serving"])
def test_a_picture_is_drawn_from_its_text(name: str) -> None:
    """Each arrow of the text stands in the picture, so that neither goes on without the other."""
    svg, text = ((DOCS / f"{name}.{kind}").read_text("utf-8") for kind in ("svg", "dot"))
    arrows = re.findall(r"(\w+) -> (\w+)", text)
    assert sorted(re.findall(r"<title>(\w+)&#45;&gt;(\w+)</title>", svg)) == sorted(arrows), "run make docs"


def test_the_page_names_each_leaf() -> None:
    leaves = PAGE[PAGE.index("Beside them") : PAGE.index("## The way of a query")]
    assert set(re.findall(r"`(\w+)`", leaves)) == LEAVES


@pytest.mark.parametrize("name", NAMED)
def test_each_file_that_the_page_names_is_there(name: str) -> None:
    assert any(list(folder.glob(name.rstrip("/"))) for folder in (ROOT, CODE) if isinstance(folder, Path)), name
