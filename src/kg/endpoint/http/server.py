"""The server: uvicorn takes whole requests and hands them to the application; a slow client takes a connection only.

The application (WSGI) runs in a thread, on a request that has come in whole; the event loop sends its response.
What the application can prepare on the loop, such as what the cache holds, is sent by the loop itself. The server ends
when it has finished what it began.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import io
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kg.endpoint.event_loop import EventLoop
from kg.endpoint.http.application import Application
from kg.endpoint.http.sparql_protocol import reply_with_error
from kg.endpoint.supervisor import CLOSED, FAILED, Handover
from kg.errors import KgError
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_BODY_READ: Final = 32 << 20  # Bytes of a body that are read, so that its sender hears why it is refused.
_HEAD: Final = 65_536  # Bytes of a head beside the query string of its URL.
_PAGES: Final = 8  # Threads beside those of queries.
_CONNECTIONS: Final = 900
_SILENCE: Final = 60.0  # Seconds after which a connection on which nothing moves is closed.
_INTERVAL: Final = 10  # Seconds between two checks of connections.
_LINGER: Final = 2.0  # Seconds in which a connection may send one more request to a server that retires.
_SPARE: Final = 5  # Seconds after the longest query in which its answer is sent.
_MALLOC: Final = {-8: 2, -3: 1 << 20, -1: 1 << 20}  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
_SWITCH: Final = 0.0005  # Seconds that a thread with a page keeps the event loop waiting; by default ten times that.
_GARBAGE: Final = (20_000, 20, 20)  # Hardly anything of a request is left to the collector.
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_WITHOUT_PREFIX: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class _Asgi:
    """An ASGI application (version 3) over ours: requests and responses are whole.

    Arguments:
        application: it responds on the loop to what it could prepare there, and in a thread to all else.
        threads: how many requests run at once.
        most: bytes of a body that the application may see; of longer ones it learns the length.

    Attributes:
        retiring: whether each response closes its connection.

    """

    def __init__(self, application: Application, threads: int, most: int) -> None:
        self._application, self._most = application, most
        self.retiring = False
        self._threads = ThreadPoolExecutor(threads, "request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        headers = _by_name(scope["headers"])
        body, length = b"", 0
        if "content-length" in headers or "transfer-encoding" in headers:
            body, length = await self._body(receive)
        environ = _environ(scope, headers, body, length)
        if await self._application.prepare(environ):
            reply = self._application.respond(environ)
        else:
            loop = asyncio.get_running_loop()
            reply = await loop.run_in_executor(self._threads, self._application.respond, environ)
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        if self.retiring or length > _BODY_READ:
            encoded.append((b"connection", b"close"))
        with scope["state"]["connection"].packet:
            await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
            await send({"type": "http.response.body", "body": reply.body})

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


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name; several of a name become one (RFC 9110, section 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _environ(scope: Scope, headers: dict[str, str], body: bytes, length: int) -> WSGIEnvironment:
    """Return the environment of a request (PEP 3333); a header whose name has an underscore is left out."""
    connection: _Connection = scope["state"]["connection"]
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
        "kg.client_gone": connection.is_gone,
    }
    for name, value in headers.items():
        if "_" not in name:
            environ[_WITHOUT_PREFIX.get(name) or "HTTP_" + name.upper().replace("-", "_")] = value
    if length or "content-length" in headers:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


class _Packet:
    """A transport as a context, in which what is written waits to be sent together at its end, or before it closes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: list[bytes] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def __enter__(self) -> None:
        self._parts = []

    def __exit__(self, *_: object) -> None:
        parts, self._parts = self._parts, None
        if parts:
            self._transport.writelines(parts)

    def write(self, data: bytes) -> None:
        if self._parts is None:
            self._transport.write(data)
        else:
            self._parts.append(data)

    def close(self) -> None:
        self.__exit__()
        self._transport.close()


