"""`/sparql`: SPARQL 1.1 Protocol, query operation; in a browser the form."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from kg.errors import KgError, QueryError, Refused, UnsupportedBody
from kg.queries import pick
from kg.results import GRAPHS, TABLES, Solutions, formats_for, serialise, serialise_triples
from kg.sparql import answer, with_prefixes
from kg.web.negotiation import choose, wants_html
from kg.web.pages import site

blueprint = Blueprint("sparql", __name__)
_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_SHOWN: Final = 1000


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query sent by GET, form POST or direct POST (SPARQL 1.1 Protocol, section 2.1)."""
    if wants_html(request) and not request.values.get("format"):
        return _page()
    text = _query_text()
    found = answer(
        site().graph.store,
        text,
        default_graphs=_dataset("default-graph-uri"),
        named_graphs=_dataset("named-graph-uri"),
        limits=site().limits,
    )
    form = choose(request, formats_for(found))
    return Response(serialise(found, form, site().graph.prefixes), content_type=form.content_type)


def _dataset(name: str) -> list[str]:
    return request.args.getlist(name) + (request.form.getlist(name) if request.mimetype == _FORM else [])


def _query_text() -> str:
    if request.method == "POST" and request.mimetype == _QUERY:
        try:
            return request.get_data().decode("utf-8")
        except UnicodeDecodeError as error:
            raise QueryError("the body is not UTF-8", hint="encode the query as UTF-8") from error
    if request.mimetype == _UPDATE or "update" in request.values:
        raise Refused("updates are not accepted: this graph is read only", hint="data changes in files, by review")
    if request.method == "POST" and request.mimetype != _FORM:
        kind = request.mimetype or "no content type"
        raise UnsupportedBody(f"a POST with {kind}", hint=f"send {_FORM} with query=, or {_QUERY}")
    queries = (request.form if request.method == "POST" else request.args).getlist("query")
    if len(queries) > 1:
        raise QueryError("several queries in one request", hint="send one query")
    if not queries:
        raise QueryError("no query", hint="send query=SELECT ...")
    return queries[0]


def _page() -> Response:
    text = request.values.get("query", "")
    found: Solutions | None = None
    error: KgError | None = None
    if text.strip():
        try:
            found = answer(site().graph.store, with_prefixes(text, site().graph.prefixes), limits=site().limits)
        except KgError as problem:
            error = problem
    page = render_template(
        "sparql.html",
        query=text or _starter(),
        error=error,
        table=_table(found),
        turtle=_turtle(found),
        formats=GRAPHS if isinstance(found, ox.QueryTriples) else TABLES,
        questions=site().questions,
    )
    return Response(page, status=400 if error else 200, content_type="text/html; charset=utf-8")


def _starter() -> str:
    return pick(site().questions, "examples/01-measures").query


def _table(found: Solutions | None) -> tuple[list[str], list[list[object]], int] | None:
    if isinstance(found, ox.QueryBoolean):
        return ["answer"], [[ox.Literal(bool(found))]], 1
    if not isinstance(found, ox.QuerySolutions):
        return None
    columns = [variable.value for variable in found.variables]
    rows = [[row[name] for name in columns] for row in found]
    return columns, rows[:_SHOWN], len(rows)


def _turtle(found: Solutions | None) -> str | None:
    if not isinstance(found, ox.QueryTriples):
        return None
    return serialise_triples(list(found), GRAPHS[0], site().graph.prefixes).decode()
