"""What stands before the application (WSGI, PEP 3333): known results, 304, gzip."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from kg.endpoint.http.cache import Cache
from kg.endpoint.http.request_record import CACHED, note_of
from kg.endpoint.protocol import Answered
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HEADERS: Final = 200
_PATH: Final = "/sparql"
_LEAST, _MOST = 512, 8 << 20  # Bytes between which packing pays.
_PACKED: Final = ("text/", "application/sparql-results", "application/ld+json", "application/n-", "application/rdf+xml")
_PACKED_TOO: Final = ("application/trig", "application/problem+json", "application/json", "image/svg+xml")
_LOOKED_UP: Final = "kg.looked_up"
_GZIP: Final = b"gzip"
_DROPPED: Final = {"content-length", "content-type"}
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Known:
    """Where the result of a request is kept, and the headers that went with it."""

    key: bytes
    headers: Headers


class Front:
    """The application behind its cache.

    Arguments:
        app: the application; it leaves the key of a result in `environ["kg.key"]`.
        cache: holds the results.
        limits: longer bodies are not looked at.

    """

    def __init__(self, app: WSGIApplication, cache: Cache, limits: Limits) -> None:
        self._app, self._cache, self._limits = app, cache, limits
        self._headers: dict[tuple[str, str], tuple[str, str]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from the cache, or by the application."""
        asked, known, found = environ.pop(_LOOKED_UP, None) or self._look_up(environ)
        if known and found:
            note = note_of(environ)
            note.kind, note.route, note.effort, note.key, note.answered = "query", _PATH, CACHED, known.key, found
            return self._deliver(environ, start_response, "200 OK", known.headers, found.data, known.key)
        return self._run(environ, start_response, asked)

    def holds(self, environ: WSGIEnvironment) -> bool:
        """Return whether the answer to a request is at hand, with nothing left to do but to send it."""
        environ[_LOOKED_UP] = _, known, found = self._look_up(environ)
        if not known or not found:
            return False
        sent = {name.lower(): value for name, value in known.headers}
        return not self._packs(sent, found.data, environ) or self._cache.get(known.key + _GZIP) is not None

    def _look_up(self, environ: WSGIEnvironment) -> tuple[bytes | None, Known | None, Answered | None]:
        asked = self._asked(environ)
        known = self._cache.get(asked) if asked and not wants_fresh(environ) else None
        return asked, known, self._cache.get(known.key) if known else None

    def _asked(self, environ: WSGIEnvironment) -> bytes | None:
        """Return a hash of all that the answer may depend on, or None for what is never kept."""
        if environ.get("PATH_INFO") != _PATH or "HTTP_HOST" not in environ:
            return None
        method = environ["REQUEST_METHOD"]
        body = b""
        if method == "POST":
            length = environ.get("CONTENT_LENGTH") or ""
            if not length.isdecimal() or int(length) > self._limits.body:
                return None
            body = environ["wsgi.input"].read(int(length))
            environ["wsgi.input"] = io.BytesIO(body)
        elif method not in ("GET", "HEAD"):
            return None
        told = (method == "POST", *(environ.get(name, "") for name in ("QUERY_STRING", "HTTP_ACCEPT", "CONTENT_TYPE")))
        return blake2b(repr(told).encode() + body, digest_size=20).digest()

    def _run(self, environ: WSGIEnvironment, start_response: StartResponse, asked: bytes | None) -> Iterable[bytes]:
        told: list[Any] = []

        def hold(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            told[:] = [status, headers, exc_info]
            return _no_write

        body = self._app(environ, hold)
        status, headers, exc_info = told
        sent = {name.lower(): value for name, value in headers}
        if not _packable(sent, environ) and "etag" not in sent:
            start_response(status, headers, exc_info)
            return body
        data = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        key = environ.get("kg.key")
        if asked and key and status.startswith("200 "):
            headers = [self._shared(one) for one in headers]
            self._cache.put(asked, Known(key, headers), sum(len(name) + len(value) for name, value in headers))
        return self._deliver(environ, start_response, status, headers, data, key)

    def _shared(self, header: tuple[str, str]) -> tuple[str, str]:
        """Return the same object for the same header: most are the same in all answers."""
        if len(self._headers) < _HEADERS:
            return self._headers.setdefault(header, header)
        return self._headers.get(header, header)

    def _deliver(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: str,
        headers: Headers,
        data: bytes,
        key: bytes | None,
    ) -> Iterable[bytes]:
        """Send an answer: 304 where the client has it (RFC 9110, section 13.1.2), packed where it likes that."""
        sent = {name.lower(): value for name, value in headers}
        if status.startswith("200 ") and _has_it(environ, sent.get("etag")):
            start_response("304 Not Modified", [one for one in headers if one[0].lower() not in _DROPPED])
            return []
        head = environ["REQUEST_METHOD"] == "HEAD"
        if self._packs(sent, data, environ):
            data = self._packed(data, key)
            headers = [one for one in headers if one[0].lower() != "content-length"]
            headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(data)))]
        start_response(status, headers)
        return [] if head else [data]

    @staticmethod
    def _packs(sent: dict[str, str], data: bytes, environ: WSGIEnvironment) -> bool:
        return _LEAST <= len(data) <= _MOST and _packable(sent, environ)

    def _packed(self, data: bytes, key: bytes | None) -> bytes:
        found = self._cache.get(key + _GZIP) if key else None
        if found is None:
            found = gzip.compress(data, compresslevel=5, mtime=0)
            if key:
                self._cache.put(key + _GZIP, found, len(found))
        return bytes(found)


def _no_write(_: bytes) -> None:
    """Stand for the write callable, which the application does not use."""


def wants_fresh(environ: WSGIEnvironment) -> bool:
    """Return whether a client wants no kept answer (RFC 9111, sections 5.2.1.4 and 5.4)."""
    told = environ.get("HTTP_CACHE_CONTROL", "").lower() + environ.get("HTTP_PRAGMA", "").lower()
    return "no-cache" in told or "no-store" in told


def _has_it(environ: WSGIEnvironment, etag: str | None) -> bool:
    """Return whether If-None-Match names the entity tag; the comparison is weak (RFC 9110, section 8.8.3.2)."""
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    if not asked or not etag or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def _packable(sent: dict[str, str], environ: WSGIEnvironment) -> bool:
    kind = sent.get("content-type", "")
    return (
        environ["REQUEST_METHOD"] != "HEAD"
        and kind.startswith((*_PACKED, *_PACKED_TOO))
        and "content-encoding" not in sent
        and _likes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    )


def _likes_gzip(accept: str) -> bool:
    """Return whether gzip has a quality above 0 (RFC 9110, section 12.5.3)."""
    for one in accept.lower().split(","):
        name, _, rest = one.partition(";")
        if name.strip() in ("gzip", "x-gzip"):
            quality = rest.replace(" ", "").removeprefix("q=")
            return quality.strip("0.") != "" if quality else True
    return False
