"""`/read`: a publication beside the facts drawn from it, with its text at hand and without."""

from __future__ import annotations

import gzip
import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from publication_cases import CASES, DUTCH, ENGLISH, TEXTS, project_with

from kg.endpoint.settings import Settings
from kg.files import project_folder
from kg.graph.build import Graph, build
from kg.queries.question import find_questions
from kg.web.app import create_app

HTML = {"Accept": "text/html"}
LONG = "industrie-2023"
ADDRESS = "https://www.example.org/buurtwarmte"


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    """Return our own site, without a text."""
    return create_app(graph, find_questions(project_folder() / "queries")).test_client()


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Return a graph with two small publications: the Dutch one has an address, and states no terms of reuse."""
    project = project_with(tmp_path_factory.mktemp("read"), DUTCH, ENGLISH)
    file = project / "data" / DUTCH / "editorial" / "publication.ttl"
    silent = f"none-stated ;\n    <https://schema.org/url> <{ADDRESS}> ;"
    file.write_text(file.read_text("utf-8").replace("attribution ;", silent), "utf-8")
    return build(project)


@pytest.fixture(scope="module")
def with_texts(invented: Graph) -> FlaskClient:
    return create_app(invented, {}, Settings(text=tuple(TEXTS))).test_client()


def read(client: FlaskClient, path: str, lang: str = "en", status: int = 200) -> str:
    answer = client.get(f"/read{path}", query_string={"lang": lang}, headers=HTML)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.text


def row(html: str, slug: str) -> str:
    """Return the row of a passage."""
    _, found, rest = html.partition(f'id="{slug}"')
    assert found, f"no passage {slug}"
    return rest.partition('<div class="line ')[0]


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_a_text_stands_beside_its_facts(with_texts: FlaskClient) -> None:
    html = read(with_texts, f"/{ENGLISH}")
    sentences = (CASES / f"{ENGLISH}.txt").read_text("utf-8").replace("# ", "").replace("#", "")
    shown = re.findall(r'<div class="words">\s*(?:<span[^>]*></span>\s*)?<(?:p|h\d)>(?:<span>)?([^<]+)', html)
    assert " ".join(shown) == " ".join(sentences.split()), "the text, whole and in its order"
    fact = row(html, "s1-p2-2")
    assert "The company Zonnegloed uses residual heat." in fact
    assert re.search(r"Zonnegloed company uses : residual heat", plain(fact))
    assert "paragraph 1, sentence 2" in fact
    assert re.search(r"\d of \d passages carry facts", html)
    assert "Is on this site, passage by passage." in html


def test_a_text_whose_terms_do_not_permit_it_is_never_shown(with_texts: FlaskClient) -> None:
    html = read(with_texts, f"/{DUTCH}", "nl")
    assert "Zonnegloed gebruikt restwarmte" not in html
    fact = plain(row(html, "s1-p2-2"))
    assert "regel 3" in fact
    assert "alinea 1, zin 2" in fact
    assert re.search(r"\d feit\b", fact)
    assert f'<a href="{ADDRESS}">example.org</a>' in html
    assert "staat overname van haar tekst niet uitdrukkelijk toe" in html


def test_lines_are_anchors_only_where_the_text_has_them(invented: Graph, tmp_path: Path) -> None:
    text = (CASES / f"{ENGLISH}.txt").read_text("utf-8")
    broken = tmp_path / "broken.txt"
    broken.write_text("\n\n".join(text.replace(". ", ".\n").splitlines()), "utf-8")
    for path, has_lines in ((CASES / f"{ENGLISH}.txt", True), (broken, False)):
        html = read(create_app(invented, {}, Settings(text=(path,))).test_client(), f"/{ENGLISH}")
        assert "The company Zonnegloed uses residual heat." in html
        assert ('id="line-3"' in html) is has_lines
        assert ("line 3" in plain(html)) is has_lines


def test_a_fact_names_the_other_passages_on_which_it_rests(client: FlaskClient) -> None:
    html = read(client, f"/{LONG}/2", "nl")
    links = re.findall(r'samen met <a href="(/read/[^"]+)">([^<]+)</a>', html)
    assert links
    pages = {path: client.get(path, headers=HTML).text for path in {href.partition("#")[0] for href, _ in links}}
    for href, text in links:
        path, _, slug = href.partition("#")
        assert re.search(r"alinea|kop|lijstitem|voetnoot|bijschrift|bronregel|tabelrij|legendaregel", text), text
        assert f'id="{slug}"' in pages[path], href


def test_a_long_publication_is_read_by_section_and_no_page_is_heavy(client: FlaskClient) -> None:
    contents = read(client, f"/{LONG}", "nl")
    parts = list(dict.fromkeys(re.findall(rf'class="name" href="/read/{LONG}(/[^"?]+)', contents)))
    passages = re.findall(r'<a id="([^"]+)" href="[^"]+#\1"', contents)
    found: list[str] = []
    for part in parts:
        for lang in ("nl", "en"):
            html = read(client, f"/{LONG}{part}", lang)
            assert len(gzip.compress(html.encode())) < 60_000, part
        found += re.findall(r'<div class="line [^"]+" id="([^"]+)"', html)
    assert found == passages, "each passage once, in the order of the text"
    site = client.application.extensions["kg"]  # type: ignore[attr-defined]
    assert set(found) == {one.slug for one in site.passages.values() if f"/{LONG}/" in one.iri}


def test_a_passage_is_found_by_its_slug(client: FlaskClient) -> None:
    answer = client.get(f"/read/{LONG}/s2-p8-4?lang=en")
    assert answer.status_code == 302
    assert answer.location == f"/read/{LONG}/2?lang=en#s2-p8-4"
    assert 'id="s2-p8-4"' in client.get(answer.location.partition("#")[0], headers=HTML).text
    read(client, f"/{LONG}/s99-p1-1", status=404)
    read(client, "/nobody", status=404)


def test_a_passage_in_an_answer_leads_to_where_it_is_read(client: FlaskClient) -> None:
    html = client.get("/questions/examples/03-pillar-and-passages?lang=en", headers=HTML).text
    where = r"2\. What does the climate table Industry count on\? · paragraph 4, sentence 4"
    assert re.search(rf'href="/read/{LONG}/2\?lang=en#s2-p8-4"[^>]*>{where}</a>', html)
    assert 'href="/id/passage/' not in html


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_every_publication_says_how_it_is_got_and_on_which_terms(client: FlaskClient, lang: str) -> None:
    site = client.application.extensions["kg"]  # type: ignore[attr-defined]
    index = read(client, "", lang)
    for publication in site.publications:
        for html in (index, client.get(publication.iri[29:], query_string={"lang": lang}, headers=HTML).text):
            name = publication.iri.rpartition("/")[2]
            assert f'href="/read/{name}?lang={lang}"' in html
            assert plain(site.permission(publication, lang)) in plain(html)
            assert not publication.address or f'href="{publication.address}"' in html
    unknown = {"nl": "Wij kennen geen adres", "en": "We know no address"}[lang]
    assert index.count(unknown) == sum(not publication.address for publication in site.publications)


@pytest.mark.text
def test_the_whole_text_is_read_where_it_is_at_hand(graph: Graph, shared: Path) -> None:
    client = create_app(
        graph, {}, Settings(text=(shared / "source" / "klimaatbanen-industrie-2023.txt",))
    ).test_client()
    text = client.application.extensions["kg"].texts.texts[0]
    contents = read(client, f"/{LONG}", "nl")
    words: list[str] = []
    for part in dict.fromkeys(re.findall(rf'class="name" href="/read/{LONG}(/[^"?]+)', contents)):
        html = read(client, f"/{LONG}{part}", "nl")
        assert len(gzip.compress(html.encode())) < 60_000, part
        assert len(set(re.findall(r'id="line-(\d+)"', html))) > 3, part
        words += re.findall(r'<div class="words">\s*(?:<span[^>]*></span>\s*)?<(?:p|h\d)>(?:<span>)?([^<]+)', html)
    assert sorted(map(unescape, words)) == sorted(text.quotes.values())  # A note stands with its section.
