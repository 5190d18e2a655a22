"""The graph into a back end, graph by graph: by Graph Store Protocol, or by SPARQL Update where it has no other way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin

import pyoxigraph as ox

from kg.endpoint.backends.connection import Connection
from kg.endpoint.backends.graph_selection import MERGE, GraphSelection
from kg.endpoint.backends.remote import Remote
from kg.endpoint.backends.url import Credentials, read_url
from kg.endpoint.backends.verify import differences, graphs_of
from kg.errors import BadGateway, SourceError
from kg.namespaces import GRAPH
from kg.queries.dataset import Dataset
from kg.queries.limits import Limits

_UPDATE: Final = "application/sparql-update; charset=utf-8"
_SECONDS: Final = 600.0  # For one graph, or one part of it.
_ERROR: Final = 1 << 16  # Bytes of a response to a change.
_PART: Final = 2_000  # Statements in one update.
_LIMITS: Final = Limits(timeout=120.0)
_OURS: Final = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } FILTER(STRSTARTS(STR(?g), '" + GRAPH + "')) }"
_WRONG_URL: Final = "give the right --store-url, or --update-url"
_HINTS: Final = {
    401: "set KG_BACKEND_USER and KG_BACKEND_PASSWORD",
    403: "let this user write to the graph store",
    404: _WRONG_URL,
    405: _WRONG_URL,
}
_RESUME: Final = "see the log of the back end; what was loaded before stays loaded, and kg push goes on from there"


class GraphWriter(ABC):
    """What changes the graphs of a back end.

    Arguments:
        url: of its graph store, or of its update endpoint.
        credentials: name and password.

    """

    def __init__(self, url: str, credentials: Credentials) -> None:
        self._connection = Connection(url, credentials)

    @abstractmethod
    def replace(self, name: str, data: bytes) -> None:
        """Put N-Triples in the place of a graph."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove a graph."""

    def _send(self, method: str, data: bytes, media_type: str, what: str, query: str = "") -> None:
        headers = {"Content-Type": media_type} if data else {}
        response = self._connection.send(method, data, headers, seconds=_SECONDS, most=_ERROR, more=query)
        if not 200 <= response.status < 300:
            hint = _HINTS.get(response.status, _RESUME)
            raise BadGateway(f"the back end answered {response.status} to {what}", hint=hint)


class GraphStore(GraphWriter):
    """SPARQL 1.1 Graph Store HTTP Protocol: PUT (section 5.3) and DELETE (section 5.4)."""

    def replace(self, name: str, data: bytes) -> None:
        """Put N-Triples in the place of a graph."""
        self._send("PUT", data, "application/n-triples", f"PUT {name}", f"graph={quote(name, safe='')}")

    def remove(self, name: str) -> None:
        """Remove a graph."""
        self._send("DELETE", b"", "", f"DELETE {name}", f"graph={quote(name, safe='')}")


class Update(GraphWriter):
    """SPARQL 1.1 Update by SPARQL 1.1 Protocol (section 2.2): a graph is empty for a moment, then grows."""

    def replace(self, name: str, data: bytes) -> None:
        """Put N-Triples in the place of a graph."""
        self.remove(name)
        lines = data.splitlines()
        for start in range(0, len(lines), _PART):
            part = b"\n".join(lines[start : start + _PART])
            update = b"INSERT DATA { GRAPH <" + name.encode() + b"> {\n" + part + b"\n} }"
            self._send("POST", update, _UPDATE, f"the update of {name}")

    def remove(self, name: str) -> None:
        """Remove a graph."""
        self._send("POST", f"DROP SILENT GRAPH <{name}>".encode(), _UPDATE, f"the update of {name}")


@dataclass(frozen=True)
class GraphChange:
    """What was done with one graph: `added`, `replaced` or `removed`; its statements."""

    name: str
    what: str
    statements: int = 0


def connect(
    url: str, store_url: str | None, update_url: str | None, credentials: Credentials
) -> tuple[Remote, GraphWriter]:
    """Return a back end, and how its graphs are changed: by an option, or by what its engine has.

    Raises:
        SourceError: no URL, or the engine is not known and no option names one.
        KgError: the back end does not answer.

    """
    for option, given in (("--backend", url), ("--store-url", store_url), ("--update-url", update_url)):
        if given is not None:
            read_url(given, option)
    remote = Remote(url, credentials, GraphSelection(()))
    dialect = remote.dialect(_LIMITS)
    if update_url:
        return remote, Update(update_url, credentials)
    if not store_url and not dialect.store:
        what = f"where the graph store of {dialect.name} is, is not known"
        raise SourceError(what, where="--store-url", hint="give the URL of its Graph Store Protocol, or --update-url")
    return remote, GraphStore(store_url or urljoin(url, dialect.store), credentials)


def send(remote: Remote, writer: GraphWriter, dataset: Dataset, done: Callable[[GraphChange], None]) -> None:
    """Make the graphs of a back end that are ours, and their merge, what they are here; others are left alone.

    Arguments:
        remote: the back end.
        writer: how its graphs are changed.
        dataset: our graph.
        done: called for each graph.

    Raises:
        BadGateway: a change is refused, or the back end holds something else afterwards.
        KgError: it does not answer.

    """
    names = (*graphs_of(dataset.store), MERGE)
    held = {row["g"].value for row in remote.rows(_OURS, [], _LIMITS)}
    for name in sorted(held - set(names)):
        writer.remove(name)
        done(GraphChange(name, "removed"))
    for name in names:
        lines = _lines(dataset, name)
        writer.replace(name, b"".join(lines))
        done(GraphChange(name, "replaced" if name in held else "added", len(lines)))
    left = differences(remote, dataset, _LIMITS)
    if left:
        raise BadGateway(
            f"the back end holds something else afterwards: {'; '.join(left[:5])}", hint="docs/backends.md"
        )


def _lines(dataset: Dataset, name: str) -> list[bytes]:
    """Return the N-Triples of a graph, or of the merge of all, sorted."""
    place = None if name == MERGE else ox.NamedNode(name)
    return sorted({f"{quad.triple} .\n".encode() for quad in dataset.store.quads_for_pattern(None, None, None, place)})
