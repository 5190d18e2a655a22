"""What stands before the application (WSGI, PEP 3333): known responses, 304, gzip."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags, unquote_etag

from kg.endpoint.http.cache import Cache
from kg.endpoint.http.request_record import CACHED, record_of
from kg.endpoint.protocol import QueryResult
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SHARED_HEADERS: Final = 200
_PATH: Final = "/sparql"
_LEAST, _MOST = 512, 8 << 20  # Bytes between which compressing pays.
_COMPRESSED: Final = (
    "text/",
    "application/sparql-results",
    "application/ld+json",
    "application/n-",
    "application/rdf+xml",
    "application/trig",
    "application/problem+json",
    "application/json",
    "image/svg+xml",
)
_USUAL: Final = 1000  # Characters of Accept-Encoding that are read.
_LOOKED_UP: Final = "kg.looked_up"
_GZIP: Final = b"gzip"
_REPRESENTATION: Final = {"content-length", "content-type"}
Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class CachedResponse:
    """Where the result of a request is kept, and the headers that went with it."""

    key: bytes
    headers: Headers


class ResponseCache:
    """The application behind its cache.

    A library compresses each response anew, in the thread that sends it; here the compressed bytes are kept as well, so
    that the event loop can answer from the cache.

    Arguments:
        app: the application; it leaves the key of a result in `environ["kg.result_key"]`.
        cache: holds the results.
        limits: longer bodies are not looked at.

    """

    def __init__(self, app: WSGIApplication, cache: Cache, limits: Limits) -> None:
        self._app, self._cache, self._limits = app, cache, limits
        self._headers: dict[tuple[str, str], tuple[str, str]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond from the cache, or by the application."""
        request_key, known, result = environ.pop(_LOOKED_UP, None) or self._look_up(environ)
        if known and result:
            record = record_of(environ)
            record.kind, record.route, record.effort = "query", _PATH, CACHED
            record.key, record.result = known.key, result
            return self._send(environ, start_response, "200 OK", known.headers, result.data, known.key)
        return self._run(environ, start_response, request_key)

    def holds(self, environ: WSGIEnvironment) -> bool:
        """Return whether the response to a request is at hand, with nothing left to do but to send it."""
        environ[_LOOKED_UP] = _, known, result = self._look_up(environ)
        if not known or not result:
            return False
        compressed = _is_compressed(environ, _by_name(known.headers), len(result.data))
        return not compressed or self._cache.get(known.key + _GZIP) is not None

    def _look_up(self, environ: WSGIEnvironment) -> tuple[bytes | None, CachedResponse | None, QueryResult | None]:
        request_key = self._request_key(environ)
        known = self._cache.get(request_key) if request_key and not wants_fresh(environ) else None
        return request_key, known, self._cache.get(known.key) if known else None

    def _request_key(self, environ: WSGIEnvironment) -> bytes | None:
        """Return a hash of all that the response may depend on, or None for what is never kept."""
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
        parts = (method == "POST", *(environ.get(name, "") for name in ("QUERY_STRING", "HTTP_ACCEPT", "CONTENT_TYPE")))
        return blake2b(repr(parts).encode() + body, digest_size=20).digest()

    def _run(
        self, environ: WSGIEnvironment, start_response: StartResponse, request_key: bytes | None
    ) -> Iterable[bytes]:
        status, headers, exc_info = "", Headers(), None

        def start(line: str, fields: Headers, error: Any = None) -> Callable[[bytes], object]:
            nonlocal status, headers, exc_info
            status, headers, exc_info = line, fields, error
            return _no_write

        body = self._app(environ, start)
        named = _by_name(headers)
        if not _is_compressed(environ, named) and "etag" not in named:
            start_response(status, headers, exc_info)
            return body
        data = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        key = environ.get("kg.result_key")
        if request_key and key and status.startswith("200 "):
            headers = [self._shared(header) for header in headers]
            size = sum(len(name) + len(value) for name, value in headers)
            self._cache.put(request_key, CachedResponse(key, headers), size)
        return self._send(environ, start_response, status, headers, data, key)

    def _shared(self, header: tuple[str, str]) -> tuple[str, str]:
        """Return the same object for the same header: most are the same in all responses."""
        if len(self._headers) < _SHARED_HEADERS:
            return self._headers.setdefault(header, header)
        return self._headers.get(header, header)

    def _send(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: str,
        headers: Headers,
        data: bytes,
        key: bytes | None,
    ) -> Iterable[bytes]:
        """Send a response: 304 where the client has it (RFC 9110, section 13.1.2), compressed where it accepts that."""
        named = _by_name(headers)
        if status.startswith("200 ") and _is_unmodified(environ, named.get("etag")):
            kept = [header for header in headers if header[0].lower() not in _REPRESENTATION]
            start_response("304 Not Modified", kept)
            return []
        if _is_compressed(environ, named, len(data)):
            data = self._compressed(data, key)
            headers = [header for header in headers if header[0].lower() != "content-length"]
            headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(data)))]
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]

    def _compressed(self, data: bytes, key: bytes | None) -> bytes:
        compressed = self._cache.get(key + _GZIP) if key else None
        if compressed is None:
            compressed = gzip.compress(data, compresslevel=5, mtime=0)
            if key:
                self._cache.put(key + _GZIP, compressed, len(compressed))
        return bytes(compressed)


def _no_write(_: bytes) -> None:
    """Stand for the write callable, which the application does not use."""


def _by_name(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def wants_fresh(environ: WSGIEnvironment) -> bool:
    """Return whether a client wants no kept response (RFC 9111, sections 5.2.1.4 and 5.4)."""
    directives = environ.get("HTTP_CACHE_CONTROL", "").lower() + environ.get("HTTP_PRAGMA", "").lower()
    return "no-cache" in directives or "no-store" in directives


def _is_unmodified(environ: WSGIEnvironment, etag: str | None) -> bool:
    """Return whether If-None-Match names the entity tag; the comparison is weak (RFC 9110, section 8.8.3.2)."""
    tags = environ.get("HTTP_IF_NONE_MATCH", "")
    if not tags or not etag or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    return parse_etags(tags).contains_weak(unquote_etag(etag)[0])


def _is_compressed(environ: WSGIEnvironment, headers: dict[str, str], size: int = _LEAST) -> bool:
    """Return whether a response of so many bytes is sent compressed."""
    return (
        _LEAST <= size <= _MOST
        and environ["REQUEST_METHOD"] != "HEAD"
        and headers.get("content-type", "").startswith(_COMPRESSED)
        and "content-encoding" not in headers
        and _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")[:_USUAL].lower())
    )


@lru_cache(100)
def _accepts_gzip(header: str) -> bool:
    """Return whether gzip has a quality above 0 (RFC 9110, section 12.5.3)."""
    accepted = parse_accept_header(header, Accept)
    return any(name in ("gzip", "x-gzip") and quality > 0 for name, quality in accepted)
