"""How fast the endpoint is beside its peers, in one run over the same data; ratios hold, times are of this machine.

python bench/endpoint.py [--quick] [--write FILE]. Each cell is the median of several rounds in which all endpoints take
turns, after a warm-up; a ratio is of answers in a second, ours to the peer's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count, cycle
from pathlib import Path
from typing import Any

import load
import pyoxigraph as ox
from pages import machine, write_between
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
ALL = tuple(one.name for one in QUERIES)
_LEAST = 0.5  # Answers in a second, where none came in the time of a round.
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
    return [*small, (LARGE, 8, (OURS, PEER))]


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
                                if one and who == RDFLIB:
                                    continue  # It is slow enough to be measured once.
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


def ratios(found: Found, cell: Cell, peer: str) -> list[float]:
    """Return ours to the peer's answers in a second, round by round."""
    other = found[replace(cell, peer=peer)]
    return [max(ours.rate, _LEAST) / max(theirs.rate, _LEAST) for ours, theirs in zip(found[cell], other, strict=False)]


def mean(values: Iterable[float]) -> float:
    """Return the geometric mean."""
    return statistics.geometric_mean(list(values))


def summary(found: Found) -> Iterator[tuple[object, ...]]:
    """Yield what was asked for, what came, and whether that is enough."""

    def over(peer: str, kind: str, size: int, connections: int, names: Iterable[str] = ALL) -> list[float]:
        cells = [Cell(size, name, kind, connections, OURS) for name in names]
        return [statistics.median(ratios(found, one, peer)) for one in cells]

    at = sorted({one.connections for one in found if one.size == SMALL})
    for kind, names, goal in (("repeated", ALL, 8.0), ("distinct", ALL, 0.5), ("distinct", HEAVY, 1.0)):
        which = "aggregate and 2,000 rows" if names is HEAVY else "all queries"
        for connections in at:
            value = mean(over(PEER, kind, SMALL, connections, names))
            yield f"{kind}, {which}, {connections} connections: ours to {PEER}", f"{goal:g}", value, value >= goal
    for peer, goal in ((RDFLIB, 10.0), (UNCACHED, None), (DIRECT, None)):
        for kind in ("repeated", "distinct"):
            if Cell(SMALL, ALL[0], kind, 8, peer) in found:
                values = over(peer, kind, SMALL, 8)
                value, what = (min(values), "least") if goal else (mean(values), "mean")
                told = f"{kind}, {what} of all queries, 8 connections: ours to {peer}"
                yield told, f"{goal:g}" if goal else "-", value, value >= goal if goal else None
    if any(one.size == LARGE for one in found):
        grown = {who: mean(growth(found, who)) for who in (OURS, PEER)}
        value = grown[OURS] / grown[PEER]
        told = f"growth of time from 20,000 to 500,000 triples: ours {grown[OURS]:.2f}, {PEER} {grown[PEER]:.2f}"
        yield told, "1 or less", value, value <= 1.05


def growth(found: Found, who: str) -> Iterator[float]:
    """Yield for each query how much longer an answer takes over the large graph."""
    for name in ALL:
        small, large = (found[Cell(size, name, "distinct", 8, who)] for size in (SMALL, LARGE))
        yield statistics.median(one.median for one in large) / statistics.median(one.median for one in small)


def rows(found: Found) -> Iterator[tuple[object, ...]]:
    """Yield each cell with those of the peers beside it."""
    for cell in found:
        if cell.peer != OURS:
            continue
        for peer in (one.peer for one in found if replace(one, peer=OURS) == cell and one.peer != OURS):
            told = ratios(found, cell, peer)
            ratio = f"{statistics.median(told):.2f} ({min(told):.2f} to {max(told):.2f})"
            mine, theirs = found[cell], found[replace(cell, peer=peer)]
            size = f"{cell.size:,}"
            yield size, cell.connections, cell.kind, cell.query, peer, ratio, *speed(mine), *speed(theirs)


def speed(runs: Sequence[load.Load]) -> tuple[str, str]:
    """Return answers in a second, and median and 99th percentile of their time in milliseconds."""
    told = [(one.rate, one.median, one.at(0.99)) for one in runs]
    rate, middle, late = (statistics.median(values) for values in zip(*told, strict=True))
    return f"{rate:,.0f}", f"{middle:.1f} / {late:.1f}"


def text(found: Found, rounds: int, seconds: float) -> str:
    """Return the tables in Markdown."""
    what = f"{machine()}. {rounds} rounds of {seconds:g} s each; the load generator runs on the same processors."
    lines = [what, "", line("what", "goal", "measured", "met"), line(*["---"] * 4)]
    met = {True: "yes", False: "no", None: "-"}
    lines += [line(told, goal, f"{value:.2f}", met[good]) for told, goal, value, good in summary(found)]
    head = ("triples", "connections", "asked", "query", "peer", "ours to peer", "ours /s", "ms", "peer /s", "ms")
    return "\n".join([*lines, "", line(*head), line(*["---"] * len(head)), *(line(*one) for one in rows(found))]) + "\n"


def line(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two endpoints, 8 connections, 20,000 triples, one round")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables into this page")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each round")
    options = parser.parse_args()
    rounds, seconds = (1, 0.5) if options.quick else (options.rounds, options.seconds)
    told = text(measure(options.quick, rounds, seconds), rounds, seconds)
    if options.write:
        write_between(options.write, "endpoint", told)
    else:
        print(told)


if __name__ == "__main__":
    main()
