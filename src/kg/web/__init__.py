"""The Flask application, and the server that runs it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from flask import Flask, request
from waitress.server import create_server

from kg.errors import QueryError, Unavailable, UrlTooLong
from kg.files import house
from kg.graph import Graph
from kg.labels import Labels
from kg.limits import Limits
from kg.passages import Text
from kg.pool import Direct, Engine
from kg.queries import Question
from kg.views import read_views
from kg.web import (
    accessibility,
    answers,
    api,
    charts,
    crawlers,
    docs,
    downloads,
    editor,
    errors,
    health,
    home,
    lists,
    llms,
    lookup,
    openapi,
    pages,
    reconcile,
    resources,
    rules,
    saved,
    schema,
    search,
    sparql,
    store,
    switch,
)
from kg.web.address import Address
from kg.web.cache import Cache
from kg.web.front import Front
from kg.web.journal import Journal
from kg.web.ledger import Ledger
from kg.web.metrics import Metrics
from kg.web.options import Options
from kg.web.proxies import Proxies
from kg.web.site import Site

_BODY_READ: Final = 32 << 20  # Bytes of a body that are read, so that its sender hears why it is refused.
_PAGES: Final = 8  # Threads beside those of queries.
_CONNECTIONS: Final = 900


def create_app(
    graph: Graph,
    questions: Mapping[str, Question],
    limits: Limits | None = None,
    text: Text | None = None,
    engine: Engine | None = None,
    data_version: str = "",
    address: Address | None = None,
    options: Options | None = None,
) -> Flask:
    """Return the application over a built graph; it only reads.

    Arguments:
        graph: the graph to serve.
        questions: the saved questions, shown as examples.
        limits: what a query may be and take.
        text: the source text; pages then quote passages.
        engine: what answers queries; without one, this process does, without a limit on time.
        data_version: changes with the data; by default a hash of the sources.
        address: of the public site; by default what the environment says.
        options: what else an owner sets.

    """
    limits, options = limits or Limits(), options or Options()
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = limits.body
    app.config["MAX_FORM_MEMORY_SIZE"] = limits.body
    engine = engine or Direct(graph.store, limits, graph.prefixes)
    site = Site(
        graph,
        questions,
        Labels(graph.store),
        limits,
        engine,
        Cache(options.cache),
        data_version or graph.data_version,
        text,
        read_views(house() / "views"),
        address or Address.of(),
    )
    app.extensions["kg"] = site
    pages.init_app(app, site)
    errors.init_app(app)
    app.before_request(partial(_inspect, limits))
    for module in (home, sparql, store, lists, resources, health, llms, search, reconcile, saved, api, openapi, docs):
        app.register_blueprint(module.blueprint)
    for module in (accessibility, crawlers):
        app.register_blueprint(module.blueprint)
    answers.init_app(app, graph, house())
    charts.init_app(app)
    editor.init_app(app)
    downloads.init_app(app, graph, options.owner)
    rules.init_app(app, graph)
    schema.init_app(app, options.owner)
    lookup.init_app(app, graph)
    switch.init_app(app, graph)
    metrics = Metrics(limits, engine, site.cache, graph.version, site.data_version, len(graph.store))
    health.init_app(app, metrics, options.metrics)
    front = Front(app.wsgi_app, site.cache, limits)
    ledger = Ledger(front, metrics, Journal(options.logs))
    app.wsgi_app = Proxies(ledger, options.proxies, site.address.site)  # type: ignore[method-assign]
    return app


def _inspect(limits: Limits) -> None:
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in request.environ:
        raise QueryError("no Host header", hint="HTTP/1.1 asks for one (RFC 9112, section 3.2)")
    length = len(request.query_string)
    if length > limits.url:
        what = f"the query string of the URL has {length:,} bytes; {limits.url:,} are allowed"
        raise UrlTooLong(what, hint="send the query by POST", limit="url")


def listen(app: Flask, host: str, port: int, ready: Callable[[str], None], limits: Limits | None = None) -> None:
    """Serve an application with waitress until interrupted.

    A thread is taken by a whole request only and never waits for a slow reader: requests and answers are buffered.

    Arguments:
        app: the application.
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        ready: called with the URL once the port is open.
        limits: say how many threads are needed, and how large an answer may be.

    Raises:
        Unavailable: the port is taken, or the address is not ours.

    """
    limits = limits or Limits()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "choose another with --port, or end the other server"
        raise Unavailable(f"cannot listen: {error.strerror}", where=f"{host}:{port}", hint=hint) from error
    server = create_server(
        app,
        sockets=[listener],
        threads=limits.concurrent + limits.queue + _PAGES,
        connection_limit=_CONNECTIONS,
        asyncore_use_poll=True,
        channel_timeout=60,
        cleanup_interval=10,
        channel_request_lookahead=1,
        max_request_header_size=2 * limits.url,
        max_request_body_size=max(_BODY_READ, limits.body),
        outbuf_high_watermark=2 * max(limits.max_bytes, _BODY_READ),
        ident=None,
        clear_untrusted_proxy_headers=False,
    )
    ready(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/")
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()
