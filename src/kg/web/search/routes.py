"""`/search`: things and questions, as a page that needs no JavaScript, or as JSON; suggestions while somebody types."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from flask import Blueprint, Flask, Request, Response, request

from kg.web.context import Context
from kg.web.negotiation import wants_html
from kg.web.responses import send_json, send_page
from kg.web.search.results import Results, find, kind_name, suggestions
from kg.web.site import Site

_MOST: Final = 50
_RESULTS: Final = 20
_SUGGESTIONS: Final = 8
_LONGEST: Final = 200  # Characters of a text that are looked for.


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("search", __name__)

    @blueprint.get("/search")
    def search() -> Response:
        """Find `q=`; `type=` narrows to a class, `limit=` to so many things, `format=json` gives JSON."""
        context, text, kind = Context.from_request(site, request), search_text(request), request.args.get("type", "")
        results = find(site, context.lang, text, kind, _limit(request, _RESULTS))
        if not wants_html(request) or request.args.get("format") == "json":
            return send_json(_payload(text, results, context.lang))
        names = partial(kind_name, site, context.lang)
        return send_page(context, "search.html", q=text, type=kind, results=results, kind_name=names)

    @blueprint.get("/search/suggest")
    def suggest() -> Response:
        """List what `q=` may be the beginning of; `type=` narrows to a class, `limit=` to so many."""
        lang, text = Context.from_request(site, request).lang, search_text(request)
        hits = suggestions(site, lang, text, request.args.get("type", ""), _limit(request, _SUGGESTIONS))
        items = [
            {
                "id": hit.candidate.entry.iri,
                "name": hit.name,
                "label": hit.label,
                "kind": kind_name(site, lang, hit.kind),
                "page": hit.page,
            }
            for hit in hits
        ]
        response = send_json({"q": text, "suggestions": items})
        response.headers["Cache-Control"] = "private, max-age=300"
        return response

    app.register_blueprint(blueprint)


def search_text(request: Request) -> str:
    """Return what `q=` looks for: so much of it as counts, each space once."""
    return " ".join(request.args.get("q", "")[:_LONGEST].split())


def _limit(request: Request, usual: int) -> int:
    return min(max(request.args.get("limit", usual, type=int), 1), _MOST)


def _payload(text: str, results: Results, lang: str) -> dict[str, Any]:
    questions = [
        {
            "name": question.name,
            "title": question.title[lang],
            "page": f"/questions/{question.name}?lang={lang}",
        }
        for question in results.questions
    ]
    return {"q": text, "results": [hit.as_dict() for hit in results.hits], "questions": questions}
