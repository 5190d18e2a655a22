"""Real engines behind the same pages: loaded by `kg push`, asked by `kg serve --backend`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from backends import ENGINES, Engine, Shelf, misbehaving
from live import Answer, request, served
from test_queries import competency

from kg.approvals import cell, differences
from kg.files import house as find_house
from kg.graph import Graph
from kg.queries import find_questions
from kg.rows import Rows, python_value

pytestmark = pytest.mark.check
QUESTIONS = find_questions(find_house() / "queries")
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/sparql-results+json"}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, shelf: Shelf) -> Engine:
    shelf.options(request.param)
    return shelf.engines[request.param]


@pytest.fixture(scope="module")
def base(engine: Engine) -> Iterator[str]:
    with served(options=("--backend", engine.url, "--timeout", "60")) as url:
        yield url


def ask(base: str, query: str, **more: str) -> Answer:
    return request(base, "/sparql", "POST", urlencode({"query": query, **more}).encode(), FORM)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_saved_question_has_its_approved_answer(base: str, name: str) -> None:
    answer = ask(base, QUESTIONS[name].query)
    assert answer.status == 200, answer.body[:300]
    rows = Rows.of(ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON))
    found = [tuple(cell(row[column]) for column in rows.columns) for row in rows]
    assert not [f"{one.line}: {one.what}" for one in differences(QUESTIONS[name], rows.columns, found)][:5]


def test_a_second_push_changes_nothing(engine: Engine, graph: Graph) -> None:
    told = engine.push().splitlines()
    names = [name.value for name in graph.store.named_graphs()]
    assert sorted(line.split()[-1] for line in told[:-1]) == sorted(names)
    assert {line.split()[0] for line in told[:-1]} == {"replaced"}
    assert f"{len(graph.store):,} statements in {len(names)} graphs" in told[-1]


@pytest.mark.text
@pytest.mark.parametrize("expected", competency(), ids=lambda one: one["id"])
def test_competency_question(base: str, expected: dict[str, Any]) -> None:
    (question,) = [one for one in QUESTIONS.values() if expected["id"] in one.competency]
    found = ox.parse_query_results(ask(base, question.query).body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(found, ox.QuerySolutions)
    cells = Counter(python_value(term) for row in found for term in row if isinstance(term, ox.Literal))
    assert not Counter(expected["answer"]) - cells
    assert set(cells) == set(expected["answer"])


def test_ready_by_a_query(base: str) -> None:
    assert json.loads(request(base, "/readyz", "GET", None, {}).body)["status"] == "ready"


def test_a_back_end_that_holds_something_else_is_refused() -> None:
    body = b'{"head":{"vars":["g","n","length","sum"]},"results":{"bindings":[]}}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nContent-Length: {len(body)}\r\n\r\n"
    with misbehaving(lambda connection: connection.sendall(head.encode() + body)) as (url, _):
        command = [sys.executable, "-m", "kg", "serve", "--port", "0", "--backend", url]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert run.returncode == 2
    assert "does not hold this graph" in run.stderr
    assert "kg push" in run.stderr
