"""What goes between server and worker: a query with its dataset and formats, an answer as bytes, or an error."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

from kg import errors
from kg.errors import KgError
from kg.queries.formats import rows_of

_HEAD: Final = struct.Struct("!IQ")
_CHUNK: Final = 1 << 20
_FIRST: Final = 1 << 16
_FIELDS: Final = ("what", "where", "line", "column", "hint", "limit", "retry")


@dataclass(frozen=True)
class Asked:
    """A query as a client sent it.

    Attributes:
        text: the query.
        default_graphs, named_graphs: its dataset (SPARQL 1.1 Protocol, section 2.1.4).
        table, graph: names of the formats for rows and for graphs; empty where the client accepts none.
        accept: what the client asked for, shown where neither fits.
        prefixed: whether the prefixes of the graph are added.
        shown: rows that a page shows of the answer, which then counts them all; 0 for the whole answer.

    """

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    table: str = "json"
    graph: str = "ttl"
    accept: str = ""
    prefixed: bool = False
    shown: int = 0

    @cached_property
    def key(self) -> bytes:
        """A hash of query, dataset and formats; line ends and surrounding space do not count."""
        text = self.text.replace("\r\n", "\n").strip()
        told = (text, self.default_graphs, self.named_graphs, self.table, self.graph, self.prefixed, self.shown)
        return blake2b(json.dumps(told).encode(), digest_size=20).digest()


_ASKED: Final = tuple(one.name for one in fields(Asked))


@dataclass(frozen=True)
class Answered:
    """A whole answer.

    Attributes:
        form: its format by name.
        data: its bytes.
        counted: rows or triples; None where nobody has counted them yet.
        heavy: whether it took a place for long queries.
        tired: whether its worker has grown by more than is kept.

    """

    form: str
    data: bytes
    counted: int | None
    heavy: bool = False
    tired: bool = False

    @cached_property
    def rows(self) -> int:
        """Rows or triples."""
        return rows_of(self.data, self.form) if self.counted is None else self.counted


def pack(head: dict[str, Any], data: bytes = b"") -> bytes:
    """Return a frame: two lengths, a head in JSON."""
    told = json.dumps(head).encode()
    return _HEAD.pack(len(told), len(data)) + told


def pack_asked(asked: Asked, seconds: float) -> bytes:
    """Return a frame that asks for an answer within so many seconds."""
    return pack({"asked": {name: getattr(asked, name) for name in _ASKED}, "seconds": seconds})


def read_asked(channel: socket.socket) -> tuple[Asked, float] | None:
    """Return the next query and its seconds, or None at the end."""
    found = read(channel)
    if found is None:
        return None
    asked = dict(found[0]["asked"])
    for name in ("default_graphs", "named_graphs"):
        asked[name] = tuple(asked[name])
    return Asked(**asked), float(found[0]["seconds"])


def send_answered(channel: socket.socket, answered: Answered) -> None:
    """Send a whole answer."""
    told = {"form": answered.form, "counted": answered.counted, "tired": answered.tired}
    head = pack(told, answered.data)
    if len(answered.data) < _FIRST:
        channel.sendall(head + answered.data)
    else:
        channel.sendall(head)
        channel.sendall(answered.data)


def send_error(channel: socket.socket, error: KgError) -> None:
    """Send an error; it becomes the same one on the other side."""
    channel.sendall(pack({"error": type(error).__name__, "fields": {name: getattr(error, name) for name in _FIELDS}}))


def read_answered(channel: socket.socket, wait: Callable[[], None]) -> Answered | None:
    """Return an answer, or None where the worker died before it was whole.

    Arguments:
        channel: a socket whose time-out is short.
        wait: called at each time-out; it raises when waiting is over.

    Raises:
        KgError: the error that the worker sent.

    """
    found = read(channel, wait)
    if found is None:
        return None
    head, data = found
    if "error" in head:
        kind = getattr(errors, head["error"])
        raise kind(**head["fields"])
    return Answered(head["form"], data, head["counted"], tired=head["tired"])


def read(channel: socket.socket, wait: Callable[[], None] | None = None) -> tuple[dict[str, Any], bytes] | None:
    """Return head and data of the next frame, or None where the other side ended; a small one comes at once."""
    frame, have, whole = bytearray(_FIRST), 0, _HEAD.size
    while have < whole:
        count = _receive(channel, memoryview(frame)[have : max(_FIRST, min(whole, have + _CHUNK))], wait)
        if not count:
            return None
        have += count
        if whole == _HEAD.size <= have:
            told, size = _HEAD.unpack_from(frame)
            whole += told + size
            frame.extend(bytes(max(0, whole - len(frame))))
    view = memoryview(frame)
    return json.loads(bytes(view[_HEAD.size : _HEAD.size + told])), bytes(view[_HEAD.size + told : whole])


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
