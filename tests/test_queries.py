"""Every saved question: its terms, the answer beside it, its parameters, and the competency questions."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import ID, KB, ONTOLOGY_GRAPH, RDF_TYPE
from kg.queries.engine import answer
from kg.queries.question import Question, find_questions
from kg.queries.rows import Rows, python_value
from kg.validation.approved_answers import Row, cell, differences, terms_of

QUERIES = project_folder() / "queries"
QUESTIONS = find_questions(QUERIES)
PARAMETERS = [(name, one.name) for name, question in QUESTIONS.items() for one in question.parameters]
OWL = "http://www.w3.org/2002/07/owl#"
TERM_KINDS = {OWL + kind for kind in ("Class", "ObjectProperty", "DatatypeProperty")}
UNKNOWN = ID + "unknown/unknown"


def competency() -> list[dict[str, Any]]:
    folder = os.environ.get("KG_SHARED")
    if not folder:
        return []
    lines = (Path(folder) / "competency" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines if line.strip()]


def ask(graph: Graph, query: str) -> tuple[Row, list[Row]]:
    """Return the variables and the rows as text, a number in its shortest form; the query declares its own prefixes."""
    rows = Rows.from_solutions(answer(graph.dataset, query))
    return rows.columns, [tuple(cell(row[name]) for name in rows.columns) for row in rows]


@pytest.mark.parametrize("name", QUESTIONS)
def test_names_only_what_exists(name: str, graph: Graph) -> None:
    for term in sorted(terms_of(QUESTIONS[name].query)):
        node = ox.NamedNode(term)
        if term.startswith(KB):
            types = graph.store.quads_for_pattern(node, ox.NamedNode(RDF_TYPE), None, ox.NamedNode(ONTOLOGY_GRAPH))
            kinds = {quad.object.value for quad in types}
            assert kinds & TERM_KINDS, f"{name}.rq: {term} is no class or property of the ontology; mend the name"
        if term.startswith(ID):
            known = any(graph.store.quads_for_pattern(node, None, None, None))
            assert known, f"{name}.rq: nothing is said about {term}; mend the IRI, or add the thing to data/"


@pytest.mark.parametrize("name", QUESTIONS)
def test_answer_is_the_approved_one(name: str, graph: Graph) -> None:
    question = QUESTIONS[name]
    columns, rows = ask(graph, question.query)
    path = question.path.with_suffix(".csv")
    assert path.is_file(), f"no approved answer {path.name}: type kg approve {name} and read the diff"
    found = [f"{path.name}:{one.line}: {one.what}" for one in differences(question, columns, rows)]
    assert not found, "\n".join([*found[:10], f"type kg approve {name} and read the diff"])


def test_every_answer_has_its_question() -> None:
    orphans = [str(path) for path in QUERIES.rglob("*.csv") if not path.with_suffix(".rq").is_file()]
    assert not orphans, f"answers without a question: delete {', '.join(orphans)}"


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_parameter_narrows_the_answer(name: str, parameter: str, graph: Graph) -> None:
    question = QUESTIONS[name]
    _, everything = ask(graph, question.query)
    _, values = ask(graph, _values_of(question, parameter))
    _, narrowed = ask(graph, question.fill({parameter: values[0][0]}))
    assert narrowed, f"{name}: no rows for {parameter}={values[0][0]}, which occurs in the whole answer"
    assert len(narrowed) <= len(everything)
    if "GROUP BY" not in question.query:  # a count over one value may differ from the count over all
        assert Counter(narrowed) <= Counter(everything)


@pytest.mark.parametrize(("name", "parameter"), PARAMETERS)
def test_unknown_value_gives_no_rows(name: str, parameter: str, graph: Graph) -> None:
    _, rows = ask(graph, QUESTIONS[name].fill({parameter: UNKNOWN}))
    assert rows == []


def _values_of(question: Question, parameter: str) -> str:
    """Return a query for the first value of a parameter: the body of the question under another SELECT."""
    start = re.search(r"^SELECT\b", question.query, re.MULTILINE)
    assert start, f"{question.name}: a question with parameters is a SELECT"
    body = question.query[question.query.index("{", start.end()) : question.query.rindex("}") + 1]
    found = f"SELECT DISTINCT ?{parameter} {{ {body} FILTER(BOUND(?{parameter})) }}"
    return f"{question.query[: start.start()]}{found}\nORDER BY ?{parameter} LIMIT 1"


@pytest.mark.text
@pytest.mark.parametrize("expected", competency(), ids=lambda one: one["id"])
def test_competency_question(expected: dict[str, Any], graph: Graph) -> None:
    naming = [question for question in QUESTIONS.values() if expected["id"] in question.competency]
    assert len(naming) == 1, f"{expected['id']}: add #+ competency: {expected['id']} to exactly one .rq"
    found, wanted = literal_cells(graph, naming[0]), Counter(expected["answer"])
    assert set(found) == set(wanted), f"{naming[0].name}: missing {set(wanted) - set(found)}"
    assert not wanted - found, f"{naming[0].name}: not often enough: {wanted - found}"


def literal_cells(graph: Graph, question: Question) -> Counter[Any]:
    """Return the literals of an answer with how often each occurs, numbers as numbers."""
    cells: Counter[Any] = Counter()
    for solution in answer(graph.dataset, question.query):
        cells.update(python_value(term) for term in solution if isinstance(term, ox.Literal))
    return cells


def test_a_question_on_statements_begins_with_what_is_stated() -> None:
    """A statement is called by a word of the text; what it says is its subject, relation and object."""
    first = {name: re.search(r"SELECT (?:DISTINCT )?[?](\w+)", question.query) for name, question in QUESTIONS.items()}
    assert [name for name, found in first.items() if found and found[1] == "statement"] == []
