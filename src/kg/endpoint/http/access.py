"""The outermost layer (WSGI, PEP 3333): each response is counted and logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from kg.endpoint.http.logs import RequestLog
from kg.endpoint.http.metrics import Metrics
from kg.endpoint.http.request_record import record_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class AccessLog:
    """An application whose responses are counted and logged.

    Arguments:
        app: the application; it fills in the record of the request.
        metrics: count the responses.
        log: takes a line of each.

    """

    def __init__(self, app: WSGIApplication, metrics: Metrics, log: RequestLog) -> None:
        self._app, self._metrics, self._log = app, metrics, log

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond, count and log."""
        record = record_of(environ)
        status, size = "500", 0

        def start(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            nonlocal status, size
            status, size = line[:3], _size(environ, line, headers)
            return start_response(line, headers, exc_info)

        try:
            return self._app(environ, start)
        finally:
            seconds = perf_counter() - record.began
            self._metrics.count(record, status, seconds, size)
            self._log.write(environ, record, status, seconds, size)


def _size(environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]) -> int:
    if environ["REQUEST_METHOD"] == "HEAD" or status.startswith(("204", "304")):
        return 0
    return next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
