"""The server (waitress): buffers slow clients, and ends when it has finished what it began."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import WSGITask

from kg.keeper import ACCEPT, CLOSED, FAILED, LEAVE, READY, STOP, Handed
from kg.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_BODY_READ: Final = 32 << 20  # Bytes of a body that are read, so that its sender hears why it is refused.
_PAGES: Final = 8  # Threads beside those of queries.
_CONNECTIONS: Final = 900
_LINGER: Final = 2.0  # Seconds in which a connection may send one more request to a server that leaves.
_SPARE: Final = 5.0  # Seconds after the longest query in which its answer is sent.


class Server:
    """Serves an application on a socket.

    A thread is taken by a whole request only and never waits for a slow reader: requests and answers are buffered.

    Arguments:
        app: the application.
        listener: a socket that listens.
        limits: say how many threads are needed, and how large an answer may be.

    """

    def __init__(self, app: WSGIApplication, listener: socket.socket, limits: Limits) -> None:
        self._patience = limits.timeout + _SPARE
        self._closes = self._ends = float("inf")
        make: Any = create_server
        self._server = make(
            app,
            sockets=[listener],
            threads=limits.concurrent + limits.queue + _PAGES,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,
            channel_timeout=60,
            cleanup_interval=10,
            channel_request_lookahead=1,
            max_request_header_size=2 * limits.url,
            max_request_body_size=max(_BODY_READ, limits.body),
            outbuf_high_watermark=2 * max(limits.max_bytes, _BODY_READ),
            ident=None,
            clear_untrusted_proxy_headers=False,
        )
        self._server.channel_class = _Channel
        self._server.leaving = False

    def run(self) -> None:
        """Serve until `leave` is called, by another thread, and what began is finished."""
        while not self._is_done():
            pause = 0.05 if self._server.leaving else 1
            self._server.asyncore.loop(timeout=pause, map=self._server._map, use_poll=True, count=1)
        self._server.task_dispatcher.shutdown(timeout=1)
        self._server.close()

    def leave(self, linger: float = 0.0) -> None:
        """Accept no more, answer what was asked, close each connection after its answer, and end.

        Arguments:
            linger: seconds in which connections without a request stay open.

        """
        now = time.monotonic()
        self._closes, self._ends = now + linger, now + linger + self._patience
        self._server.leaving = True
        self._server.accepting = False
        self._server.pull_trigger()

    def _is_done(self) -> bool:
        if not self._server.leaving:
            return False
        channels, now = list(self._server.active_channels.values()), time.monotonic()
        for one in channels:
            if now >= self._closes and not (one.requests or one.request or one.total_outbufs_len):
                one.will_close = True
        return now >= self._ends or (now >= self._closes and not channels)


class _Task(WSGITask):
    """A request whose answer closes the connection, where the server leaves."""

    def build_response_header(self) -> bytes:
        channel, request = _any(self.channel), _any(self.request)
        if channel.server.leaving:
            request.headers["CONNECTION"] = "close"
        return bytes(super().build_response_header())


def _any(value: object) -> Any:
    return value  # The stubs of waitress do not know all that it has.


class _Channel(HTTPChannel):
    task_class = _Task


def serve(app: WSGIApplication, limits: Limits, handed: Handed) -> None:
    """Serve an application until the keeper says that another server is there, or that it is over.

    Arguments:
        app: the application, ready to answer.
        limits: as in `Server`.
        handed: the sockets; what happens to reloads is counted in it.

    """
    handed.say(READY)
    if handed.hear() != ACCEPT:
        return
    server = Server(app, handed.listener, limits)
    threading.Thread(target=_obey, args=(server, handed), daemon=True).start()
    server.run()


def _obey(server: Server, handed: Handed) -> None:
    word = ""
    while word != STOP:
        word = handed.hear()
        if word == FAILED:
            handed.failed += 1
        elif word in (LEAVE, STOP):
            server.leave(_LINGER if word == LEAVE else 0.0)
            handed.say(CLOSED)
