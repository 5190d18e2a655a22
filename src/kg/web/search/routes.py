"""`/search`: things and questions, as a page that needs no JavaScript, or as JSON; suggestions while somebody types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint, Flask, Request, Response, request

from kg.queries.text_score import MOST_CHARACTERS
from kg.web.context import Context
from kg.web.negotiation import wants_html
from kg.web.responses import count_of, send_json, send_page
from kg.web.search.results import Finder, Results
from kg.web.site import Site

_MOST: Final = 50
_RESULTS: Final = 20
_SUGGESTIONS: Final = 8


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("search", __name__)
    finder = app.extensions["kg.finder"] = Finder(site)
    site.engine.search_with(finder.documents.scores)

    @blueprint.get("/search")
    def search() -> Response:
        """Find `q=`; `type=` narrows to a class, `limit=` to so many things, `format=json` gives JSON."""
        context, text, kind = Context.from_request(site, request), search_text(request), request.args.get("type", "")
        results = finder.find(context.lang, text, kind, count_of(request.args, _RESULTS, _MOST))
        if not wants_html(request) or request.args.get("format") == "json":
            return send_json(_payload(text, results))
        return send_page(context, "search.html", q=text, type=kind, results=results)

    @blueprint.get("/search/suggest")
    def suggest() -> Response:
        """List what `q=` may be the beginning of; `type=` narrows to a class, `limit=` to so many."""
        lang, text = Context.from_request(site, request).lang, search_text(request)
        hits = finder.suggest(lang, text, request.args.get("type", ""), count_of(request.args, _SUGGESTIONS, _MOST))
        names = ("id", "name", "label", "level", "kind", "page")
        items = [{name: getattr(hit, name) for name in names} for hit in hits]
        response = send_json({"q": text, "suggestions": items})
        response.headers["Cache-Control"] = "private, max-age=300"
        return response

    app.register_blueprint(blueprint)


def search_text(request: Request) -> str:
    """Return what `q=` looks for: so much of it as counts, each space once."""
    return " ".join(request.args.get("q", "")[:MOST_CHARACTERS].split())


def _payload(text: str, results: Results) -> dict[str, Any]:
    return {
        "q": text,
        "meant": results.meant,
        "results": [hit.as_dict() for hit in results.hits],
        "more": results.more,
        "facets": [asdict(facet) for facet in results.facets],
    }
