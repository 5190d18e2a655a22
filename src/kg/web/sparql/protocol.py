"""`/sparql`: SPARQL 1.1 Protocol, query operation; in a browser the form; for RDF clients the service description."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, NotAcceptable, QueryError, Refused, UnsupportedBody
from kg.queries.formats import GRAPHS, TABLES, Format, serialise_triples
from kg.queries.question import pick
from kg.web.errors import status_of
from kg.web.layout import site
from kg.web.negotiation import accepted, choose, preferred, wants_html
from kg.web.responses import arguments, ask, send
from kg.web.sparql.editor import bundle_version, is_built, policy, setting
from kg.web.sparql.service_description import PREFIXES, describe

blueprint = Blueprint("sparql", __name__)
_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_SHOWN: Final = 1000
_RDF: Final = {form.media_type for form in GRAPHS}
Pairs = list[tuple[str, str]]


@blueprint.route("/sparql", methods=["GET", "POST"])
def sparql() -> Response:
    """Answer a query sent by GET, form POST or direct POST (SPARQL 1.1 Protocol, section 2.1)."""
    in_url, in_form = arguments(request.query_string), _form()
    given = in_url + in_form
    if wants_html(request) and not _values(given, "format"):
        return _page(given)
    if request.method == "GET" and not _values(given, "query") and _names_rdf():
        return _description()
    asked = QueryRequest(
        text=_query_text(in_url, in_form),
        default_graphs=tuple(_values(given, "default-graph-uri")),
        named_graphs=tuple(_values(given, "named-graph-uri")),
        table=_chosen(given, TABLES),
        graph=_chosen(given, GRAPHS),
        accept=_format(given) or request.headers.get("Accept", ""),
    )
    return send(asked, _seconds(given))


def _form() -> Pairs:
    return arguments(request.get_data()) if request.method == "POST" and request.mimetype == _FORM else []


def _values(pairs: Pairs, name: str) -> list[str]:
    return [value for key, value in pairs if key == name]


def _format(given: Pairs) -> str:
    return next(iter(_values(given, "format")), "")


def _chosen(given: Pairs, offered: tuple[Format, ...]) -> str:
    """Return the format that the client prefers among some, or nothing: which are needed, the query decides."""
    try:
        return preferred(request.headers.get("Accept", ""), _format(given), offered).name
    except NotAcceptable:
        return ""


def _seconds(given: Pairs) -> float | None:
    """Return the time that the client allows, in seconds; it can only lower the limit."""
    asked = _values(given, "timeout")
    if not asked:
        return None
    try:
        seconds = float(asked[-1])
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise QueryError("timeout= is no number of seconds", hint="for example timeout=2.5")
    return seconds


def _query_text(in_url: Pairs, in_form: Pairs) -> str:
    in_body = request.method == "POST" and request.mimetype == _QUERY
    if request.mimetype == _UPDATE or _values(in_url + in_form, "update"):
        raise Refused("updates are not accepted: this graph is read only", hint="data changes in files, by review")
    if request.method == "POST" and request.mimetype not in (_FORM, _QUERY):
        kind = request.mimetype or "no content type"
        raise UnsupportedBody(f"a POST with {kind}", hint=f"send {_FORM} with query=, or {_QUERY}")
    queries = _values(in_url + in_form, "query")
    if len(queries) + in_body > 1:
        raise QueryError("several queries in one request", hint="send one query, in the URL or in the body")
    if in_body:
        return _body()
    if not queries or (request.method == "POST" and not _values(in_form, "query")):
        raise QueryError("no query", hint="send query=SELECT ...")
    return queries[0]


def _body() -> str:
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedBody("the body is not in UTF-8", hint="encode the query as UTF-8 (section 2.1.3)")
    try:
        text = request.get_data().decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError("the body is not UTF-8", hint="encode the query as UTF-8") from error
    if "\0" in text:
        raise QueryError("the query holds a NUL", hint="leave the character out")
    return text


def _names_rdf() -> bool:
    named = {media for media, quality in accepted(request).items() if quality > 0}
    return bool(named & _RDF) or request.args.get("format") in {form.name for form in GRAPHS}


def _description() -> Response:
    form = choose(request, GRAPHS)
    triples = describe(request.base_url, site().graph, site().limits)
    return Response(serialise_triples(triples, form, PREFIXES), content_type=form.content_type)


def _page(given: Pairs) -> Response:
    text = (_values(given, "query") or [""])[0]
    found: QueryResult | None = None
    error: KgError | None = None
    if text.strip():
        try:
            found = ask(QueryRequest(text, prefixed=True, preview_rows=_SHOWN), _seconds(given))
        except KgError as problem:
            error = problem
    built = is_built()
    told = setting(text, _starter(), error) if built else None
    page = render_template(
        "sparql.html",
        editor=told,
        bundle=bundle_version() if built else "",
        query=text or _starter(),
        error=error,
        table=_table(found),
        turtle=found.data.decode() if found and found.format == GRAPHS[0].name else None,
        cut=bool(found and found.rows > _SHOWN),
        formats=GRAPHS if found and found.format == GRAPHS[0].name else TABLES,
        themes=site().themes.group(site().questions.values()),
        limits=site().limits.listed,
    )
    response = Response(page, status=status_of(error) if error else 200, content_type="text/html; charset=utf-8")
    if told:
        response.headers["Content-Security-Policy"] = policy(told["nonce"])
        response.headers["Cache-Control"] = "private, no-cache"  # Who comes back finds the answers as they were.
    if error:
        response.headers["Cache-Control"] = "no-store"
        if error.retry is not None:
            response.headers["Retry-After"] = str(error.retry)
    return response


def _starter() -> str:
    return pick(site().questions, "examples/01-measures").query


def _table(found: QueryResult | None) -> tuple[list[str], list[list[object]], int] | None:
    if found is None or found.format != TABLES[0].name:
        return None
    read = ox.parse_query_results(found.data, format=ox.QueryResultsFormat.JSON)
    if isinstance(read, ox.QueryBoolean):
        return ["answer"], [[ox.Literal(bool(read))]], 1
    columns = [variable.value for variable in read.variables]
    return columns, [[row[name] for name in columns] for row in read], found.rows
