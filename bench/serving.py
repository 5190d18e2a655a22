"""`kg serve` over another graph than ours: python bench/serving.py DATA [--direct] [options of kg serve].

DATA is N-Quads; `--direct` answers in the server's own process, without workers that can be killed.
"""

from __future__ import annotations

import sys

import pyoxigraph as ox

import kg.graph
import kg.pool
from kg.cli import main


def other_graph(data: str) -> kg.graph.Graph:
    """Return the graph of a file."""
    store = ox.Store()
    store.bulk_load(path=data, format=ox.RdfFormat.N_QUADS)
    return kg.graph.Graph(store, ())


if __name__ == "__main__":
    graph = other_graph(sys.argv[1])
    kg.graph.build = lambda _: graph
    if "--direct" in sys.argv:
        sys.argv.remove("--direct")
        kg.pool.Pool = lambda open_store, *rest: kg.pool.Direct(open_store(), *rest)  # type: ignore[assignment,misc]
    main(["serve", *sys.argv[2:]])
