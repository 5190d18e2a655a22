"""The mapping files: what they state, the rules that they keep, and the sentence for each row that breaks one."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.graph import Graph
from kg.mappings import NO_TERM_FOUND, PREDICATES, bad_mappings, find_mappings
from kg.terms import CATALOGUE, GRAPH, ID, KB, RDF_TYPE, SSSOM

FILES = find_mappings(ROOT)
HEADER = """#curie_map:
#  esco: "http://data.europa.eu/esco/occupation/"
#  o: "https://w3id.org/klimaatbanen/id/occupation/"
#mapping_set_id: "https://w3id.org/klimaatbanen/graph/mappings/some"
#license: "https://creativecommons.org/licenses/by/4.0/"
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\tconfidence
"""
KNOWN = frozenset({ID + "occupation/lasser", ID + "occupation/fitter"})
BAD = {
    "o:bakker skos:exactMatch esco:1 0.9": "is not in the graph: correct the subject",
    "o:lasser skos:broader esco:1 0.9": "is none of the five mapping predicates",
    "o:lasser skos:exactMatch esco:1 1.5": "confidence 1.5 is no number from 0 to 1",
    "o:lasser skos:exactMatch esco:1 ": "confidence (empty) is no number from 0 to 1",
    "o:lasser skos:exactMatch esco:1 0.9|o:lasser skos:broadMatch esco:1 0.9": "stands above with another predicate",
    "o:lasser skos:closeMatch esco:1 0.9|o:lasser skos:closeMatch esco:1 0.8": "the same mapping stands above",
    "o:lasser skos:exactMatch esco:1 0.9|o:lasser skos:exactMatch esco:2 0.9": "a second exactMatch of this subject",
    "o:lasser skos:exactMatch esco:1 0.9|o:fitter skos:exactMatch esco:1 0.9": "would merge this subject with",
}


def house_with(folder: Path, rows: str) -> Path:
    (folder / "data" / "mappings").mkdir(parents=True)
    lines = []
    for row in filter(None, rows.split("|")):
        subject, predicate, value, confidence = row.split(" ")
        lines.append("\t".join((subject, "a", predicate, value, "b", "semapv:ManualMappingCuration", confidence)))
    (folder / "data" / "mappings" / "some.sssom.tsv").write_text(HEADER + "\n".join(lines) + "\n", "utf-8")
    return folder


def test_every_row_keeps_the_rules(graph: Graph) -> None:
    ours = frozenset(
        quad.subject.value
        for quad in graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None, None)
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode)
        if quad.object.value.startswith(KB)
    )
    assert [str(bad) for bad in bad_mappings(FILES, ours)] == []


@pytest.mark.parametrize(("rows", "sentence"), BAD.items(), ids=BAD.values())
def test_a_row_that_breaks_a_rule_has_its_sentence(rows: str, sentence: str, tmp_path: Path) -> None:
    found = list(bad_mappings(find_mappings(house_with(tmp_path, rows)), KNOWN))
    assert len(found) == 1
    assert sentence in str(found[0])
    assert str(found[0]).startswith(f"some.sssom.tsv:{6 + len(rows.split('|'))}: ")


def test_a_row_is_a_triple_and_a_node(graph: Graph) -> None:
    for file in FILES:
        here = {(q.subject, q.predicate, q.object) for q in graph.store.quads_for_pattern(None, None, None, file.graph)}
        for row in file.mappings.rows:
            assert ((row.subject, row.predicate, row.value) in here) == (row.value != NO_TERM_FOUND)
            assert (file.node(row), ox.NamedNode(SSSOM + "object_id"), row.value) in here
        assert len({file.node(row) for row in file.mappings.rows}) == len(file.mappings.rows)


def test_no_term_found_is_never_the_object_of_a_match(graph: Graph) -> None:
    for predicate in PREDICATES:
        assert not list(graph.store.quads_for_pattern(None, predicate, NO_TERM_FOUND, None))


def test_an_object_without_description_has_a_name(graph: Graph) -> None:
    oeo = ox.NamedNode("https://openenergyplatform.org/ontology/oeo/OEO_00010138")
    texts = {quad.predicate.value.rpartition("#")[2] for quad in graph.store.quads_for_pattern(oeo, None, None, None)}
    assert texts <= {"label"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_catalogue_describes_the_set(file, graph: Graph) -> None:
    said = {
        quad.predicate.value for quad in graph.store.quads_for_pattern(file.graph, None, None, ox.NamedNode(CATALOGUE))
    }
    wanted = {KB + "graphKind", SSSOM + "object_source", SSSOM + "object_source_version", SSSOM + "mapping_set_version"}
    assert wanted <= said
    assert file.mappings.header["mapping_set_id"] == f"{GRAPH}mappings/{file.name}"


def test_a_broken_file_says_where(tmp_path: Path) -> None:
    house = house_with(tmp_path, "o:lasser skos:exactMatch nowhere:1 0.9")
    with pytest.raises(SourceError, match=r"some\.sssom\.tsv:7:.*prefix nowhere of nowhere:1 is not in the curie_map"):
        find_mappings(house)


def test_a_house_without_mappings_has_none(tmp_path: Path) -> None:
    assert find_mappings(tmp_path) == []
