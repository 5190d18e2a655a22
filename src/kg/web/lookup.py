"""The label index of the site, made when somebody first looks for something, once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from flask import Flask, current_app

from kg.graph import Graph
from kg.link.entries import entries_of_store

if TYPE_CHECKING:
    from kg.link.index import Index

_KEY: Final = "kg.lookup"


class Lookup:
    """The index of a graph.

    Arguments:
        graph: the graph that is served.

    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._lock = threading.Lock()
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The index; the first who asks waits half a second."""
        from kg.link.index import Index  # Heavy, and not needed before somebody looks for something.

        with self._lock:
            if self._index is None:
                self._index = Index(tuple(entries_of_store(self._graph.store)))
        return self._index


def init_app(app: Flask, graph: Graph) -> None:
    """Give the application its index."""
    app.extensions[_KEY] = Lookup(graph)


def index() -> Index:
    """Return the index of the application that handles this request."""
    found: Lookup = current_app.extensions[_KEY]
    return found.index
