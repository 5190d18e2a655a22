"""`/`: what this is, what is in it, and a form to ask."""

from __future__ import annotations

import pyoxigraph as ox
from flask import Blueprint, Response, render_template

from kg.pool.frames import Asked
from kg.queries import pick
from kg.rows import Rows
from kg.web.pages import site
from kg.web.results import ask

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def home() -> Response:
    """Show the first page."""
    counts = _rows("graph/classes")
    page = render_template(
        "home.html",
        counts=counts,
        graphs=_rows("graph/graphs"),
        questions=site().questions,
        limits=site().limits.listed,
    )
    return Response(page, content_type="text/html; charset=utf-8")


def _rows(name: str) -> Rows:
    found = ask(Asked(pick(site().questions, name).query, prefixed=True))
    return Rows.of(ox.parse_query_results(found.data, format=ox.QueryResultsFormat.JSON))
