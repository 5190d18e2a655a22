"""The server: uvicorn takes whole requests and hands them to the application; whoever is slow takes a connection only.

The application (WSGI) runs in a thread, on a request that has come in whole, and its answer is sent by the event loop.
What the cache holds is answered in the loop itself. The server ends when it has finished what it began.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import json
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

import uvicorn
from flask import Flask
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kg.endpoint.supervisor import ACCEPT, CLOSED, FAILED, LEAVE, READY, STOP, Handed
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_BODY_READ: Final = 32 << 20  # Bytes of a body that are read, so that its sender hears why it is refused.
_HEAD: Final = 65_536  # Bytes of a head beside the query string of its URL.
_PAGES: Final = 8  # Threads beside those of queries.
_CONNECTIONS: Final = 900
_SILENCE: Final = 60.0  # Seconds after which a connection on which nothing moves is closed.
_LOOK: Final = 10  # Seconds between two looks at connections.
_LINGER: Final = 2.0  # Seconds in which a connection may send one more request to a server that leaves.
_SPARE: Final = 5  # Seconds after the longest query in which its answer is sent.
_MALLOC: Final = {-8: 2, -3: 1 << 20, -1: 1 << 20}  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Holds = Callable[["WSGIEnvironment"], bool]
_PLAIN: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


@dataclass(frozen=True)
class _Response:
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Buffered:
    """An ASGI application (version 3) over a WSGI one: requests and answers are whole.

    Arguments:
        app: the application.
        holds: says whether the application can answer at once; such requests take no thread.
        threads: how many requests run at once.
        most: bytes of a body that the application may see; of longer ones it learns the length.

    Attributes:
        leaving: whether each answer closes its connection.

    """

    def __init__(self, app: WSGIApplication, holds: Holds, threads: int, most: int) -> None:
        self._app, self._holds, self._most = app, holds, most
        self.leaving = False
        self._threads = ThreadPoolExecutor(threads, "request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = _named(scope["headers"])
        body, length = b"", 0
        if "content-length" in headers or "transfer-encoding" in headers:
            body, length = await self._body(receive)
        environ = _environ(scope, headers, body, length)
        if self._holds(environ):
            response = _respond(self._app, environ)
        else:
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._threads, _respond, self._app, environ)
        if self.leaving or length > _BODY_READ:
            response.headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _body(self, receive: Receive) -> tuple[bytes, int]:
        """Return a body and its length; nothing of one that is too long, though most of it is read."""
        parts: list[bytes] = []
        length = 0
        while length <= _BODY_READ:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            length += len(message["body"])
            if length <= self._most:
                parts.append(message["body"])
            if not message["more_body"]:
                break
        return b"".join(parts) if length <= self._most else b"", length


def _named(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name; several of a name become one (RFC 9110, section 5.3)."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _environ(scope: Scope, headers: dict[str, str], body: bytes, length: int) -> WSGIEnvironment:
    """Return the environment of a request (PEP 3333); a header whose name has an underscore is left out."""
    line: _Line = scope["state"]["line"]
    host, port = scope["server"][:2]
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "kg.gone": line.is_gone,
    }
    for name, value in headers.items():
        if "_" not in name:
            environ[_PLAIN.get(name) or "HTTP_" + name.upper().replace("-", "_")] = value
    if length or "content-length" in headers:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


def _respond(app: WSGIApplication, environ: WSGIEnvironment) -> _Response:
    told: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        told[:] = [status, headers, exc_info]
        return told.append

    parts = app(environ, start)
    try:
        body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told[1]]
    return _Response(int(told[0][:3]), headers, body)


class _Line(HttpToolsProtocol):
    """A connection that knows its limits: bytes of a head, and seconds in which nothing moves."""

    longest: int

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.moved, self.waiting, self.head, self.begins = self.loop.time(), 0, 0, False
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.moved = self.loop.time()
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head, self.begins = 0, True
        self.scope["state"]["line"] = self

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Set the query string aside first: the parser of URLs takes 65,535 bytes."""
        self.begins = False
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query.partition(b"#")[0]

    def _count(self, more: int) -> None:
        self.head += more
        if self.head > self.longest:
            raise ValueError("the head is too long")

    def send_400_response(self, msg: str) -> None:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if self.head > self.longest else HTTPStatus.BAD_REQUEST
        detail = f"the head of a request may have {self.longest:,} bytes" if self.head > self.longest else msg
        told = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
        body = json.dumps(told).encode()
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            "Content-Type: application/problem+json",
            f"Content-Length: {len(body)}",
            "Cache-Control: no-store",
            "Connection: close",
        ]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.close()

    def shutdown(self) -> None:
        """Close the connection, after what it has begun to ask."""
        if not self.begins:
            super().shutdown()

    def is_gone(self) -> bool:
        """Return whether the client has left."""
        return self.transport.is_closing()

    def look(self, now: float) -> None:
        """Close the connection if nothing has moved on it for long, but not while it waits for us."""
        waiting = self.transport.get_write_buffer_size()
        works = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if waiting != self.waiting or (works and not waiting):
            self.waiting, self.moved = waiting, now
        elif now - self.moved > _SILENCE:
            self.transport.abort()


