"""What the SPARQL editor asks of its server: terms, examples, labels, charts, XLSX; its page with and without it."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import ID, KB
from kg.queries.question import find_questions
from kg.web.app import create_app
from kg.web.sparql import editor

HTML = {"Accept": "text/html"}
PLACES = "SELECT ?c ?lat ?lon { ?c a kb:Cluster ; schema:latitude ?lat ; schema:longitude ?lon }"
COUNTS = "SELECT ?class (COUNT(?s) AS ?n) { ?s a ?class } GROUP BY ?class ORDER BY DESC(?n) LIMIT 5"


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(project_folder() / "queries")).test_client()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for that of the bundle."""
    monkeypatch.setattr(editor, "FILES", tmp_path)
    return tmp_path


def terms(client: FlaskClient) -> dict[str, Any]:
    return json.loads(client.get("/sparql/terms.json").data)


def test_terms_are_those_of_the_graph_and_can_be_written_in_a_query(client: FlaskClient, graph: Graph) -> None:
    told = terms(client)
    assert told["prefixes"] == graph.prefixes
    head = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in told["prefixes"].items())
    used = {str(quad.predicate) for quad in graph.store}
    assert len(told["properties"]) == len(used)
    for one in told["properties"]:
        assert graph.store.query(f"{head} ASK {{ ?s {one['name']} ?o }}", use_default_graph_as_union=True), one
    for one in told["classes"]:
        assert graph.store.query(f"{head} ASK {{ ?s a {one['name']} }}", use_default_graph_as_union=True), one


def test_functions_that_the_endpoint_has_are_told(client: FlaskClient) -> None:
    (score,) = terms(client)["functions"]
    assert score["name"] == "kb:textScore"
    assert set(score["about"]) == {"nl", "en"}


def test_a_property_names_the_classes_that_have_it(client: FlaskClient) -> None:
    told = terms(client)
    classes = {one["name"]: number for number, one in enumerate(told["classes"])}
    has_task = next(one for one in told["properties"] if one["name"] == "kb:hasTask")
    of = dict(has_task["of"])
    assert of[classes["kb:Occupation"]] <= has_task["count"]
    assert classes["kb:ClimateMeasure"] not in of
    assert set(has_task["label"]) == {"nl", "en"}


def test_a_property_names_the_classes_and_forms_of_its_values(client: FlaskClient) -> None:
    told = terms(client)
    classes = [one["name"] for one in told["classes"]]
    found = {one["name"]: one for one in told["properties"]}
    assert {classes[kind] for kind, _ in found["kb:needsSkill"]["to"]} == {"kb:Skill", "kb:SoftSkill"}
    assert found["kb:needsSkill"]["values"] == {}
    assert set(found["kb:value"]["values"]) == {"number"}
    assert set(found["skos:definition"]["values"]) == {"nl", "en"}


def test_a_class_names_one_that_is_of_it_and_has_what_it_says(client: FlaskClient, graph: Graph) -> None:
    told = terms(client)
    head = "".join(f"PREFIX {prefix}: <{iri}> " for prefix, iri in told["prefixes"].items())
    for one in told["classes"]:
        name, *_, properties = one["example"]
        pattern = " ; ".join(f"{prop} []" for prop in properties)
        assert graph.store.query(
            f"{head} ASK {{ {name} a {one['name']} ; {pattern} }}", use_default_graph_as_union=True
        ), one


def test_the_plain_page_says_in_dutch_what_to_do(client: FlaskClient, bundle: Path) -> None:
    page = client.get("/sparql?lang=nl&query=SELECT", headers=HTML).text
    problem = re.search(r'<div class="problem".*?</div>', page, re.DOTALL).group()  # type: ignore[union-attr]
    assert "begin met een voorbeeld" in problem
    assert "kijk op die plaats" in problem
    assert len(re.findall('lang="en"', problem)) == 1
    empty = client.get("/sparql?lang=nl&query=SELECT * { ?x a kb:Organization }", headers=HTML).text
    assert "De vraag is goed" not in empty
    assert "noemt een term die deze graaf niet gebruikt" in empty


def test_things_have_both_names_and_the_most_telling_class(client: FlaskClient) -> None:
    told = terms(client)
    found = {path: rest for path, *rest in told["things"]}
    nl, en, kind = found["measure/ccs"]
    assert (nl, told["classes"][kind]["name"]) == ("CCS", "kb:ClimateMeasure")
    assert "carbon capture" in en.lower()


