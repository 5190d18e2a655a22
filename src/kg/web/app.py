"""The Flask application."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from flask import Flask, request

from kg.endpoint.http.access import AccessLog
from kg.endpoint.http.cache import Cache
from kg.endpoint.http.logs import RequestLog
from kg.endpoint.http.metrics import Metrics
from kg.endpoint.http.proxies import Networks, TrustedProxies, Viewers
from kg.endpoint.http.response_cache import ResponseCache
from kg.endpoint.settings import Settings
from kg.endpoint.supervisor import Handover
from kg.endpoint.workers import Engine, InProcess
from kg.errors import QueryError, UrlTooLong
from kg.files import project_folder
from kg.graph.build import Graph
from kg.labels import Labels
from kg.linking.career_switch import store_with_esco
from kg.publications.passages import Text
from kg.queries.limits import Limits
from kg.queries.question import Question
from kg.queries.themes import Themes
from kg.release.files import Owner
from kg.web import errors, health
from kg.web import layout as pages
from kg.web.about import accessibility, crawlers, downloads, home, llms
from kg.web.about import schema_org as schema
from kg.web.about import shapes as rules
from kg.web.address import Address
from kg.web.questions import api, charts, docs, openapi
from kg.web.questions import binding as answers
from kg.web.questions import pages as saved
from kg.web.search import career_switch as switch
from kg.web.search import indexes as lookup
from kg.web.search import reconcile
from kg.web.search import routes as search
from kg.web.site import Site
from kg.web.sparql import editor
from kg.web.sparql import graph_store as store
from kg.web.sparql import protocol as sparql
from kg.web.things import linked_data as resources
from kg.web.things import lists
from kg.web.views import read_views


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
    settings = settings or Settings()
    limits = settings.limits
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = limits.body
    app.config["MAX_FORM_MEMORY_SIZE"] = limits.body
    engine = engine or InProcess(graph.store, limits, graph.prefixes)
    site = Site(
        graph,
        questions,
        Labels(graph.store),
        limits,
        engine,
        Cache(settings.cache),
        data_version or graph.data_version,
        Text.read(settings.text, graph.store) if settings.text else None,
        read_views(project_folder() / "views"),
        Address(settings.site.rstrip("/"), settings.report),
        Themes.from_folder(project_folder() / "queries"),
    )
    app.extensions["kg"] = site
    pages.init_app(app, site)
    errors.init_app(app)
    app.before_request(partial(_inspect, limits))
    for module in (home, sparql, store, lists, resources, health, llms, search, reconcile, saved, api, openapi, docs):
        app.register_blueprint(module.blueprint)
    for module in (accessibility, crawlers):
        app.register_blueprint(module.blueprint)
    answers.init_app(app, graph, project_folder())
    charts.init_app(app)
    editor.init_app(app)
    owner = Owner(settings.publisher, settings.publisher_iri, settings.contact)
    downloads.init_app(app, graph, site.data_version, owner)
    rules.init_app(app, graph)
    schema.init_app(app, owner)
    lookup.init_app(app, graph)
    switch.init_app(app, graph, store_with_esco(graph.store, settings.esco) if settings.esco else None)
    metrics = Metrics(limits, engine, site.cache, graph.version, site.data_version, len(graph.store), reloads)
    health.init_app(app, metrics, Viewers(settings.metrics))
    cache = app.extensions["kg.response_cache"] = ResponseCache(app.wsgi_app, site.cache, limits)
    logged = AccessLog(cache, metrics, RequestLog(settings))
    proxies = Networks(settings.trusted_proxy, "--trusted-proxy")
    app.wsgi_app = TrustedProxies(logged, proxies, site.address.site)  # type: ignore[method-assign]
    return app


def _inspect(limits: Limits) -> None:
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in request.environ:
        raise QueryError("no Host header", hint="HTTP/1.1 asks for one (RFC 9112, section 3.2)")
    length = len(request.query_string)
    if length > limits.url:
        what = f"the query string of the URL has {length:,} bytes; {limits.url:,} are allowed"
        raise UrlTooLong(what, hint="send the query by POST", limit="url")
