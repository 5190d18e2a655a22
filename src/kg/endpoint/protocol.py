"""What goes between server and worker: a query with its dataset and formats, a result as bytes, or an error."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

from kg.errors import KgError, Unavailable
from kg.queries.formats import rows_of
from kg.queries.text_score import Search

_LENGTHS: Final = struct.Struct("!IQ")
_CHUNK: Final = 1 << 20
_FIRST: Final = 1 << 16


@dataclass(frozen=True)
class QueryRequest:
    """A query as a client sent it.

    Attributes:
        text: the query.
        default_graphs, named_graphs: its dataset (SPARQL 1.1 Protocol, section 2.1.4).
        table, graph: names of the formats for rows and for graphs; empty where the client accepts none.
        accept: what the client asked for, for the error where neither fits.
        prefixed: whether the prefixes of the graph are added.
        preview_rows: rows that a page shows of the result, which then counts them all; 0 for the whole result.

    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    table: str = "json"
    graph: str = "ttl"
    accept: str = ""
    prefixed: bool = False
    preview_rows: int = 0

    @cached_property
    def key(self) -> bytes:
        """A hash of query, dataset and formats; line ends and surrounding space do not count."""
        text = self.text.replace("\r\n", "\n").strip()
        dataset = (self.default_graphs, self.named_graphs)
        parts = (text, *dataset, self.table, self.graph, self.prefixed, self.preview_rows)
        return blake2b(json.dumps(parts).encode(), digest_size=20).digest()


_REQUEST_FIELDS: Final = tuple(member.name for member in fields(QueryRequest))


@dataclass(frozen=True)
class QueryResult:
    """A whole result.

    Attributes:
        format: its format by name.
        data: its bytes.
        counted: rows or triples; None where nobody has counted them yet.
        heavy: whether it took a place for long queries.
        worn: whether its worker has grown by more than is kept.
        changing: whether the same query may have another answer next time, so that nobody may keep this one.

    """

    format: str
    data: bytes
    counted: int | None
    heavy: bool = False
    worn: bool = False
    changing: bool = False

    @cached_property
    def rows(self) -> int:
        """Rows or triples."""
        return rows_of(self.data, self.format) if self.counted is None else self.counted


_RESULT_FIELDS: Final = tuple(member.name for member in fields(QueryResult) if member.name != "data")


def pack(head: dict[str, Any], data: bytes = b"") -> bytes:
    """Return the beginning of a message: the lengths of head and data, and the head in JSON."""
    packed = json.dumps(head).encode()
    return _LENGTHS.pack(len(packed), len(data)) + packed


def pack_request(request: QueryRequest, seconds: float) -> bytes:
    """Return a message that asks for a result within so many seconds."""
    return pack({"request": {name: getattr(request, name) for name in _REQUEST_FIELDS}, "seconds": seconds})


def send_request(channel: socket.socket, request: QueryRequest, seconds: float, wait: Callable[[], None]) -> None:
    """Send a query; a long one takes longer than a time-out where the worker is slow to read.

    Arguments:
        channel: a socket whose time-out is short.
        request: the query.
        seconds: in which its result is wanted.
        wait: called at each time-out; it raises when waiting is over.

    """
    _send(channel, pack_request(request, seconds), wait)


def _send(channel: socket.socket, message: bytes, wait: Callable[[], None]) -> None:
    unsent = memoryview(message)
    while unsent:
        try:
            unsent = unsent[channel.send(unsent) :]
        except TimeoutError:
            wait()


def read_request(channel: socket.socket) -> tuple[QueryRequest, float] | None:
    """Return the next query and its seconds, or None at the end."""
    message = read(channel)
    if message is None:
        return None
    head, _ = message
    members = dict(head["request"])
    for name in ("default_graphs", "named_graphs"):
        members[name] = tuple(members[name])
    return QueryRequest(**members), float(head["seconds"])


def send_result(channel: socket.socket, result: QueryResult) -> None:
    """Send a whole result."""
    begin = pack({name: getattr(result, name) for name in _RESULT_FIELDS}, result.data)
    if len(result.data) < _FIRST:
        channel.sendall(begin + result.data)
    else:
        channel.sendall(begin)
        channel.sendall(result.data)


def send_error(channel: socket.socket, error: KgError) -> None:
    """Send an error; it becomes the same one on the other side."""
    channel.sendall(pack({"error": error.to_json()}))


def ask_scores(channel: socket.socket, text: str, lang: str) -> Mapping[str, float] | None:
    """Have the server search a text while a query runs, as `kg.queries.text_score.Search`; the index is there."""
    channel.sendall(pack({"text": text, "lang": lang}))
    message = read(channel)
    if message is None:
        raise Unavailable("the server is gone")
    scores: Mapping[str, float] | None = message[0]["scores"]
    return scores


def read_result(
    channel: socket.socket, wait: Callable[[], None], search: Search = lambda *_: None
) -> QueryResult | None:
    """Return a result, or None where the worker died before it was whole.

    Arguments:
        channel: a socket whose time-out is short.
        wait: called at each time-out; it raises when waiting is over.
        search: what the worker may ask on the way.

    Raises:
        KgError: the error that the worker sent.

    """
    while message := read(channel, wait):
        head, data = message
        if "error" in head:
            raise KgError.from_json(head["error"])
        if "text" not in head:
            return QueryResult(data=data, **head)
        _send(channel, pack({"scores": search(head["text"], head["lang"])}), wait)
    return None


def read(channel: socket.socket, wait: Callable[[], None] | None = None) -> tuple[dict[str, Any], bytes] | None:
    """Return head and data of the next message, or None where the other side ended; a small one comes at once."""
    buffer, received, whole = bytearray(_FIRST), 0, _LENGTHS.size
    while received < whole:
        count = _receive(channel, memoryview(buffer)[received : max(_FIRST, min(whole, received + _CHUNK))], wait)
        if not count:
            return None
        received += count
        if whole == _LENGTHS.size <= received:
            head_size, data_size = _LENGTHS.unpack_from(buffer)
            whole += head_size + data_size
            buffer.extend(bytes(max(0, whole - len(buffer))))
    view, begin = memoryview(buffer), _LENGTHS.size + head_size
    return json.loads(bytes(view[_LENGTHS.size : begin])), bytes(view[begin:whole])


def _receive(channel: socket.socket, room: memoryview, wait: Callable[[], None] | None) -> int:
    """Fill some room, and return how many bytes came: 0 at the end."""
    while True:
        try:
            return channel.recv_into(room)
        except TimeoutError:
            if wait is None:
                raise
            wait()
        except ConnectionError:
            return 0
