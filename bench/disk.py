"""Graphs on disk: `kg serve --store` beside the `oxigraph` server over the same triples, a small graph and a large one.

python bench/disk.py [--triples N] [--write FILE]. The queries are those of bench/endpoint.py from one connection, each
time another one, so that nothing is kept. Growth is how much longer an answer takes over the large graph; start is the
time to the first answer, memory that of all processes (Pss) after the queries.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import load
import peers
from endpoint import ONE, OURS, PEER, QUERIES, SMALL, data_of, in_turn, line, mean, requests
from pages import machine, write_between
from serving import other_graph

from kg.graph.store import write_store

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from test_limits import memory

LARGE = 5_000_000


@dataclass
class Server:
    """What came of a server over a graph: seconds to its first answer, KiB of memory, and the loads of each query."""

    start: float
    memory: int
    loads: dict[str, list[load.Load]]

    def median(self, query: str) -> float:
        """Return the median time of an answer in milliseconds."""
        return statistics.median(run.median for run in self.loads[query])


def measure(size: int, folder: Path, rounds: int, seconds: float) -> dict[str, Server]:
    """Return what came of both servers over so many triples."""
    data, subjects = data_of(size, folder)
    store = data.parent / "kg"
    write_store(other_graph(str(data)), store, "bench")
    with peers.oxigraph(data, data.parent):
        pass  # It has loaded the data now.
    starts = {OURS: partial(peers.kg_serve, "--store", str(store)), PEER: partial(peers.oxigraph, data, data.parent)}
    serial = count(1_000)
    found: dict[str, Server] = {}
    with ExitStack() as stack:
        running: dict[str, peers.Peer] = {}
        for who, start in starts.items():
            began = time.monotonic()
            running[who] = stack.enter_context(start())
            urllib.request.urlopen(running[who].query + peers.ASK, timeout=peers.WAIT).close()
            found[who] = Server(time.monotonic() - began, 0, {})
        for query in QUERIES:
            begin = partial(requests, query=query, kind="distinct", subjects=subjects, serial=serial)
            for who, loads in in_turn(running, ONE, begin, rounds, seconds).items():
                found[who].loads[query.name] = loads
        for who, peer in running.items():
            found[who].memory = memory(peer.pid)
    return found


def text(small: dict[str, Server], large: dict[str, Server], size: int) -> Iterator[str]:
    """Yield the lines of the tables in Markdown."""
    yield f"{machine()}. One connection; medians."
    yield ""
    yield line(
        "query", *(f"{who}, {n:,} triples, ms" for who in (OURS, PEER) for n in (SMALL, size)), "growth, ours", PEER
    )
    yield line(*["---"] * 7)
    for query in QUERIES:
        times = [(small[who].median(query.name), large[who].median(query.name)) for who in (OURS, PEER)]
        cells = [f"{value:.2f}" for pair in times for value in pair]
        yield line(query.name, *cells, *(f"{after / before:.2f}" for before, after in times))
    grown = [mean(large[who].median(q.name) / small[who].median(q.name) for q in QUERIES) for who in (OURS, PEER)]
    yield line("all, geometric mean", *[""] * 4, *(f"{value:.2f}" for value in grown))
    yield ""
    yield line("triples", "server", "first answer after, s", "memory, MiB")
    yield line(*["---"] * 4)
    for n, servers in ((SMALL, small), (size, large)):
        for who, server in servers.items():
            yield line(f"{n:,}", who, f"{server.start:.1f}", f"{server.memory >> 10:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=LARGE, metavar="N", help="of the large graph")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables into this page")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small, large = (measure(size, Path(name), options.rounds, options.seconds) for size in (SMALL, options.triples))
    page = "\n".join([*text(small, large, options.triples), ""])
    if options.write:
        write_between(options.write, "disk", page)
    print(page)


if __name__ == "__main__":
    main()
