"""How fast the endpoint is beside its peers, in one run over the same data; ratios hold, times are of this machine.

python bench/endpoint.py [--quick] [--write FILE]. Each cell is the median of several rounds in which all endpoints take
turns, after a warm-up; a ratio is of answers in a second, ours to the peer's.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import count, cycle
from pathlib import Path
from typing import Any

import load
import pyoxigraph as ox
from pages import machine, write_between
from peers import Peer, Start, kg_over_data, oxigraph_in_memory, rdflib_endpoint

from kg.files import project_folder
from kg.graph.build import build

BASE = "https://w3id.org/klimaatbanen/graph/"
COPIED = BASE + "industrie-2023"
SMALL, LARGE = 32_000, 500_000  # The graph has more than 30,000 itself.
KB, SKOS = "PREFIX kb: <https://w3id.org/klimaatbanen/def#> ", "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
JSON, CSV, TURTLE = "application/sparql-results+json", "text/csv", "text/turtle"


@dataclass(frozen=True)
class Query:
    """A query, or some in turn, with `{iri}` for a subject and `{n}` for a number, which make it distinct."""

    name: str
    texts: tuple[str, ...]
    accept: str

    def text(self, number: int, subjects: Sequence[str]) -> str:
        """Return the text of the request with this number."""
        return self.texts[number % len(self.texts)].format(iri=subjects[number % len(subjects)], n=number)


QUERIES = (
    Query("tiny", ("ASK {{ <{iri}> ?p ?o }} #{n}",), JSON),
    Query("look-up", ("SELECT ?p ?o {{ <{iri}> ?p ?o }} #{n}",), JSON),
    Query(
        "four-way join",
        (KB + SKOS + "SELECT ?a ?b ?name {{ ?a a ?c . ?a ?p ?b . ?b a ?d . ?b skos:prefLabel ?name }} LIMIT 100 #{n}",),
        JSON,
    ),
    Query("aggregate", ("SELECT ?c (COUNT(?s) AS ?n) {{ ?s a ?c }} GROUP BY ?c ORDER BY DESC(?n) #{n}",), JSON),
    Query("2,000 rows, JSON", ("SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT 2000 #{n}",), JSON),
    Query("2,000 rows, CSV", ("SELECT ?s ?p ?o {{ ?s ?p ?o }} LIMIT 2000 #{n}",), CSV),
    Query(
        "CONSTRUCT", (SKOS + "CONSTRUCT {{ ?s skos:prefLabel ?l }} {{ ?s skos:prefLabel ?l }} LIMIT 200 #{n}",), TURTLE
    ),
)
ALL = tuple(query.name for query in QUERIES)
EXAMPLES = "the ten examples"
_LEAST = 0.5  # Answers in a second, where none came in the time of a round.
HEAVY = ("aggregate", "2,000 rows, JSON", "2,000 rows, CSV")
OURS, UNCACHED, PEER, RDFLIB, DIRECT = "ours", "ours, no cache", "oxigraph", "rdflib-endpoint", "Flask alone"
GOALS: Sequence[tuple[str, str, tuple[str, ...], float | None]] = (
    ("repeated", "all queries", ALL, 8.0),
    ("distinct", "all queries", ALL, 0.5),
    ("distinct", "aggregate and 2,000 rows", HEAVY, 1.0),
    ("repeated", EXAMPLES, (EXAMPLES,), None),
    ("distinct", EXAMPLES, (EXAMPLES,), None),
)
STARTS: Mapping[str, Start] = {
    OURS: kg_over_data(),
    UNCACHED: kg_over_data("--cache", "0"),
    PEER: oxigraph_in_memory,
    RDFLIB: rdflib_endpoint,
    DIRECT: kg_over_data("--direct", "--cache", "0"),
}


@dataclass(frozen=True, order=True)
class Client:
    """Who asks: how many connections, and whether it is quick or a program that uses `http.client`."""

    connections: int
    plain: bool = False

    def __str__(self) -> str:
        return f"{self.connections}, http.client" if self.plain else f"{self.connections}"

    def run(self, url: str, requests: Iterator[bytes], seconds: float) -> load.Load:
        """Ask, as `load.run`."""
        return (load.run_in_threads if self.plain else load.run)(url, requests, self.connections, seconds)


ONE, SOME, MANY, PLAIN = Client(1), Client(8), Client(32), Client(8, plain=True)


@dataclass(frozen=True)
class Cell:
    """One measurement: how many triples, which query, repeated or distinct, from how many connections, whose."""

    size: int
    query: str
    kind: str
    client: Client
    peer: str


Found = dict[Cell, list[load.Load]]
Turn = tuple[int, Client, tuple[str, ...]]


def data_of(size: int, folder: Path) -> tuple[Path, list[str]]:
    """Write so many triples, our stated graph copied under other names, and return the file and subjects in it."""
    store = build(project_folder()).store
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
        few = range(max(8, len(query.texts)))
        yield from cycle([load.get(peer.query, query.text(number, subjects), query.accept) for number in few])
    for number in serial:
        yield load.get(peer.query, query.text(number, subjects), query.accept)


def turns(quick: bool) -> list[Turn]:
    """Return what is measured: size, client, and who takes part."""
    pair = (OURS, PEER)
    if quick:
        return [(SMALL, SOME, pair)]
    beside = tuple(name for name in STARTS if name != RDFLIB)
    small = [(SMALL, ONE, pair), (SMALL, SOME, beside), (SMALL, MANY, pair), (SMALL, PLAIN, pair)]
    return [*small, (SMALL, SOME, (RDFLIB,)), (LARGE, SOME, pair)]


def examples() -> Query:
    """Return the queries that the form at `/sparql` shows as examples."""
    texts = (path.read_text("utf-8") for path in sorted((project_folder() / "queries" / "examples").glob("*.rq")))
    return Query(EXAMPLES, tuple(text.replace("{", "{{").replace("}", "}}") + "\n#{n}" for text in texts), JSON)


def measure(quick: bool, rounds: int, seconds: float) -> Found:
    """Return all measurements."""
    measured: Found = {}
    serial = count(1_000)
    asked = [(query, kind) for query in (*QUERIES, examples()) for kind in ("repeated", "distinct")]
    with tempfile.TemporaryDirectory() as name:
        made = cache(lambda size: data_of(size, Path(tempfile.mkdtemp(dir=name))))
        for size, client, names in turns(quick):
            data, subjects = made(size)
            apart = names == (RDFLIB,)  # It goes on with what nobody waits for: it begins anew, and once is enough.
            for group in [[query] for query in asked] if apart else [asked]:
                with ExitStack() as stack:
                    peers = {peer: stack.enter_context(STARTS[peer](data, data.parent)) for peer in names}
                    for query, kind in group:
                        begin = partial(requests, query=query, kind=kind, subjects=subjects, serial=serial)
                        runs = in_turn(peers, client, begin, 1 if apart else rounds, seconds)
                        cells = {Cell(size, query.name, kind, client, who): taken for who, taken in runs.items()}
                        measured |= cells
                        show_progress(measured, list(cells))
    return measured


def in_turn(
    peers: Mapping[str, Peer], client: Client, begin: Callable[[Peer], Iterator[bytes]], rounds: int, seconds: float
) -> dict[str, list[load.Load]]:
    """Return what came of each peer in each round; before each it is warmed up."""
    loads: dict[str, list[load.Load]] = {who: [] for who in peers}
    for number in range(rounds):
        for who, peer in peers.items():
            asked = begin(peer)
            client.run(peer.query, asked, 0.3 if number == 0 else 0.1)
            loads[who].append(client.run(peer.query, asked, seconds))
    return loads


def show_progress(runs: Found, cells: Sequence[Cell]) -> None:
    """Show on standard error how far it is."""
    rates = "  ".join(f"{cell.peer} {statistics.median(run.rate for run in runs[cell]):,.0f}/s" for cell in cells)
    bad = {cell.peer: dict(run.statuses) for cell in cells for run in runs[cell] if set(+run.statuses) - {200}}
    first = cells[0]
    print(
        f"{first.size:>7} {first.client!s:>14} {first.kind:>8} {first.query:<17} {rates} {bad or ''}",
        file=sys.stderr,
        flush=True,
    )


def ratios(runs: Found, cell: Cell, peer: str) -> list[float]:
    """Return ours to the peer's answers in a second, round by round; the median of ours to those of a single round."""
    ours, theirs = ([max(run.rate, _LEAST) for run in runs[each]] for each in (cell, replace(cell, peer=peer)))
    if len(theirs) < len(ours):
        ours = [statistics.median(ours)]
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def mean(values: Iterable[float]) -> float:
    """Return the geometric mean."""
    return statistics.geometric_mean(list(values))


