"""Numbers of saved questions go with their source, its date, and what the publication itself says of them."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import openpyxl  # type: ignore[import-untyped]
import pytest
from flask.testing import FlaskClient

from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.tables.charts.svg import Frame
from kg.tables.charts.themes import THEMES
from kg.tables.numbers import format_value
from kg.web.app import create_app

VACANCIES = "labour-market/vacancies-2023q2"
TARGETS = "policy/targets"
QUERIES = project_folder() / "queries"


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, find_questions(QUERIES)).test_client()


def caveats(client: FlaskClient, name: str, lang: str) -> set[str]:
    payload = client.get(f"/api/{name}.json?lang={lang}").get_json()
    return {caveat for source in payload["sources"] for caveat in source["caveats"]}


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_caveat_goes_with_the_numbers_everywhere(client: FlaskClient, lang: str) -> None:
    told = caveats(client, VACANCIES, lang)
    assert told
    page = unescape(client.get(f"/questions/{VACANCIES}?lang={lang}").text)
    metadata = client.get(f"/api/{VACANCIES}.csvm?lang={lang}").text
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/api/{VACANCIES}.xlsx?lang={lang}").data))
    source = " ".join(str(cell.value) for row in book.worksheets[1].iter_rows() for cell in row)
    below = " ".join(str(row[0].value) for row in book.worksheets[0].iter_rows(min_row=2))
    chart = re.sub("<[^>]+>", " ", unescape(client.get(f"/questions/{VACANCIES}.svg?lang={lang}").text))
    for caveat in told:
        assert caveat in page
        assert caveat in metadata
        assert caveat in source
        assert caveat in below, "a sheet that is taken along alone keeps what to mind"
        assert caveat in " ".join(chart.split())


def test_the_csv_names_its_metadata_and_has_no_line_of_comment(client: FlaskClient) -> None:
    answer = client.get(f"/api/{VACANCIES}.csv")
    link = next(link for link in answer.headers.getlist("Link") if 'rel="describedby"' in link)
    metadata = client.get(link.partition(">")[0].removeprefix("<")).get_json(force=True)
    header = next(csv.reader(io.StringIO(answer.text)))
    assert [column["name"] for column in metadata["tableSchema"]["columns"]] == header


def test_a_source_has_the_date_of_its_publication(client: FlaskClient) -> None:
    payload = client.get(f"/api/{VACANCIES}.json?lang=nl").get_json()
    issued = {source["issued"] for source in payload["sources"]}
    assert issued
    assert payload["date"] not in issued


def test_only_what_stands_in_the_answer_counts(client: FlaskClient) -> None:
    """The caveat of one reduction that was reached is none of the targets."""
    assert caveats(client, "policy/emissions", "nl")
    assert not caveats(client, TARGETS, "nl")
    table = "table=climate-table/industrie"
    sources = client.get(f"/api/labour-market/vacancies-per-table.json?{table}").get_json()["sources"]
    assert [source["iri"].rpartition("/")[2] for source in sources] == ["industrie-2023"]


def test_the_period_is_that_of_the_figures_in_the_answer(client: FlaskClient) -> None:
    """The series has three periods, this question asks for one."""
    sources = client.get(f"/api/{VACANCIES}.json?lang=en").get_json()["sources"]
    assert [source["periods"] for source in sources] == [["second quarter of 2023"]]
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/api/{VACANCIES}.xlsx?lang=en").data))
    cells = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert cells["Figures of"] == "second quarter of 2023"
    assert cells["Reuse"]


def test_a_question_without_measures_rests_on_where_its_things_stand(client: FlaskClient) -> None:
    sources = client.get("/api/climate/measures-per-table.json").get_json()["sources"]
    assert len(sources) == len({source["iri"] for source in sources}) > 1
    assert not [source for source in sources if source["figures"] or not source["issued"]]
    assert client.get("/api/graph/graphs.json").get_json()["sources"] == []


def test_a_chart_grows_by_its_frame() -> None:
    svg = '<svg width="360" height="100" viewBox="0 0 360 100"><rect/></svg>'
    frame = Frame("Hoeveel?", ("Eenheid: vacatures",), ("a < b " * 30,))
    whole = 100 + sum(frame.heights(360))
    framed = frame.around(svg, THEMES["light"])
    assert f'width="360" height="{whole}" viewBox="0 0 360 {whole}"' in framed
    assert "a &lt; b" in framed
    assert framed.index("Hoeveel?") < framed.index("<rect/>") < framed.index("a &lt; b")


@pytest.mark.parametrize(("lang", "said"), [("nl", "Een regel leidt het af uit"), ("en", "A rule derives it from")])
def test_what_a_rule_derives_is_nowhere_said_to_stand_in_a_publication(
    client: FlaskClient, lang: str, said: str
) -> None:
    """Nor does a picture draw it as what a publication says."""
    derived = {name: question for name, question in find_questions(QUERIES).items() if "kb:Inference" in question.query}
    assert derived
    for name, question in derived.items():
        page = client.get(f"/questions/{name}?lang={lang}").text.partition('class="of-sources"')[2]
        assert said in page, name
        assert not re.search("Dit staat in|This stands in", page), name
        assert question.chart is None or question.chart.basis == "inferred", name
    drawn = client.get(f"/questions/climate/candidate-occupations.svg?lang={lang}").text
    lines = [path for path in re.findall("<path[^>]*>", drawn) if 'stroke="' in path]
    assert lines
    assert all("stroke-dasharray" in path for path in lines)
    assert said in drawn


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_first_page_leads_to_the_rows_of_its_chart(client: FlaskClient, lang: str) -> None:
    home = unescape(client.get(f"/?lang={lang}").text)
    link = re.search(r'<p class="note"><a href="(/questions/[^"#]+)#answer">', home[home.index('id="finding"') :])
    assert link
    shown = client.get(link[1].replace("/questions/", "/api/").replace("?", ".json?")).get_json()["rows"]
    whole = client.get("/api/labour-market/latest-table.json").get_json()["rows"][0]
    assert (len(shown), sum(row["vacancies"] for row in shown)) == (whole["groups"], whole["together"])
    assert whole["together"] < whole["total"], "else the page need not say that the table leaves groups out"
    assert format_value(whole["together"], lang) in home


def test_a_file_names_the_terms_of_its_own_sources_alone(client: FlaskClient) -> None:
    terms = client.get(f"/api/{VACANCIES}.json?lang=nl").get_json()["terms"]
    assert list(terms) == ["Klimaatbanen"]
