"""`/accessibility`: what the pages promise to everyone, how that is checked, and what is known to fall short."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Flask, Response, request

from kg.web.context import Context
from kg.web.layout import message
from kg.web.responses import send_page
from kg.web.site import Site

_PARTS: Final = {
    "access_works": "access_works_is",
    "access_checked": "access_checked_is",
    "access_short": "access_short_is",
}


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("accessibility", __name__)

    @blueprint.get("/accessibility")
    def statement() -> Response:
        """Show the accessibility statement."""
        context = Context.from_request(site, request)
        lang = context.lang
        parts = [(key, message(key, lang), message(lines, lang).split("; ")) for key, lines in _PARTS.items()]
        report = site.address.report_link("", message("access_title", lang), message("access_report", lang))
        return send_page(context, "accessibility.html", parts=parts, report=report)

    app.register_blueprint(blueprint)
