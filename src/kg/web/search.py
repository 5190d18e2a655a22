"""`/search`: things by their labels, as a page that needs no JavaScript, or as JSON for completion."""

from __future__ import annotations

import json
from typing import Final

from flask import Blueprint, Response, render_template, request

from kg.link.candidates import Wanted
from kg.link.files import as_dict
from kg.web.lookup import index
from kg.web.negotiation import wants_html
from kg.web.pages import language

blueprint = Blueprint("search", __name__)
_MOST: Final = 50
_SHOWN: Final = 20


@blueprint.get("/search")
def search() -> Response:
    """Find `q=` among the labels; `type=` narrows to a class, `limit=` to so many, `format=json` gives JSON."""
    text, kind = request.args.get("q", "")[:200], request.args.get("type", "")
    limit = min(max(request.args.get("limit", _SHOWN, type=int), 1), _MOST)
    wanted = Wanted(frozenset({kind} if kind else ()))
    found = index().search(text, wanted, limit)
    if wants_html(request) and request.args.get("format") != "json":
        page = render_template("search.html", q=text, found=[(one, one.entry.name(language())) for one in found])
        return Response(page, content_type="text/html; charset=utf-8")
    body = json.dumps({"q": text, "results": [as_dict(one, language()) for one in found]}, ensure_ascii=False)
    return Response(body, content_type="application/json")