def summary(runs: Found) -> Iterator[tuple[str, float | None, float]]:
    """Yield what is compared, what is asked for, if anything, and what came."""

    def over(peer: str, kind: str, client: Client = SOME, names: Iterable[str] = ALL) -> list[float]:
        cells = [Cell(SMALL, name, kind, client, OURS) for name in names]
        return [statistics.median(ratios(runs, cell, peer)) for cell in cells]

    clients = sorted({cell.client for cell in runs if cell.size == SMALL})
    for kind, which, names, goal in GOALS:
        for client in clients:
            value = mean(over(PEER, kind, client, names))
            yield f"{kind}, {which}, connections: {client}; ours to {PEER}", goal, value
    for peer, goal in ((RDFLIB, 10.0), (UNCACHED, None), (DIRECT, None)):
        for kind in ("repeated", "distinct"):
            if Cell(SMALL, ALL[0], kind, SOME, peer) in runs:
                values = over(peer, kind)
                value, what = (min(values), "least") if goal else (mean(values), "mean")
                yield f"{kind}, {what} of all queries, connections: {SOME}; ours to {peer}", goal, value
    if any(cell.size == LARGE for cell in runs):
        grown = {who: mean(growth(runs, who)) for who in (OURS, PEER)}
        value = grown[PEER] / grown[OURS]
        sentence = (
            f"growth of time from {SMALL:,} to {LARGE:,} triples: {PEER}'s {grown[PEER]:.2f} to ours {grown[OURS]:.2f}"
        )
        yield sentence, 1.0, value


