"""`kg approve`: answers approved anew, with what differs; columns that vary are left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_project
from click.testing import CliRunner

from kg.cli import main
from kg.files import project_folder
from kg.queries.question import find_questions
from kg.validation.approved_answers import differences, format_answer

NOORD = "https://w3id.org/klimaatbanen/id/cluster/noord"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    small_project.write(tmp_path)
    monkeypatch.chdir(tmp_path / "queries")
    return tmp_path


def approve(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["approve", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_an_answer_is_approved_anew_with_what_differs(project: Path) -> None:
    path = project / "queries" / "places" / "clusters.csv"
    before = path.read_text("utf-8")
    assert approve() == f"project: {project}\n0 of 1 answers approved anew\n"
    path.write_text(before.replace(",1", ",7"), "utf-8")
    changed = f"queries/places/clusters.csv\n- {NOORD}, 7\n+ {NOORD}, 1\n"
    assert approve("--check", code=1) == f"project: {project}\n{changed}1 of 1 answers differ\n"
    assert path.read_text("utf-8") != before
    assert approve("places/clusters") == f"project: {project}\n{changed}1 of 1 answers approved anew\n"
    assert path.read_text("utf-8") == before
    path.unlink()
    assert "new: cluster, n; 1 rows" in approve("queries/places/clusters.rq", "places")
    assert path.read_text("utf-8") == before
    path.write_text("name,n\n", "utf-8")
    assert "columns cluster, n instead of name, n" in approve("places/")


def test_what_cannot_be_approved_is_named(project: Path) -> None:
    assert "nearest: places/clusters" in approve("places/cluster", code=2)
    question = project / "queries" / "places" / "clusters.rq"
    text = question.read_text("utf-8")
    question.write_text(text.replace("kb:inRegion", "kb:uses"), "utf-8")
    message = approve(code=2)
    assert f"{question}: no rows" in message
    assert "#+ empty: true" in message
    question.write_text(text.replace("GROUP BY", "GROUP"), "utf-8")
    assert f"{question}:17:" in approve(code=2)
    assert "no ontology/ and data/ in it" in approve("--project", "/", code=2)


def test_columns_that_vary_are_not_approved(project: Path) -> None:
    path = project / "queries" / "places" / "clusters.rq"
    path.write_text(path.read_text("utf-8").replace("#+ ordered: true", "#+ ordered: true\n#+ varies: n"), "utf-8")
    assert f"- {NOORD}, 1\n+ {NOORD}, \n" in approve()
    question = find_questions(project / "queries")["places/clusters"]
    columns = ("cluster", "n")
    assert list(differences(question, columns, [(NOORD, "12")])) == []
    (difference,) = differences(question, columns, [(NOORD, "12"), ("x", "1")])
    assert difference.what == "found and not approved: x, "
    assert format_answer(question, columns, [("b", "1"), ("a", "2")]) == "cluster,n\na,\nb,\n"


def test_columns_that_vary_are_columns_of_the_answer() -> None:
    for question in find_questions(project_folder() / "queries").values():
        columns = question.path.with_suffix(".csv").read_text("utf-8").splitlines()[0].split(",")
        assert set(question.varies) < set(columns), f"{question.path}: #+ varies: names no column of the answer"