def test_terms_come_again_only_when_they_changed(client: FlaskClient) -> None:
    tag = client.get("/sparql/terms.json").headers["ETag"]
    assert client.get("/sparql/terms.json", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT ?s { ?s a kb:Pillar }", None),
        ("SELECT ?s { ?s a kb:Pillar } # a comment at the end", None),
        ("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }", None),
        ("SELECT ?s { ?s a kb:Pillar .. }", (1, 29)),
        ("SELECT ?s {\n  ?s a nowhere:Pillar\n}", (2, 22)),
        ("SELECT ?s {\n  ?s a kb:Pillar\n", None),
        ("SELECT ?s {\n  ?s ?p 'x }", (2, 9)),
        ("DELETE WHERE { ?s ?p ?o }", (None, None)),
    ],
)
def test_a_query_is_checked_without_running_it(
    client: FlaskClient, query: str, place: tuple[int | None, int | None] | None
) -> None:
    problem = client.post("/sparql/check", data={"query": query}).json["problem"]
    assert (problem and (problem["line"], problem["column"])) == place


def test_all_questions_are_examples_in_both_languages(client: FlaskClient) -> None:
    questions = find_questions(project_folder() / "queries")
    for lang in ("nl", "en"):
        told = json.loads(client.get(f"/sparql/examples.json?lang={lang}").data)
        titles = [one["title"] for theme in told for one in theme["questions"]]
        assert sorted(titles) == sorted(one.title[lang] for one in questions.values())
    charts = [one["chart"] for theme in told for one in theme["questions"] if one["chart"]]
    assert {"mark": "map", "latitude": "latitude", "longitude": "longitude", "label": ["cluster"]} in charts


def test_labels_are_in_the_language_of_the_page_with_a_link_on_this_host(client: FlaskClient) -> None:
    iris = f"{ID}measure/ccs {KB}Pillar http://example.org/x javascript:alert(1)"
    nl, en = (json.loads(client.post(f"/sparql/labels?lang={lang}", data={"iris": iris}).data) for lang in ("nl", "en"))
    assert nl[f"{ID}measure/ccs"] == ["CCS", "", "/id/measure/ccs?lang=nl"]
    assert en[f"{KB}Pillar"] == ["pillar", "", "/def#Pillar"]
    assert nl["http://example.org/x"] == ["x", "", "http://example.org/x"]
    assert nl["javascript:alert(1)"][2] == ""


def test_labels_refuse_what_is_no_iri_or_too_many(client: FlaskClient) -> None:
    assert client.post("/sparql/labels", data={"iris": "no-iri"}).status_code == 400
    assert client.post("/sparql/labels", data={"iris": " ".join(["urn:x"] * 5001)}).status_code == 413


@pytest.mark.check
def test_a_query_becomes_a_chart_by_get_and_post(client: FlaskClient) -> None:
    told = {"query": COUNTS, "mark": "bar", "x": "n", "y": "class", "theme": "dark"}
    posted = client.post("/sparql/chart?lang=en", data=told)
    assert posted.mimetype == "image/svg+xml", posted.text
    assert re.search(r">\d,\d{3}<", posted.text)
    assert client.get("/sparql/chart", query_string=told | {"lang": "en"}).data == posted.data


def test_relations_need_no_numbers(client: FlaskClient) -> None:
    told = {"query": "SELECT ?a ?b { VALUES (?a ?b) { ('een' 'twee') ('een' 'drie') } }", "x": "a", "y": "b"}
    svg = client.post("/sparql/chart?lang=nl", data=told | {"mark": "links"})
    assert svg.status_code == 200
    assert svg.text.count("<path") == 4, "a line and its tip for each row"
    assert client.post("/sparql/chart?lang=nl", data=told | {"mark": "bar"}).status_code == 400


