"""One request after the other to an endpoint, and what is right about an answer: compared with the engine's own."""

from __future__ import annotations

import csv
import http.client
import io
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox
from peers import Peer

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
TABLES = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
    "text/csv": ox.QueryResultsFormat.CSV,
}
GRAPHS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}
PATIENCE = 30
Params = Mapping[str, str | list[str]]


class Wrong(Exception):
    """An answer is not what it should be; says how."""


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of a response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def media(self) -> str:
        """The media type, without parameters."""
        return (self.headers["Content-Type"] or "").split(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """Return a header, or empty."""
        return ", ".join(self.headers.get_all(name) or [])


class Client:
    """Sends requests to one endpoint, each on a connection of its own.

    Arguments:
        peer: the endpoint.
        truth: the data that it serves.
        source: address that requests come from.

    """

    def __init__(self, peer: Peer, truth: ox.Store, source: str = "127.0.0.1") -> None:
        self.peer, self.truth, self._source = peer, truth, (source, 0)

    def send(self, url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Return the answer to a request; underscores in names of headers stand for hyphens."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE, source_address=self._source)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            with suppress(BrokenPipeError, ConnectionResetError):  # Who refuses early may not read all of it.
                connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, named)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, params: Params, method: str = "GET", **headers: str) -> Answer:
        """Ask by parameters of the URL (SPARQL 1.1 Protocol, section 2.1.1)."""
        return self.send(f"{self.peer.query}?{urlencode(params, doseq=True)}", method, **headers)

    def form(self, params: Params, **headers: str) -> Answer:
        """Ask by parameters of a form (section 2.1.2)."""
        headers = {"Content_Type": FORM, **headers}
        return self.send(self.peer.query, "POST", urlencode(params, doseq=True).encode(), **headers)

    def direct(self, params: Params, **headers: str) -> Answer:
        """Ask by a query as the body, other parameters in the URL (section 2.1.3)."""
        rest = {name: value for name, value in params.items() if name != "query"}
        url = self.peer.query + ("?" + urlencode(rest, doseq=True) if rest else "")
        return self.send(url, "POST", str(params["query"]).encode(), **{"Content_Type": DIRECT, **headers})

    def graph(self, params: Params, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask the Graph Store Protocol (section 4.2)."""
        if not self.peer.store:
            raise Wrong("not offered")
        tail = "&".join(name if value == "" else urlencode({name: value}) for name, value in params.items())
        return self.send(self.peer.store + ("?" + tail if tail else ""), method, body, **headers)

    def raw(self, data: bytes, *, until_closed: bool = False) -> bytes:
        """Return what comes back for bytes on a bare connection."""
        host, _, port = self.peer.netloc.partition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(data)
            connection.settimeout(5)
            found = b""
            try:
                while more := connection.recv(65_536):
                    found += more
                    if not until_closed:
                        break
            except TimeoutError:
                pass
            return found

    @property
    def path(self) -> str:
        """Path of the endpoint."""
        return urlsplit(self.peer.query).path


def good(answer: Answer, media: str | None = None, status: int = 200) -> Answer:
    """Return an answer that has a status, and a media type."""
    if answer.status != status:
        raise Wrong(f"status {answer.status}")
    if media is not None and answer.media != media:
        raise Wrong(answer.media or "no Content-Type")
    return answer


def one_of(answer: Answer, *statuses: int) -> Answer:
    """Return an answer that has one of some statuses."""
    if answer.status not in statuses:
        raise Wrong(f"status {answer.status}")
    return answer


def same_answer(answer: Answer, truth: ox.Store, query: str, media: str | None = None, **dataset: object) -> Answer:
    """Return an answer that says what the engine says over the same data."""
    good(answer, media)
    options = dataset or {"use_default_graph_as_union": True}
    expected = truth.query(query, **options)  # type: ignore[arg-type]
    try:
        found = _read(answer)
    except (ValueError, SyntaxError, KeyError) as error:
        raise Wrong(f"{answer.media or 'the answer'} cannot be read") from error
    if isinstance(expected, ox.QueryBoolean):
        told = bool(expected) if not isinstance(found, str) else str(bool(expected)).lower()
    elif isinstance(expected, ox.QueryTriples):
        told = sorted(str(triple) for triple in expected)
    elif answer.media == "text/csv":
        told = _rows_of_csv(expected.serialize(format=ox.QueryResultsFormat.CSV) or b"")
    else:
        told = _solutions(expected)
    if found != told:
        raise Wrong("another answer")
    return answer


def _read(answer: Answer) -> object:
    if answer.media in GRAPHS:
        read = ox.parse(answer.body, format=GRAPHS[answer.media])
        return sorted(str(ox.Triple(quad.subject, quad.predicate, quad.object)) for quad in read)
    if answer.media == "text/csv":
        rows = _rows_of_csv(answer.body)
        return rows[-1][0] if rows and rows[-1] in (["true"], ["false"]) else rows
    if answer.media not in TABLES:
        raise ValueError("unknown type")
    found = ox.parse_query_results(answer.body, format=TABLES[answer.media])
    return bool(found) if isinstance(found, ox.QueryBoolean) else _solutions(found)


def _solutions(found: ox.QuerySolutions) -> list[list[str]]:
    names = [one.value for one in found.variables]
    return [names, *sorted([str(row[name]) for name in names] for row in found)]


def _rows_of_csv(data: bytes) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    return rows[:1] + sorted(rows[1:])
