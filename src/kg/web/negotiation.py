"""Content negotiation (RFC 9110, section 12): one place for all routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from flask import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from kg.errors import NotFound
from kg.queries.formats import GRAPHS, Format, named, not_acceptable

HTML: Final = "text/html"
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


def wants_page(request: Request) -> bool:
    """Return whether a page is the answer where RDF is offered too.

    It is where the client names HTML and likes no RDF syntax better, and where it names none and takes anything, as
    makers of link previews and curl do (`*/*`, or no Accept). Who asks by `format=` wants data.
    """
    if request.values.get("format"):
        return False
    ranges = accepted(request)
    named = max(ranges.get(name, 0.0) for form in GRAPHS for name in (form.media_type, *form.aliases))
    if HTML in ranges:
        return 0 < ranges[HTML] >= named
    anything = next((ranges[name] for name in ("text/*", "*/*") if name in ranges), float(not ranges))
    return not named and anything > 0


def choose(request: Request, formats: Sequence[Format]) -> Format:
    """Return the format that the client asks for, by `format=` or Accept; without either, the first.

    Raises:
        NotAcceptable: none fits; the hint names what is offered.

    """
    return preferred(request.headers.get("Accept", ""), request.values.get("format", ""), tuple(formats))


def page_or_graph(request: Request, suffix: str) -> Format | None:
    """Return the RDF syntax that a suffix names or that the client asks for, or None where that is a page.

    Raises:
        NotFound: no form has that suffix.
        NotAcceptable: as in `choose`.

    """
    if suffix == "html" or (not suffix and wants_page(request)):
        return None
    return graph_format(request, suffix)


def graph_format(request: Request, suffix: str) -> Format:
    """Return the RDF syntax that a suffix names, or without one that the client asks for; errors as above."""
    if not suffix:
        return choose(request, GRAPHS)
    form = named(suffix, GRAPHS)
    if form is None:
        raise NotFound(f"no form called .{suffix[:80]}", hint="use .html .ttl .jsonld .nt or .rdf")
    return form


def preferred(accept: str, asked: str, offered: tuple[Format, ...]) -> Format:
    """Return the format of those offered that is `asked`, or else the one that an Accept header likes best.

    Raises:
        NotAcceptable: as in `choose`.

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