class _Connection(HttpToolsProtocol):
    """A connection that knows its limits: bytes of a head, and seconds in which nothing moves."""

    most: int

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.moved, self.unsent, self.head_size, self.in_head = self.loop.time(), 0, 0, False
        self.packet = _Packet(transport)
        super().connection_made(self.packet)  # type: ignore[arg-type]

    def data_received(self, data: bytes) -> None:
        self.moved = self.loop.time()
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.head_size, self.in_head = 0, True
        self.scope["state"]["connection"] = self

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Set the query string aside first: the parser of URLs takes 65,535 bytes."""
        self.in_head = False
        self.url, _, query = self.url.partition(b"?")
        super().on_headers_complete()
        self.scope["query_string"] = query.partition(b"#")[0]

    def _count(self, more: int) -> None:
        self.head_size += more
        if self.head_size > self.most:
            raise ValueError("the head is too long")

    def send_400_response(self, msg: str) -> None:
        error, status = KgError(msg), HTTPStatus.BAD_REQUEST
        if self.head_size > self.most:
            error = KgError(f"the head of a request may have {self.most:,} bytes")
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        error.title, error.status = status.phrase, status
        reply = reply_with_error(error)
        fields = [*reply.headers, ("Connection", "close")]
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in fields)]
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body)
        self.transport.close()

    def shutdown(self) -> None:
        """Close the connection, after what it has begun to ask."""
        if not self.in_head:
            super().shutdown()

    def is_gone(self) -> bool:
        """Return whether the client has left."""
        return self.transport.is_closing()

    def close_if_idle(self, now: float) -> None:
        """Close the connection if nothing has moved on it for long, but not while it waits for us."""
        unsent = self.transport.get_write_buffer_size()
        works = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if unsent != self.unsent or (works and not unsent):
            self.unsent, self.moved = unsent, now
        elif now - self.moved > _SILENCE:
            self.transport.abort()


class Server(uvicorn.Server):
    """Serves an application until the supervisor says that it is over, and ignores signals.

    Arguments:
        application: ready to answer.
        limits: say how many threads are needed, and how long requests may be.
        handover: to the supervisor, where there is one; what happens to reloads is counted in it.

    """

    def __init__(self, application: Application, limits: Limits, handover: Handover | None = None) -> None:
        self._app = _Asgi(application, limits.concurrent + limits.queue + _PAGES, limits.body)
        self._handover = handover
        config = uvicorn.Config(
            self._app,
            http=type("_LimitedConnection", (_Connection,), {"most": 2 * limits.url + _HEAD}),
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
            timeout_notify=_INTERVAL,
            callback_notify=self._close_idle,
        )
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept, and to listen to the supervisor."""
        await super().startup(sockets)
        if self._handover:
            self._obeying = asyncio.ensure_future(self._obey(self._handover))

    async def _obey(self, handover: Handover) -> None:
        """Do what the supervisor says, and end when it says no more."""
        words, answers = await asyncio.open_unix_connection(sock=handover.supervisor)
        with suppress(ConnectionError):
            while word := await words.read(1):
                if word == FAILED:
                    handover.failed += 1
                else:
                    self._retire(_LINGER)
                    answers.write(CLOSED)
        self._retire(0.0)

    def _retire(self, linger: float) -> None:
        """Accept no more, respond to what was asked, close each connection after its response, and end.

        Arguments:
            linger: seconds in which connections without a request stay open.

        """
        self._app.retiring = True
        for server in self.servers:
            server.close()
        asyncio.get_running_loop().call_later(linger, setattr, self, "should_exit", True)

    async def _close_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            if isinstance(connection, _Connection):
                connection.close_if_idle(now)


def serve(application: Application, loop: EventLoop, limits: Limits, handover: Handover) -> None:
    """Serve an application until the supervisor says that another server is there, or that it is over.

    Arguments:
        application: ready to answer.
        loop: on which its engine answers queries.
        limits: as in `Server`.
        handover: the sockets; what happens to reloads is counted in it.

    """
    _give_memory_back()
    gc.collect()
    gc.freeze()  # What was built stays: who asks need not wait until it is looked through again.
    gc.set_threshold(*_GARBAGE)
    sys.setswitchinterval(_SWITCH)
    if handover.may_accept():
        loop.run(Server(application, limits, handover).serve([handover.listener]))


def _give_memory_back() -> None:
    """Let the C library return what large answers took: few arenas, large blocks by themselves (glibc, mallopt(3))."""
    with suppress(OSError, AttributeError):
        for option, value in _MALLOC.items():
            ctypes.CDLL(None).mallopt(option, value)
