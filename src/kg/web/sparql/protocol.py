"""`/sparql`: SPARQL 1.1 Protocol, query operation; without a query a form in browsers, else the service description."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Request, Response, request

from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.errors import KgError, NotAcceptable, QueryError, Refused, UnsupportedBody
from kg.queries.formats import GRAPHS, TABLES, Format, named
from kg.queries.question import pick
from kg.web.context import Context
from kg.web.negotiation import accepted, choose, preferred, wants_html
from kg.web.responses import arguments, ask, send_answer, send_page
from kg.web.site import Site
from kg.web.sparql.editor import bundle_version, is_built, policy, setting
from kg.web.sparql.service_description import describe
from kg.web.sparql.term_warnings import link_help, warnings

_FORM: Final = "application/x-www-form-urlencoded"
_QUERY: Final = "application/sparql-query"
_UPDATE: Final = "application/sparql-update"
_ROWS: Final = 1000
_TURTLE: Final = GRAPHS[0].name
_RDF: Final = {form.media_type for form in GRAPHS}
_ROWS_TYPES: Final = {form.media_type for form in TABLES}
Pairs = list[tuple[str, str]]


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
    in_url, in_form = arguments(request.query_string), _form(request)
    pairs = in_url + in_form
    if wants_html(request) and not _values(pairs, "format"):
        return _page(context, pairs)
    seconds = _seconds(pairs)
    if request.method in ("GET", "HEAD") and not _asks(pairs) and _takes_rdf(request):
        form = choose(request, GRAPHS)
        return Response(describe(context.site, request.base_url, form), content_type=form.content_type)
    accept = request.headers.get("Accept", "")
    query = QueryRequest(
        text=_query_text(request, in_url, in_form),
        default_graphs=tuple(_values(pairs, "default-graph-uri")),
        named_graphs=tuple(_values(pairs, "named-graph-uri")),
        table=_preferred(accept, pairs, TABLES),
        graph=_preferred(accept, pairs, GRAPHS),
        accept=_format(pairs) or accept,
    )
    response = send_answer(context, query, seconds)
    link_help(context, response, query.text)
    return response


def _form(request: Request) -> Pairs:
    return arguments(request.get_data()) if request.method == "POST" and request.mimetype == _FORM else []


def _asks(pairs: Pairs) -> bool:
    return any(name in ("query", "update") for name, _ in pairs)


def _values(pairs: Pairs, name: str) -> list[str]:
    return [value for key, value in pairs if key == name]


def _format(pairs: Pairs) -> str:
    return next(iter(_values(pairs, "format")), "")


def _preferred(accept: str, pairs: Pairs, offered: tuple[Format, ...]) -> str:
    """Return the format that the client prefers among some, or nothing: which are needed, the query decides."""
    try:
        return preferred(accept, _format(pairs), offered).name
    except NotAcceptable:
        return ""


def _seconds(pairs: Pairs) -> float | None:
    """Return the time that the client allows, in seconds; it can only lower the limit."""
    values = _values(pairs, "timeout")
    if not values:
        return None
    try:
        seconds = float(values[-1])
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise QueryError("timeout= is no number of seconds", hint="for example timeout=2.5")
    return seconds


def _query_text(request: Request, in_url: Pairs, in_form: Pairs) -> str:
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
        return _body(request)
    if not queries or (request.method == "POST" and not _values(in_form, "query")):
        raise QueryError("no query", hint="send query=SELECT ...")
    return queries[0]


def _body(request: Request) -> str:
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedBody("the body is not in UTF-8", hint="encode the query as UTF-8 (section 2.1.3)")
    try:
        text = request.get_data().decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError("the body is not UTF-8", hint="encode the query as UTF-8") from error
    if "\0" in text:
        raise QueryError("the query holds a NUL", hint="leave the character out")
    return text


def _takes_rdf(request: Request) -> bool:
    """Return whether a client without a query takes RDF: it names a syntax, or takes anything and names no other."""
    if name := request.args.get("format"):
        return named(name, GRAPHS) is not None
    ranges = {media_type for media_type, quality in accepted(request).items() if quality > 0}
    return bool(ranges & _RDF) or not accepted(request) or ("*/*" in ranges and not ranges & _ROWS_TYPES)


def _page(context: Context, pairs: Pairs) -> Response:
    site, text = context.site, (_values(pairs, "query") or [""])[0]
    answer: QueryResult | None = None
    error: KgError | None = None
    if text.strip():
        try:
            answer = ask(context, QueryRequest(text, prefixed=True, preview_rows=_ROWS), _seconds(pairs))
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
