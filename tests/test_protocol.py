"""SPARQL 1.1 Protocol, Graph Store Protocol, HTTP and bad input, each case a request to a live server."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pyoxigraph as ox
import pytest
from backends import KINDS, Shelf
from flask import Flask
from live import Answer, request, served
from werkzeug.serving import make_server
from werkzeug.test import create_environ

from kg.endpoint.engine import InProcess
from kg.endpoint.settings import Settings
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.web.app import create_app

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
NAMED = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
BASE = "https://w3id.org/klimaatbanen/graph/"
ONE, TWO = BASE + "klimaattafels", BASE + "ontology"


@pytest.fixture(scope="module", params=["wsgi", *KINDS])
def base(request: pytest.FixtureRequest, shelf: Shelf, graph: Graph, project: Path) -> Iterator[str]:
    """The application alone, in a server that knows nothing of it (werkzeug's), or `kg serve`."""
    if request.param != "wsgi":
        with served(options=shelf.options(request.param)) as url:
            yield url
        return
    application = create_app(graph, find_questions(project / "queries"))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def ask(base: str):
    def send(path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        return request(base, path, method, body, {name.replace("_", "-"): value for name, value in headers.items()})

    return send


def sparql(query: str, **more: str | list[str]) -> str:
    return "/sparql?" + urlencode({"query": query, **more}, doseq=True)


def counted(ask, query: str = COUNT, **more: str | list[str]) -> int:
    return int(ask(sparql(query, format="csv", **more)).count)


# Section 2.1: operations.


def test_head_has_the_headers_of_get_and_no_body(ask) -> None:
    get, head = ask(sparql(COUNT)), ask(sparql(COUNT), "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Vary", "Cache-Control"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/turtle", "text/turtle"),
        ("application/ld+json;q=0.5, text/csv", "application/ld+json"),
        ("*/*", "text/turtle"),
        ("", "text/turtle"),
        ("text/html, */*;q=0.8", "text/html"),
        ("text/csv, */*;q=0.1", "application/problem+json"),
    ],
)
def test_what_there_is_without_a_query(ask, method: str, accept: str, kind: str) -> None:
    answer = ask("/sparql", method, Accept=accept)
    assert answer.headers["Content-Type"].split(";")[0] == kind
    assert answer.status == (400 if kind.endswith("problem+json") else 200)


@pytest.mark.parametrize("path", ["/sparql", "/store", "/id/measure/ccs", "/"])
def test_preflight(ask, path: str) -> None:
    answer = ask(path, "OPTIONS", Origin="https://example.org", Access_Control_Request_Method="POST")
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert "GET" in answer.headers["Allow"]


# Section 2.1.4: the dataset.


def test_several_default_graphs_are_merged(ask) -> None:
    first, second = (counted(ask, **{"default-graph-uri": name}) for name in (ONE, TWO))
    assert counted(ask, **{"default-graph-uri": [ONE, TWO]}) == first + second
    assert first > 0 < second


def test_several_named_graphs_and_nothing_in_the_default_graph(ask) -> None:
    answer = ask(sparql(NAMED, format="csv", **{"named-graph-uri": [ONE, TWO]}))
    assert set(answer.body.decode().split()[1:]) == {ONE, TWO}
    assert counted(ask, **{"named-graph-uri": [ONE, TWO]}) == 0


def test_the_dataset_of_the_request_wins_over_from(ask) -> None:
    query = COUNT.replace("{", f"FROM <{ONE}> {{", 1)
    assert counted(ask, query) == counted(ask, **{"default-graph-uri": ONE})
    assert counted(ask, query, **{"default-graph-uri": TWO}) == counted(ask, **{"default-graph-uri": TWO})


def test_graphs_in_url_or_form(ask) -> None:
    graphs = {"default-graph-uri": TWO}
    expected = counted(ask, **graphs)
    direct = ask("/sparql?" + urlencode(graphs), "POST", COUNT.encode(), Content_Type=DIRECT, Accept="text/csv")
    form = ask("/sparql", "POST", urlencode({"query": COUNT, **graphs}).encode(), Content_Type=FORM, Accept="text/csv")
    assert direct.count == form.count == expected


def test_an_unknown_graph_is_empty_and_never_fetched(ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/graph"
        assert counted(ask, **{"default-graph-uri": url}) == 0
        assert counted(ask, COUNT.replace("{", f"FROM <{url}> {{", 1)) == 0
        with pytest.raises(TimeoutError):
            trap.accept()


# SPARQL 1.1 Service Description.


@pytest.mark.parametrize(
    ("media", "form"), [("text/turtle", ox.RdfFormat.TURTLE), ("application/rdf+xml", ox.RdfFormat.RDF_XML)]
)
def test_service_description(ask, base: str, media: str, form: ox.RdfFormat) -> None:
    answer = ask("/sparql", Accept=media)
    assert answer.headers["Content-Type"].startswith(media)
    store = ox.Store()
    store.bulk_extend(
        ox.Quad(triple.subject, triple.predicate, triple.object) for triple in ox.parse(answer.body, format=form)
    )
    query = """PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> PREFIX schema: <https://schema.org/>
      SELECT ?service (COUNT(DISTINCT ?g) AS ?graphs) (COUNT(DISTINCT ?l) AS ?limits)
        (COUNT(DISTINCT ?f) AS ?formats) {
        ?service a sd:Service ; sd:endpoint ?service ; sd:supportedLanguage sd:SPARQL11Query ; sd:resultFormat ?f ;
          schema:additionalProperty/schema:propertyID ?l ; sd:defaultDataset/sd:namedGraph/sd:name ?g
      } GROUP BY ?service"""
    (row,) = store.query(query)
    assert row["service"].value == f"{base}/sparql"
    assert int(row["graphs"].value) == len(ask(sparql(NAMED, format="csv")).body.split()) - 1
    assert int(row["formats"].value) == 10
    assert int(row["limits"].value) == 12


SCORED = """PREFIX kb: <https://w3id.org/klimaatbanen/def#> SELECT ?thing ?score {
  ?thing a kb:Occupation BIND(kb:textScore(?thing, "installateur") AS ?score) FILTER(BOUND(?score))
} ORDER BY DESC(?score) ?thing LIMIT 2"""
OFTEN = "ASK { ?s ?p ?text FILTER(<https://w3id.org/klimaatbanen/def#textScore>(?s, ?text) > 2) }"


def test_text_score_is_there_where_the_service_description_has_it(ask, request: pytest.FixtureRequest) -> None:
    ours = request.node.callspec.params["base"] in ("wsgi", "memory", "store")
    assert ("sd:extensionFunction kb:textScore" in ask("/sparql", Accept="text/turtle").text) == ours
    answers = [
        ask(sparql(SCORED), Accept="text/csv"),
        ask("/sparql", "POST", SCORED.encode(), Content_Type=DIRECT, Accept="text/csv"),
    ]
    for answer in answers if ours else []:
        first, second = (line.partition(",")[0] for line in answer.text.split()[1:])
        assert first.endswith("/occupation/installateur")
        assert second.endswith("/occupation/installateur-koeltechniek")
    for answer in [] if ours else answers:
        assert answer.status == 400
        assert "CONTAINS" in str(answer.problem["hint"])
    assert ask(sparql(OFTEN)).status == (413 if ours else 400)


# SPARQL 1.1 Graph Store HTTP Protocol, sections 4, 5.2, 5.7.


def test_graphs_directly_and_indirectly(ask) -> None:
    direct = ask("/store?" + urlencode({"graph": ONE}), Accept="application/n-triples")
    indirect = ask("/store/klimaattafels", Accept="application/n-triples")
    assert sorted(direct.body.splitlines()) == sorted(indirect.body.splitlines())
    assert len(direct.body.splitlines()) == counted(ask, **{"default-graph-uri": ONE})
    head = ask("/store/klimaattafels", "HEAD", Accept="application/n-triples")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(direct.body)))
    assert ask("/store?default", Accept="text/turtle").body.startswith(b"@prefix")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/store", 400),
        ("/store?graph=x", 400),
        ("/store?default&graph=" + quote(ONE), 400),
        ("/store?graph=urn:nowhere", 404),
        ("/store/nowhere", 404),
        ("/store?default&format=csv", 406),
    ],
)
def test_graphs_that_cannot_be_sent(ask, path: str, status: int) -> None:
    assert ask(path).status == status


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_graphs_cannot_be_written(ask, method: str) -> None:
    answer = ask("/store?default", method, b"<urn:a> <urn:b> <urn:c> .", Content_Type="text/turtle")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


