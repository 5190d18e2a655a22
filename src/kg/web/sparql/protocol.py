"""`/sparql`: SPARQL 1.1 Protocol, query operation; without a query a form in browsers, else the service description."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.endpoint.http.negotiation import likes_html
from kg.endpoint.http.proxies import UNKNOWN_HOST
from kg.endpoint.http.reply import Reply
from kg.endpoint.http.request_record import record_of
from kg.endpoint.http.response_cache import REPLY
from kg.endpoint.http.sparql_protocol import Operation
from kg.endpoint.protocol import QueryRequest, QueryResult
from kg.endpoint.workers import SHORT
from kg.errors import KgError
from kg.languages import LANGUAGES
from kg.queries.formats import GRAPHS, TABLES
from kg.queries.question import pick
from kg.web.context import Context
from kg.web.errors import reply_or_error
from kg.web.layout import with_headers
from kg.web.responses import ask, reply_to, run_on_loop, send_answer, send_page
from kg.web.site import Site
from kg.web.sparql.editor import bundle_version, is_built, policy, setting
from kg.web.sparql.service_description import describe
from kg.web.sparql.term_warnings import help_links, warnings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_PATH: Final = "/sparql"
_ROWS: Final = 1000
_TURTLE: Final = GRAPHS[0].name


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("sparql", __name__)

    @blueprint.route(_PATH, methods=["GET", "POST"])
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
    response.headers.extend(help_links(context.site, query.text))
    return response


async def reply_ahead(site: Site, environ: WSGIEnvironment) -> bool:
    """Make the reply to a query on the event loop, without Flask, and return whether there is one.

    Not where that could take long: a thread reads long queries, and looks for terms that are like a wrong one. What is
    no query, or is wrong in itself, Flask answers, and pages.
    """
    method, accept = environ["REQUEST_METHOD"], environ.get("HTTP_ACCEPT", "")
    if environ["PATH_INFO"] != _PATH or likes_html(accept) or not _is_short(site, environ):
        return False
    raw, body = environ["QUERY_STRING"].encode("latin-1"), environ["wsgi.input"].getvalue()
    try:
        asked = Operation(method, raw, accept, environ.get("CONTENT_TYPE", ""), body)
        query, seconds = asked.query(), asked.seconds
    except KgError:
        return False
    record = record_of(environ)
    record.kind, record.route = "query", _PATH
    reply = await reply_or_error(record, _reply(site, environ, query, seconds))
    environ[REPLY] = with_headers(reply)
    return True


def _is_short(site: Site, environ: WSGIEnvironment) -> bool:
    """Return whether a request names a known host, and is short enough to be read at once."""
    limits, length = site.limits, int(environ.get("CONTENT_LENGTH") or 0)
    fits = len(environ["QUERY_STRING"]) <= min(SHORT, limits.url) and length <= min(SHORT, limits.body)
    return (
        fits and environ["REQUEST_METHOD"] in ("GET", "POST") and UNKNOWN_HOST not in environ and "HTTP_HOST" in environ
    )


async def _reply(site: Site, environ: WSGIEnvironment, query: QueryRequest, seconds: float | None) -> Reply:
    reply = reply_to(site, environ, query, await run_on_loop(site, environ, query, seconds))
    if site.term_use.may_have_unused(query.text):
        find = partial(help_links, site, query.text)
        reply.headers.extend(find() if site.term_use.knows(query.text) else await asyncio.to_thread(find))
    return reply


def _starter(query: str, lang: str) -> str:
    """Return a query with names and comments in a language; a comment begins with that of its own, as `# nl: `."""
    others = tuple(f"# {other}: " for other in LANGUAGES if other != lang)
    kept = (line for line in query.splitlines(keepends=True) if not line.startswith(others))
    return "".join(kept).replace(f"# {lang}: ", "# ").replace('"nl"', f'"{lang}"')


def _page(context: Context, asked: Operation) -> Response:
    site, text = context.site, next(iter(asked.values("query")), "")
    answer: QueryResult | None = None
    error: KgError | None = None
    if text.strip():
        try:
            answer = ask(context, QueryRequest(text, prefixed=True, preview_rows=_ROWS), asked.seconds)
        except KgError as problem:
            error = problem
    starter = _starter(pick(site.questions, "examples/01-measures").query, context.lang)
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
