"""The built graph: version, prefixes, catalogue, and figures that the README and data/README.md promise."""

from __future__ import annotations

from itertools import permutations

import pyoxigraph as ox
import pytest
from conftest import ROOT

from kg.errors import SourceError
from kg.graph.build import Graph, count_graphs, fill_store
from kg.graph.sources import Source, find_packed, parse
from kg.labels import Labels
from kg.namespaces import KB


def test_version_and_prefixes_come_from_the_ontology(graph: Graph) -> None:
    assert graph.version.count(".") == 2
    assert graph.prefixes["kb"] == "https://w3id.org/klimaatbanen/def#"
    assert list(graph.prefixes) == sorted(graph.prefixes)


def test_a_graph_without_version_says_so() -> None:
    empty = Graph(fill_store([]), ())
    with pytest.raises(SourceError, match="versionInfo is missing"):
        _ = empty.version


def test_the_catalogue_counts_each_graph(graph: Graph) -> None:
    rows = graph.store.query("PREFIX void: <http://rdfs.org/ns/void#> SELECT ?g ?n { GRAPH ?c { ?g void:triples ?n } }")
    counted = {row["g"].value: int(row["n"].value) for row in rows}
    actual = {
        name.value: sum(1 for _ in graph.store.quads_for_pattern(None, None, None, name))
        for name in graph.store.named_graphs()
    }
    packed = {source.graph: sum(1 for _ in parse(source.path)) for source in find_packed(ROOT)}
    assert len(packed) == 2
    assert counted == actual | packed


def test_building_twice_gives_the_same_graph(graph: Graph, project) -> None:
    from kg.graph.build import build

    again = build(project)
    assert {str(quad) for quad in again.store} == {str(quad) for quad in graph.store}


def test_of_several_labels_it_is_always_the_same_one() -> None:
    printed = [ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode(KB + "asPrinted"), ox.Literal(text)) for text in "cab"]
    for order in permutations(printed):
        store = ox.Store()
        store.extend(order)
        assert Labels(store).get("urn:a", "nl") == ("a", "")


def test_load_keeps_sources_in_their_graphs(tmp_path) -> None:
    (tmp_path / "one.ttl").write_text("<urn:a> <urn:b> 'c' .")
    store = fill_store([Source(tmp_path / "one.ttl", "urn:g")])
    store.bulk_extend(count_graphs(store))
    found = store.quads_for_pattern(ox.NamedNode("urn:a"), None, None, None)
    assert [str(quad.graph_name) for quad in found] == ["<urn:g>"]
