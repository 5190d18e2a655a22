"""Each Turtle file of the project, and what happens when one is broken or missing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.graph.build import build
from kg.graph.sources import find_sources, parse, read, sources_at

TURTLE = sorted([*ROOT.glob("ontology/*.ttl"), *ROOT.glob("data/**/*.ttl")])


@pytest.mark.parametrize("path", TURTLE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_turtle_is_written_by_people(path: Path) -> None:
    quads = list(parse(path))
    assert quads, "the file says nothing"
    assert not [
        quad for quad in quads if isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)
    ]
    text = path.read_text("utf-8")
    assert text.startswith("# "), "begin with a comment that says what the file holds"
    assert "\r" not in text
    assert "\t" not in text
    assert not re.search(r"[ ]$", text, re.MULTILINE), "no spaces at the end of a line"
    subjects = re.findall(r"^([^\s@#][^\s]*)$", text, re.MULTILINE)
    twice = {subject for subject in subjects if subjects.count(subject) > 1}
    assert not twice, f"one block a subject; twice: {sorted(twice)[:5]}"


def test_a_path_under_data_is_a_graph() -> None:
    graphs = {source.graph.removeprefix("https://w3id.org/klimaatbanen/graph/") for source in find_sources(ROOT)}
    assert {"ontology", "catalogue", "klimaattafels", "industrie-2023", "industrie-2023/editorial"} <= graphs


def test_folders_with_an_underscore_are_left_out(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    (project / "data" / "_template").mkdir(exist_ok=True)
    (project / "data" / "_template" / "broken.ttl").write_text("this is no Turtle")
    assert len(build(project).sources) == len(find_sources(ROOT))


def test_a_new_folder_is_a_new_graph(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    (project / "data" / "mobiliteit-2031").mkdir()
    (project / "data" / "mobiliteit-2031" / "a.ttl").write_text("<https://example.org/a> a <https://example.org/B> .\n")
    graph = ox.NamedNode("https://w3id.org/klimaatbanen/graph/mobiliteit-2031")
    assert len(list(build(project).store.quads_for_pattern(None, None, None, graph))) == 1


def test_broken_turtle_names_file_line_and_column(tmp_path: Path) -> None:
    project = copy_of_project(tmp_path)
    (project / "data" / "industrie-2023" / "broken.ttl").write_text(
        '<https://example.org/a> a <https://example.org/B> .\n<x y "'
    )
    with pytest.raises(SourceError) as caught:
        build(project)
    assert caught.value.where.endswith("industrie-2023/broken.ttl")
    assert caught.value.line == 2
    assert caught.value.column is not None
    assert caught.value.hint


def test_a_missing_data_folder_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    with pytest.raises(SourceError, match="the folder is missing"):
        build(tmp_path)


def test_an_empty_data_folder_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ontology", tmp_path / "ontology")
    (tmp_path / "data").mkdir()
    with pytest.raises(SourceError, match="no Turtle file"):
        build(tmp_path)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        sources_at(ROOT, [tmp_path / "nowhere.ttl"])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        list(parse(tmp_path))
    assert caught.value.where == str(tmp_path)


def test_each_file_is_parsed_once() -> None:
    sources = find_sources(ROOT)
    assert [source for source, _ in read(sources)] == sources


def copy_of_project(folder: Path) -> Path:
    for name in ("ontology", "data"):
        shutil.copytree(ROOT / name, folder / name)
    return folder
