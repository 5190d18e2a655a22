"""The Flask application."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Flask, Request, request

from kg.endpoint.engine import Engine, InProcess
from kg.endpoint.http.application import Application
from kg.endpoint.http.cache import Cache
from kg.endpoint.http.logs import RequestLog
from kg.endpoint.http.proxies import UNKNOWN_HOST, Hosts, Networks, TrustedProxies
from kg.endpoint.http.response_cache import ResponseCache
from kg.endpoint.settings import Settings
from kg.endpoint.supervisor import Handover
from kg.errors import QueryError, UnknownHost, UrlTooLong
from kg.files import project_folder
from kg.graph.build import Graph
from kg.labels import Labels
from kg.publications.texts import Texts
from kg.queries.limits import Limits
from kg.queries.question import Question, find_questions
from kg.queries.text_score import Search
from kg.queries.themes import Themes
from kg.tables.column_titles import read_titles
from kg.web import errors, health, layout
from kg.web.about import accessibility, crawlers, downloads, glossary, home, schema_org, shapes
from kg.web.address import Address
from kg.web.assistant import http as assistant
from kg.web.questions import api, charts, docs, openapi, pages
from kg.web.search import career_switch, reconcile, routes
from kg.web.search.documents import Documents
from kg.web.site import Site
from kg.web.sparql import editor, graph_store, protocol
from kg.web.things import diagram_pages, linked_data, lists, read_pages
from kg.web.views import read_views

_MODULES = (
    *(layout, errors, health),
    *(home, accessibility, crawlers, downloads, glossary, schema_org, shapes),
    *(diagram_pages, lists, linked_data, read_pages),
    *(pages, api, charts, openapi, docs),
    *(protocol, editor, graph_store),
    *(routes, reconcile, career_switch, assistant),
)


def create_app(
    graph: Graph,
    questions: Mapping[str, Question],
    settings: Settings | None = None,
    *,
    engine: Engine | None = None,
    data_version: str = "",
    reloads: Handover | None = None,
) -> Flask:
    """Return the application over a built graph; it only reads.

    Arguments:
        graph: the graph to serve.
        questions: the saved questions, shown as examples.
        settings: what an operator sets.
        engine: what answers queries; without one, this process does, without a limit on time.
        data_version: changes with the data; by default a hash of the sources.
        reloads: counts how often new data came.

    """
    site = make_site(graph, questions, settings or Settings(), engine, data_version, reloads)
    settings = site.settings
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = settings.limits.body
    app.extensions["kg"] = site
    app.before_request(lambda: _inspect(request, settings.limits))
    for module in _MODULES:
        module.init_app(app, site)
    cache = ResponseCache(app.wsgi_app, site.cache)
    proxies = TrustedProxies(Networks(settings.trusted_proxy, "--trusted-proxy"), Hosts(settings), site.address.site)
    reply_ahead = partial(protocol.reply_ahead, site)
    application = Application(proxies, cache, reply_ahead, site.metrics, RequestLog(settings))
    app.wsgi_app = app.extensions["kg.application"] = application  # type: ignore[method-assign]
    return app


def _inspect(request: Request, limits: Limits) -> None:
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in request.environ:
        raise QueryError("no Host header", hint="HTTP/1.1 asks for one (RFC 9112, section 3.2)")
    if UNKNOWN_HOST in request.environ:
        hint = "call it by the host of --site, by one of --trusted-host, or from its own machine as localhost"
        raise UnknownHost("the server is not known by the host that the request names", hint=hint)
    length = len(request.query_string)
    if length > limits.url:
        what = f"the query string of the URL has {length:,} bytes; {limits.url:,} are allowed"
        raise UrlTooLong(what, hint="send the query by POST", limit="url")


def make_site(
    graph: Graph,
    questions: Mapping[str, Question],
    settings: Settings,
    engine: Engine | None = None,
    data_version: str = "",
    reloads: Handover | None = None,
) -> Site:
    """Return what the routes read, from the arguments of `create_app`."""
    project = project_folder()
    return Site(
        graph=graph,
        questions=questions,
        settings=settings,
        engine=engine or InProcess(graph.dataset, settings.limits, graph.prefixes),
        data_version=data_version or graph.data_version,
        labels=Labels(graph.store),
        cache=Cache(settings.cache),
        texts=Texts.read(settings.text, graph.store).quotable,
        views=read_views(project / "views"),
        address=Address(settings.site.rstrip("/"), settings.report),
        themes=Themes.from_folder(project / "queries"),
        column_titles=read_titles(project / "queries"),
        reloads=reloads,
    )


def text_search(graph: Graph) -> Search:
    """Return what answers `kb:textScore` where nothing is served; the index is made when a text is first looked for."""
    return Documents(make_site(graph, find_questions(project_folder() / "queries"), Settings())).scores