# What the event loop answers without Flask is what Flask answers.

KB = "PREFIX kb: <https://w3id.org/klimaatbanen/def#> "
CSV = {"Accept": "text/csv"}
AHEAD = {
    "ASK": (sparql("ASK {}"), {}, True),
    "rows": (sparql("SELECT * { ?s a ?c } ORDER BY ?s ?c LIMIT 50"), CSV, True),
    "packed": (sparql("SELECT * { ?s a ?c } ORDER BY ?s ?c LIMIT 50"), CSV | {"Accept-Encoding": "gzip"}, True),
    "a graph": (sparql("CONSTRUCT WHERE { <https://w3id.org/klimaatbanen/id/measure/ccs> a ?c }"), {}, True),
    "a dataset": (sparql(COUNT, **{"default-graph-uri": ONE}), {}, True),
    "what changes": (sparql("ASK { FILTER(NOW() > 0) }"), {}, True),
    "a term that is not there": (sparql(KB + "ASK { ?s a kb:Organization }"), {}, True),
    "a syntax error": (sparql("ASK {"), {}, True),
    "SERVICE": (sparql("ASK { SERVICE <http://127.0.0.1:1/> {} }"), {}, True),
    "what is not offered": (sparql("ASK {}"), {"Accept": "image/png"}, True),
    "what the client has": (sparql("ASK {}"), {"If-None-Match": "*"}, True),
    "a large reply": (sparql("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 500"), CSV, True),
    "a large reply, packed": (
        sparql("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 500"),
        CSV | {"Accept-Encoding": "gzip"},
        False,
    ),
    "a very large reply": (sparql("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o LIMIT 9000"), CSV, False),
    "a long query": (sparql("ASK {} #" + "x" * 9_000), {}, False),
    "an update": (sparql("CLEAR ALL") + "&update=x", {}, False),
    "a page": (sparql("ASK {}"), {"Accept": "text/html"}, False),
    "the service description": ("/sparql", {"Accept": "text/turtle"}, False),
    "bad time": (sparql("ASK {}", timeout="x"), {}, False),
    "an unknown host": (sparql("ASK {}"), {"Host": "evil.example"}, False),
    "another path": ("/healthz", {}, False),
}