class _Uvicorn(uvicorn.Server):
    """A server that heeds no signals: the keeper tells it what to do."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = threading.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        self.begun.set()

    async def look(self) -> None:
        """Close connections on which nothing moves."""
        now = asyncio.get_running_loop().time()
        for one in list(self.server_state.connections):
            if isinstance(one, _Line):
                one.look(now)

    async def accept_no_more(self) -> None:
        for one in self.servers:
            one.close()


class Server:
    """Serves an application on a socket.

    Arguments:
        app: the application.
        holds: says whether it can answer a request at once.
        listener: a socket that listens.
        limits: say how many threads are needed, and how long requests may be.

    """

    def __init__(self, app: WSGIApplication, holds: Holds, listener: socket.socket, limits: Limits) -> None:
        self._listener = listener
        self._app = Buffered(app, holds, limits.concurrent + limits.queue + _PAGES, limits.body)
        config = uvicorn.Config(
            self._app,
            http=type("_Limited", (_Line,), {"longest": 2 * limits.url + _HEAD}),
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=int(_SILENCE),
            timeout_graceful_shutdown=int(limits.timeout) + _SPARE,
            timeout_notify=_LOOK,
        )
        self._server = _Uvicorn(config)
        config.callback_notify = self._server.look

    def run(self) -> None:
        """Serve until `leave` is called, by another thread, and what began is finished."""
        self._server.run([self._listener])

    def leave(self, linger: float = 0.0) -> None:
        """Accept no more, answer what was asked, close each connection after its answer, and end.

        Arguments:
            linger: seconds in which connections without a request stay open.

        """
        self._server.begun.wait()
        self._app.leaving = True
        loop = self._server.loop
        asyncio.run_coroutine_threadsafe(self._server.accept_no_more(), loop).result()
        loop.call_soon_threadsafe(loop.call_later, linger, setattr, self._server, "should_exit", True)


def serve(app: Flask, limits: Limits, handed: Handed) -> None:
    """Serve an application until the keeper says that another server is there, or that it is over.

    Arguments:
        app: the application, ready to answer.
        limits: as in `Server`.
        handed: the sockets; what happens to reloads is counted in it.

    """
    _give_memory_back()
    handed.say(READY)
    if handed.hear() != ACCEPT:
        return
    server = Server(app, app.extensions["kg.front"].holds, handed.listener, limits)
    threading.Thread(target=_obey, args=(server, handed), daemon=True).start()
    server.run()


def _give_memory_back() -> None:
    """Let the C library return what large answers took: few arenas, large blocks by themselves (glibc, mallopt(3))."""
    with suppress(OSError, AttributeError):
        for option, value in _MALLOC.items():
            ctypes.CDLL(None).mallopt(option, value)


def _obey(server: Server, handed: Handed) -> None:
    word = ""
    while word != STOP:
        word = handed.hear()
        if word == FAILED:
            handed.failed += 1
        elif word in (LEAVE, STOP):
            server.leave(_LINGER if word == LEAVE else 0.0)
            handed.say(CLOSED)
