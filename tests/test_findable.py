"""What makes pages findable: robots, sitemap, canonical and alternate links, JSON-LD, Signposting; the rules page."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

import kg
from kg.endpoint.settings import Settings
from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import BASE, ID
from kg.queries.question import find_questions
from kg.web.app import create_app

SITE = "https://klimaatbanen.example"
HTML = {"Accept": "text/html"}
XML = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(project_folder() / "queries"), Settings(site=SITE)).test_client()


def cards(text: str) -> dict[str, dict[str, Any]]:
    """Return the JSON-LD of a page by type."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    return {card["@type"]: card for card in map(json.loads, found)}


def links(client: FlaskClient, path: str) -> dict[str, list[str]]:
    """Return the targets of the `Link` headers of a page by relation."""
    found: dict[str, list[str]] = {}
    for value in client.get(path, headers=HTML).headers.getlist("Link"):
        target, relation = re.fullmatch(r'<([^>]+)>; rel="([a-z-]+)"(?:; type="[^"]+")?', value).groups()  # type: ignore[union-attr]
        found.setdefault(relation, []).append(target)
    return found


def parsed(client: FlaskClient, path: str) -> ElementTree.Element:
    return ElementTree.fromstring(client.get(path).data)  # noqa: S314  (our own)


def test_robots_lets_pages_in_and_keeps_answers_on_demand_out(client: FlaskClient) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert "Disallow: /sparql?" in lines
    assert "Allow: /" in lines
    assert f"Sitemap: {SITE}/sitemap.xml" in lines


def test_the_sitemap_holds_every_page_in_each_language(client: FlaskClient) -> None:
    index = parsed(client, "/sitemap.xml")
    parts = [one.text or "" for one in index.findall("s:sitemap/s:loc", XML)]
    assert len(index.findall("s:sitemap/s:lastmod", XML)) == len(parts) > 40
    places: list[str] = []
    for part in parts:
        tree = parsed(client, part.removeprefix(SITE))
        places += [one.text or "" for one in tree.findall("s:url/s:loc", XML)]
        assert all(len(url.findall("x:link", XML)) == 3 for url in tree)
    assert len(places) == len(set(places))
    site: Any = client.application.extensions["kg"]
    occupations = {one.replace(BASE, f"{SITE}/") + "?lang=nl" for one in site.kinds.members["occupation"]}
    assert occupations <= set(places)
    assert f"{SITE}/read/industrie-2023/b2-1?lang=en" in places
    assert {f"{SITE}/questions/{name}?lang=en" for name in site.questions} <= set(places)
    for place in (*places[:20], *places[300::3000]):
        assert client.get(place.removeprefix(SITE), headers=HTML).status_code == 200, place
    assert client.get("/sitemap/nope.xml").status_code == 404


@pytest.mark.parametrize("path", ["/", "/id/", "/id/measure", "/id/measure/ccs", "/questions", "/dataset", "/shapes"])
def test_a_page_names_its_address_in_each_language(client: FlaskClient, path: str) -> None:
    text = client.get(f"{path}?lang=en", headers=HTML).text
    assert f'<link rel="canonical" href="{SITE}{path}?lang=en">' in text
    for tag, query in (("nl", "?lang=nl"), ("en", "?lang=en"), ("x-default", "")):
        assert f'<link rel="alternate" hreflang="{tag}" href="{SITE}{path}{query}">' in text
    assert f'<meta property="og:url" content="{SITE}{path}?lang=en">' in text
    title = re.search("<title>(.*?)</title>", text).group(1)  # type: ignore[union-attr]
    assert f'<meta property="og:title" content="{title}">' in text
    assert client.get(f"{path}?lang=en", headers=HTML).headers["Content-Language"] == "en"


def test_the_html_form_and_narrowed_lists_name_the_page_itself(client: FlaskClient) -> None:
    assert f'canonical" href="{SITE}/id/measure/ccs?lang=nl"' in client.get("/id/measure/ccs.html?lang=nl").text
    narrowed = client.get("/id/occupation?lang=nl&page=2&q=a", headers=HTML).text
    assert f'canonical" href="{SITE}/id/occupation?page=2&amp;lang=nl"' in narrowed


def test_errors_are_not_for_crawlers(client: FlaskClient) -> None:
    text = client.get("/id/measure/elektrificati?lang=nl", headers=HTML).text
    assert '<meta name="robots" content="noindex">' in text
    assert "canonical" not in text
    assert "/id/measure/elektrificatie?lang=nl" in text


