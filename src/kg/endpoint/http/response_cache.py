"""What stands before the application (WSGI, PEP 3333): known responses, 304, gzip."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags, unquote_etag

from kg.endpoint.http.cache import Cache
from kg.endpoint.http.proxies import UNKNOWN_HOST
from kg.endpoint.http.request_record import CACHED, record_of
from kg.endpoint.http.sparql_protocol import Reply
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
REPLY: Final = "kg.reply"
_GZIP: Final = b"gzip"
_REPRESENTATION: Final = {"content-length", "content-type"}
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of a response, and what is needed of them each time that it is sent.

    Attributes:
        key: where the result is kept; empty where it is not.
        headers: as the application gave them.
        etag: their entity tag, or an empty text.
        compressible: whether a client that accepts gzip gets it so.

    """

    key: bytes
    headers: Headers
    etag: str
    compressible: bool

    @classmethod
    def from_headers(cls, headers: Headers, key: bytes) -> Head:
        """Return the head of a response."""
        named = {name.lower(): value for name, value in headers}
        compressible = named.get("content-type", "").startswith(_COMPRESSED) and "content-encoding" not in named
        return cls(key, headers, named.get("etag", ""), compressible)


class ResponseCache:
    """The application behind its cache.

    A library compresses each response anew, in the thread that sends it; here the compressed bytes are kept as well, so
    that the event loop can answer from the cache.

    Arguments:
        app: the application; it leaves the key of a result in `environ["kg.result_key"]`. It is not asked where a reply
            is in `environ["kg.reply"]`.
        cache: holds the results.
        limits: longer bodies are not looked at.

    """

    def __init__(self, app: WSGIApplication, cache: Cache, limits: Limits) -> None:
        self._app, self._cache, self._limits = app, cache, limits
        self._headers: dict[tuple[str, str], tuple[str, str]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond from the cache, or by the application."""
        request_key, head, result = environ.pop(_LOOKED_UP, None) or self._look_up(environ)
        if head and result:
            record = record_of(environ)
            record.kind, record.route, record.effort = "query", _PATH, CACHED
            record.key, record.result = head.key, result
            return self._send(environ, start_response, "200 OK", head, result.data)
        return self._run(environ, start_response, request_key)

    def holds(self, environ: WSGIEnvironment) -> bool:
        """Return whether the response to a request is at hand, with nothing left to do but to send it."""
        environ[_LOOKED_UP] = _, head, result = self._look_up(environ)
        if not head or not result:
            return False
        return not _is_compressed(environ, head, len(result.data)) or self._cache.get(head.key + _GZIP) is not None

    def _look_up(self, environ: WSGIEnvironment) -> tuple[bytes | None, Head | None, QueryResult | None]:
        request_key = self._request_key(environ)
        head = self._cache.get(request_key) if request_key and not wants_fresh(environ) else None
        return request_key, head, self._cache.get(head.key) if head else None

    def _request_key(self, environ: WSGIEnvironment) -> bytes | None:
        """Return a hash of all that the response may depend on, or None for what is never kept."""
        if environ.get("PATH_INFO") != _PATH or "HTTP_HOST" not in environ or UNKNOWN_HOST in environ:
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

        reply: Reply | None = environ.pop(REPLY, None)
        body: Iterable[bytes] = [reply.body] if reply else self._app(environ, start)
        if reply:
            status, headers = f"{reply.status} {reply.reason}", reply.headers
        key = environ.get("kg.result_key", b"")
        head = Head.from_headers(headers, key)
        if not head.etag and not _is_compressed(environ, head):
            start_response(status, headers, exc_info)
            return body
        data = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        if request_key and key and status.startswith("200 "):
            head = replace(head, headers=[self._shared(header) for header in headers])
            self._cache.put(request_key, head, sum(len(name) + len(value) for name, value in headers))
        return self._send(environ, start_response, status, head, data)

    def _shared(self, header: tuple[str, str]) -> tuple[str, str]:
        """Return the same object for the same header: most are the same in all responses."""
        if len(self._headers) < _SHARED_HEADERS:
            return self._headers.setdefault(header, header)
        return self._headers.get(header, header)

    def _send(
        self, environ: WSGIEnvironment, start_response: StartResponse, status: str, head: Head, data: bytes
    ) -> Iterable[bytes]:
        """Send a response: 304 where the client has it (RFC 9110, section 13.1.2), compressed where it accepts that."""
        headers = head.headers
        if status.startswith("200 ") and _is_unmodified(environ, head.etag):
            kept = [header for header in headers if header[0].lower() not in _REPRESENTATION]
            start_response("304 Not Modified", kept)
            return []
        if _is_compressed(environ, head, len(data)):
            data = self._compressed(data, head.key)
            headers = [header for header in headers if header[0].lower() != "content-length"]
            headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(data)))]
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [data]

    def _compressed(self, data: bytes, key: bytes) -> bytes:
        compressed = self._cache.get(key + _GZIP) if key else None
        if compressed is None:
            compressed = gzip.compress(data, compresslevel=5, mtime=0)
            if key:
                self._cache.put(key + _GZIP, compressed, len(compressed))
        return bytes(compressed)


def _no_write(_: bytes) -> None:
    """Stand for the write callable, which the application does not use."""


def wants_fresh(environ: WSGIEnvironment) -> bool:
    """Return whether a client wants no kept response (RFC 9111, sections 5.2.1.4 and 5.4)."""
    directives = environ.get("HTTP_CACHE_CONTROL", "").lower() + environ.get("HTTP_PRAGMA", "").lower()
    return "no-cache" in directives or "no-store" in directives


def _is_unmodified(environ: WSGIEnvironment, etag: str) -> bool:
    """Return whether If-None-Match names the entity tag; the comparison is weak (RFC 9110, section 8.8.3.2)."""
    tags = environ.get("HTTP_IF_NONE_MATCH", "")
    if not tags or not etag or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    return parse_etags(tags).contains_weak(unquote_etag(etag)[0])


def _is_compressed(environ: WSGIEnvironment, head: Head, size: int = _LEAST) -> bool:
    """Return whether a response of so many bytes is sent compressed."""
    return (
        head.compressible
        and _LEAST <= size <= _MOST
        and environ["REQUEST_METHOD"] != "HEAD"
        and _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")[:_USUAL].lower())
    )


@lru_cache(100)
def _accepts_gzip(header: str) -> bool:
    """Return whether gzip has a quality above 0 (RFC 9110, section 12.5.3)."""
    accepted = parse_accept_header(header, Accept)
    return any(name in ("gzip", "x-gzip") and quality > 0 for name, quality in accepted)
