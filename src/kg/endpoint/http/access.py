"""The outermost layer (WSGI, PEP 3333): each answer is counted and logged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from kg.endpoint.http.logs import Journal
from kg.endpoint.http.metrics import Metrics
from kg.endpoint.http.request_record import note_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Ledger:
    """An application whose answers are counted and logged.

    Arguments:
        app: the application; it fills in the note of the request.
        metrics: count the answers.
        journal: logs them.

    """

    def __init__(self, app: WSGIApplication, metrics: Metrics, journal: Journal) -> None:
        self._app, self._metrics, self._journal = app, metrics, journal

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, count and log."""
        began = perf_counter()
        note = note_of(environ)
        told: list[Any] = ["500", []]

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            told[:] = status, headers
            return start_response(status, headers, exc_info)

        try:
            return self._app(environ, hold)
        finally:
            seconds, status = perf_counter() - began, told[0][:3]
            size = _size(environ, status, told[1])
            self._metrics.count(note, status, seconds, size)
            self._journal.record(environ, note, status, seconds, size)


def _size(environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]) -> int:
    if environ["REQUEST_METHOD"] == "HEAD" or status in ("204", "304"):
        return 0
    return next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
