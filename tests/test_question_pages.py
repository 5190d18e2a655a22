"""All saved questions in one pass: each says what it rests on, each chart says in its picture what it shows."""

from __future__ import annotations

import importlib.util
import re
import struct
from html import unescape

import pytest
from conftest import ROOT
from flask.testing import FlaskClient

from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.chart_header import Plot
from kg.queries.question import find_questions
from kg.tables.charts import drawn
from kg.tables.charts.svg import CARD
from kg.tables.sheet import Cell, Column, Sheet
from kg.web.app import create_app
from kg.web.layout import message

pytestmark = pytest.mark.slow

QUESTIONS = find_questions(project_folder() / "queries")
TITLES = {"nl": "Waar dit op berust", "en": "What this rests on"}
ITSELF = {"graph", "evidence", "mappings", "examples"}  # Themes whose questions may be about the graph itself.


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, QUESTIONS).test_client()


def texts(client: FlaskClient, name: str, lang: str) -> str:
    """Return what a picture says, without starting the process that draws bars."""
    plot = QUESTIONS[name].chart
    assert plot
    if plot.mark in ("map", *drawn.MARKS):
        svg = client.get(f"/questions/{name}.svg?lang={lang}").text
        return " ".join(unescape(re.sub("<[^>]+>", " ", re.sub("<desc.*?</desc>", "", svg))).split())
    return " ".join(client.get(f"/questions/{name}.vl.json?lang={lang}").get_json(force=True)["usermeta"]["notes"])


def test_each_question_says_what_it_rests_on(client: FlaskClient) -> None:
    silent = [name for name in QUESTIONS if not client.get(f"/api/{name}.json").get_json()["sources"]]
    assert [name for name in silent if name.partition("/")[0] not in ITSELF] == []
    for at, name in enumerate({name.partition("/")[0]: name for name in QUESTIONS}.values()):
        lang = ("nl", "en")[at % 2]
        page = client.get(f"/questions/{name}?lang={lang}").text
        part = page.partition(TITLES[lang])[2].partition("</section>")[0]
        assert ("<dl>" in part) == (name not in silent)
        assert ("<p>" in part) == (name in silent)


def test_each_picture_says_what_it_shows_of_when_from_where_and_on_which_terms(client: FlaskClient) -> None:
    words = {
        "nl": (
            r"(Cijfers over|Stand van de bronnen): ",
            "Let op: ",
            "(Bron|Een regel leidt het af uit): ",
            "Gebruik: ",
            "Eenheid: ",
        ),
        "en": (r"(Figures of|Sources as of): ", "Note: ", "(Source|A rule derives it from): ", "Reuse: ", "Unit: "),
    }
    bare = []
    for at, (name, question) in enumerate(QUESTIONS.items()):
        lang = ("en", "nl")[at % 2]
        answer = client.get(f"/api/{name}.json?lang={lang}").get_json()["rows"] if question.chart else []
        if not question.chart or len(answer) > 80:
            continue
        said = texts(client, name, lang)
        *needed, unit = words[lang]
        needed += [unit] if question.chart.mark in ("bar", "point", "panels") else []
        if name == "mappings/coverage":  # Counts the graph itself, which has no period but its version.
            needed = needed[1:]
        missing = [word for word in needed if not re.search(word, said)]
        missing += [] if question.title[lang] in said else ["title"]
        bare += [(name, missing)] if missing else []
    assert bare == []


def test_a_chart_is_embedded_by_others_and_the_page_is_not(client: FlaskClient) -> None:
    name = "labour-market/vacancies-2023q2"
    page, embedded = (client.get(f"/questions/{name}{form}?lang=en") for form in ("", ".embed"))
    framed = [each.headers["Content-Security-Policy"].partition("frame-ancestors ")[2] for each in (page, embedded)]
    assert framed == ["'none'", "*"]
    assert f"/questions/{name}.svg?lang=en" in unescape(embedded.text)
    for part in (".embed?lang=en", f'{name}.svg?lang=en" alt='):
        assert part in unescape(unescape(page.text)), "the page shows what to paste"
    assert client.get("/questions/climate/tables.embed").status_code == 404


def test_each_view_of_an_answer_is_a_link_and_code_is_folded(client: FlaskClient) -> None:
    for name, views in {"places/clusters": 4, "climate/tables": 2}.items():
        page = client.get(f"/questions/{name}?lang=nl").text
        tabs = re.findall(r'<a href="#(\w+)">', page.partition('class="tab-list"')[2].partition("</nav>")[0])
        assert len(tabs) == views
        assert all(f'<section id="{tab}"' in page for tab in tabs)
        assert page.index("<details>") < page.index("pd.read_csv") < page.index("</details>")