@pytest.fixture(scope="module")
def uncached(graph: Graph, project: Path) -> Flask:
    return create_app(graph, find_questions(project / "queries"), Settings(cache=0))


@pytest.mark.parametrize("name", AHEAD)
def test_the_event_loop_answers_as_flask_does(uncached: Flask, name: str) -> None:
    path, headers, ready = AHEAD[name]
    application = uncached.extensions["kg.application"]
    environ = create_environ(path, headers=headers)
    assert asyncio.run(application.prepare(environ)) == ready
    ahead, flask = application.respond(environ), uncached.test_client().get(path, headers=headers)
    assert (ahead.status, _settled(ahead.body)) == (flask.status_code, _settled(flask.data))
    assert sorted(map(_settled, ahead.headers)) == sorted(map(_settled, flask.headers))


def _settled(text: object) -> str:
    """Return a body or header as text, without the nonce of the editor, which differs each time."""
    return re.sub(r"nonce(\": \"|-)[\w-]+", "nonce", str(text))


@pytest.mark.parametrize(("kind", "body"), [(FORM, b"query=ASK%7B%7D"), (DIRECT, b"ASK {}")])
def test_the_event_loop_answers_what_is_posted(uncached: Flask, kind: str, body: bytes) -> None:
    application = uncached.extensions["kg.application"]
    for more, ready in ((b"", True), (b"%23" + b"x" * 9_000, False)):
        environ = create_environ("/sparql", method="POST", data=body + more, content_type=kind)
        assert asyncio.run(application.prepare(environ)) == ready
        assert application.respond(environ).status in (200, 400)


