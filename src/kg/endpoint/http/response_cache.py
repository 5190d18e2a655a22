"""What stands before the application: known responses, 304, gzip."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header, parse_etags, unquote_etag

from kg.endpoint.http.cache import Cache
from kg.endpoint.http.proxies import UNKNOWN_HOST
from kg.endpoint.http.reply import Reply
from kg.endpoint.http.request_record import CACHED, record_of
from kg.endpoint.protocol import QueryResult

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_PATH: Final = "/sparql"
_LEAST, _MOST = 512, 8 << 20  # Bytes between which compressing pays.
_SMALL, _LARGE = 16 << 10, 1 << 20  # Bytes up to which the event loop compresses a reply, and sends it as it is.
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


class ResponseCache:
    """The application behind its cache.

    A library compresses each response anew, in the thread that sends it; here the compressed bytes are kept as well, so
    that the event loop can answer from the cache.

    Arguments:
        app: the application; it leaves the key of a result in `environ["kg.result_key"]`. It is not asked where
            a reply is in `environ["kg.reply"]`.
        cache: holds the results, and for each GET the key of its result and the headers that go with it.

    """

    def __init__(self, app: WSGIApplication, cache: Cache) -> None:
        self._app, self._cache = app, cache

    def respond(self, environ: WSGIEnvironment) -> Reply:
        """Return a response from the cache, or of the application."""
        request_key, key, reply = environ.pop(_LOOKED_UP, None) or self._look_up(environ)
        if not reply:
            reply = environ.pop(REPLY, None) or Reply.from_wsgi(self._app, environ)
            key = environ.get("kg.result_key", b"")
            if request_key and key and reply.status == HTTPStatus.OK:
                size = sum(len(name) + len(value) for name, value in reply.headers)
                self._cache.put(request_key, (key, reply.headers), size)
        return self._finish(environ, reply, key)

    def holds(self, environ: WSGIEnvironment) -> bool:
        """Return whether the response to a request is at hand, with nothing left to do but to send it."""
        environ[_LOOKED_UP] = _, key, reply = self._look_up(environ)
        return reply is not None and (not _is_compressed(environ, reply) or self._cache.get(key + _GZIP) is not None)

    def sends_at_once(self, environ: WSGIEnvironment) -> bool:
        """Return whether the event loop sends the reply that was made ahead: it is short, or is not compressed."""
        reply: Reply = environ[REPLY]
        return len(reply.body) < _SMALL or (len(reply.body) < _LARGE and not _is_compressed(environ, reply))

    def _look_up(self, environ: WSGIEnvironment) -> tuple[bytes, bytes, Reply | None]:
        """Return a hash of all that the response may depend on, the key of the result, and both as they were kept."""
        if (
            environ.get("PATH_INFO") != _PATH
            or environ["REQUEST_METHOD"] not in ("GET", "HEAD")
            or "HTTP_HOST" not in environ
            or UNKNOWN_HOST in environ
        ):
            return b"", b"", None
        parts = environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT", "")
        request_key = blake2b(repr(parts).encode(), digest_size=20).digest()
        key, headers = (not wants_fresh(environ) and self._cache.get(request_key)) or (b"", [])
        result: QueryResult | None = self._cache.get(key) if key else None
        if result is None:
            return request_key, key, None
        record = record_of(environ)
        record.kind, record.route, record.effort = "query", _PATH, CACHED
        record.key, record.result = key, result
        return request_key, key, Reply(200, headers, result.data)

    def _finish(self, environ: WSGIEnvironment, reply: Reply, key: bytes) -> Reply:
        """Return 304 where the client has it (RFC 9110, section 13.1.2), compressed bytes where it accepts them."""
        if reply.status == HTTPStatus.OK and _is_unmodified(environ, reply):
            return Reply(304, [header for header in reply.headers if header[0].lower() not in _REPRESENTATION], b"")
        if environ["REQUEST_METHOD"] == "HEAD":
            return replace(reply, body=b"")
        if not _is_compressed(environ, reply):
            return reply
        data = self._compressed(reply.body, key)
        headers = [header for header in reply.headers if header[0].lower() != "content-length"]
        return Reply(reply.status, [*headers, ("Content-Encoding", "gzip"), ("Content-Length", str(len(data)))], data)

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


def _is_unmodified(environ: WSGIEnvironment, reply: Reply) -> bool:
    """Return whether If-None-Match names the entity tag; the comparison is weak (RFC 9110, section 8.8.3.2)."""
    tags = environ.get("HTTP_IF_NONE_MATCH", "")
    if not tags or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return False
    etag = reply.header("etag")
    return bool(etag) and parse_etags(tags).contains_weak(unquote_etag(etag)[0])


def _is_compressed(environ: WSGIEnvironment, reply: Reply) -> bool:
    """Return whether a response is sent compressed."""
    return (
        _LEAST <= len(reply.body) <= _MOST
        and environ["REQUEST_METHOD"] != "HEAD"
        and _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")[:_USUAL].lower())
        and reply.header("content-type").startswith(_COMPRESSED)
        and not reply.header("content-encoding")
    )


@lru_cache(100)
def _accepts_gzip(header: str) -> bool:
    """Return whether gzip has a quality above 0 (RFC 9110, section 12.5.3)."""
    accepted = parse_accept_header(header, Accept)
    return any(name in ("gzip", "x-gzip") and quality > 0 for name, quality in accepted)
