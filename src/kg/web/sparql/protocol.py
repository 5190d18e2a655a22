"""`/sparql`: SPARQL 1.1 Protocol, query operation; without a query a form in browsers, else the service description."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.endpoint.http.sparql_protocol import Operation
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError
from kg.queries.formats import GRAPHS, TABLES
from kg.queries.question import pick
from kg.web.context import Context
from kg.web.responses import ask, send_answer, send_page
from kg.web.site import Site
from kg.web.sparql.editor import bundle_version, is_built, policy, setting
from kg.web.sparql.service_description import describe
from kg.web.sparql.term_warnings import help_links, warnings

_ROWS: Final = 1000
_TURTLE: Final = GRAPHS[0].name


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("sparql", __name__)

    @blueprint.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        """Answer a query sent by GET, form POST or direct POST (SPARQL 1.1 Protocol, section 2.1)."""
        return _answer(Context.from_request(site, request))

    app.register_blueprint(blueprint)


def _answer(context: Context) -> Response:
    request = context.request
    accept, content_type = request.headers.get("Accept", ""), request.headers.get("Content-Type", "")
    body = request.get_data() if request.method == "POST" else b""
    asked = Operation(request.method, request.query_string, accept, content_type, body)
    if asked.wants_page:
        return _page(context, asked)
    seconds = asked.seconds
    if form := asked.description:
        return Response(describe(context.site, request.base_url, form), content_type=form.content_type)
    query = asked.query()
    response = send_answer(context, query, seconds)
    response.headers.extend([("Link", link) for link in help_links(context.site, query.text)])
    return response


def _page(context: Context, asked: Operation) -> Response:
    site, text = context.site, next(iter(asked.values("query")), "")
    answer: QueryResult | None = None
    error: KgError | None = None
    if text.strip():
        try:
            answer = ask(context, QueryRequest(text, prefixed=True, preview_rows=_ROWS), asked.seconds)
        except KgError as problem:
            error = problem
    starter = pick(site.questions, "examples/01-measures").query.replace('"nl"', f'"{context.lang}"')
    built, is_graph = is_built(), bool(answer and answer.format == _TURTLE)
    editor = setting(context, text, starter, error) if built else None
    response = send_page(
        context,
        "sparql.html",
        error,
        editor=editor,
        bundle=bundle_version() if built else "",
        query=text or starter,
        table=_table(answer),
        turtle=answer.data.decode() if answer and is_graph else None,
        warnings=warnings(context, text) if answer else [],
        cut=bool(answer and answer.rows > _ROWS),
        formats=GRAPHS if is_graph else TABLES,
        themes=site.themes.group(site.questions.values()),
        limits=site.limits.listed,
    )
    if editor:
        response.headers["Content-Security-Policy"] = policy(editor["nonce"])
        # Who comes back finds the answers as they were.
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _table(answer: QueryResult | None) -> tuple[list[str], list[list[object]], int] | None:
    if answer is None or answer.format != TABLES[0].name:
        return None
    rows = ox.parse_query_results(answer.data, format=ox.QueryResultsFormat.JSON)
    if isinstance(rows, ox.QueryBoolean):
        return ["answer"], [[ox.Literal(bool(rows))]], 1
    columns = [variable.value for variable in rows.variables]
    return columns, [[row[name] for name in columns] for row in rows], answer.rows