@pytest.mark.parametrize("path", ["/", "/dataset"])
def test_the_dataset_is_described_for_search_engines(client: FlaskClient, path: str) -> None:
    card = cards(client.get(f"{path}?lang=nl", headers=HTML).text)["Dataset"]
    assert card["name"] == "Klimaatbanen: open gegevens over werk voor het klimaat"
    assert f"{card['name']}. Versie" in client.get(f"{path}?lang=nl", headers=HTML).text  # Cited by the same name.
    assert 50 < len(card["description"]) < 5000
    assert card["identifier"] == f"{BASE}dataset"
    assert {one["contentUrl"] for one in card["distribution"]} >= {f"{SITE}/download/klimaatbanen.ttl.gz"}
    publications = "SELECT ?title { ?x kb:textSha256 [] ; skos:prefLabel ?title FILTER(LANG(?title) = 'nl') }"
    assert sorted(work["name"] for work in card["isBasedOn"]) == sorted(row["title"] for row in kg.query(publications))
    assert all(card[name] for name in ("license", "creator", "version", "datePublished", "keywords"))


def test_breadcrumbs_are_said_twice_and_the_same(client: FlaskClient) -> None:
    text = client.get("/id/measure/ccs?lang=en", headers=HTML).text
    shown = re.search(r'<nav class="breadcrumb".*?</nav>', text, re.DOTALL).group()  # type: ignore[union-attr]
    names = [html.unescape(one) for one in re.findall(r">([^<>\n]+)</(?:a|li)>", shown)]
    items = cards(text)["BreadcrumbList"]["itemListElement"]
    assert [one["name"] for one in items] == names
    assert items[1]["item"] == f"{SITE}/id/measure?lang=en"
    assert [one["position"] for one in items] == list(range(1, len(items) + 1))


def test_signposts_of_a_thing(client: FlaskClient) -> None:
    thing = links(client, "/id/measure/ccs")
    assert thing["cite-as"] == [f"{ID}measure/ccs"]
    assert "https://schema.org/AboutPage" in thing["type"]
    assert f"{BASE}def#ClimateMeasure" in thing["type"]
    assert thing["describedby"][0] == "/id/measure/ccs.ttl"
    assert thing["collection"] == ["/dataset"]
    assert thing["license"] == [f"{BASE}download/LICENSE"]


@pytest.mark.check
def test_signposts_of_the_dataset_lead_to_its_dumps_and_back(client: FlaskClient) -> None:
    client.application.extensions["kg"].release.files(300)
    whole = links(client, "/dataset")
    assert whole["cite-as"] == [f"{BASE}dataset"]
    assert "https://schema.org/Dataset" in whole["type"]
    for path in (*whole["item"], *whole["describedby"]):
        assert client.get(path).status_code == 200, path
    assert links(client, whole["item"][0])["collection"] == ["/dataset"]


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_page_of_the_dataset_says_what_it_is(client: FlaskClient, lang: str) -> None:
    page = client.get(f"/dataset?lang={lang}", headers=HTML).text
    for held in ("/download/klimaatbanen.ttl.gz", "/dataset.jsonld", f"/download/?lang={lang}", f"{SITE}/sparql"):
        assert held in page, held
    assert "Klimaatbanen in de industrie" in page or "Climate jobs in industry" in page


def test_hostile_names_stay_inside_json_ld(graph: Graph) -> None:
    iri, name = ox.NamedNode(ID + "measure/hostile"), '</script><script>alert("&")</script>'
    quad = ox.Quad(iri, ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel"), ox.Literal(name, language="nl"))
    graph.store.add(quad)
    try:
        page = create_app(graph, {}, Settings(site=SITE)).test_client().get("/id/measure/hostile", headers=HTML).text
    finally:
        graph.store.remove(quad)
    assert "<script>alert" not in page
    assert cards(page)["BreadcrumbList"]["itemListElement"][-1]["name"] == name


def test_the_rules_are_a_page_and_rdf(client: FlaskClient) -> None:
    page = client.get("/shapes?lang=en", headers=HTML).text
    turtle = client.get("/shapes", headers={"Accept": "text/turtle"})
    named = {
        str(triple.subject)[1:-1]
        for triple in ox.parse(turtle.data, format=ox.RdfFormat.TURTLE)
        if triple.predicate.value.endswith("#severity") and isinstance(triple.subject, ox.NamedNode)
    }
    assert len(named) > 200
    assert {iri.rpartition("#")[2] for iri in named} <= set(re.findall(r'<dt id="([^"]+)"', page))
    assert 'id="own-words-in-stated-graph"' in page
    assert len(page.encode()) < 125_000
    for form in ("jsonld", "nt", "rdf"):
        assert client.get(f"/shapes.{form}").status_code == 200
    assert client.get("/shapes.pdf").status_code == 404


@pytest.mark.parametrize(("lang", "word"), [("nl", "schermlezer"), ("en", "screen reader")])
def test_the_accessibility_statement(client: FlaskClient, lang: str, word: str) -> None:
    page = client.get(f"/accessibility?lang={lang}", headers=HTML).text
    assert "WCAG 2.2" in page
    assert word in page
    assert f'href="/accessibility?lang={lang}"' in client.get(f"/?lang={lang}", headers=HTML).text
