"""Content negotiation of Flask's requests: one place for all routes."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Request

from kg.endpoint.http.negotiation import HTML, likes_html, preferred, ranges_of
from kg.errors import NotFound
from kg.queries.formats import GRAPHS, Format, named


def wants_html(request: Request) -> bool:
    """Return whether the client names HTML and likes nothing better."""
    return likes_html(request.headers.get("Accept", ""))


def wants_page(request: Request) -> bool:
    """Return whether a page is the answer where RDF is offered too.

    It is where the client names HTML and likes no RDF syntax better, and where it names none and takes anything, as
    makers of link previews and curl do (`*/*`, or no Accept). Who asks by `format=` wants data.
    """
    if request.values.get("format"):
        return False
    ranges = ranges_of(request.headers.get("Accept", ""))
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
