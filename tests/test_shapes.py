"""The shapes and check queries: each has cases, each case has its answer beside it, each message says what to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pyshacl
import pytest
import rdflib
from rdflib.collection import Collection
from rdflib.namespace import OWL, RDF, RDFS, SH, XSD
from rdflib.term import Node

from kg.files import project_folder
from kg.graph.sources import Source, find_sources
from kg.namespaces import BASE, CATALOGUE, GRAPH, KB
from kg.queries.question import find_questions
from kg.validation.check import SEVERITIES, Finding, validate
from kg.validation.documents import VIEWS_GRAPH

SHAPES = project_folder() / "shapes"
CASES = SHAPES / "cases"
CHECKS = {name: question for name, question in find_questions(SHAPES).items() if name.startswith("checks/")}
SCHEMA = rdflib.Namespace("https://schema.org/")
# The build makes these from what the shapes have checked; the check candidate-in-file keeps them out of files.
BUILT = {rdflib.URIRef(KB + name) for name in ("Inference", "Rule")}
ONLY_INFERRED = {rdflib.URIRef(KB + name) for name in ("candidateOccupation", "candidateSkill")}
# What the name of a case says of its graph.
GRAPHS = {"stated": "stated", "second": "second", "below": "stated/editorial"}


def cases(*stems: str, folder: str = "**") -> list[Path]:
    return sorted(path for stem in stems for path in CASES.glob(f"{folder}/{stem}-*.ttl"))


VALID, FAULTY = cases("valid"), cases("invalid", "warning")


def name(path: Path) -> str:
    return path.relative_to(CASES).with_suffix("").as_posix()


def is_check(folder: Path) -> bool:
    return folder.parent.name == "checks"


def source(path: Path) -> Source:
    """A case as a graph of data, or as what pages show, which is shapes itself."""
    if path.parent.name == "views":
        return Source(path, VIEWS_GRAPH)
    return Source(path, GRAPH + next((graph for mark, graph in GRAPHS.items() if f"-{mark}-" in path.name), "case"))


@cache
def world() -> tuple[Path, ...]:
    """The valid cases of the shapes: together one small graph in which everything that they name is there."""
    return tuple(path for path in VALID if not is_check(path.parent))


@cache
def findings(folder: Path) -> dict[str, list[Finding]]:
    """What is found, by file, in the cases of a folder on top of the world."""
    files = dict.fromkeys([*world(), *sorted(folder.glob("*.ttl"))])
    ontology = [source for source in find_sources(project_folder()) if source.path.parent.name == "ontology"]
    found: dict[str, list[Finding]] = {}
    for one in validate([*ontology, Source(CASES / "catalogue.ttl", CATALOGUE), *map(source, files)], SHAPES):
        found.setdefault(one.file, []).append(one)
    return found


def subjects(path: Path) -> set[Node]:
    return set(rdflib.Graph().parse(path).subjects())


def answer(found: Iterable[Finding]) -> str:
    lines = {
        "\t".join(
            (one.severity, one.focus.removeprefix(BASE), one.path.replace("#", "/").rpartition("/")[2], one.message)
        )
        for one in found
    }
    return "".join(f"{line}\n" for line in sorted(lines))


@pytest.fixture(scope="module")
def shapes() -> rdflib.Graph:
    graph = rdflib.Graph()
    for path in sorted(SHAPES.glob("*.ttl")):
        graph.parse(path)
    return graph


@pytest.fixture(scope="module")
def ontology() -> rdflib.Graph:
    graph = rdflib.Graph()
    for path in sorted((project_folder() / "ontology").glob("*.ttl")):
        graph.parse(path)
    return graph


@pytest.mark.parametrize("case", VALID, ids=name)
def test_nothing_is_found_in_a_valid_case(case: Path) -> None:
    found = [one for one in findings(case.parent).get(str(case), ()) if one.severity != "info"]
    assert not found, answer(found)


@pytest.mark.parametrize("case", FAULTY, ids=name)
def test_what_is_found_in_a_case_is_its_answer(case: Path, approved) -> None:
    found = findings(case.parent).get(str(case), [])
    assert found, f"nothing is found in {name(case)}: is the fault still one?"
    if case.name.startswith("invalid-"):
        assert any(one.severity == "violation" for one in found), "no violation: call the case warning-*"
    approved(case.with_suffix(".txt"), answer(found))


@pytest.mark.parametrize("folder", sorted({case.parent for case in FAULTY}), ids=name)
def test_cases_of_a_folder_do_not_meet(folder: Path) -> None:
    """They are checked together, which is quick, and each finding belongs to one file, which needs subjects apart."""
    faulty = [case for case in FAULTY if case.parent == folder]
    seen = Counter(subject for case in faulty for subject in subjects(case))
    twice = {subject for subject, count in seen.items() if count > 1}
    assert not twice, f"give these other slugs, one case each: {sorted(twice)}"
    other = set(findings(folder)) - {str(case) for case in faulty}
    spilled = [one for file in other for one in findings(folder)[file] if one.severity != "info"]
    assert not spilled, f"a fault may only be found in its own file:\n{answer(spilled)}"


def test_no_answer_without_its_case() -> None:
    assert {path.with_suffix(".ttl") for path in CASES.rglob("*.txt")} == set(FAULTY)


def test_cases_stand_in_the_folder_of_their_shapes_file_or_check() -> None:
    folders = {path.stem for path in SHAPES.glob("*.ttl")} | set(CHECKS)
    assert {name(case.parent) for case in VALID + FAULTY} <= folders


def test_every_shape_is_the_cause_of_a_finding(shapes: rdflib.Graph) -> None:
    causes = {one.shape for case in FAULTY for one in findings(case.parent).get(str(case), ())}
    speaking = {str(shape) for shape in shapes.subjects(SH.message)}
    silent = sorted(shape.rpartition("#")[2] for shape in speaking - causes)
    assert not silent, f"add an invalid or warning case for: {', '.join(silent)}"


def test_every_node_shape_has_a_valid_and_a_faulty_case(shapes: rdflib.Graph, ontology: rdflib.Graph) -> None:
    valid, faulty = with_cases(ontology, VALID), with_cases(ontology, FAULTY)
    found = [one for case in FAULTY for one in findings(case.parent).get(str(case), ())]
    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        own = {str(shape), *map(str, shapes.objects(shape, SH.property))}
        focus = set(map(str, targets(shape, shapes, faulty)))
        assert targets(shape, shapes, valid), f"add a valid case for {shape}"
        assert any(one.shape in own and one.focus in focus for one in found), f"add a faulty case for {shape}"


def with_cases(ontology: rdflib.Graph, paths: Iterable[Path]) -> rdflib.Graph:
    graph = rdflib.Graph()
    graph += ontology.triples((None, RDFS.subClassOf, None))
    for path in paths:
        graph.parse(path)
    return graph


def targets(shape: Node, shapes: rdflib.Graph, data: rdflib.Graph) -> set[Node]:
    found: set[Node] = set()
    for one in shapes.objects(shape, SH.targetClass):
        for sub in data.transitive_subjects(RDFS.subClassOf, one):
            found |= set(data.subjects(RDF.type, sub))
    for one in shapes.objects(shape, SH.targetSubjectsOf):
        found |= set(data.subjects(one))
    for one in shapes.objects(shape, SH.targetObjectsOf):
        found |= set(data.objects(None, one))
    return found


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_query_has_cases_and_finds_its_own(check: str) -> None:
    folder = CASES / check
    assert any(case.parent == folder for case in VALID), f"add {folder}/valid-*.ttl"
    found = {one.shape for case in FAULTY if case.parent == folder for one in findings(folder).get(str(case), ())}
    assert check in found, f"add {folder}/invalid-*.ttl"
    assert CHECKS[check].severity in SEVERITIES
    assert {"nl", "en"} == CHECKS[check].message.keys(), "add #+ message: with nl: and en:"


def test_every_message_says_what_and_why_in_both_languages(shapes: rdflib.Graph) -> None:
    speaking = {*shapes.subjects(RDF.type, SH.PropertyShape), *shapes.subjects(SH.pattern, None)}
    for shape in (one for one in speaking if isinstance(one, rdflib.URIRef)):
        for predicate in (SH.message, SH.description):
            tags = sorted(text.language for text in shapes.objects(shape, predicate))
            assert tags == ["en", "nl"], f"give {shape} one {predicate} in en and one in nl"
        assert (shape, SH.severity, None) in shapes, f"choose sh:severity of {shape}"


@pytest.mark.slow
def test_shapes_are_shacl(shapes: rdflib.Graph) -> None:
    conforms, _, text = pyshacl.validate(rdflib.Graph(), shacl_graph=shapes, meta_shacl=True)
    assert conforms, text


def test_property_shapes_are_named_and_used(shapes: rdflib.Graph) -> None:
    """An alternative of an `sh:or` is no rule of its own: its parts have no name, and the shape around it speaks."""
    used = {part for shape, part in shapes.subject_objects(SH.property) if isinstance(shape, rdflib.URIRef)}
    named = set(shapes.subjects(RDF.type, SH.PropertyShape))
    assert used == named
    assert all(isinstance(shape, rdflib.URIRef) for shape in named)


def test_every_class_has_a_shape(shapes: rdflib.Graph, ontology: rdflib.Graph) -> None:
    classes = {one for one in ontology.subjects(RDF.type, OWL.Class) if str(one).startswith(KB)}
    missing = classes - BUILT - set(shapes.objects(None, SH.targetClass))
    assert not missing, f"add a node shape with sh:targetClass for {sorted(missing)}"


def test_shapes_ask_the_classes_that_the_ontology_names(shapes: rdflib.Graph, ontology: rdflib.Graph) -> None:
    for path in {one for one in ontology.subjects(SCHEMA.rangeIncludes) if str(one).startswith(KB)}:
        if path in ONLY_INFERRED or not (asked := dict(asked_classes(path, shapes))):
            continue
        named = {one for one in ontology.objects(path, SCHEMA.rangeIncludes) if one not in XSD}
        below = {sub for one in named for sub in ontology.transitive_subjects(RDFS.subClassOf, one)}
        for shape, classes in asked.items():
            general = "-" not in shape.rpartition("#")[2]
            assert classes == named if general else classes <= below, (
                f"{shape} asks {classes}, the ontology names {named}"
            )


def test_every_relation_has_a_shape_on_each_class_of_its_domain(shapes: rdflib.Graph, ontology: rdflib.Graph) -> None:
    everywhere = set(shapes.objects(None, SH.targetSubjectsOf)) | ONLY_INFERRED
    for path in {one for one in ontology.subjects(SCHEMA.domainIncludes) if one not in everywhere}:
        for domain in ontology.objects(path, SCHEMA.domainIncludes):
            above = set(ontology.transitive_objects(domain, RDFS.subClassOf))
            own = {shape for one in above for shape in shapes.subjects(SH.targetClass, one)}
            paths = {
                value
                for shape in own
                for one in shapes.objects(shape, SH.property)
                for value in shapes.objects(one, SH.path)
            }
            assert path in paths or not own, f"refer to a shape of {path} in the shape of {domain}"


def asked_classes(path: Node, shapes: rdflib.Graph) -> Iterator[tuple[str, set[Node]]]:
    for shape in shapes.subjects(SH.path, path):
        classes = set(shapes.objects(shape, SH["class"]))
        for members in shapes.objects(shape, SH["or"]):
            classes |= {one for member in Collection(shapes, members) for one in shapes.objects(member, SH["class"])}
        if classes:
            yield str(shape), classes
