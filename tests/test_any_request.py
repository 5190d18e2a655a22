"""Requests that nobody thought of, against a live server: whatever comes, the answer is one that a client can use."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from live import Answer, request, running, until
from test_limits import memory

from kg.graph.build import Graph
from kg.namespaces import GRAPH
from kg.queries.engine import answer

pytestmark = pytest.mark.check
STATUSES = {200, 303, 304, 400, 403, 404, 405, 406, 413, 414, 415, 429, 431, 503}
PER_TEST = settings(
    max_examples=250, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
KB, ID = "https://w3id.org/klimaatbanen/def#", "https://w3id.org/klimaatbanen/id/"
LABEL = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
MOST = 400  # MiB more: charts bring a JavaScript engine, which stays.
QUERIES = [
    f"SELECT * {{ ?s a <{KB}Pillar> ; {LABEL} ?label }}",
    f"ASK {{ <{ID}measure/ccs> ?p ?o }}",
    f"CONSTRUCT {{ ?s a ?c }} {{ ?s a ?c VALUES ?c {{ <{KB}Pillar> }} }}",
    f"DESCRIBE <{ID}measure/ccs>",
    "SELECT (COUNT(*) AS ?n) FROM <https://w3id.org/klimaatbanen/graph/ontology> { ?s ?p ?o }",
    'SELECT ("é€😀" AS ?x) ("a,\\"b\\"\\n" AS ?y) { }',
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s a ?c } } GROUP BY ?g HAVING (COUNT(*) > 10) ORDER BY DESC(?n)",
    f"SELECT ?s {{ ?s a <{KB}Measure> FILTER(REGEX(STR(?s), 'c{{1,2}}s')) OPTIONAL {{ ?s {LABEL} ?l }} }} LIMIT 5",
]
IMPORTED = f"ASK {{ GRAPH <{GRAPH}imported/esco-1.2.0> {{ ?s ?p ?o }} }}"
PIECES = [
    "{",
    "}",
    "(",
    "'",
    '"',
    "\\",
    "#",
    "<",
    "?x",
    "SERVICE <urn:a> {}",
    "LOAD <urn:a>",
    "UNION",
    "\0",
    "\r\n",
    "é",
]
text = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), max_size=30)
header = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query, whole or with pieces put in or taken away."""
    query = draw(st.sampled_from(QUERIES))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(query)))
        piece = draw(st.sampled_from(PIECES) | text)
        query = query[:at] + piece + query[at + draw(st.integers(0, 4)) :]
    return query


media = st.sampled_from(
    ["application/sparql-results+json", "text/csv", "text/turtle", "text/html", "*/*", "image/png", "text/*;q=0.3"]
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Accept": st.lists(media | header, max_size=4).map(", ".join),
        "Accept-Encoding": st.sampled_from(["gzip", "gzip;q=0", "br", "identity", ";q=x"]) | header,
        "Accept-Language": header,
        "Cache-Control": st.sampled_from(["no-cache", "no-store", "max-age=0"]) | header,
        "If-None-Match": st.sampled_from(["*", '"x"', 'W/"x"']) | header,
        "Origin": header,
        "Range": st.sampled_from(["bytes=0-1", "bytes=x"]),
        "X-Forwarded-For": header,
        "Transfer-Encoding": st.sampled_from(["gzip", "nonsense"]),
        "Expect": st.just("nonsense"),
    },
)
kinds = st.sampled_from(
    ["application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update", "text/plain", ""]
)
names = st.sampled_from(
    ["query", "update", "default-graph-uri", "named-graph-uri", "format", "timeout", "graph", "default", "lang", "q"]
)
values = queries() | text | st.sampled_from(["json", "csv", "ttl", "5", "urn:a", "nl", KB, ID + "measure/ccs"])
parameters = st.lists(st.tuples(names | text, values), max_size=5)
paths = st.sampled_from(
    ["/sparql", "/sparql", "/store", "/store/ontology", "/search", "/", "/id/measure/ccs"]
) | text.map(lambda one: "/" + quote(one))
bodies = (
    st.none() | st.binary(max_size=200) | queries().map(str.encode) | parameters.map(lambda p: urlencode(p).encode())
)
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"]


