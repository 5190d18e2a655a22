"""`/accessibility`: what the pages promise to everyone, how that is checked, and what is known to fall short."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, render_template

from kg.web.layout import language, site, word

blueprint = Blueprint("accessibility", __name__)
_PARTS: Final = {
    "access_works": "access_works_is",
    "access_checked": "access_checked_is",
    "access_short": "access_short_is",
}


@blueprint.get("/accessibility")
def statement() -> Response:
    """Show the accessibility statement."""
    lang = language()
    parts = [(key, word(key, lang), word(lines, lang).split("; ")) for key, lines in _PARTS.items()]
    report = site().address.report_link("", word("access_title", lang), word("access_report", lang))
    page = render_template("accessibility.html", parts=parts, report=report)
    return Response(page, content_type="text/html; charset=utf-8")
