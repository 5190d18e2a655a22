"""Themes: the folders of questions, their names, and a new folder that nobody has named."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from kg.errors import SourceError
from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.queries.themes import Themes
from kg.web.app import create_app

QUERIES = project_folder() / "queries"
QUESTIONS = find_questions(QUERIES)


def test_each_folder_of_questions_has_a_name_in_both_languages() -> None:
    names = tomllib.loads((QUERIES / "themes.toml").read_text("utf-8"))
    folders = {question.theme for question in QUESTIONS.values()}
    assert set(names) == folders, "name each folder of questions, and no other, in queries/themes.toml"
    assert all(set(name) == {"nl", "en"} for name in names.values())


def test_named_themes_come_in_their_order_and_others_after_them() -> None:
    themes = Themes({"switch": {"nl": "Overstappen"}, "empty": {"nl": "Leeg"}, "climate": {"nl": "Klimaat"}})
    groups = themes.group(QUESTIONS.values())
    assert list(groups)[:3] == ["switch", "climate", "evidence"]
    assert sorted(groups["climate"], key=lambda question: question.name) == groups["climate"]
    assert sum(map(len, groups.values())) == len(QUESTIONS)
    assert (themes.name("switch", "nl"), themes.name("switch", "en"), themes.name("harbours", "nl")) == (
        "Overstappen",
        "switch",
        "harbours",
    )


@pytest.mark.parametrize(("text", "what"), [("[harbours\n", "at line 1"), ('harbours = "x"\n', "harbours is no table")])
def test_an_error_names_the_file(text: str, what: str, tmp_path: Path) -> None:
    assert Themes.from_folder(tmp_path).name("harbours", "nl") == "harbours"
    (tmp_path / "themes.toml").write_text(text, "utf-8")
    with pytest.raises(SourceError, match=what) as caught:
        Themes.from_folder(tmp_path)
    assert caught.value.where == str(tmp_path / "themes.toml")


@pytest.mark.slow
def test_a_question_in_a_folder_without_a_name_is_shown_everywhere(graph: Graph) -> None:
    new = replace(QUESTIONS["places/clusters"], name="harbours/clusters")
    client = create_app(graph, {**QUESTIONS, new.name: new}).test_client()
    for path in ("/questions", "/questions/harbours/clusters", "/docs", "/openapi.json", "/sparql/examples.json"):
        response = client.get(path)
        assert response.status_code == 200, path
        assert "harbours" in response.text, path
    assert [theme["name"] for theme in client.get("/sparql/examples.json?lang=en").json][-1] == "harbours"
    assert client.get("/sparql", headers={"Accept": "text/html"}).status_code == 200
