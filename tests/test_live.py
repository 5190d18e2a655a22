"""A live server over HTTP: SPARQL 1.1 Protocol, linked data, pages, errors."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

import pandas
import pyoxigraph as ox
import pytest
from live import Answer, request, served

PILLARS = "SELECT ?pillar ?ordinal { ?pillar a <https://w3id.org/klimaatbanen/def#Pillar> } ORDER BY ?pillar"
GRAPH = "CONSTRUCT { ?s a ?c } { ?s a ?c VALUES ?c { <https://w3id.org/klimaatbanen/def#Pillar> } }"
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture
def ask(base: str):
    def send(
        path: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        return request(base, path, method, body, headers or {})

    return send


def sparql(query: str, **more: str) -> str:
    return "/sparql?" + urlencode({"query": query, **more})


TABLES = {
    "application/sparql-results+json": lambda body: len(json.loads(body)["results"]["bindings"]),
    "application/sparql-results+xml": lambda body: len(ElementTree.fromstring(body)[1]),  # noqa: S314
    "text/csv": lambda body: len(list(csv.reader(io.StringIO(body.decode())))) - 1,
    "text/tab-separated-values": lambda body: body.decode().count("\n") - 1,
}
GRAPHS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}


@pytest.mark.parametrize("media", TABLES)
@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_select_in_every_format_by_every_way(ask, media: str, way: str) -> None:
    headers = {"Accept": media}
    if way == "get":
        answer = ask(sparql(PILLARS), headers=headers)
    elif way == "form":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = ask("/sparql", "POST", urlencode({"query": PILLARS}).encode(), headers)
    else:
        answer = ask("/sparql", "POST", PILLARS.encode(), headers | {"Content-Type": "application/sparql-query"})
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0] == media
    assert TABLES[media](answer.body) == 3


@pytest.mark.parametrize("media", GRAPHS)
def test_construct_in_every_format(ask, media: str) -> None:
    answer = ask(sparql(GRAPH), headers={"Accept": media})
    assert answer.headers["Content-Type"].split(";")[0] == media
    assert len(list(ox.parse(answer.body, format=GRAPHS[media]))) == 3


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/sparql-results+json"),
        ("text/csv;q=0.5, application/sparql-results+xml", "application/sparql-results+xml"),
        ("application/sparql-results+xml;q=0.2, text/csv;q=0.5", "text/csv"),
        ("text/*", "text/csv"),
        ("application/xml", "application/sparql-results+xml"),
        ("text/csv;q=0, */*", "application/sparql-results+json"),
        ("text/csv;charset=utf-8", "text/csv"),
        ('text/csv;header=present;x="a,b", application/sparql-results+xml;q=0.5', "text/csv"),
        ("application/sparql-results+json;q=0, */*;q=0.1", "application/sparql-results+xml"),
    ],
)
def test_negotiation(ask, accept: str, media: str) -> None:
    answer = ask(sparql(PILLARS), headers={"Accept": accept})
    assert answer.headers["Content-Type"].split(";")[0] == media
    assert "Accept" in answer.headers["Vary"]


def test_format_parameter_wins(ask) -> None:
    assert ask(sparql(PILLARS, format="csv"), headers=HTML).headers["Content-Type"] == "text/csv; charset=utf-8"
    assert ask(sparql(PILLARS, format="ttl")).status == 406


def test_ask_query(ask) -> None:
    assert json.loads(ask(sparql("ASK {}")).body)["boolean"] is True
    assert ask(sparql("ASK {}"), headers={"Accept": "text/csv"}).text.strip() == "true"


def test_dataset_by_protocol(ask) -> None:
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    graph = {"default-graph-uri": "https://w3id.org/klimaatbanen/graph/klimaattafels"}
    whole = int(ask(sparql(count, format="csv")).text.split()[1])
    part = int(ask(sparql(count, format="csv", **graph)).text.split()[1])
    assert 0 < part < whole
    posted = ask(
        "/sparql?" + urlencode(graph),
        "POST",
        count.encode(),
        {"Content-Type": "application/sparql-query", "Accept": "text/csv"},
    )
    assert int(posted.text.split()[1]) == part


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        (sparql("SELECT * {\n  ?s ?p\n}"), 400, "syntax error at '}'"),
        (sparql(""), 400, "empty"),
        ("/sparql?query=%20", 400, "empty"),
        ("/sparql?timeout=0", 400, "no number of seconds"),
        ("/search?q=x&limit=many", 400, "limit cannot be many"),
        ("/sparql?query=ASK%20%7B%7D&query=ASK%20%7B%7D", 400, "several queries"),
        (sparql("INSERT DATA { <urn:a> <urn:b> 1 }"), 403, "read only"),
        ("/sparql?update=CLEAR%20ALL", 403, "not accepted"),
        (sparql("SELECT * { SERVICE <http://127.0.0.1:1/> {} }"), 403, "SERVICE"),
        (sparql("SELECT (<urn:f>(1) AS ?x) {}"), 400, "not supported"),
        (sparql("ASK {} #" + "x" * 70_000), 413, "characters"),
        ("/nowhere", 404, ""),
        ("/id/measure/nowhere", 404, "nothing is said"),
        ("/id/measure/ccs.exe", 404, "nothing is said"),
        ("/id/a%3Cb%3E", 404, "no kind of things"),
        ("/def.exe", 404, "no form"),
    ],
)
def test_problems(ask, path: str, status: int, detail: str) -> None:
    answer = ask(path)
    assert answer.status == status
    assert answer.problem["status"] == status
    assert detail in str(answer.problem["detail"])
    assert "Traceback" not in answer.text
    assert "/src/" not in answer.text


def test_a_syntax_error_has_line_and_column(ask) -> None:
    problem = ask(sparql("SELECT * {\n  ?s ?p\n}")).problem
    assert (problem["line"], problem["column"]) == (3, 1)


def test_an_unknown_accept_is_told_what_is_offered(ask) -> None:
    answer = ask(sparql(PILLARS), headers={"Accept": "image/png"})
    assert answer.status == 406
    assert "text/csv (csv)" in str(answer.problem["hint"])
    assert "text/turtle (ttl)" in str(ask("/id/measure/ccs", headers={"Accept": "image/png"}).problem["hint"])


def test_bodies_that_are_no_form_and_no_query(ask) -> None:
    assert ask("/sparql", "POST", b"{}", {"Content-Type": "application/json"}).status == 415
    assert ask("/sparql", "POST", b"ASK {}").status == 415
    assert ask("/sparql", "POST", b"CLEAR ALL", {"Content-Type": "application/sparql-update"}).status == 403
    assert ask("/sparql", "POST", b"\xff", {"Content-Type": "application/sparql-query"}).status == 400
    assert ask("/sparql", "POST", b"x" * (2 << 20), {"Content-Type": "application/sparql-query"}).status == 413


def test_a_wrong_method_is_told_the_right_ones(ask) -> None:
    answer = ask("/sparql", "PUT", b"")
    assert answer.status == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(",", "").split())


def test_pandas_reads_the_vacancy_table_with_numbers(base: str, project) -> None:
    query = (project / "queries" / "occupations" / "vacancies.rq").read_text("utf-8")
    frame = pandas.read_csv(f"{base}/sparql?query={quote(query)}&format=csv")
    assert str(frame["vacancies"].dtype) == "int64"
    industry = frame[frame["publication"].str.endswith("/industrie-2023")]
    assert len(industry) == 10
    assert industry["vacancies"].sum() == 32250


def test_query_of_all_list_items(ask, project) -> None:
    query = (project / "queries" / "occupations" / "list-items.rq").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(ask(sparql(query, format="csv")).text)))
    labels = [row["groupLabel"] for row in rows]
    assert len(rows) == 44
    assert len(set(labels)) == 39
    assert sum(labels.count(label) == 2 for label in set(labels)) == 5


SUFFIXES = {
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}


@pytest.mark.parametrize(
    "path", ["/id/occupation/procesoperator", "/id/period/2016/2023", "/def", "/graph/industrie-2023/editorial"]
)
def test_iris_dereference(ask, path: str) -> None:
    page = ask(path, headers=HTML)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Location"] == f"{path}.html"
    assert ask(f"{path}.html").text.startswith("<!doctype html>")
    for suffix, media in SUFFIXES.items():
        by_suffix = ask(f"{path}.{suffix}")
        by_accept = ask(path, headers={"Accept": media})
        assert by_suffix.headers["Content-Type"].split(";")[0] == media
        assert by_suffix.headers["Content-Location"] == by_accept.headers["Content-Location"] == f"{path}.{suffix}"
        assert by_suffix.body == by_accept.body
        assert f'<{path}.{suffix}>; rel="alternate"; type="{media}"' in str(by_suffix.headers.get_all("Link"))
        accept = f'{media};profile="http://www.w3.org/ns/json-ld#expanded"'  # Oxigraph loads no context.
        assert len(list(ox.parse(ask(path, headers={"Accept": accept}).body, format=GRAPHS[media]))) > 0


def test_a_resource_says_what_points_at_it(ask) -> None:
    triples = ox.parse(ask("/id/knowledge-area/elektro.nt").body, format=ox.RdfFormat.N_TRIPLES)
    ends = {("out" if triple.subject.value.endswith("/elektro") else "in") for triple in triples}
    assert ends == {"in", "out"}


def test_pages_speak_both_languages(ask) -> None:
    dutch, english = ask("/?lang=nl", headers=HTML), ask("/?lang=en", headers=HTML)
    assert '<html lang="nl">' in dutch.text
    assert '<html lang="en">' in english.text
    assert 'lang="nl">' in ask("/", headers=HTML | {"Accept-Language": "nl-NL,nl;q=0.9"}).text
    assert 'lang="en">' in ask("/", headers=HTML | {"Accept-Language": "en-GB"}).text
    assert "Measures</a>" in english.text
    assert "Maatregelen</a>" in dutch.text
    assert 'href="/?lang=en"' in dutch.text


def test_an_unknown_language_falls_back_and_says_so(ask) -> None:
    page = ask("/?lang=fr", headers=HTML | {"Accept-Language": "en"}).text
    assert '<html lang="en">' in page
    assert "That language is not available" in page


def test_the_first_page_leads_everywhere(ask) -> None:
    page = ask("/?lang=en", headers=HTML).text
    for path in (
        "/id/climate-table",
        "/id/measure",
        "/id/occupation",
        "/id/training-route",
        "/id/region",
        "/id/figure",
        "/id/",
    ):
        assert f'href="{path}?lang=en"' in page, path
    assert "The Klimaatbanen contributors (" in page
    assert all(f"chip-{kind}" in page for kind in ("stated", "editorial", "inferred"))
    parts = ask("/dataset?lang=en", headers=HTML).text
    assert all(f"chip-{kind}" in parts for kind in ("stated", "editorial", "inferred", "mapping"))


def test_all_kinds_are_listed_with_their_numbers(ask) -> None:
    page = ask("/id/?lang=en", headers=HTML).text
    assert re.search(
        r'<a class="name" href="/id/occupation\?lang=en">Occupations</a> <span class="note">157</span>', page
    )
    assert "/id/passage?lang=en" in page


def test_the_form_works_without_javascript(ask) -> None:
    page = ask("/sparql", headers=HTML).text
    action = re.search(r'<form action="([^"]+)" method="get"', page)
    assert action is not None
    assert '<textarea id="query" name="query"' in page
    answer = ask(
        action.group(1) + "?" + urlencode({"query": "SELECT ?p { ?p a kb:Pillar }", "lang": "en"}), headers=HTML
    )
    assert answer.status == 200
    assert "3 rows" in answer.text
    assert ">clean</a>" in answer.text


def test_the_form_shows_errors_graphs_booleans_and_no_rows(ask) -> None:
    broken = ask(sparql("SELECT {"), headers=HTML)
    assert broken.status == 400
    assert "regel 1" in broken.text or "line 1" in broken.text
    assert "@prefix kb:" in ask(sparql(GRAPH), headers=HTML).text
    assert "true" in ask(sparql("ASK {}"), headers=HTML).text
    assert "no answer in this graph" in ask(sparql("SELECT * { <urn:a> <urn:b> ?c }", lang="en"), headers=HTML).text


def test_hostile_text_is_shown_escaped(ask) -> None:
    evil = '"><script>alert(1)</script>'
    for path in (sparql(evil), f"/id/{quote(evil)}", "/?lang=" + quote(evil), sparql(f"SELECT ('{evil}' AS ?x) {{}}")):
        page = ask(path, headers=HTML).text
        assert "<script>" not in page, path
    link = sparql("SELECT (IRI('javascript:alert(1)') AS ?x) {}")
    assert 'href="javascript' not in ask(link, headers=HTML).text


def test_not_found_page_names_the_nearest_labels(ask) -> None:
    page = ask("/id/measure/elektrificaties?lang=nl", headers=HTML)
    assert page.status == 404
    assert 'href="/id/measure/elektrificatie?lang=nl"' in page.text


def test_every_answer_has_safe_headers(ask) -> None:
    for path in ("/", "/sparql", "/id/measure/ccs", "/nowhere", "/static/site.css"):
        headers = ask(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Server"] is None


def test_each_response_is_one_packet_and_comes_in_turn(base: str) -> None:
    query = "/sparql?query=ASK%20%7B%7D"
    asked = [("GET", query, ""), ("HEAD", query, ""), ("GET", "/healthz", ""), ("GET", query, "Connection: close\r\n")]
    requests = [f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n" for method, path, more in asked]
    with socket.create_connection((urlsplit(base).hostname, urlsplit(base).port), timeout=60) as connection:
        connection.sendall(requests[0].encode())
        head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert json.loads(body)["boolean"] is True
        connection.sendall("".join(requests).encode())
        with connection.makefile("rb") as answers:
            found = answers.read()
    assert found.count(b"HTTP/1.1 200 ") == 4
    assert found.count(body) == 2
    assert found.endswith(b"\r\n\r\n" + body)


def test_health(ask) -> None:
    assert json.loads(ask("/healthz").body) == {"status": "ok"}
    ready = json.loads(ask("/readyz").body)
    assert ready["status"] == "ready"
    assert ready["statements"] > 10_000


@pytest.mark.check
def test_links_on_pages_lead_somewhere(ask) -> None:
    for start in ("/?lang=nl", "/id/measure/ccs?lang=en", "/sparql?lang=nl", "/id/occupation/procesoperator?lang=nl"):
        page = ask(start, headers=HTML).text
        for link in sorted(set(re.findall(r'href="(/[^"#]*)', page)))[:60]:
            answer = ask(link.replace("&amp;", "&"), headers=HTML)
            assert answer.status == 200, f"{start} links to {link}: {answer.status}"


def test_llms_txt_leads_to_what_works(ask, base: str) -> None:
    answer = ask("/llms.txt")
    assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
    links = re.findall(rf"\({re.escape(base)}(/[^)\s]+)\)", answer.text)
    assert len(links) > 100
    plain = [link for link in links if link not in ("/sparql", "/download/", "/mcp")]
    for link in plain[:5] + plain[-1:]:
        assert ask(link).status == 200, link