@dataclass
class Live:
    """A server that is asked: its URL, its process, and how much memory it had once it was warm."""

    url: str
    pid: int
    before: int = 0
    statuses: dict[int, int] = field(default_factory=dict)

    def send(self, path: str, method: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        answer = request(self.url, path, method, body, headers)
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        return answer


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with running(options=("--timeout", "2")) as (url, pid):
        server = Live(url, pid)
        for query in (*QUERIES, IMPORTED):  # What loads imported graphs stays.
            path = "/sparql?" + urlencode({"query": query})
            until(lambda path=path: server.send(path, "GET", None, {}).status == 200)
        server.before = memory(pid)
        yield server
        assert request(url, "/readyz", "GET", None, {}).status == 200
        until(lambda: request(url, "/download/SHA256SUMS", "GET", None, {}).status == 200, 120)  # Its maker is gone.
        assert memory(pid) < server.before + (MOST << 10), f"more than {MOST} MiB more than before"
        print(f"statuses: {dict(sorted(server.statuses.items()))}")


def check(answer: Answer, method: str) -> None:
    assert answer.status in STATUSES, (answer.status, answer.body[:200])
    shown = answer.body.decode("utf-8", "replace") if answer.headers["Content-Encoding"] is None else ""
    assert "Traceback" not in shown
    assert "site-packages" not in shown
    assert "/src/kg" not in shown
    if answer.status >= 400 and method != "HEAD" and answer.headers["Content-Encoding"] is None:
        kind = answer.headers["Content-Type"].split(";")[0]
        assert kind in ("application/problem+json", "text/html"), kind
        assert kind == "text/html" or json.loads(shown)["status"] == answer.status
        assert answer.headers["Cache-Control"] == "no-store"
    if method == "HEAD" or answer.status == 304:
        assert not answer.body


@seed(2023)
@PER_TEST
@given(st.sampled_from(METHODS), paths, parameters, headers, kinds, bodies)
def test_any_request(live: Live, method, path, told, sent, kind, body) -> None:
    target = path + ("?" + urlencode(told) if told else "")
    if kind and body is not None:
        sent = sent | {"Content-Type": kind}
    with contextlib.suppress(ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        check(live.send(target, method, body if method in ("POST", "PUT", "PATCH") else None, sent), method)


@seed(2023)
@PER_TEST
@given(st.binary(max_size=120))
def test_any_query_string(live: Live, raw: bytes) -> None:
    target = "/sparql?query=" + "".join(f"%{byte:02x}" if chance % 3 else "%" for chance, byte in enumerate(raw))
    check(live.send(target, "GET", None, {}), "GET")


TERMS = ["?a", "?b", "?c", f"<{ID}measure/ccs>", f"<{KB}Measure>", f"<{KB}Pillar>", LABEL, "a"]


@st.composite
def valid_queries(draw: st.DrawFn) -> str:
    """A query that is right, over things of the graph, and whose answer has no order of its own."""

    def triple() -> str:
        predicate = draw(st.sampled_from(["a", LABEL, "?p", f"<{KB}inPillar>"]))
        return f"{draw(st.sampled_from(TERMS[:6]))} {predicate} {draw(st.sampled_from(TERMS[:6]))} ."

    pattern = f"?a a {draw(st.sampled_from(TERMS[4:6]))} . " + triple()
    if draw(st.booleans()):
        pattern += f" OPTIONAL {{ ?a {LABEL} ?name FILTER(LANG(?name) = '{draw(st.sampled_from(['nl', 'en']))}') }}"
    if draw(st.booleans()):
        pattern = f"{{ {pattern} }} UNION {{ ?a a <{KB}Pillar> }}"
    if draw(st.booleans()):
        pattern += " FILTER(STRLEN(STR(?a)) > 20)"
    form = draw(st.sampled_from(["SELECT *", "SELECT DISTINCT ?a ?b", "SELECT (COUNT(*) AS ?n)", "ASK"]))
    return f"{form} {{ {pattern} }}"


@seed(2023)
@settings(PER_TEST, max_examples=100)
@given(valid_queries(), st.sampled_from(["json", "xml", "tsv"]), st.booleans())
def test_a_right_query_gets_the_answer_of_the_engine(
    live: Live, graph: Graph, query: str, form: str, post: bool
) -> None:
    form_body = urlencode({"query": query, "format": form})
    sent = {"Content-Type": "application/x-www-form-urlencoded"} if post else {}
    path, method, body = ("/sparql", "POST", form_body.encode()) if post else (f"/sparql?{form_body}", "GET", None)
    found = live.send(path, method, body, sent)
    assert found.status == 200, (query, found.text)
    formats = {"json": ox.QueryResultsFormat.JSON, "xml": ox.QueryResultsFormat.XML, "tsv": ox.QueryResultsFormat.TSV}
    if query.startswith("ASK") and form == "tsv":
        assert found.text.strip() == str(bool(answer(graph.dataset, query))).lower()
        return
    assert _told(ox.parse_query_results(found.body, format=formats[form])) == _told(answer(graph.dataset, query))


def _told(solutions: object) -> object:
    if isinstance(solutions, ox.QueryBoolean):
        return bool(solutions)
    assert isinstance(solutions, ox.QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    return names, sorted([str(row[name]) for name in names] for row in solutions)


def test_any_value_gets_an_answer_that_the_description_of_the_api_names(live: Live) -> None:
    """Every operation of /openapi.json that takes a value, asked with any; its examples are run by test_openapi."""
    spec = json.loads(live.send("/openapi.json", "GET", None, {}).body)
    chance = random.Random(2023)  # noqa: S311
    silent, asked = [], 0
    for path, operations in spec["paths"].items():
        operation = operations.get("get", {})
        shared = operations.get("parameters", []) if operation else []
        wanted = [_resolved(spec, one) for one in [*shared, *operation.get("parameters", [])]]
        for name in [one["name"] for one in wanted if "enum" not in one["schema"]]:
            value = chance.choice(["x", "é", "<script>", "%00", "-1"])
            target = _filled(path, wanted, {name: value})
            answer = live.send(target, "GET", None, {"Accept": "application/json, */*;q=0.5"})
            check(answer, "GET")
            asked += 1
            if str(answer.status) not in operation["responses"]:
                silent.append((target, answer.status))
    assert asked > 60
    assert not silent


def _resolved(spec: dict, node: dict) -> dict:
    for name in node["$ref"].removeprefix("#/").split("/") if "$ref" in node else ():
        spec = spec[name]
    return spec if "$ref" in node else node


def _filled(path: str, wanted: list[dict], given: dict[str, str]) -> str:
    query = []
    for parameter in wanted:
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace("{" + name + "}", quote(given.get(name) or _example(parameter) or "x", safe=""))
        elif parameter["in"] == "query" and (name in given or parameter.get("required")):
            query.append((name, given.get(name) or _example(parameter)))
    return path + ("?" + urlencode(query) if query else "")


def _example(parameter: dict) -> str:
    schema = parameter.get("schema", {})
    example = parameter.get("example", schema.get("example", schema.get("default", "")))
    if example == "" and parameter.get("examples"):
        example = next(iter(parameter["examples"].values()))["value"]
    return str(example or next(iter(schema.get("enum", [])), ""))