def test_an_unexpected_error_on_the_event_loop_is_told_as_elsewhere(
    uncached: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InProcess, "answer", lambda *_, **__: 1 / 0)
    environ = create_environ(sparql("ASK {}"))
    assert asyncio.run(uncached.extensions["kg.application"].prepare(environ))
    reply = uncached.extensions["kg.application"].respond(environ)
    assert (reply.status, json.loads(reply.body)["detail"]) == (500, "something went wrong on our side")


# HTTP: RFC 9110 and RFC 9111.


def test_entity_tags(ask) -> None:
    first = ask(sparql(COUNT))
    tag = first.headers["ETag"]
    assert "max-age" in first.headers["Cache-Control"]
    for asked in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        again = ask(sparql(COUNT), If_None_Match=asked)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Content-Type"] is None
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert ask(sparql(COUNT), If_None_Match='"x"').status == 200
    others = {ask(path).headers["ETag"] for path in (sparql(COUNT, format="csv"), sparql("ASK {}"))}
    assert len(others | {tag}) == 3


def test_gzip_where_it_is_liked(ask) -> None:
    query = sparql("SELECT * { ?s a ?c } ORDER BY ?s ?c LIMIT 100", format="tsv")
    plain = ask(query)
    assert plain.headers["Content-Encoding"] is None
    for count in range(2):
        packed = ask(query, Accept_Encoding="br;q=1, gzip;q=0.5")
        assert packed.headers["Content-Encoding"] == "gzip", count
        assert packed.headers["Content-Length"] == str(len(packed.body))
        assert gzip.decompress(packed.body) == plain.body
        assert "Accept-Encoding" in packed.headers["Vary"]
    for refused in ("gzip;q=0", "identity", "", "br, gzip; q=0.000"):
        assert ask(query, Accept_Encoding=refused).headers["Content-Encoding"] is None


def test_a_kept_result_is_the_same_answer(ask) -> None:
    query = sparql("SELECT * { ?s a ?c } ORDER BY ?s ?c LIMIT 50")
    first, second, fresh = ask(query), ask(query), ask(query, Cache_Control="no-cache")
    assert first.body == second.body == fresh.body
    for name, value in first.headers.items():
        assert name.lower() == "date" or second.headers[name] == value, name


@pytest.mark.parametrize(
    "query", ["SELECT (STRUUID() AS ?x) {}", "CONSTRUCT { <urn:a> <urn:b> ?x } { BIND(UUID() AS ?x) }"]
)
def test_an_answer_that_changes_is_never_kept(ask, query: str) -> None:
    first, second = (ask(sparql(query), Accept_Encoding="gzip") for _ in range(2))
    assert first.status == second.status == 200
    assert first.body != second.body
    assert (second.headers["Cache-Control"], second.headers["ETag"]) == ("no-store", None)
    assert ask(sparql(query), If_None_Match="*").status == 200


def test_errors_are_never_kept(ask) -> None:
    for _ in range(2):
        answer = ask(sparql("SELECT"))
        assert (answer.status, answer.headers["Cache-Control"], answer.headers["ETag"]) == (400, "no-store", None)


