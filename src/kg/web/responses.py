"""Results as responses: what was asked strictly read, answered by the engine or the cache, sent with its tags."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import Final
from urllib.parse import parse_qsl

from flask import Response, request

from kg.endpoint.http.request_record import CACHED, HEAVY, LIGHT, RequestRecord, record_of
from kg.endpoint.http.response_cache import wants_fresh
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, QueryError
from kg.queries.formats import GRAPHS, TABLES
from kg.web.layout import site

_BAD_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FIELDS: Final = 200
_LONG: Final = ("timeout", "heavy", "memory")  # Limits that a light query does not reach.
_FORMS: Final = {form.name: form for form in (*TABLES, *GRAPHS)}


def arguments(raw: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a query string or form, strictly read.

    Raises:
        QueryError: broken percent-encoding, not UTF-8, a NUL, or too many pairs.

    """
    if _BAD_PERCENT.search(raw):
        raise QueryError("a % is not followed by two hexadecimal digits", hint="percent-encode the value")
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=_FIELDS
        )
    except UnicodeDecodeError as error:
        raise QueryError("the parameters are not UTF-8", hint="encode them as UTF-8") from error
    except ValueError as error:
        raise QueryError(f"more than {_FIELDS} parameters", hint="send fewer") from error
    if any("\0" in name + value for name, value in pairs):
        raise QueryError("a parameter holds a NUL", hint="leave the character out")
    return pairs


def ask(asked: QueryRequest, seconds: float | None = None) -> QueryResult:
    """Return an answer from the cache or the engine; it is kept for the next who asks.

    Raises:
        KgError: as the engine.

    """
    cache, record = site().cache, record_of(request.environ)
    record.key, record.query = asked.key, asked
    found: QueryResult | None = None if wants_fresh(request.environ) else cache.get(asked.key)
    if found is None:
        found = _answer(asked, seconds, record)
        cache.put(asked.key, found, len(found.data))
    else:
        record.effort = CACHED
    record.result = found
    return found


def _answer(asked: QueryRequest, seconds: float | None, record: RequestRecord) -> QueryResult:
    is_gone: Callable[[], bool] = request.environ.get("kg.client_gone", _stays)
    try:
        found = site().engine.query(asked, client=request.remote_addr or "", seconds=seconds, is_gone=is_gone)
    except KgError as error:
        record.limit, record.effort = error.limit, HEAVY if error.limit in _LONG else LIGHT
        raise
    record.effort = HEAVY if found.heavy else LIGHT
    return found


def _stays() -> bool:
    return False


def send(asked: QueryRequest, seconds: float | None = None) -> Response:
    """Return an answer as a response with entity tag (RFC 9110, section 8.8.3), from data version, query and format.

    The tag is weak: without ORDER BY, the order of rows may differ from answer to answer.
    """
    found = ask(asked, seconds)
    response = Response(found.data, content_type=_FORMS[found.format].content_type)
    tag = blake2b(asked.key + site().data_version.encode() + found.format.encode(), digest_size=12).hexdigest()
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    request.environ["kg.result_key"] = asked.key
    return response
