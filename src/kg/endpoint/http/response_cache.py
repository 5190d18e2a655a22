"""What stands before the application: known responses, 304, gzip."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags, unquote_etag

from kg.endpoint.http.cache import Cache
from kg.endpoint.http.proxies import UNKNOWN_HOST
from kg.endpoint.http.reply import Headers, Reply
from kg.endpoint.http.request_record import CACHED, record_of
from kg.endpoint.protocol import QueryResult
from kg.queries.limits import Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

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
        app: the application; it leaves the key of a result in `environ["kg.result_key"]`. It is not asked where
            a reply is in `environ["kg.reply"]`.
        cache: holds the results.
        limits: longer bodies are not looked at.

    """

    def __init__(self, app: WSGIApplication, cache: Cache, limits: Limits) -> None:
        self._app, self._cache, self._limits = app, cache, limits
        self._headers: dict[tuple[str, str], tuple[str, str]] = {}

    def respond(self, environ: WSGIEnvironment) -> Reply:
        """Return a response from the cache, or of the application."""
        request_key, head, result = environ.pop(_LOOKED_UP, None) or self._look_up(environ)
        if head and result:
            record = record_of(environ)
            record.kind, record.route, record.effort = "query", _PATH, CACHED
            record.key, record.result = head.key, result
            return self._finish(environ, 200, head, result.data)
        reply: Reply = environ.pop(REPLY, None) or Reply.from_wsgi(self._app, environ)
        head = Head.from_headers(reply.headers, environ.get("kg.result_key", b""))
        if request_key and head.key and reply.status == HTTPStatus.OK:
            head = replace(head, headers=[self._shared(header) for header in reply.headers])
            self._cache.put(request_key, head, sum(len(name) + len(value) for name, value in reply.headers))
        return self._finish(environ, reply.status, head, reply.body)

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

    def _shared(self, header: tuple[str, str]) -> tuple[str, str]:
        """Return the same object for the same header: most are the same in all responses."""
        if len(self._headers) < _SHARED_HEADERS:
            return self._headers.setdefault(header, header)
        return self._headers.get(header, header)

    def _finish(self, environ: WSGIEnvironment, status: int, head: Head, data: bytes) -> Reply:
        """Return 304 where the client has it (RFC 9110, section 13.1.2), compressed bytes where it accepts them."""
        headers = head.headers
        if status == HTTPStatus.OK and _is_unmodified(environ, head.etag):
            return Reply(304, [header for header in headers if header[0].lower() not in _REPRESENTATION], b"")
        if _is_compressed(environ, head, len(data)):
            data = self._compressed(data, head.key)
            headers = [header for header in headers if header[0].lower() != "content-length"]
            headers += [("Content-Encoding", "gzip"), ("Content-Length", str(len(data)))]
        return Reply(status, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else data)

    def _compressed(self, data: bytes, key: bytes) -> bytes:
        compressed = self._cache.get(key + _GZIP) if key else None
        if compressed is None:
            compressed = gzip.compress(data, compresslevel=5, mtime=0)
            if key:
                self._cache.put(key + _GZIP, compressed, len(compressed))
        return bytes(compressed)


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
