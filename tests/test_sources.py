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
from kg.graph.sources import find_sources, parse, read
from kg.namespaces import ID, RDF_TYPE, SH

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


PUBLICATIONS = sorted(path.parent for path in ROOT.glob("data/[!_]*/publication.ttl"))
OWN = sorted(path for folder in (*PUBLICATIONS, ROOT / "data" / "klimaattafels") for path in folder.rglob("*.ttl"))
PARTED = ("claims", "figures")
IRREGULAR = {"branches": {"branch"}, "legislation": {"legislation"}, "publication": {"publication", "section"}}


@pytest.mark.parametrize(
    "path",
    [path for path in OWN if path.name != "catalogue.ttl"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_file_holds_the_kind_of_thing_that_its_name_says_in_order(path: Path) -> None:
    """Rule 8 of data/README.md."""
    plural = next((name for name in PARTED if path.stem.startswith(f"{name}-")), path.stem)
    kinds = IRREGULAR.get(plural) or {re.sub("ie$", "y", plural.removesuffix("s"))}
    subjects = list(dict.fromkeys(quad.subject.value for quad in parse(path)))
    strays = [subject for subject in subjects if subject.removeprefix(ID).split("/")[0] not in kinds]
    assert not strays, f"what begins with {ID}<kind>/ stands in the file of that kind"
    comment = path.read_text("utf-8").partition("\n\n")[0].replace("\n# ", " ")
    if not re.search("in the order of the text|in printed order", comment):
        assert subjects == sorted(subjects, key=natural), "sort the subjects"


@pytest.mark.parametrize("folder", PUBLICATIONS, ids=lambda path: path.name)
def test_a_thing_stands_in_files_of_one_name(folder: Path) -> None:
    stems: dict[str, set[str]] = {}
    for path in (*folder.glob("*.ttl"), *folder.glob("editorial/*.ttl")):
        for quad in parse(path):
            stems.setdefault(quad.subject.value, set()).add(path.stem)
    assert {subject: names for subject, names in stems.items() if len(names) > 1} == {}


@pytest.mark.parametrize("path", sorted(ROOT.glob("ontology/*.ttl")), ids=lambda path: path.stem)
def test_classes_stand_before_properties(path: Path) -> None:
    types = [quad.object.value for quad in parse(path) if quad.predicate.value == RDF_TYPE]
    are_classes = [name.endswith("#Class") for name in types if name.endswith(("#Class", "Property"))]
    assert are_classes == sorted(are_classes, reverse=True)


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("shapes/*.ttl"), *ROOT.glob("views/*.ttl")]),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_node_shapes_stand_before_property_shapes(path: Path) -> None:
    types = [quad.object.value for quad in parse(path) if quad.predicate.value == RDF_TYPE]
    shapes = [name for name in types if name in (SH + "NodeShape", SH + "PropertyShape")]
    assert shapes == sorted(shapes)


def test_a_property_of_a_view_stands_beside_its_views() -> None:
    """What one file shows stands in it, sorted, what none shows beside the sentences; `backwards.ttl` is of `all`."""
    shown: dict[str, set[str]] = {}
    declared: dict[str, list[str]] = {}
    for path in sorted(ROOT.glob("views/*.ttl")):
        for quad in parse(path):
            if quad.predicate.value == SH + "property":
                shown.setdefault(quad.object.value, set()).add(path.stem)
            elif quad.object == ox.NamedNode(SH + "PropertyShape"):
                declared.setdefault(path.stem, []).append(quad.subject.value)
    assert not [stem for stem, names in declared.items() if stem != "all" and names != sorted(names, key=str.lower)]
    for stem, names in declared.items():
        for name in names:
            files = shown.get(name, set())
            home = "properties" if len(files) > 1 else next(iter(files), "sentences")
            assert stem in ({"all", "backwards"} if home == "all" else {home}), f"{name} is shown by {sorted(files)}"


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part]


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
