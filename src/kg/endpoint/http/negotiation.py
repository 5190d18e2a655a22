"""Content negotiation (RFC 9110, section 12): the best of what is offered, for an Accept header as it came."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kg.queries.formats import Format, named, not_acceptable

HTML: Final = "text/html"
_USUAL: Final = 1000  # Characters of an Accept header that is worth remembering.


def ranges_of(accept: str) -> Mapping[str, float]:
    """Return the media ranges of an Accept header, in lower case, with their qualities.

    Parameters do not count: every format that we have is sent in one way only, in UTF-8.
    """
    return _ranges(accept) if len(accept) < _USUAL else _ranges.__wrapped__(accept)


def likes_html(accept: str) -> bool:
    """Return whether an Accept header names HTML and likes nothing better."""
    qualities = ranges_of(accept)
    return HTML in qualities and 0 < qualities[HTML] >= max(qualities.values())


def preferred(accept: str, asked: str, offered: tuple[Format, ...]) -> Format:
    """Return the format of those offered that is `asked`, or else the one that an Accept header likes best.

    Raises:
        NotAcceptable: none fits; the hint names what is offered.

    """
    if asked:
        form = named(asked, offered)
    else:
        form = _preferred(accept, offered) if len(accept) < _USUAL else _preferred.__wrapped__(accept, offered)
    if form is None:
        raise not_acceptable(asked or accept, offered)
    return form


@lru_cache(maxsize=1000)
def _preferred(accept: str, offered: tuple[Format, ...]) -> Format | None:
    ranges = _ranges.__wrapped__(accept)
    if not ranges:
        return offered[0]
    best = max(offered, key=lambda form: _quality(ranges, form))
    return best if _quality(ranges, best) > 0 else None


@lru_cache(maxsize=1000)
def _ranges(accept: str) -> Mapping[str, float]:
    qualities: dict[str, float] = {}
    for value, quality in parse_accept_header(accept, MIMEAccept):
        media_type = value.partition(";")[0].strip().lower()
        qualities[media_type] = max(quality, qualities.get(media_type, 0.0))
    return qualities


def _quality(ranges: Mapping[str, float], form: Format) -> float:
    """Return how much the client likes a format; an alias counts only where it is named, not by wildcard."""
    kind = form.media_type.partition("/")[0]
    wildcards = (form.media_type, f"{kind}/*", "*/*")
    own = next((ranges[name] for name in wildcards if name in ranges), 0.0)
    return max(own, *(ranges.get(alias, 0.0) for alias in ("", *form.aliases)))
