"""What metrics and logs learn of a request; it is filled in on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Final

from kg.endpoint.protocol import QueryRequest, QueryResult

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEY: Final = "kg.request_record"
CACHED, LIGHT, HEAVY = "cached", "light", "heavy"


@dataclass(slots=True)
class RequestRecord:
    """A request as it is counted and logged.

    Attributes:
        kind: of request; one of few.
        route: the rule that matched, such as `/id/<kind>`, never the path.
        key: hash of query, dataset and formats.
        query: for the log of slow queries.
        effort: `cached`, `light` or `heavy`, where a query was asked.
        result: of the query, where there is one.
        limit: that the request was over.
        began: when the request was there, whole.

    """

    kind: str = "other"
    route: str = ""
    key: bytes = b""
    query: QueryRequest | None = None
    effort: str = ""
    result: QueryResult | None = None
    limit: str = ""
    began: float = field(default_factory=perf_counter)


def record_of(environ: WSGIEnvironment) -> RequestRecord:
    """Return the record of a request; where nobody counts, one that nobody reads."""
    record: RequestRecord | None = environ.get(_KEY)
    if record is None:
        environ[_KEY] = record = RequestRecord()
    return record
