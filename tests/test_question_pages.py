"""All saved questions in one pass: each says what it rests on, each chart says in its picture what it shows."""

from __future__ import annotations

import importlib.util
import re
from html import unescape

import pytest
from conftest import ROOT
from flask.testing import FlaskClient

from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.tables.charts import drawn
from kg.web.app import create_app

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
        "nl": (r"(Cijfers over|Stand van de bronnen): ", "Let op: ", "Bron: ", "Gebruik: ", "Eenheid: "),
        "en": (r"(Figures of|Sources as of): ", "Mind: ", "Source: ", "Reuse: ", "Unit: "),
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


def test_the_list_of_charts_is_that_of_the_headers() -> None:
    spec = importlib.util.spec_from_file_location("charts_docs", ROOT / "docs" / "charts.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs/charts.md").read_text("utf-8") == module.render(), "run `python docs/charts.py`"
