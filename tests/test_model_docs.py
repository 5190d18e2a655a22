"""docs/model.md: made from the ontology, the data and docs/model/, complete, and true."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.graph.build import Graph
from kg.namespaces import ID, KB, RDF_TYPE
from kg.queries.engine import answer
from kg.queries.question import find_questions, pick

FOLDER = ROOT / "docs" / "model"
PAGE = (ROOT / "docs" / "model.md").read_text("utf-8")
TURTLE = re.findall(r"```turtle\n(.*?)```", PAGE, re.DOTALL)
PICTURES = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
SHOWN = list(ox.parse("\n".join([TURTLE[-1], *TURTLE[:-1]]), format=ox.RdfFormat.TURTLE))
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


def test_every_class_in_use_is_shown(graph: Graph) -> None:
    kinds = {quad.object for quad in graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None, None)}
    used = {kind.value for kind in kinds if kind.value.startswith(KB)}
    shown = {quad.object.value for quad in SHOWN if quad.predicate.value == RDF_TYPE}
    assert used - shown == set(), "name a resource of each in a file of docs/model/, then " + AGAIN


def test_every_shown_triple_is_in_the_graph_and_each_resource_has_three(graph: Graph) -> None:
    for quad in SHOWN:
        assert any(graph.store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)), str(quad)
    for subject in {quad.subject for quad in SHOWN}:
        assert sum(quad.subject == subject for quad in SHOWN) >= 3, f"{subject}: name one of which more is said"


def test_every_theme_has_a_picture_a_question_with_rows_and_reasons(script: ModuleType, graph: Graph) -> None:
    questions = find_questions(ROOT / "queries")
    themes = script.read_themes()
    assert len(themes) == len(PICTURES) == len(re.findall(r"```sparql\n", PAGE)) == len(TURTLE) - 1
    for theme in themes:
        question = pick(questions, theme.head["query"])
        assert question.query in PAGE
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


def test_a_name_that_the_graph_lacks_stops_the_script(script: ModuleType, graph: Graph) -> None:
    model = script.Model(graph, {}, ROOT)
    with pytest.raises(SystemExit, match="is no"):
        list(model._example(KB + "ClimateTable", ["climate-table/nergens"], []))
    with pytest.raises(SystemExit, match="nothing in the graph fits"):
        list(model._example(KB + "ClimateTable", [f"?it a <{ID}geen>"], []))
