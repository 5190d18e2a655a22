"""`/`: what this is, what is in it, and a form to ask."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from kg.queries import pick
from kg.rows import Rows
from kg.sparql import answer, with_prefixes
from kg.web.pages import site

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def home() -> Response:
    """Show the first page."""
    counts = _rows("graph/classes")
    page = render_template("home.html", counts=counts, graphs=_rows("graph/graphs"), questions=site().questions)
    return Response(page, content_type="text/html; charset=utf-8")


def _rows(name: str) -> Rows:
    query = with_prefixes(pick(site().questions, name).query, site().graph.prefixes)
    return Rows.of(answer(site().graph.store, query))
