"""Real engines behind the same pages: loaded by `kg push`, asked by `kg serve --backend`."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
from backends import ENGINES, Behaviour, Engine, Shelf, filled_in_memory, misbehaving, oxigraph, started
from live import Answer, request, served, with_load
from test_queries import competency

from kg.endpoint.backends.graph_selection import MERGE
from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.queries.rows import Rows, python_value
from kg.validation.approved_answers import cell, differences

pytestmark = pytest.mark.check
QUESTIONS = find_questions(project_folder() / "queries")
LONG = 40  # Seconds for a question.
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/sparql-results+json"}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, shelf: Shelf) -> Engine:
    shelf.options(request.param)
    return shelf.engines[request.param]


@pytest.fixture(scope="module")
def base(engine: Engine) -> Iterator[str]:
    with served(options=("--backend", engine.url, "--timeout", str(LONG), "--heavy", "7")) as url:
        yield url


def ask(base: str, query: str, **more: str) -> Answer:
    return request(base, "/sparql", "POST", urlencode({"query": query, **more}).encode(), FORM, LONG + 10)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_saved_question_has_its_approved_answer(base: str, engine: Engine, name: str) -> None:
    answer = ask(base, QUESTIONS[name].query)
    # The query may go on in the engine, and stand in the way of the next ones.
    if answer.status in (503, 504) and engine.rest():
        answer = ask(base, QUESTIONS[name].query)
    assert answer.status == 200, answer.body[:300]
    rows = Rows.from_solutions(ox.parse_query_results(answer.body, format=ox.QueryResultsFormat.JSON))
    cells = [tuple(cell(row[column]) for column in rows.columns) for row in rows]
    assert not [
        f"{difference.line}: {difference.what}" for difference in differences(QUESTIONS[name], rows.columns, cells)
    ][:5]


@pytest.mark.parametrize("name", ENGINES)
def test_a_second_push_changes_nothing(shelf: Shelf, tmp_path: Path, graph: Graph, name: str) -> None:
    with ExitStack() as stack:
        if name == "oxigraph":
            engine = stack.enter_context(filled_in_memory(tmp_path))
        else:
            shelf.options(name)
            engine = shelf.engines[name]
        lines = engine.push().splitlines()
    names = [*(name.value for name in graph.store.named_graphs()), MERGE]
    assert sorted(line.split()[-1] for line in lines[:-1]) == sorted(names)
    assert {line.split()[0] for line in lines[:-1]} == {"replaced"}
    assert f"{len(graph.store) + graph.dataset.triples:,} statements in {len(names)} graphs" in lines[-1]


@pytest.mark.text
@pytest.mark.parametrize("expected", competency(), ids=lambda one: one["id"])
def test_competency_question(base: str, expected: dict[str, Any]) -> None:
    (question,) = [candidate for candidate in QUESTIONS.values() if expected["id"] in candidate.competency]
    solutions = ox.parse_query_results(ask(base, question.query).body, format=ox.QueryResultsFormat.JSON)
    assert isinstance(solutions, ox.QuerySolutions)
    cells = Counter(python_value(term) for row in solutions for term in row if isinstance(term, ox.Literal))
    assert not Counter(expected["answer"]) - cells
    assert set(cells) == set(expected["answer"])


def test_ready_by_a_query(base: str) -> None:
    assert json.loads(request(base, "/readyz", "GET", None, {}).body)["status"] == "ready"


def test_a_back_end_that_holds_something_else_is_refused() -> None:
    body = b'{"head":{"vars":["g","n","length","sum"]},"results":{"bindings":[]}}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\nContent-Length: {len(body)}\r\n\r\n"
    with misbehaving(lambda connection: connection.sendall(head.encode() + body)) as (url, _):
        command = [sys.executable, "-m", "kg", "serve", "--port", "0", "--backend", url]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 2
    assert "does not hold this graph" in run.stderr
    assert "kg push" in run.stderr


PAGES = ["/", "/id/measure/ccs", "/id/occupation", "/questions", "/questions/examples/01-measures", "/switch"]
PAGES += ["/api/examples/01-measures.csv", "/search?q=lasser", "/store/klimaattafels", "/reconcile", "/dataset", "/def"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_there(base: str, path: str) -> None:
    assert request(base, path, "GET", None, {"Accept": "text/html, */*;q=0.5"}).status == 200


# What a back end may do once the server runs: none of it is an answer, and pages that need no query stay.

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
JSON = "HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"
BROKEN = b'{"head":{"vars":["n"]},"results":{"bindings":[{"n":{"type":"literal","val'


def sends(head: str, body: bytes = b"", length: int | None = None) -> Callable[[socket.socket], None]:
    whole = f"{head}Content-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body
    return lambda connection: connection.sendall(whole)


def drips(connection: socket.socket) -> None:
    connection.sendall(f"{JSON}Content-Length: 1000\r\n\r\n".encode())
    for _ in range(100):
        time.sleep(0.1)
        connection.sendall(b" ")


FAILURES = {
    "broken JSON": (sends(JSON, BROKEN), 502),
    "500 with HTML": (sends("HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\n", b"<h1>secret trace</h1>"), 502),
    "closes halfway": (sends(JSON, BROKEN, 1000), 502),
    "closes at once": (lambda connection: None, 502),
    "redirects": (sends("HTTP/1.1 302 Found\r\nLocation: {elsewhere}\r\n"), 502),
    "refuses the password": (sends("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n"), 502),
    "is busy": (sends("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n"), 503),
    "ends the query by its own limit": (sends("HTTP/1.1 500 Oops\r\n", b"The query timed out"), 503),
    "hangs": (lambda connection: time.sleep(8), 504),
    "drips": (drips, 504),
    "gateway before it": (sends("HTTP/1.1 504 Gateway Timeout\r\n"), 504),
}


@pytest.fixture(scope="module")
def frail(shelf: Shelf) -> Iterator[tuple[str, Behaviour]]:
    """Run the server before a back end that works until it is told otherwise."""
    shelf.options("oxigraph")
    with (
        misbehaving(None, shelf.engines["oxigraph"].url) as (url, behaviour),
        served(options=("--backend", url, "--timeout", "2")) as base,
    ):
        yield base, behaviour


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_of_the_back_end_is_told_as_such(frail: tuple[str, Behaviour], name: str) -> None:
    base, behaviour = frail
    behaviour.act, status = FAILURES[name]
    try:
        began = time.monotonic()
        answer, ready = ask(base, f"{COUNT} #{name}"), request(base, "/readyz", "GET", None, {})
        assert time.monotonic() - began < with_load(2 * 3.5)
        page = request(base, "/id/measure/ccs", "GET", None, {})
    finally:
        behaviour.act = None
    print(f"{name:32} {answer.status} {json.loads(answer.body)['detail']}")
    assert (answer.status, ready.status, page.status) == (status, status, 200), answer.body
    assert (answer.problem["status"], answer.headers["Cache-Control"]) == (status, "no-store")
    assert "secret" not in answer.text
    assert status == 502 or int(answer.headers["Retry-After"]) > 0
    again = ask(base, f"{COUNT} #{name}")
    assert (again.status, request(base, "/readyz", "GET", None, {}).status) == (200, 200), again.body


def test_a_long_query_is_told_from_a_dead_back_end(frail: tuple[str, Behaviour]) -> None:
    base, behaviour = frail
    behaviour.act = lambda connection: (
        time.sleep(8) if b"COUNT" in behaviour.asked[-1] else sends(JSON, b'{"head":{},"boolean":true}')(connection)
    )
    try:
        answer = ask(base, f"{COUNT} #long")
    finally:
        behaviour.act = None
    assert (answer.status, answer.problem["limit"]) == (503, "timeout")


def test_a_back_end_that_dies_and_comes_back(tmp_path: Path) -> None:
    with (
        started("oxigraph", tmp_path) as engine,
        served(options=("--backend", engine.url, "--timeout", "5")) as base,
    ):
        kept = ask(base, COUNT)
        engine.stop(signal.SIGKILL)
        assert ask(base, COUNT).body == kept.body
        assert {ask(base, "ASK {}").status, request(base, "/readyz", "GET", None, {}).status} == {502}
        engine.start()
        assert {ask(base, "ASK {}").status, request(base, "/readyz", "GET", None, {}).status} == {200}


def test_other_graphs_of_the_back_end_are_invisible(tmp_path: Path, graph: Graph) -> None:
    with filled_in_memory(tmp_path) as engine:
        store = engine.url.replace("/query", "/store?graph=urn:private")
        private = urllib.request.Request(store, b"<urn:a> <urn:b> 'private' .", {"Content-Type": "text/turtle"})
        private.method = "PUT"
        with urllib.request.urlopen(private) as answer:
            assert answer.status == 201
        assert "removed" not in engine.push()
        with served(options=("--backend", engine.url)) as base:
            for query in (
                "SELECT * { ?s ?p 'private' }",
                "SELECT * { GRAPH ?g { ?s ?p 'private' } }",
                "SELECT * FROM <urn:private> { ?s ?p ?o }",
                "SELECT * FROM NAMED <urn:private> { GRAPH <urn:private> { ?s ?p ?o } }",
            ):
                answer = ask(base, query)
                assert (answer.status, json.loads(answer.body)["results"]["bindings"]) == (200, []), query
            assert ask(base, COUNT, **{"default-graph-uri": "urn:private"}).text.count('"0"') == 1
            assert request(base, "/store?graph=urn:private", "GET", None, {}).status == 404
            count = json.loads(ask(base, COUNT).body)["results"]["bindings"][0]["n"]["value"]
            assert int(count) == graph.dataset.triples


def test_a_push_by_update_removes_what_is_no_longer_ours(tmp_path: Path) -> None:
    engine = oxigraph(tmp_path, 60, in_memory=True)
    engine.start()
    try:
        update = engine.url.replace("/query", "/update")
        old = b"INSERT DATA { GRAPH <https://w3id.org/klimaatbanen/graph/old> { <urn:a> <urn:b> <urn:c> } }"
        headers = {"Content-Type": "application/sparql-update"}
        with urllib.request.urlopen(urllib.request.Request(update, old, headers)):
            output = engine.push("--update-url", update)
        assert [line.split()[-1] for line in output.splitlines() if line.startswith("removed")] == [
            "https://w3id.org/klimaatbanen/graph/old"
        ]
        assert output.splitlines()[-1].endswith("checked")
    finally:
        engine.stop()


def test_a_push_that_is_refused_says_what_to_do() -> None:
    with misbehaving(
        lambda connection: sends("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n")(connection)
    ) as (url, _):
        command = [sys.executable, "-m", "kg", "push", "--backend", url, "--store-url", url]
        secret = {"KG_BACKEND_USER": "me", "KG_BACKEND_PASSWORD": "hunter2"}
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | secret)
    assert run.returncode == 2
    assert "does not let us in" in run.stderr
    assert "hunter2" not in run.stderr + run.stdout
