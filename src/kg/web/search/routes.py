"""`/search`: things and questions, as a page that needs no JavaScript, or as JSON; suggestions while somebody types."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from kg.web.layout import language
from kg.web.negotiation import wants_html
from kg.web.search.results import begun, find, kind_name

blueprint = Blueprint("search", __name__)
_MOST: Final = 50
_SHOWN: Final = 20
_SUGGESTED: Final = 8
_LONGEST: Final = 200


@blueprint.get("/search")
def search() -> Response:
    """Find `q=`; `type=` narrows to a class, `limit=` to so many things, `format=json` gives JSON."""
    text, kind = _text(), request.args.get("type", "")
    found = find(text, kind, _limit(_SHOWN))
    if wants_html(request) and request.args.get("format") != "json":
        page = render_template("search.html", q=text, type=kind, found=found, kind_name=kind_name)
        return Response(page, content_type="text/html; charset=utf-8")
    lang = language()
    questions = [
        {"name": one.name, "title": one.title[lang], "page": f"/questions/{one.name}?lang={lang}"}
        for one in found.questions
    ]
    return _json({"q": text, "results": [hit.told for hit in found.hits], "questions": questions})


@blueprint.get("/search/suggest")
def suggest() -> Response:
    """Tell what `q=` may be the beginning of; `type=` narrows to a class, `limit=` to so many."""
    hits = begun(_text(), request.args.get("type", ""), _limit(_SUGGESTED))
    told = [
        {"id": hit.found.entry.iri, "name": hit.name, "label": hit.label, "kind": kind_name(hit.kind), "page": hit.page}
        for hit in hits
    ]
    response = _json({"q": _text(), "suggestions": told})
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


def _text() -> str:
    return " ".join(request.args.get("q", "")[:_LONGEST].split())


def _limit(usual: int) -> int:
    return min(max(request.args.get("limit", usual, type=int), 1), _MOST)


def _json(body: Any) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json")