@pytest.mark.parametrize("form", ["csv", "tsv", "ttl"])
def test_text_formats_name_their_charset(ask, form: str) -> None:
    query = "CONSTRUCT WHERE { ?s a ?c }" if form == "ttl" else "SELECT ('é€😀' AS ?x) {}"
    answer = ask(sparql(query, format=form))
    assert answer.headers["Content-Type"].endswith("; charset=utf-8")
    assert form == "ttl" or "é€😀" in answer.body.decode("utf-8")


# Bad input: a right status and a short clear body each.

URL_QUERY = "/sparql?query=ASK%7B%7D"
BAD = {
    "two queries in the URL": ("GET", URL_QUERY + "&query=ASK%7B%7D", b"", {}, 400),
    "two queries in the form": ("POST", "/sparql", b"query=ASK%7B%7D&query=ASK%7B%7D", {"Content-Type": FORM}, 400),
    "a query in URL and form": ("POST", URL_QUERY, b"query=ASK%7B%7D", {"Content-Type": FORM}, 400),
    "a query in URL and body": ("POST", URL_QUERY, b"ASK {}", {"Content-Type": DIRECT}, 400),
    "query and update": ("GET", URL_QUERY + "&update=CLEAR%20ALL", b"", {}, 403),
    "update by POST": ("POST", "/sparql", b"update=CLEAR%20ALL", {"Content-Type": FORM}, 403),
    "update as body": ("POST", "/sparql", b"CLEAR ALL", {"Content-Type": "application/sparql-update"}, 403),
    "wrong method": ("DELETE", URL_QUERY, b"", {}, 405),
    "method of another protocol": ("PROPFIND", URL_QUERY, b"", {}, 405),
    "unknown method": ("BREW", URL_QUERY, b"", {}, 400),
    "bad percent-encoding": ("GET", "/sparql?query=ASK%7B%ZZ%7D", b"", {}, 400),
    "cut percent-encoding": ("GET", "/sparql?query=ASK%7B%7D%2", b"", {}, 400),
    "bad UTF-8 in the URL": ("GET", "/sparql?query=ASK%7B%7D%23%FF", b"", {}, 400),
    "bad UTF-8 in the form": ("POST", "/sparql", b"query=ASK%7B%7D%23%FF", {"Content-Type": FORM}, 400),
    "bad UTF-8 in the body": ("POST", "/sparql", b"ASK {} #\xff", {"Content-Type": DIRECT}, 400),
    "lone surrogate": ("GET", "/sparql?query=ASK%7B%7D%23%ED%A0%80", b"", {}, 400),
    "NUL in the URL": ("GET", "/sparql?query=ASK%7B%7D%00", b"", {}, 400),
    "NUL in the body": ("POST", "/sparql", b"ASK {}\0", {"Content-Type": DIRECT}, 400),
    "another charset": ("POST", "/sparql", b"ASK {}", {"Content-Type": DIRECT + "; charset=latin-1"}, 415),
    "a JSON body": ("POST", "/sparql", b'{"query": "ASK {}"}', {"Content-Type": "application/json"}, 415),
    "no content type": ("POST", "/sparql", b"ASK {}", {}, 415),
    "a long query": ("POST", "/sparql", b"ASK {} #" + b"x" * 1_000_000, {"Content-Type": DIRECT}, 413),
    "a long body": ("POST", "/sparql", b"ASK {} #" + b"x" * 20_000_000, {"Content-Type": DIRECT}, 413),
    "a long URL": ("GET", URL_QUERY + "%23" + "x" * 250_000, b"", {}, 414),
    "a very long URL": ("GET", URL_QUERY + "%23" + "x" * 1_000_000, b"", {}, 431),
    "5,000 nested groups": ("POST", "/sparql", b"ASK " + b"{" * 5000 + b"}" * 5000, {"Content-Type": DIRECT}, 413),
    "many parameters": ("GET", URL_QUERY + "&a=b" * 1000, b"", {}, 400),
    "nonsense Accept": ("GET", URL_QUERY, b"", {"Accept": ";;;q=,/,\xff"}, 200),
    "Accept of what is not offered": ("GET", URL_QUERY, b"", {"Accept": "image/png"}, 406),
    "unknown format": ("GET", URL_QUERY + "&format=%3Cscript%3E", b"", {}, 406),
    "format of the wrong kind": ("GET", URL_QUERY + "&format=ttl", b"", {}, 406),
    "bad graph": ("GET", URL_QUERY + "&default-graph-uri=no%20iri", b"", {}, 400),
    "bad timeout": ("GET", URL_QUERY + "&timeout=soon", b"", {}, 400),
    "dots in the path": ("GET", "/../../etc/passwd", b"", {}, 404),
    "dots in static": ("GET", "/static/../../../pyproject.toml", b"", {}, 404),
    "encoded dots": ("GET", "/static/%2e%2e/%2e%2e/__init__.py", b"", {}, 404),
    "dots in graphs": ("GET", "/graph/..%2f..%2fpyproject.toml", b"", {}, 404),
    "NUL in the path": ("GET", "/id/%00", b"", {}, 404),
    "script in the path": ("GET", "/id/%3Cscript%3Ealert(1)%3C/script%3E", b"", {}, 404),
    "script in a query": ("GET", "/sparql?query=%3Cscript%3E", b"", {}, 400),
    "line break in the host": ("GET", "/nowhere", b"", {"Host": "a<script>"}, 400),
    "SERVICE": ("GET", "/sparql?query=" + quote("ASK { SERVICE SILENT <http://127.0.0.1:1/> {} }"), b"", {}, 403),
    "SERVICE behind a quote": (
        "GET",
        "/sparql?query=" + quote("ASK { ?s ?p '''\\''\"\"\"''' . SERVICE ?x {} }"),
        b"",
        {},
        403,
    ),
    "SERVICE in code points": (
        "GET",
        "/sparql?query=" + quote("ASK { \\u0053ERVICE <http://127.0.0.1:1/> {} }"),
        b"",
        {},
        400,
    ),
    "LOAD": ("GET", "/sparql?query=" + quote("LOAD <http://127.0.0.1:1/>"), b"", {}, 403),
}


