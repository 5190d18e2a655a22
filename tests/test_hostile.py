"""Hostile labels in the data, and hostile parameters, wherever this site shows them: as text, and nothing else."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import openpyxl
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import ID
from kg.queries.question import find_questions
from kg.web.app import create_app

QUESTIONS = find_questions(project_folder() / "queries")
HTML = {"Accept": "text/html"}
PREF = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
BAD = "=1+1\"'><script>hit(1)</script><img src=x onerror=hit(1)>{{7777*7}}</title></svg>--><![CDATA["
THINGS = (
    "pillar/schoon",
    "cluster/chemelot",
    "occupation/lasser",
    "vacancy-group/kwaliteitsmedewerkers",
    "level/mbo-4",
)
PAGES = [
    "/questions",
    "/questions/climate/measures",
    "/questions/climate/measures?pillar=pillar/schoon",
    "/questions/climate/measures?pillar=none",
    "/questions/climate/measures-per-pillar",
    "/questions/labour-market/vacancies-2023q2",
    "/questions/places/clusters",
    "/questions/places/measures-by-pillar",
    "/questions/learning/qualifications-by-level",
    "/search?" + urlencode({"q": BAD}),
    "/search?q=lasser",
    "/switch?from=occupation/lasser",
    "/switch?" + urlencode({"q": BAD}),
    "/docs",
]


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []
        self.handlers: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.handlers += [str(value) for name, value in attrs if name in ("href", "src") and str(value)[:4] == "java"]
        if tag == "script":
            self.scripts.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    store = ox.Store()
    nodes = {ox.NamedNode(ID + name) for name in THINGS}
    store.bulk_extend(quad for quad in graph.store if quad.predicate != PREF or quad.subject not in nodes)
    for node in nodes:
        quads = list(graph.store.quads_for_pattern(node, PREF, None, None))
        assert quads, node
        store.extend(ox.Quad(node, PREF, ox.Literal(BAD, language=lang), quads[0].graph_name) for lang in ("nl", "en"))
    return create_app(replace(graph, store=store), QUESTIONS).test_client()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_a_hostile_label_as_text(client: FlaskClient, path: str) -> None:
    page = client.get(path, headers=HTML)
    tags = Tags(page.text)
    assert tags.handlers == []
    assert all(
        tag.get("src", "").startswith("/static/") or tag.get("type") == "application/ld+json" for tag in tags.scripts
    )  # type: ignore[union-attr]
    assert "54439" not in "".join(tags.text)
    if path not in ("/questions", "/docs"):
        assert "hit(1)" in page.text, "the label is not on this page: the test shows nothing"
    for script in re.findall(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', page.text, re.DOTALL):
        json.loads(script)


def test_a_spreadsheet_runs_no_label(client: FlaskClient) -> None:
    rows = list(csv.reader(io.StringIO(client.get("/api/climate/measures.csv").text)))
    assert {cell[:2] for row in rows for cell in row if "hit(1)" in cell} == {"'="}
    book = openpyxl.load_workbook(io.BytesIO(client.get("/api/climate/measures.xlsx").data))
    cells = [cell for sheet in book for row in sheet.rows for cell in row if "hit(1)" in str(cell.value)]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}


def test_data_holds_a_label_as_it_is(client: FlaskClient) -> None:
    payload = client.get("/api/climate/measures.json").json
    assert BAD in {row["pillarLabel"] for row in payload["rows"]}
    assert BAD in {choice["label"] for choice in client.get("/api/climate/measures/choices").json["pillar"]}
    (pillar,) = client.get("/openapi.json?lang=en").json["paths"]["/api/climate/measures"]["get"]["parameters"][:1]
    assert pillar["schema"]["enum"] == ["pillar/schoon", "pillar/financiele-afspraken", "pillar/slim"]
    assert BAD not in pillar["description"], "Markdown: a renderer may pass HTML through"
    assert "hit" in pillar["description"]
    assert client.get("/search?q=lasser&format=json").mimetype == "application/json"


def test_a_map_holds_a_label_as_text(client: FlaskClient) -> None:
    svg = fromstring(client.get("/questions/places/clusters.svg").data)  # noqa: S314
    assert {element.tag.rpartition("}")[2] for element in svg.iter()} <= {
        "svg",
        "title",
        "desc",
        "g",
        "path",
        "circle",
        "text",
        "tspan",
        "a",
        "rect",
    }
    assert any("hit(1)" in (element.text or "") for element in svg.iter())


@pytest.mark.parametrize(
    "path", ["/questions/places/clusters", "/api/places/clusters", "/search", "/switch", "/docs", "/openapi.json"]
)
def test_a_strange_language_falls_back_and_says_so(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?lang=%3Cx%3E", headers=HTML | {"Accept-Language": "en"})
    assert answer.status_code == 200
    if answer.mimetype == "text/html":
        assert "<x>" not in answer.text
        assert 'lang="en"' in answer.text
        assert 'class="notice"' in answer.text
    else:
        assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize(
    "query",
    ["%", "%zz", "pillar=%FF", "pillar=%00", "pillar=a&pillar=b", "none=1", "pillar=http://[", "pillar=" + "a" * 9000],
)
def test_broken_parameters_are_400_with_the_way_out(client: FlaskClient, query: str) -> None:
    for path in ("/api/climate/measures", "/questions/climate/measures"):
        answer = client.get(f"{path}?{query}", headers=HTML if "questions" in path else {})
        assert answer.status_code == 400, (path, answer.text[:200])
        assert len(answer.data) < 40_000
        if path.startswith("/api"):
            assert answer.json["hint"]


@pytest.mark.parametrize(
    "path",
    [
        "/questions/none",
        "/questions/../x",
        "/api/none.csv",
        "/api/climate/measures.exe",
        "/questions/graph/classes.svg",
        "/questions/places/clusters.svg?theme=pink",
        "/questions/places/clusters.vl.json",
    ],
)
def test_what_is_not_there_is_said(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert answer.json["hint"]