@pytest.mark.parametrize(
    ("one", "other"), [("cluster/chemelot", "cluster/zesde-cluster"), ("region/zeeland", "region/ijmond")]
)
def test_a_place_is_compared_from_its_page_and_a_gap_is_said(client: FlaskClient, one: str, other: str) -> None:
    page = unescape(client.get(f"/id/{one}?lang=en", headers={"Accept": "text/html"}).text)
    link = re.search(r'href="(/questions/places/compare[^"]+)"', page)
    assert link
    answer = client.get(link[1])
    assert answer.status_code == 200
    marked = re.findall(r'<tr class="chosen-row">.*?</tr>', answer.text, re.DOTALL)
    assert [one in row and ">chosen<" in row for row in marked] == [True], "what one came from stands out among all"
    name = link[1].partition("/questions/")[2].partition("?")[0]
    told = f"lang=en&first={one}&second={other}"
    rows = client.get(f"/api/{name}.json?{told}").get_json()["rows"]
    assert len(rows) == 2
    assert [row["olderShare"] for row in rows].count(None) == 1
    picture = client.get(f"/questions/{name}.svg?{told}").text
    assert "no figure" in picture
    assert "aged 60 or over (percent)" in picture
    assert "national (percent): 13" in picture
    assert 'font-weight="bold"' not in picture.partition("</text>")[2], "both were chosen"
    alone = client.get(link[1].replace("?", ".svg?")).text.partition("</text>")[2]
    assert (alone.count('font-weight="bold"'), alone.count('fill-opacity="1"')) == (1, 2 + (one != "region/ijmond"))


def test_a_value_without_rows_stays_chosen_and_no_page_leads_there(client: FlaskClient) -> None:
    question = "/questions/climate/candidate-occupations"
    pages = {
        name: client.get(f"/id/measure/{name}?lang=nl", headers={"Accept": "text/html"}).text
        for name in ("groene-waterstof", "elektrificatie")
    }
    assert [f'href="{question}' in page for page in pages.values()] == [False, True]
    answer = client.get(f"{question}?lang=nl&measure=measure/groene-waterstof").text
    assert '<option value="measure/groene-waterstof" selected>' in answer
    assert "Geen rijen" in answer
    assert message("no_sources", "nl") not in answer, "no rows are not about the knowledge base"


def test_counts_beside_each_other_have_one_scale() -> None:
    titles = ("one", "many", "part")
    rows = ((Cell("a"), Cell(1), Cell(4), Cell(9.5)), (Cell("b"), Cell(2), Cell(2), Cell(19.0)))
    columns = (Column("x", "x", "string"), *(Column(name, name, "integer") for name in titles[:2]))
    sheet = Sheet("en", (*columns, Column("part", "part", "double")), rows)
    svg = drawn.draw(Plot("panels", y="x", panels=titles), sheet, "light", "wide")
    one, two, four, also_two, half, whole = map(float, re.findall(r'<rect x="[^"]+" y="[^"]+" width="([^"]+)"', svg))
    assert (two, also_two, four) == (2 * one, two, 4 * one)
    assert (whole, half) == (four, four / 2)


@pytest.mark.check
@pytest.mark.parametrize("name", ["places/compare", "climate/tables", "places/clusters"])
def test_each_question_has_a_picture_of_its_own_beside_links(client: FlaskClient, name: str) -> None:
    page = client.get(f"/questions/{name}?lang=nl").text
    found = re.search('property="og:image" content="http://localhost([^"]+)"', page)
    assert found
    png = client.get(unescape(found[1]))
    assert png.data[:4] == b"\x89PNG"
    assert struct.unpack(">II", png.data[16:24]) == CARD
    others = {client.get(f"/questions/{other}.png?shape=card&lang=nl").data for other in ("climate/pillars", name)}
    assert len(others) == 2


def test_the_list_of_charts_is_that_of_the_headers() -> None:
    spec = importlib.util.spec_from_file_location("charts_docs", ROOT / "docs" / "charts.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs/charts.md").read_text("utf-8") == module.render(), "run `python docs/charts.py`"


def test_what_all_rows_say_stands_once_and_the_table_of_vacancies_has_its_total(client: FlaskClient) -> None:
    name = "labour-market/vacancies-2023q2"
    page = client.get(f"/questions/{name}?lang=nl").text
    shared = re.findall(r'<p class="shared">(.*?)</p>', page, re.DOTALL)[0]
    assert "totaal dat de tabel noemt 51.000; duiding van het totaal" in unescape(re.sub("<[^>]+>|\n", "", shared))
    assert "bijna" in shared
    assert "51.000" not in page.partition('<table class="answer')[2].partition("</table>")[0]
    rows = client.get(f"/api/{name}.json?lang=en").get_json()["rows"]
    assert {(row["printedTotal"], row["totalQualifierLabel"]) for row in rows} == {(51000, "just under")}
    assert sum(row["vacancies"] for row in rows) < 51000
