"""Content negotiation (RFC 9110, section 12): one place for all routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from flask import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kg.queries.formats import Format, named, not_acceptable

HTML = "text/html"
_USUAL: Final = 1000  # Characters of an Accept header that is worth remembering.


def accepted(request: Request) -> Mapping[str, float]:
    """Return the media ranges that the client names, in lower case, with their qualities.

    Parameters do not count: every format that we have is sent in one way only, in UTF-8.
    """
    accept = request.headers.get("Accept", "")
    return _ranges(accept) if len(accept) < _USUAL else _ranges.__wrapped__(accept)


def wants_html(request: Request) -> bool:
    """Return whether the client names HTML and likes nothing better."""
    qualities = accepted(request)
    return HTML in qualities and 0 < qualities[HTML] >= max(qualities.values())


def choose(request: Request, formats: Sequence[Format]) -> Format:
    """Return the format that the client asks for, by `format=` or Accept; without either, the first.

    Raises:
        NotAcceptable: none fits; the hint names what is offered.

    """
    return preferred(request.headers.get("Accept", ""), request.values.get("format", ""), tuple(formats))


def preferred(accept: str, asked: str, offered: tuple[Format, ...]) -> Format:
    """Return the format of those offered that is `asked`, or else the one that an Accept header likes best.

    Raises:
        NotAcceptable: as in `choose`.

    """
    if asked:
        found = named(asked, offered)
        if found is None:
            raise not_acceptable(asked, offered)
        return found
    found = _preferred(accept, offered) if len(accept) < _USUAL else _preferred.__wrapped__(accept, offered)
    if found is None:
        raise not_acceptable(accept, offered)
    return found


@lru_cache(maxsize=1000)
def _preferred(accept: str, offered: tuple[Format, ...]) -> Format | None:
    ranges = _ranges.__wrapped__(accept)
    if not ranges:
        return offered[0]
    best = max(offered, key=lambda form: _quality(ranges, form))
    return best if _quality(ranges, best) > 0 else None


@lru_cache(maxsize=1000)
def _ranges(accept: str) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for value, quality in parse_accept_header(accept, MIMEAccept):
        media = value.partition(";")[0].strip().lower()
        found[media] = max(quality, found.get(media, 0.0))
    return found


def _quality(ranges: Mapping[str, float], form: Format) -> float:
    """Return how much the client likes a format; an alias counts only where it is named, not by wildcard."""
    kind = form.media_type.partition("/")[0]
    wildcards = (form.media_type, f"{kind}/*", "*/*")
    own = next((ranges[one] for one in wildcards if one in ranges), 0.0)
    return max(own, *(ranges.get(alias, 0.0) for alias in ("", *form.aliases)))
