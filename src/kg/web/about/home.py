"""`/`: what this is, the ways in, what it shows, and how to cite it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyoxigraph as ox
from flask import Blueprint, Response, render_template

from kg.endpoint.protocol import QueryRequest
from kg.files import project_folder
from kg.queries.question import pick
from kg.queries.rows import Rows
from kg.rdf_terms import local_name
from kg.release.changes import read_changes
from kg.web.layout import language, site
from kg.web.responses import ask
from kg.web.things.citation import dataset_citation
from kg.web.things.lists import ways

blueprint = Blueprint("home", __name__)


@dataclass(frozen=True)
class Part:
    """A kind of statement: the slug of the kind, its name, what it means, and how many statements it has."""

    slug: str
    name: str
    meaning: str
    statements: int


@blueprint.get("/")
def home() -> Response:
    """Show the first page."""
    page = render_template(
        "home.html",
        ways=ways(site(), language(), [kind for kind, _ in site().kinds.menu]),
        parts=_parts(),
        questions=site().questions,
        statements=len(site().graph.store),
        things=sum(map(len, site().kinds.members.values())),
        cite=dataset_citation(site(), language()),
        news=next(iter(read_changes(project_folder())), None),
        limits=site().limits.listed,
    )
    return Response(page, content_type="text/html; charset=utf-8")


def _parts() -> list[Part]:
    """Return the kinds of statements, the largest first."""
    found = ask(QueryRequest(pick(site().questions, "graph/graphs").query, prefixed=True))
    counts: Counter[str] = Counter()
    for row in Rows.from_solutions(ox.parse_query_results(found.data, format=ox.QueryResultsFormat.JSON)):
        if row.get("kind"):
            counts[str(row["kind"])] += int(str(row["statements"]))
    lang, name, meaning = language(), site().labels.get, site().definition
    return [
        Part(local_name(kind), name(kind, lang)[0], meaning(kind, lang), count) for kind, count in counts.most_common()
    ]
