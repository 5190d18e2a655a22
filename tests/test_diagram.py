"""The diagram of a measure or climate table: it shows what its questions answer, and what is left open as a gap."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import ID, KB, RDF_TYPE, SKOS
from kg.queries.dataset import Dataset
from kg.queries.engine import answer
from kg.queries.question import find_questions
from kg.tables.charts import layers
from kg.web.app import create_app

QUESTIONS = find_questions(project_folder() / "queries")
PREF = ox.NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
BAD = "<script>hit(1)</script>\"'&</title></svg>"
SVG = "{http://www.w3.org/2000/svg}"
NOTES = (f"{KB}openVacancies", f"{KB}projectStatus", f"{KB}level", f"{SKOS}broader")


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, QUESTIONS).test_client()


@pytest.fixture(scope="module")
def planted(graph: Graph) -> FlaskClient:
    """Return the site with a measure that a text ties to one occupation, a rule to another, and we to a third."""
    store = ox.Store()
    store.bulk_extend(graph.store)
    measure = ox.NamedNode(f"{ID}measure/planted")
    store.add(ox.Quad(measure, ox.NamedNode(RDF_TYPE), ox.NamedNode(f"{KB}ClimateMeasure"), where("industrie-2023")))
    store.extend(ox.Quad(measure, PREF, ox.Literal(BAD, language=tag), where("industrie-2023")) for tag in ("nl", "en"))
    for name, relation, said in (
        ("lasser", "involves", "industrie-2023"),
        ("elektricien", "involves", "industrie-2023/editorial"),
        ("chemicus", "candidateOccupation", "inferred/measure-by-technique"),
    ):
        store.add(ox.Quad(measure, ox.NamedNode(KB + relation), ox.NamedNode(f"{ID}occupation/{name}"), where(said)))
    return create_app(replace(graph, store=store), QUESTIONS).test_client()


def where(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"https://w3id.org/klimaatbanen/graph/{name}")


def drawn(client: FlaskClient, thing: str, lang: str = "en") -> ElementTree.Element:
    answer = client.get(f"/diagram/{thing}.svg", query_string={"lang": lang})
    assert answer.status_code == 200, (thing, answer.text)
    return ElementTree.fromstring(answer.text)  # noqa: S314  (our own)


@pytest.mark.parametrize("thing", ["measure/ccs", "climate-table/industrie"])
def test_each_file_of_a_diagram_is_there(client: FlaskClient, thing: str) -> None:
    html = client.get(f"/id/{thing}?lang=nl", headers={"Accept": "text/html"}).text
    found = re.findall(r'href="([^"]*(?:/diagram/|lines-of)[^"]*)"', html)
    links = {unescape(link) for link in found if re.search(r"\.(?:svg|png|csv)\?", link)}
    assert {link.partition("?")[0][-3:] for link in links} == {"svg", "png", "csv"}
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def rows(client: FlaskClient, thing: str) -> list[dict[str, str]]:
    parameter, first = {"measure": ("measure", "measure"), "climate-table": ("table", "table")}[thing.partition("/")[0]]
    found: list[dict[str, str]] = []
    for name in (first, "knowledge-areas"):
        answer = client.get(f"/api/climate/lines-of-{name}.csv", query_string={parameter: thing, "lang": "en"})
        assert answer.status_code == 200, answer.text
        found += csv.DictReader(io.StringIO(answer.text))
    return found


def links(svg: ElementTree.Element) -> Counter[str]:
    return Counter(link.get("href", "") for link in svg.iter(f"{SVG}a"))


def words(svg: ElementTree.Element) -> str:
    """Return all that is written in a picture, in the order of its lines."""
    return " ".join(" ".join(text.itertext()) for text in svg.iter(f"{SVG}tspan"))


def lines(svg: ElementTree.Element) -> dict[str, str]:
    """Return the dashes of each line by its title."""
    return {
        path.findtext(f"{SVG}title", ""): path.get("stroke-dasharray", "")
        for path in svg.iter(f"{SVG}path")
        if path.find(f"{SVG}title") is not None
    }


def expected(thing: str, found: list[dict[str, str]]) -> Counter[str]:
    """Return the links that the rows make: each thing once, and each count behind what it belongs to."""
    things = {ID + thing} if thing.startswith("measure") else set()
    counts: Counter[str] = Counter()
    for row in found:
        things |= {row["from"], row["to"]} if row["relation"] not in NOTES else {row["from"]}
        if row["counted"] and row["basis"]:
            counts[row["from"]] += 1
    return Counter(things - {""}) + counts


def things_of(graph: Graph, kind: str) -> list[str]:
    quads = graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(KB + kind), None)
    return sorted({quad.subject.value.removeprefix(ID) for quad in quads})


@pytest.mark.parametrize("kind", [pytest.param("ClimateMeasure", marks=pytest.mark.check), "ClimateTable"])
def test_each_diagram_shows_its_rows_its_name_and_its_source(graph: Graph, client: FlaskClient, kind: str) -> None:
    things = things_of(graph, kind)
    assert things
    for thing in things:
        found = rows(client, thing)
        if not found and kind == "ClimateTable":
            assert client.get(f"/diagram/{thing}.svg").status_code == 404, thing
            continue
        svg = drawn(client, thing)
        assert links(svg) == expected(thing, found), thing
        assert svg.findtext(f"{SVG}title", "").startswith("From "), thing
        for row in found:
            if row["source"].startswith(f"{ID}publication/"):
                assert row["sourceLabel"] in words(svg), (thing, row)
        assert all(row.get("caveatLabel", "") in words(svg) for row in found), thing
        assert "Source: " in words(svg), thing
        assert "adapted by Klimaatbanen, CC BY 4.0" in words(svg), thing


def test_no_text_stands_on_another_and_no_line_passes_through_a_box(client: FlaskClient) -> None:
    for thing in ("measure/duurzame-elektriciteit", "measure/waterstof", "climate-table/industrie"):
        svg = drawn(client, thing)
        boxes = [[float(box.get(name, 0)) for name in ("x", "y", "width", "height")] for box in svg.iter(f"{SVG}rect")][
            1:
        ]
        assert len({box[2] for box in boxes}) == 1, "columns are of one width"
        for number, (x, y, width, height) in enumerate(boxes):
            for other in boxes[:number]:
                assert other[0] != x or other[1] + other[3] < y or y + height < other[1], (thing, other)
            for path in svg.iter(f"{SVG}path"):
                for at, level in (
                    re.findall(r"[ML](\d+),([\d.]+)", path.get("d", "")) if path.find(f"{SVG}title") is not None else ()
                ):
                    inside = x < float(at) < x + width and y < float(level) < y + height
                    assert not inside, (thing, path.findtext(f"{SVG}title"))


def test_a_gap_has_its_words_and_no_line_leads_over_it(client: FlaskClient) -> None:
    svg = drawn(client, "measure/ccs")
    assert "Which knowledge areas this measure needs, the text leaves open" in words(svg)
    assert "No publication names an occupation for this measure." in words(svg)
    titles = [title for title, dashes in lines(svg).items() if dashes == "10 3 1 3"]
    named = [row for row in rows(client, "measure/ccs") if not row["basis"] and row["counted"]]
    assert len(titles) == len(named) + 2, "what is left open has one line to it, and one on to the climate table"
    assert [title for title in titles if re.match(r"Which knowledge areas.* → Industry:", title)]
    assert not [title for title in titles if re.search(r" → (Electrical engineering|ICT):", title)]
    assert not [title for title in lines(svg) if re.match(r"carbon capture.* → (Electrical engineering|ICT):", title)]
    assert "Geen publicatie noemt een beroep" in words(drawn(client, "measure/ccs", "nl"))


def test_a_line_says_how_firmly_a_text_ties_its_ends(client: FlaskClient) -> None:
    [title] = [
        title for title in lines(drawn(client, "measure/waterstof", "nl")) if "→ financieel adviseur: gesteld" in title
    ]
    assert "mogelijk" in title


def test_what_was_given_up_says_so(client: FlaskClient) -> None:
    assert "Athos opgegeven" in words(drawn(client, "measure/ccs", "nl"))


def test_stated_is_solid_and_inferred_is_dashed(planted: FlaskClient) -> None:
    svg = drawn(planted, "measure/planted", "nl")
    dashes = {
        title.partition(" → ")[2].partition(":")[0]: style for title, style in lines(svg).items() if "hit(1)" in title
    }
    assert dashes["lasser"] == ""
    assert dashes["elektricien"] == "2 3"
    assert dashes["chemicus"] == "8 5"
    [title] = [title for title in lines(svg) if " → lasser: " in title and "hit(1)" in title]
    assert "Klimaatbanen in de industrie" in title, "a line says by which publication it is stated"


def test_a_hostile_name_is_text(planted: FlaskClient) -> None:
    assert BAD in drawn(planted, "measure/planted").findtext(f"{SVG}title", "")
    page = planted.get("/id/measure/planted", headers={"Accept": "text/html"}).text
    assert "hit(1)" in page
    assert "<script>hit" not in page


def test_the_page_has_picture_list_and_table_of_the_same_lines(client: FlaskClient) -> None:
    page = client.get("/id/measure/elektrificatie?lang=nl", headers={"Accept": "text/html"}).text
    section = page.partition('<section class="diagram"')[2].partition("</section>")[0]
    table = section.partition("<tbody>")[2].partition("</tbody>")[0]
    assert table.count("<tr>") == len(lines(drawn(client, "measure/elektrificatie", "nl")))
    assert '<li class="inferred">' in section
    for form in ("svg", "png"):
        assert f'href="/diagram/measure/elektrificatie.{form}?lang=nl"' in section


def test_a_diagram_comes_as_png(client: FlaskClient) -> None:
    answer = client.get("/diagram/measure/ccs.png?lang=nl&theme=dark")
    assert answer.content_type == "image/png"
    assert answer.data.startswith(b"\x89PNG")


@pytest.mark.parametrize("path", ["measure/none.svg", "occupation/lasser.svg", "measure/ccs.gif", "measure/ccs"])
def test_what_has_no_diagram_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(f"/diagram/{path}").status_code == 404


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_sentence_and_the_diagram_of_a_table_count_the_same_measures(client: FlaskClient, lang: str) -> None:
    page = client.get(f"/id/climate-table/industrie?lang={lang}", headers={"Accept": "text/html"}).text
    said = re.search(r"(\d+) (?:maatregelen|measures), \D*(\d+)", page)
    assert said is not None
    begun = re.findall(r'<li class="begin( open)?">(.*?)(?=<ul>|</li>)', page, re.DOTALL)
    measures = [text for gap, text in begun if "/id/measure/" in text or (gap and re.search(r"\d", text))]
    below = [text for text in measures if re.search("valt onder|vallen|belongs under|below", text)]
    own = [text for text in measures if text not in below]
    counts = [sum(int((re.findall(r": (\d+)", text) or [1])[0]) for text in texts) for texts in (own, below)]
    assert (counts[0], sum(counts)) == (int(said[1]), int(said[2]))


def test_a_table_keeps_how_firmly_a_text_says_it(client: FlaskClient) -> None:
    assert "financieel adviseur mogelijk" in words(drawn(client, "climate-table/industrie", "nl"))


@pytest.mark.parametrize("thing", ["climate-table/industrie", "measure/groene-waterstof"])
def test_a_number_of_vacancies_has_its_caveat_in_the_picture(client: FlaskClient, thing: str) -> None:
    said = words(drawn(client, thing, "nl"))
    assert "* Let op: Vacatures uitsluitend voor de klimaattafel Industrie zijn niet te tellen" in said
    assert "* Bestrijkt: alle vraag" in said


def test_the_diagram_counts_no_more_projects_than_the_comparison(client: FlaskClient) -> None:
    compared = csv.DictReader(io.StringIO(client.get("/api/places/compare.csv?lang=nl").text))
    projects = {row["cluster"]: int(row["projects"]) for row in compared}
    counted = [row for row in rows(client, "climate-table/industrie") if row["counted"] == f"{KB}Project"]
    assert counted
    for row in counted:
        assert int(row["number"]) <= projects[row["from"]], row


def test_the_diagram_has_the_routes_of_the_advice(client: FlaskClient) -> None:
    advised = csv.DictReader(io.StringIO(client.get("/api/switch/routes.csv").text))
    routes: dict[str, set[str]] = {}
    for row in advised:
        routes.setdefault(row["occupation"], set()).add(row["route"])
    counted: Counter[str] = Counter()
    for row in rows(client, "climate-table/industrie"):
        if row["counted"] == f"{KB}TrainingRoute":
            counted[row["from"]] += int(row["number"])
    assert counted
    assert counted == {iri: len(routes[iri]) for iri in counted}
    assert "2 opleidingsroutes naar het bredere beroep" in words(drawn(client, "climate-table/industrie", "nl"))


@pytest.mark.parametrize(
    ("question", "parameter", "thing"),
    [("lines-of-measure", "measure", "measure/ccs"), ("lines-of-table", "table", "climate-table/industrie")],
)
def test_the_diagram_has_routes_to_narrower_occupations_too(
    graph: Graph, question: str, parameter: str, thing: str
) -> None:
    """No measure needs such an occupation yet; here CCS does."""
    store = ox.Store()
    store.bulk_extend(graph.store)
    measure, operator = ox.NamedNode(f"{ID}measure/ccs"), ox.NamedNode(f"{ID}occupation/procesoperator")
    store.add(ox.Quad(measure, ox.NamedNode(f"{KB}involves"), operator, where("industrie-2023")))
    found = answer(Dataset(store), QUESTIONS[f"climate/{question}"].fill({parameter: ID + thing}))
    lines = [(row["relation"].value, row["number"].value) for row in found if row["from"] == operator and row["number"]]
    assert (f"{SKOS}narrower", "1") in lines


def test_measures_with_nothing_but_techniques_stand_beside_each_other(client: FlaskClient) -> None:
    svg = drawn(client, "climate-table/industrie")
    columns = Counter(rect.get("x") for rect in svg.iter(f"{SVG}rect") if rect.get("class") in ("node", "open"))
    assert len(columns) == 6
    assert max(columns.values()) < sum(columns.values()) / 3


def test_what_a_text_says_with_restraint_says_so_in_the_picture(client: FlaskClient) -> None:
    said = words(drawn(client, "measure/duurzame-elektriciteit", "nl"))
    assert "windturbines als voorbeeld" in said
    assert "werktuigbouwkunde hbo-bachelor als voorbeeld" in said


def test_no_text_of_a_box_reaches_its_edge_in_a_wide_face() -> None:
    assert layers._LETTERS * 7.3 <= layers._COLUMN - 2 * layers._PAD
