"""Content negotiation (RFC 9110, section 12): one place for all routes."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Request

from kg.results import Format, named, not_acceptable

HTML = "text/html"


def wants_html(request: Request) -> bool:
    """Return whether the client names HTML and likes nothing better."""
    qualities = {value.lower(): quality for value, quality in request.accept_mimetypes}
    return HTML in qualities and 0 < qualities[HTML] >= max(qualities.values())


def choose(request: Request, formats: Sequence[Format]) -> Format:
    """Return the format that the client asks for, by `format=` or Accept; without either, the first.

    Raises:
        NotAcceptable: none fits; the hint names what is offered.

    """
    offered = tuple(formats)
    asked = request.values.get("format")
    if asked:
        found = named(asked, offered)
        if found is None:
            raise not_acceptable(asked, offered)
        return found
    if not request.accept_mimetypes:
        return offered[0]
    best = max(offered, key=lambda form: _quality(request, form))
    if _quality(request, best) <= 0:
        raise not_acceptable(str(request.accept_mimetypes), offered)
    return best


def _quality(request: Request, form: Format) -> float:
    """Return how much the client likes a format; an alias counts only where it is named, not by wildcard."""
    accept = request.accept_mimetypes
    named_types = {value.lower(): quality for value, quality in accept}
    return max(accept.quality(form.media_type), *(named_types.get(alias, 0) for alias in ("", *form.aliases)))
