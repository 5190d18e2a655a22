"""docs/recipes.md and the example of data/README.md to the letter: on a copy, blocks written, commands run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from bisect import bisect
from pathlib import Path

import pytest
from conftest import ROOT
from live import request, served

PAGE = (ROOT / "docs" / "recipes.md").read_text("utf-8")
RECIPES = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", PAGE, re.MULTILINE))
README = (ROOT / "data" / "README.md").read_text("utf-8")
EXAMPLE = README.partition("\n## A second example, minute by minute\n")[2].partition("\n## Normal form")[0]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"\]\(http://127\.0\.0\.1:8000(/[^)]*)\)\s+shows\s+\"([^\"]+)\"")
pytestmark = pytest.mark.check  # A minute and more: each recipe checks a whole project.
COPIED = ("ontology", "data", "shapes", "queries", "views", "src", "tests", "docs")


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, the current folder, with its own code before that of the environment."""
    for name in COPIED:
        leave_out = shutil.ignore_patterns("__pycache__", "node_modules", "editor")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave_out if name == "src" else None)
    for file in ("pyproject.toml", "README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"):
        shutil.copy(ROOT / file, tmp_path / file)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "src"))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_recipes_for_the_common_changes() -> None:
    assert len(RECIPES) == 5
    assert all(BLOCK.search(text) for text in RECIPES.values())


@pytest.mark.parametrize("text", [*RECIPES.values(), EXAMPLE], ids=[*RECIPES, "A second example"])
def test_what_a_page_says_leads_to_the_end_at_first_try(copy: Path, text: str) -> None:
    assert BLOCK.search(text)
    for kind, block in BLOCK.findall(text):
        if kind == "sh":
            for line in block.splitlines():
                run(line)
        else:
            head, rest = block.split("\n", 1)
            write(copy / head.removeprefix("# "), kind, rest)
    if pages := SHOWN.findall(text):
        with served() as url:
            for path, words in pages:
                page = request(url, path, "GET", None, {"Accept": "text/html"})
                assert page.status == 200, page.text
                assert " ".join(words.split()) in page.text


def test_a_mapping_that_is_forgotten_is_found_by_kg_validate(copy: Path) -> None:
    blocks = [block.split("\n", 1) for kind, block in BLOCK.findall(next(iter(RECIPES.values()))) if kind == "turtle"]
    for head, rest in blocks:
        write(copy / head.removeprefix("# "), "turtle", rest)
    done = subprocess.run([sys.executable, "-m", "kg", "validate"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "zonnepaneelmonteur" in done.stdout
    assert "mapping" in done.stdout


def run(line: str) -> None:
    """Run a command of the page with the interpreter of these tests."""
    words = shlex.split(line)
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 or "--approve" in words, f"{line}\n{done.stdout}{done.stderr}"
    assert done.stdout.strip(), line


def write(file: Path, kind: str, text: str) -> None:
    """Write a block to its file: the whole of it, a change, or what is added in its place."""
    if kind == "diff":
        old, new = ("".join(f"{line[1:]}\n" for line in text.splitlines() if line[0] == sign) for sign in "-+")
        before = file.read_text("utf-8")
        old, new = (old, new) if before.count(old) == 1 else (old.strip(), new.strip())
        assert before.count(old) == 1, f"{file}: once {old}"
        file.write_text(before.replace(old, new), "utf-8")
    elif not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    elif kind == "turtle":
        blocks = file.read_text("utf-8").strip().split("\n\n")
        like = [block for block in blocks if sort_key(block) == sort_key(text)]
        place = bisect([subject(block) for block in like], subject(text))
        blocks.insert(blocks.index(like[place - 1]) + 1 if place else blocks.index(like[0]), text.strip())
        file.write_text("\n\n".join(blocks) + "\n", "utf-8")
    elif kind == "tsv":
        lines = file.read_text("utf-8").splitlines(keepends=True)
        first = next(number for number, line in enumerate(lines) if line.startswith("subject_id")) + 1
        lines.insert(bisect(lines, text, first), text)
        file.write_text("".join(lines), "utf-8")
    else:
        file.write_text(file.read_text("utf-8") + "\n" + text, "utf-8")


def subject(block: str) -> str:
    return block.strip().split("\n", 1)[0].lower()


def sort_key(block: str) -> tuple[str, list[str]]:
    """Return what blocks have in common that are sorted together: their prefix, and in views their class."""
    return block.partition(":")[0], re.findall(r"^    a (sh:\w+) ;$", block, re.MULTILINE)
