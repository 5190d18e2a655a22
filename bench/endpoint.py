"""How fast the endpoint is beside its peers, in one run over the same data; ratios hold, times are of this machine.

python bench/endpoint.py [--quick] [--write FILE]. Each cell is the median of several rounds in which all endpoints take
turns, after a warm-up; a ratio is of answers in a second, ours to the peer's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Any

import load
import pyoxigraph as ox
from peers import Peer, Start, kg_over_data, oxigraph_in_memory, rdflib_endpoint

from kg.files import house
from kg.graph import build

BASE = "https://w3id.org/klimaatbanen/graph/"
COPIED = BASE + "industrie-2023"
SMALL, LARGE = 20_000, 500_000
KB, SKOS = "PREFIX kb: <https://w3id.org/klimaatbanen/def#> ", "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
JSON, CSV, TURTLE = "application/sparql-results+json", "text/csv", "text/turtle"


@dataclass(frozen=True)
class Query:
    """A query of the bench, with `{iri}` for a subject and `{n}` for a number, which make it distinct."""

    name: str
    text: str
    accept: str


QUERIES = (
    Query("tiny", "ASK {{ <{iri}> ?p ?o }} #{n}", JSON),
    Query("look-up", "SELECT ?p ?o {{ <{iri}> ?p ?o }} #{n}", JSON),
    Query(
        "four-way join",
        KB + SKOS + "SELECT ?a ?b ?name {{ ?a a ?c . ?a ?p ?b . ?b a ?d . ?b skos:prefLabel ?name }} LIMIT 100 #{n}",
        JSON,
    ),
    Query("aggregate", "SELECT ?c (COUNT(?s) AS ?n) {{ ?s a ?c }} GROUP BY ?c ORDER BY DESC(?n) #{n}", JSON),
    Query("2,000 rows, JSON", "SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT 2000 #{n}", JSON),
    Query("2,000 rows, CSV", "SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT 2000 #{n}", CSV),
    Query("CONSTRUCT", SKOS + "CONSTRUCT {{ ?s skos:prefLabel ?l }} {{ ?s skos:prefLabel ?l }} LIMIT 200 #{n}", TURTLE),
)
HEAVY = ("aggregate", "2,000 rows, JSON", "2,000 rows, CSV")
OURS, UNCACHED, PEER, RDFLIB, DIRECT = "ours", "ours, no cache", "oxigraph", "rdflib-endpoint", "Flask alone"
STARTS: Mapping[str, Start] = {
    OURS: kg_over_data(),
    UNCACHED: kg_over_data("--cache", "0"),
    PEER: oxigraph_in_memory,
    RDFLIB: rdflib_endpoint,
    DIRECT: kg_over_data("--direct", "--cache", "0"),
}


@dataclass(frozen=True)
class Cell:
    """One measurement: how many triples, which query, repeated or distinct, on how many connections, whose."""

    size: int
    query: str
    kind: str
    connections: int
    peer: str


Found = dict[Cell, list[load.Load]]


def data_of(size: int, folder: Path) -> tuple[Path, list[str]]:
    """Write so many triples, our stated graph copied under other names, and return the file and subjects in it."""
    store = build(house()).store
    own = [quad for name in ("ontology", "klimaattafels") for quad in _graph(store, BASE + name)]
    copied = _graph(store, COPIED)
    quads, number = list(own), 0
    while len(quads) < size:
        quads += [_renamed(quad, number) for quad in copied[: size - len(quads)]] if number else copied
        number += 1
    path = folder / f"{size}" / "data.nq"
    path.parent.mkdir()
    path.write_bytes(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"")
    subjects = {quad.subject.value for quad in quads[:SMALL] if isinstance(quad.subject, ox.NamedNode)}
    return path, sorted(subjects)


def _graph(store: ox.Store, name: str) -> list[ox.Quad]:
    return sorted(store.quads_for_pattern(None, None, None, ox.NamedNode(name)), key=str)


def _renamed(quad: ox.Quad, number: int) -> ox.Quad:
    return ox.Quad(_copy(quad.subject, number), quad.predicate, _copy(quad.object, number), quad.graph_name)


def _copy(term: Any, number: int) -> Any:
    named = isinstance(term, ox.NamedNode) and "/klimaatbanen/id/" in term.value
    return ox.NamedNode(f"{term.value}-{number}") if named else term


def requests(peer: Peer, query: Query, kind: str, subjects: Sequence[str], serial: Iterator[int]) -> Iterator[bytes]:
    """Yield requests without end: the same few over and over, or each another."""
    if kind == "repeated":
        texts = [query.text.format(iri=subjects[number], n=number) for number in range(8)]
        yield from cycle([load.get(peer.query, text, query.accept) for text in texts])
    for number in serial:
        text = query.text.format(iri=subjects[number % len(subjects)], n=number)
        yield load.get(peer.query, text, query.accept)


def cells(quick: bool) -> list[tuple[int, int, tuple[str, ...]]]:
    """Return what is measured: size, connections, and who takes part."""
    if quick:
        return [(SMALL, 8, (OURS, PEER))]
    small = [(SMALL, 1, (OURS, PEER)), (SMALL, 8, tuple(STARTS)), (SMALL, 32, (OURS, PEER))]
    return [*small, (LARGE, 8, (OURS, PEER, RDFLIB))]


def measure(quick: bool, rounds: int, seconds: float) -> Found:
    """Return all measurements."""
    found: Found = {}
    serial = count(1_000)
    with tempfile.TemporaryDirectory() as name:
        for size, connections, names in cells(quick):
            folder = Path(tempfile.mkdtemp(dir=name))
            data, subjects = data_of(size, folder)
            with ExitStack() as stack:
                peers = {one: stack.enter_context(STARTS[one](data, folder)) for one in names}
                for query in QUERIES:
                    for kind in ("repeated", "distinct"):
                        for one in range(rounds):
                            for who, peer in peers.items():
                                cell = Cell(size, query.name, kind, connections, who)
                                asked = requests(peer, query, kind, subjects, serial)
                                load.run(peer.query, asked, connections, 0.3 if one == 0 else 0.1)
                                found.setdefault(cell, []).append(load.run(peer.query, asked, connections, seconds))
                        told(found, size, query.name, kind, connections, names)
    return found


def told(found: Found, size: int, query: str, kind: str, connections: int, names: Sequence[str]) -> None:
    """Show on standard error how far it is."""
    rates = {one: statistics.median(r.rate for r in found[Cell(size, query, kind, connections, one)]) for one in names}
    shown = "  ".join(f"{one} {rate:,.0f}/s" for one, rate in rates.items())
    bad = {
        one: dict(x.statuses)
        for one in names
        for x in found[Cell(size, query, kind, connections, one)]
        if set(x.statuses) - {200}
    }
    print(f"{size:>7} {connections:>2} {kind:>8} {query:<17} {shown} {bad or ''}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two endpoints, 8 connections, 20,000 triples, one round")
    options = parser.parse_args()
    measure(options.quick, 1 if options.quick else 3, 0.5 if options.quick else 0.8)


if __name__ == "__main__":
    main()
