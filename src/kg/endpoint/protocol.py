"""What goes between server and worker: a query with its dataset and formats, a result as bytes, or an error."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final

from kg.errors import KgError, Unavailable
from kg.queries.formats import rows_of

_LENGTHS: Final = struct.Struct("!IQ")
_FIRST: Final = 1 << 16
AsyncSearch = Callable[[str, str], Awaitable[Mapping[str, float] | None]]


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
        return blake2b(repr(parts).encode(), digest_size=20).digest()


_REQUEST: Final = attrgetter(*(member.name for member in fields(QueryRequest)))


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
    return pack({"request": _REQUEST(request), "seconds": seconds})


def read_request(channel: socket.socket) -> tuple[QueryRequest, float] | None:
    """Return the next query and its seconds, or None at the end."""
    head = _read(channel)
    if head is None:
        return None
    text, default, named, *rest = head["request"]
    return QueryRequest(text, tuple(default), tuple(named), *rest), float(head["seconds"])


def send_result(channel: socket.socket, result: QueryResult, *, worn: bool = False) -> None:
    """Send a whole result, from a worker that has grown too much or not."""
    begin = pack({name: getattr(result, name) for name in _RESULT_FIELDS} | {"worn": worn}, result.data)
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
    head = _read(channel)
    if head is None:
        raise Unavailable("the server is gone")
    scores: Mapping[str, float] | None = head["scores"]
    return scores


async def exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    request: QueryRequest,
    seconds: float,
    search: AsyncSearch,
) -> QueryResult | None:
    """Send a query to a worker and return its result, or None where it died before that was whole.

    Arguments:
        reader: of its socket.
        writer: of its socket.
        request: the query.
        seconds: in which its result is wanted.
        search: what the worker may ask on the way, as `kg.queries.text_score.Search`.

    Raises:
        KgError: the error that the worker sent.

    """
    writer.write(pack_request(request, seconds))
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head_size, data_size = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
            head = json.loads(await reader.readexactly(head_size))
            if "error" in head:
                raise KgError.from_json(head["error"])
            if "text" not in head:
                return QueryResult(data=await reader.readexactly(data_size), **head)
            writer.write(pack({"scores": await search(head["text"], head["lang"])}))
    return None


def _read(channel: socket.socket) -> dict[str, Any] | None:
    """Return the head of the next message, which has no data, or None where the server ended."""
    try:
        message = channel.recv(_FIRST)  # It was sent at once, so its lengths, and mostly all, are there.
        missing = _LENGTHS.size + _LENGTHS.unpack_from(message)[0] - len(message) if message else 0
        message += channel.recv(missing, socket.MSG_WAITALL) if missing else b""
    except ConnectionError:
        return None
    head: dict[str, Any] | None = json.loads(message[_LENGTHS.size :].decode()) if message else None
    return head
