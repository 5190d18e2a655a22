"""`kg serve` over another graph than ours: python bench/serving.py DATA [--direct] [options of kg serve].

DATA is N-Quads; `--direct` answers in the server's own process, without workers that can be killed.
"""

from __future__ import annotations

import sys
from typing import Any

import pyoxigraph as ox

import kg.endpoint.engine
import kg.endpoint.workers
import kg.graph.cache
import kg.web.sparql.protocol
from kg.cli import main
from kg.endpoint.event_loop import EventLoop
from kg.graph.build import Graph


def other_graph(data: str) -> Graph:
    """Return the graph of a file."""
    store = ox.Store()
    store.bulk_load(path=data, format=ox.RdfFormat.N_QUADS)
    return Graph(store, ())


class Alone(kg.endpoint.engine.InProcess):
    """An engine that is made, and ends, as a pool does."""

    def __init__(self, *rest: Any) -> None:
        super().__init__(*rest)
        self.loop = EventLoop()

    @classmethod
    def over(cls, *rest: Any) -> Alone:
        """Return the engine over a dataset."""
        return cls(*rest)

    def begin(self) -> None:
        """Wait for nothing: there are no workers."""

    def close(self) -> None:
        """End nothing: there are no workers."""


async def never(*_: Any) -> bool:
    """Leave every request to Flask, in a thread."""
    return False


if __name__ == "__main__":
    graph = other_graph(sys.argv[1])
    kg.graph.cache.read_or_build = lambda _: graph
    if "--direct" in sys.argv:
        sys.argv.remove("--direct")
        kg.endpoint.workers.WorkerPool = Alone  # type: ignore[assignment,misc]
        kg.web.sparql.protocol.reply_ahead = never
    main(["serve", *sys.argv[2:]])