def test_places_become_a_map_with_links(client: FlaskClient) -> None:
    told = {"query": PLACES, "mark": "map", "latitude": "lat", "longitude": "lon", "label": "c"}
    svg = client.post("/sparql/chart?lang=nl", data=told).text
    assert svg.count('class="place-mark"') == 5
    assert 'href="/id/cluster/' in svg


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({"query": ""}, 400, "no query"),
        ({"query": "CONSTRUCT WHERE { ?s a kb:Pillar }"}, 400, "no rows"),
        ({"query": "SELECT ?n { ?n a kb:Nothing }"}, 400, "no column"),
        ({"mark": "pie"}, 400, "bar, point, links, map"),
        ({"x": "nowhere"}, 400, "no column nowhere"),
        ({"x": ""}, 400, "missing"),
        ({"x": "class"}, 400, "every value is a number"),
        ({"theme": "<script>"}, 400, "light, dark"),
        ({"query": "SELECT ?class ?n { ?class ?p ?n FILTER(isNumeric(?n)) }"}, 413, "this chart shows 150"),
        ({"mark": "map", "latitude": "n", "longitude": "class", "label": "class"}, 400, "every value is a number"),
    ],
)
def test_a_chart_that_cannot_be_drawn_says_why(
    client: FlaskClient, changed: dict[str, str], status: int, said: str
) -> None:
    told = {"query": COUNTS, "mark": "bar", "x": "n", "y": "class"} | changed
    answer = client.post("/sparql/chart", data=told)
    assert answer.status_code == status, answer.text
    assert said in answer.json["detail"] + answer.json["hint"]


def test_a_query_becomes_a_spreadsheet_with_its_source(client: FlaskClient) -> None:
    answer = client.post("/sparql/xlsx?lang=en", data={"query": COUNTS})
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["Data", "Source"]
    assert isinstance(book["Data"].cell(2, 3).value, int)
    assert any(COUNTS in str(cell.value) for row in book["Source"] for cell in row)


def test_the_page_without_the_bundle_is_the_plain_form_and_says_so(client: FlaskClient, bundle: Path) -> None:
    answer = client.get("/sparql?lang=en", headers=HTML)
    assert "The editor is not built" in answer.text
    assert "editor" not in "".join(re.findall("<script[^>]*>", answer.text))
    assert "nonce" not in answer.headers["Content-Security-Policy"]


def test_the_log_says_that_the_editor_is_missing(graph: Graph, bundle: Path, caplog: pytest.LogCaptureFixture) -> None:
    create_app(graph, {})
    assert "the editor is not built" in caplog.text


def test_the_page_with_the_bundle_has_one_script_and_a_policy_of_its_own(client: FlaskClient, bundle: Path) -> None:
    (bundle / "editor.js").write_text("")
    told = client.get("/sparql?lang=nl&query=SELECT%20</script><script>alert(1)</script>", headers=HTML)
    setting = json.loads(re.search(r'id="editor-setting">(.*?)</script>', told.text, re.DOTALL).group(1))  # type: ignore[union-attr]
    policy = told.headers["Content-Security-Policy"]
    assert f"style-src 'self' 'nonce-{setting['nonce']}'" in policy
    assert "script-src 'self';" in policy
    assert policy.count("unsafe") == policy.count("style-src-attr 'unsafe-inline'") == 1
    assert "<script>alert" not in told.text
    assert setting["problem"]["line"] == 1
    assert len(re.findall(r'<script type="module" src="/static/editor/editor\.js\?v=\w+">', told.text)) == 1
    other = client.get("/sparql?lang=nl", headers=HTML)
    assert setting["nonce"] not in other.text


def test_the_bundle_changes_its_address_with_its_bytes(bundle: Path) -> None:
    (bundle / "editor.js").write_text("a")
    first = editor.bundle_version()
    (bundle / "editor.js").write_text("b")
    assert editor.bundle_version() != first


def test_hostile_labels_stay_text_in_what_the_editor_gets(graph: Graph) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    store = ox.Store()
    store.bulk_extend(graph.store)
    place = ox.NamedNode("https://w3id.org/klimaatbanen/graph/industrie-2023")
    node = ox.NamedNode(f"{ID}cluster/kwaad")
    for predicate, value in (
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", ox.NamedNode(KB + "Cluster")),
        ("http://www.w3.org/2004/02/skos/core#prefLabel", ox.Literal(hostile, language="nl")),
        (
            "https://schema.org/latitude",
            ox.Literal("52.1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
        ),
        (
            "https://schema.org/longitude",
            ox.Literal("5.1", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
        ),
    ):
        store.add(ox.Quad(node, ox.NamedNode(predicate), value, place))
    client = create_app(Graph(store, graph.sources), {}).test_client()
    told = {"query": PLACES, "mark": "map", "latitude": "lat", "longitude": "lon", "label": "c"}
    assert "<img" not in client.post("/sparql/chart?lang=nl", data=told).text
    answer = client.post("/sparql/labels?lang=nl", data={"iris": node.value})
    assert answer.mimetype == "application/json"
    assert answer.json[node.value][0] == hostile