OF_THE_SERVER = ("unknown method", "a long URL", "a very long URL")  # A stock one answers these by itself.


@pytest.mark.parametrize("name", [name for name in BAD if name not in OF_THE_SERVER])
def test_bad_input(ask, name: str) -> None:
    refused(ask, name)


@pytest.mark.parametrize("name", OF_THE_SERVER)
@pytest.mark.parametrize("base", KINDS, indirect=True, scope="module")
def test_bad_input_that_our_server_refuses(ask, name: str) -> None:
    refused(ask, name)


def refused(ask, name: str) -> None:
    method, path, body, headers, status = BAD[name]
    answer = ask(path, method, body or None, **{key.replace("-", "_"): value for key, value in headers.items()})
    text = answer.body.decode()
    assert answer.status == status, text[:300]
    assert len(text) < 2000
    assert "Traceback" not in text
    assert "site-packages" not in text
    assert "/src/kg" not in text
    if status not in (200, 431):
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert json.loads(text)["status"] == status


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /sparql?query=ASK{} HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\nBad\rHeader: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\n\r\n",
    ],
)
@pytest.mark.parametrize("base", KINDS, indirect=True, scope="module")
def test_broken_http(base: str, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(base).port), timeout=5) as connection:
        connection.sendall(raw)
        answer = connection.recv(65_536)
    assert answer.split()[1] in (b"400", b"501"), answer
    assert b"Traceback" not in answer


def test_the_server_still_answers(ask) -> None:
    assert ask(sparql("ASK {}")).status == 200
    assert ask("/readyz").status == 200
