"""The mapping files: what they state, the rules that they keep, and the sentence for each row that breaks one."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.graph.build import Graph
from kg.graph.mappings import NO_TERM_FOUND, MappingFile, find_mappings
from kg.namespaces import CATALOGUE, GRAPH, ID, KB, SSSOM
from kg.validation.check import Plan, check
from kg.validation.documents import find_inputs

FILES = find_mappings(ROOT)
SHAPES = ROOT / "shapes"
VERSION = ox.NamedNode("http://www.w3.org/2002/07/owl#versionInfo")
THINGS = f"""@prefix o: <{ID}occupation/> .
o:lasser a <{KB}Occupation> .
o:fitter a <{KB}Occupation> .
"""
HEADER = """#curie_map:
#  esco: "http://data.europa.eu/esco/occupation/"
#  o: "https://w3id.org/klimaatbanen/id/occupation/"
#mapping_set_id: "https://w3id.org/klimaatbanen/graph/mappings/some"
#license: "https://creativecommons.org/licenses/by/4.0/"
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\tconfidence
"""
BAD = {
    "an exact match twice": (
        "o:lasser skos:exactMatch esco:1 0.9|o:lasser skos:exactMatch esco:2 0.9",
        "checks/mapping-exact-twice",
        7,
    ),
    "exact and broad": (
        "o:lasser skos:exactMatch esco:1 0.9|o:lasser skos:broadMatch esco:1 0.9",
        "checks/mapping-two-predicates",
        7,
    ),
    "two merged": (
        "o:lasser skos:exactMatch esco:1 0.9|o:fitter skos:exactMatch esco:1 0.9",
        "checks/mapping-merges",
        7,
    ),
    "too sure": ("o:lasser skos:exactMatch esco:1 1.5", "mappingConfidence", 7),
    "another predicate": ("o:lasser skos:broader esco:1 0.9", "mappingPredicate", 7),
}


def project_with(folder: Path, rows: str) -> Path:
    (folder / "data" / "mappings").mkdir(parents=True)
    lines = []
    for row in filter(None, rows.split("|")):
        subject, predicate, value, confidence = row.split(" ")
        lines.append("\t".join((subject, "a", predicate, value, "b", "semapv:ManualMappingCuration", confidence)))
    (folder / "data" / "mappings" / "some.sssom.tsv").write_text(HEADER + "\n".join(lines) + "\n", "utf-8")
    return folder


@pytest.mark.parametrize(("rows", "rule", "line"), BAD.values(), ids=BAD)
def test_kg_validate_names_the_row_that_breaks_a_rule(rows: str, rule: str, line: int, tmp_path: Path) -> None:
    path = project_with(tmp_path, rows) / "data" / "mappings" / "some.sssom.tsv"
    things = tmp_path / "things.ttl"
    things.write_text(THINGS, "utf-8")
    found = check(Plan(find_inputs([path, things]), [SHAPES], only=[rule])).findings
    assert (str(path), line) in {(one.file, one.line) for one in found}, found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_one_prefix_means_one_namespace(file: MappingFile, graph: Graph) -> None:
    declared, ours = file.mappings.header["curie_map"], graph.prefixes
    strange = {name: space for name, space in declared.items() if ours.get(name) != space}
    assert not strange, f"declare them in ontology/prefixes.ttl, or use its namespace: {strange}"


def test_every_set_leads_to_a_scheme_that_is_here(graph: Graph) -> None:
    """Without it kg validate cannot tell whether an object exists: checks/mapping-scheme-unknown is information."""
    for file in FILES:
        version = ox.Literal(str(file.mappings.header["object_source_version"]))
        assert list(graph.store.quads_for_pattern(file.mappings.iri("object_source"), VERSION, version, None)), (
            file.name
        )


def test_a_row_is_a_triple_and_a_node(graph: Graph) -> None:
    for file in FILES:
        here = {(q.subject, q.predicate, q.object) for q in graph.store.quads_for_pattern(None, None, None, file.graph)}
        for row in file.mappings.rows:
            assert ((row.subject, row.predicate, row.value) in here) == (row.value != NO_TERM_FOUND)
            assert (file.node(row), ox.NamedNode(SSSOM + "object_id"), row.value) in here
        assert len({file.node(row) for row in file.mappings.rows}) == len(file.mappings.rows)


def test_no_term_found_is_never_the_object_of_a_match(graph: Graph) -> None:
    found = {quad.predicate.value for quad in graph.store.quads_for_pattern(None, None, NO_TERM_FOUND, None)}
    assert found == {SSSOM + "object_id"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_catalogue_describes_the_set(file, graph: Graph) -> None:
    said = {
        quad.predicate.value for quad in graph.store.quads_for_pattern(file.graph, None, None, ox.NamedNode(CATALOGUE))
    }
    wanted = {KB + "graphKind", SSSOM + "object_source", SSSOM + "object_source_version", SSSOM + "mapping_set_version"}
    assert wanted <= said
    assert file.mappings.header["mapping_set_id"] == f"{GRAPH}mappings/{file.name}"


def test_a_broken_file_says_where(tmp_path: Path) -> None:
    project = project_with(tmp_path, "o:lasser skos:exactMatch nowhere:1 0.9")
    with pytest.raises(SourceError, match=r"some\.sssom\.tsv:7:.*prefix nowhere of nowhere:1 is not in the curie_map"):
        find_mappings(project)


def test_a_project_without_mappings_has_none(tmp_path: Path) -> None:
    assert find_mappings(tmp_path) == []


def test_a_missing_mapping_is_a_warning_of_kg_validate(graph: Graph) -> None:
    check = (ROOT / "shapes" / "checks" / "mapping-missing.rq").read_text("utf-8")
    assert list(graph.store.query(check, use_default_graph_as_union=True)) == []
    store = ox.Store()
    store.bulk_extend(graph.store)
    subject_id, branch = ox.NamedNode(SSSOM + "subject_id"), ox.NamedNode(ID + "branch/bouw")
    for quad in list(store.quads_for_pattern(None, subject_id, branch, None)):
        store.remove(quad)
    found = [row["focus"].value for row in store.query(check, use_default_graph_as_union=True)]
    assert found == [branch.value]


def test_nothing_is_left_unjudged(graph: Graph) -> None:
    text = (ROOT / "queries" / "mappings" / "coverage.rq").read_text("utf-8")
    rows = graph.store.query(text, use_default_graph_as_union=True)
    found = {row["kind"].value.rpartition("#")[2]: int(row["open"].value) / int(row["all"].value) for row in rows}
    assert {kind: share for kind, share in found.items() if share} == {}
    assert {"Occupation", "Qualification", "KnowledgeArea", "Branch", "Skill", "SoftSkill"} <= found.keys()
