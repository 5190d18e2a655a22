"""`/`: what this is, the ways in, what it shows, and how to cite it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.endpoint.protocol import QueryRequest
from kg.queries.question import pick
from kg.queries.rows import Rows
from kg.rdf_terms import local_name
from kg.web.about.schema_org import dataset_card
from kg.web.context import Context
from kg.web.questions.charts import chart_of
from kg.web.responses import ask, send_page
from kg.web.site import Site
from kg.web.things.citation import dataset_citation
from kg.web.things.lists import summaries


@dataclass(frozen=True)
class Part:
    """A kind of statement: the slug of the kind, its name, what it means, and how many statements it has."""

    slug: str
    name: str
    meaning: str
    statements: int


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("home", __name__)

    @blueprint.get("/")
    def home() -> Response:
        """Show the first page."""
        context = Context.from_request(site, request)
        return send_page(
            context,
            "home.html",
            kinds=summaries(site, context.lang, [kind for kind, _ in site.kinds.menu]),
            parts=_parts(context),
            questions=site.questions,
            chart_of=partial(chart_of, context),
            dataset_card=dataset_card(context),
            statements=len(site.graph.store),
            things=sum(map(len, site.kinds.members.values())),
            cite=dataset_citation(site, context.lang),
            news=site.news,
            limits=site.limits.listed,
        )

    app.register_blueprint(blueprint)


def _parts(context: Context) -> list[Part]:
    """Return the kinds of statements, the largest first."""
    answer = ask(context, QueryRequest(pick(context.site.questions, "graph/graphs").query, prefixed=True))
    counts: Counter[str] = Counter()
    for row in Rows.from_solutions(ox.parse_query_results(answer.data, format=ox.QueryResultsFormat.JSON)):
        if row.get("kind"):
            counts[str(row["kind"])] += int(str(row["statements"]))
    meaning = context.site.definition
    return [
        Part(local_name(kind), context.label(kind), meaning(kind, context.lang), count)
        for kind, count in counts.most_common()
    ]
