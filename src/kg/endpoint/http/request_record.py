"""What is told of a request to those who count and log; it is filled in on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kg.endpoint.protocol import Answered, Asked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KEY: Final = "kg.note"
CACHED, LIGHT, HEAVY = "cached", "light", "heavy"


@dataclass(slots=True)
class Note:
    """A request as it is counted and logged.

    Attributes:
        kind: of request; one of few.
        route: the rule that matched, such as `/id/<kind>`, never the path.
        key: hash of query, dataset and formats.
        asked: the query, for the log of slow queries.
        effort: `cached`, `light` or `heavy`, where a query was asked.
        answered: the result, where there is one.
        limit: that the request was over.

    """

    kind: str = "other"
    route: str = ""
    key: bytes = b""
    asked: Asked | None = None
    effort: str = ""
    answered: Answered | None = None
    limit: str = ""


def note_of(environ: WSGIEnvironment) -> Note:
    """Return the note of a request; where nobody counts, one that nobody reads."""
    found: Note = environ.setdefault(_KEY, Note())
    return found
