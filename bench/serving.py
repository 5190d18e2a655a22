"""`kg serve` over another graph than ours: python bench/serving.py DATA [--direct] [options of kg serve].

DATA is N-Quads; `--direct` answers in the server's own process, without workers that can be killed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pyoxigraph as ox

import kg.endpoint.workers
import kg.graph.build
from kg.cli import main


def other_graph(data: str) -> kg.graph.build.Graph:
    """Return the graph of a file."""
    store = ox.Store()
    store.bulk_load(path=data, format=ox.RdfFormat.N_QUADS)
    return kg.graph.build.Graph(store, ())


class Alone(kg.endpoint.workers.InProcess):
    """An engine that is made, and ends, as a pool does."""

    def __init__(self, open_store: Callable[[], ox.Store], *rest: Any) -> None:
        super().__init__(open_store(), *rest)

    def close(self) -> None:
        """End nothing: there are no workers."""


if __name__ == "__main__":
    graph = other_graph(sys.argv[1])
    kg.graph.build.build = lambda _: graph
    if "--direct" in sys.argv:
        sys.argv.remove("--direct")
        kg.endpoint.workers.WorkerPool = Alone  # type: ignore[assignment,misc]
    main(["serve", *sys.argv[2:]])
