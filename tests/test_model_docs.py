"""docs/model.md: made from the ontology, the data and docs/model/, complete, and true."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from types import ModuleType

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.graph.build import Graph
from kg.namespaces import CATALOGUE, GRAPH, ID, KB, RDF_TYPE
from kg.queries.engine import answer
from kg.queries.question import find_questions, pick

FOLDER = ROOT / "docs" / "model"
PAGE = (ROOT / "docs" / "model.md").read_text("utf-8")
PICTURES = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
PATTERNS = PAGE.partition("## Twelve patterns")[2].partition("\n## ")[0]
REFERENCE = PAGE.partition("## Code lists")[2].partition("\n## ")[2]
PREFIXES = PAGE.partition("## Prefixes")[2].partition("```sparql\n")[2].partition("```")[0]
AGAIN = "run `make docs` (or `python docs/model.py`), and read the diff"
BOXES = 14


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("model_docs", ROOT / "docs" / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load()


def test_the_page_is_what_the_script_makes_now(script: ModuleType, graph: Graph) -> None:
    made = script.make(graph)
    assert made == PAGE, AGAIN
    assert made == script.make(graph)


def test_every_class_and_property_in_use_has_a_row(script: ModuleType, graph: Graph) -> None:
    names = script.Names(graph.prefixes)
    graph = script.without_entailed(graph)
    reference = script.Reference(graph, names)
    described = {ox.NamedNode(GRAPH + "ontology"), ox.NamedNode(CATALOGUE)}
    outside = [quad for quad in graph.store if quad.graph_name not in described]
    wanted = {iri for iri in reference.members if iri.startswith(KB)}
    wanted |= {quad.predicate.value for quad in outside if str(quad.subject).startswith(f"<{ID}")} - {RDF_TYPE}
    rows = Counter(re.findall(r"^\| `([\w:-]+)` \|", REFERENCE, re.MULTILINE))
    shown = {names.short(iri).removeprefix("kb:") for iri in wanted}
    assert shown - set(rows) == set(), "declare it in a file that a theme of docs/model/ names"
    assert [name for name in shown if rows[name] > 1] == []


def test_every_row_says_what_it_means_and_has_an_example() -> None:
    for row in re.findall(r"^\| `.*\|$", REFERENCE, re.MULTILINE):
        cells = [cell.strip() for cell in row.strip("| ").split(" | ")]
        assert all(cells), f"give it a label or definition in ontology/: {cells[0]}"
        assert len(cells) in (3, 6), row


def test_the_patterns_are_twelve_and_each_has_rows() -> None:
    answers = re.findall(r"```\n\n(\| .*?)\n\n(\d+) rows", PATTERNS, re.DOTALL)
    assert len(re.findall(r"^### \d+\. ", PATTERNS, re.MULTILINE)) == len(answers) == 12
    for table, count in answers:
        assert len(table.splitlines()) == 2 + min(int(count), 3)
        assert int(count) > 1


@pytest.mark.parametrize("query", re.findall(r"```sparql\n(.*?)```", PATTERNS, re.DOTALL))
def test_a_pattern_runs_as_it_is_with_the_prefixes_above_it(graph: Graph, query: str) -> None:
    assert next(iter(answer(graph.dataset, PREFIXES + query)), None) is not None


def test_each_prefix_in_use_is_declared() -> None:
    declared = set(re.findall(r"^PREFIX ([\w-]+):", PREFIXES, re.MULTILINE))
    assert set(re.findall(r"`([a-z][\w-]*):(?:[\w.-]+)?`", PAGE)) - declared == set()


def test_the_page_is_small_enough_to_read() -> None:
    assert len(PAGE.encode()) < 110_000


def test_every_theme_has_a_picture_a_question_with_rows_and_reasons(script: ModuleType, graph: Graph) -> None:
    questions = find_questions(ROOT / "queries")
    themes = script.read_themes()
    assert len(themes) == len(PICTURES)
    for theme in themes:
        question = pick(questions, theme.head["query"])
        assert f"[`{question.name}`]" in PAGE
        assert next(iter(answer(graph.dataset, question.query)), None) is not None, question.name
        assert theme.after.startswith("### Why so"), theme.path


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_small_and_every_box_is_joined(picture: str) -> None:
    boxes = re.findall(r"^    (\w+)\[", picture, re.MULTILINE)
    ends = re.findall(r"^    (\w+) -.*> (\w+)$", picture, re.MULTILINE)
    assert len(boxes) <= BOXES
    assert {end for pair in ends for end in pair} == set(boxes)


def test_no_dead_links() -> None:
    headings = {
        re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    }
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        path, _, anchor = link.partition("#")
        assert not path or (ROOT / "docs" / path).exists(), link
        assert not anchor or anchor in headings, link


def test_what_the_prose_names_exists(graph: Graph) -> None:
    known = {quad.predicate.value for quad in graph.store} | {
        quad.subject.value for quad in graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None, None)
    }
    questions = find_questions(ROOT / "queries")
    for path in sorted(FOLDER.glob("*.md")):
        prose = path.read_text("utf-8").rpartition("---\n")[2]
        for term in re.findall(r"`kb:(\w+)`", prose):
            assert KB + term in known, f"{path.name}: kb:{term}"
        for name in re.findall(r"`kg query ([\w/-]+)`", prose):
            assert name in questions, f"{path.name}: {name}"