def growth(runs: Found, who: str) -> Iterator[float]:
    """Yield for each query how much longer an answer takes over the large graph."""
    for name in ALL:
        small, large = (runs[Cell(size, name, "distinct", SOME, who)] for size in (SMALL, LARGE))
        yield statistics.median(load.median for load in large) / statistics.median(load.median for load in small)


def rows(runs: Found) -> Iterator[tuple[object, ...]]:
    """Yield each cell with those of the peers beside it."""
    for cell in runs:
        if cell.peer != OURS:
            continue
        for peer in (other.peer for other in runs if replace(other, peer=OURS) == cell and other.peer != OURS):
            values = ratios(runs, cell, peer)
            ratio = f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
            ratio = ratio if any(run.rate for run in runs[replace(cell, peer=peer)]) else "it has no answer in time"
            mine, theirs = runs[cell], runs[replace(cell, peer=peer)]
            yield f"{cell.size:,}", cell.client, cell.kind, cell.query, peer, ratio, *speed(mine), *speed(theirs)


def speed(runs: Sequence[load.Load]) -> tuple[str, str]:
    """Return answers in a second, and median and 99th percentile of their time in milliseconds."""
    speeds = [(run.rate, run.median, run.at(0.99)) for run in runs]
    rate, middle, late = (statistics.median(values) for values in zip(*speeds, strict=True))
    return f"{rate:,.0f}", f"{middle:.1f} / {late:.1f}" if rate else "-"


def text(runs: Found, rounds: int, seconds: float) -> str:
    """Return the tables in Markdown."""
    what = f"{machine()}. {rounds} rounds of {seconds:g} s each; the load generator runs on the same processors."
    lines = [what, "", line("what", "goal", "measured", "met"), line(*["---"] * 4)]
    for sentence, goal, value in summary(runs):
        lines += [line(sentence, goal or "-", f"{value:.2f}", ("yes" if value >= goal else "no") if goal else "-")]
    head = ("triples", "connections", "asked", "query", "peer", "ours to peer", "ours /s", "ms", "peer /s", "ms")
    return "\n".join([*lines, "", line(*head), line(*["---"] * len(head)), *(line(*row) for row in rows(runs))]) + "\n"


def line(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two endpoints, 8 connections, 32,000 triples, one round")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables into this page")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each round")
    options = parser.parse_args()
    rounds, seconds = (1, 0.5) if options.quick else (options.rounds, options.seconds)
    page = text(measure(options.quick, rounds, seconds), rounds, seconds)
    if options.write:
        write_between(options.write, "endpoint", page)
    else:
        print(page)


if __name__ == "__main__":
    main()
