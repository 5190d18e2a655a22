"""The application as servers see it: what a proxy says is read, and each response is counted and logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING

from kg.endpoint.http.logs import RequestLog
from kg.endpoint.http.metrics import Metrics
from kg.endpoint.http.proxies import TrustedProxies
from kg.endpoint.http.reply import Reply
from kg.endpoint.http.request_record import record_of
from kg.endpoint.http.response_cache import ResponseCache

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Application:
    """An application for any WSGI server; ours prepares responses on its event loop before it asks for them.

    Arguments:
        proxies: those that are believed.
        cache: the application behind its cache; it fills in the record of the request.
        reply_ahead: makes replies on the event loop, as `prepare`.
        metrics: count the responses.
        log: takes a line of each.

    """

    def __init__(
        self,
        proxies: TrustedProxies,
        cache: ResponseCache,
        reply_ahead: Callable[[WSGIEnvironment], Awaitable[bool]],
        metrics: Metrics,
        log: RequestLog,
    ) -> None:
        self._proxies, self._cache, self._reply_ahead = proxies, cache, reply_ahead
        self._metrics, self._log = metrics, log

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        self._proxies.read(environ)
        reply = self.respond(environ)
        start_response(reply.status_line, reply.headers)
        return [reply.body]

    async def prepare(self, environ: WSGIEnvironment) -> bool:
        """Look a response up, or make it where no thread is needed; return whether `respond` has it at once."""
        self._proxies.read(environ)
        if self._cache.holds(environ):
            return True
        return await self._reply_ahead(environ) and self._cache.sends_at_once(environ)

    def respond(self, environ: WSGIEnvironment) -> Reply:
        """Return the response to a request that was read, count and log it."""
        record = record_of(environ)
        status, size = 500, 0
        try:
            reply = self._cache.respond(environ)
            status, size = reply.status, len(reply.body)
            return reply
        finally:
            seconds = perf_counter() - record.began
            self._metrics.count(record, str(status), seconds, size)
            self._log.write(environ, record, status, seconds, size)
