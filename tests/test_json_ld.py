"""JSON-LD: one context, held fixed and whole; documents are short trees, and say what the Turtle says."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT
from flask.testing import FlaskClient
from rdflib.compare import isomorphic

from kg.files import project_folder
from kg.graph.build import Graph
from kg.graph.json_ld import JsonLdContext
from kg.namespaces import ID, RDF_TYPE
from kg.queries.question import find_questions
from kg.rdf_terms import prefixed_name
from kg.web.app import create_app

FILE = ROOT / "ontology" / "context.jsonld"
CONTEXT = json.loads(FILE.read_text("utf-8"))["@context"]
PUBLISHED = json.loads((ROOT / "docs" / "published-context.jsonld").read_text("utf-8"))["@context"]
ADDRESS = "http://localhost/context.jsonld"
THINGS = (
    "id/measure/waterstof",
    "id/occupation/procesoperator",
    "id/climate-table/industrie",
    "id/publication/industrie-2023",
    "id/unit/procent",
    "id/modality/possible",
    "id/measure",
    "id/period",
    "id/figure",
    "def",
    "graph/industrie-2023",
    "graph/mappings/measures-oeo",
)
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")  # rdflib, of itself.
PROFILE = "http://www.w3.org/ns/json-ld#"


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(project_folder() / "queries")).test_client()


def read(document: Any) -> rdflib.Graph:
    """The triples of a document, by rdflib, with the context from the file instead of the web."""
    if isinstance(document, dict):
        assert document["@context"] == [ADDRESS, {"@base": ID}]
        document = {**document, "@context": [CONTEXT, {"@base": ID}]}
    return rdflib.Graph().parse(data=json.dumps(document), format="json-ld")


def test_the_context_has_a_term_for_each_class_and_property(graph: Graph) -> None:
    terms = JsonLdContext(FILE).terms
    used = {quad.predicate.value for quad in graph.store} - {RDF_TYPE}
    used |= {quad.object.value for quad in graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None)}
    missing = sorted(prefixed_name(iri, graph.prefixes) or iri for iri in used - terms.keys())
    assert not missing, f"give each a line in ontology/context.jsonld: {missing}"


def test_a_term_that_was_published_keeps_its_meaning() -> None:
    changed = {name for name, definition in PUBLISHED.items() if CONTEXT.get(name) != definition}
    assert not changed, "documents that others hold name these terms: add new ones beside them"


def test_a_property_has_one_shape_in_all_documents(graph: Graph) -> None:
    """What has no `@set` never has two values, so that nobody meets a list where there was none."""
    single = {
        iri
        for iri, (_, definition) in JsonLdContext(FILE).terms.items()
        if "@set" not in definition.get("@container", ())
    }
    found: dict[tuple[str, str, str], set[str]] = {}
    for quad in graph.store:
        if quad.predicate.value in single - {RDF_TYPE}:
            tag = (quad.object.language or "") if isinstance(quad.object, ox.Literal) else ""
            found.setdefault((str(quad.subject), quad.predicate.value, tag), set()).add(str(quad.object))
    twice = {predicate for (_, predicate, _), values in found.items() if len(values) > 1}
    assert not twice, 'write "@container": "@set" for them before they are published'


@pytest.mark.parametrize("path", THINGS)
def test_json_ld_says_what_the_turtle_says(client: FlaskClient, path: str) -> None:
    turtle = rdflib.Graph().parse(data=client.get(f"/{path}?format=ttl").text, format="turtle")
    assert len(turtle) > 3
    for profile in ("", "expanded", "flattened", "compacted"):
        accept = f'application/ld+json;profile="{PROFILE}{profile}"' if profile else "application/ld+json"
        answer = client.get(f"/{path}", headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.content_type == (
            "application/ld+json" if not profile else f'application/ld+json; profile="{PROFILE}{profile}"'
        )
        document = json.loads(answer.data)
        assert isinstance(document, list) == (profile in ("expanded", "flattened"))
        assert isomorphic(read(document), turtle), (path, profile)


def test_a_thing_is_one_tree_with_short_keys_and_ids(client: FlaskClient) -> None:
    thing = json.loads(client.get("/id/measure/waterstof.jsonld").data)
    assert thing["id"] == "measure/waterstof"
    assert "ClimateMeasure" in thing["type"]
    assert thing["prefLabel"] == {"nl": "gebruik van waterstof", "en": "use of hydrogen"}
    assert "measure/groene-waterstof" in thing["narrower"]
    assert "climate-table/industrie" in thing["linkedFrom"]["asksFor"]
    long = [key for key in (*thing, *thing["linkedFrom"]) if "://" in key]
    assert not long
    listed = json.loads(client.get("/id/measure?format=jsonld").data)["@graph"]
    assert "use of hydrogen" in {measure["prefLabel"].get("en") for measure in listed}


def test_the_context_is_served_as_it_stands_and_where_documents_say(client: FlaskClient) -> None:
    answer = client.get("/context.jsonld")
    assert (answer.status_code, answer.content_type) == (200, "application/ld+json")
    assert answer.data == FILE.read_bytes()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    rules = (ROOT / "docs" / "w3id" / ".htaccess").read_text("utf-8")
    assert "context\\.jsonld" in rules


def test_the_documentation_has_the_lines_of_the_site(client: FlaskClient) -> None:
    page = unescape(client.get("/docs?lang=en", base_url="http://127.0.0.1:8000", headers={"Accept": "text/html"}).text)
    lines = page.partition('<code id="json-ld-lines">')[2].partition("</code>")[0].strip()
    text = (ROOT / "docs" / "json-ld.md").read_text("utf-8")
    assert f"```js\n{lines}\n```" in text
    assert len(lines.splitlines()) <= 10
