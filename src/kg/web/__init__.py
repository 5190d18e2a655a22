"""The Flask application, and the server that runs it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping

from flask import Flask
from waitress.server import create_server

from kg.errors import Unavailable
from kg.graph import Graph
from kg.labels import Labels
from kg.passages import Text
from kg.queries import Question
from kg.sparql import Limits
from kg.web import downloads, errors, health, home, pages, resources, sparql

_STACK = 256 << 20  # Deeply nested queries recurse in the engine; a small stack would end the process.
_MAX_BODY = 1 << 20
_THREADS = 8


def create_app(
    graph: Graph, questions: Mapping[str, Question], limits: Limits | None = None, text: Text | None = None
) -> Flask:
    """Return the application over a built graph; it only reads.

    Arguments:
        graph: the graph to serve.
        questions: the saved questions, shown as examples.
        limits: what a query may be.
        text: the source text; pages then quote passages.

    """
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = _MAX_BODY
    site = pages.Site(graph, questions, Labels(graph.store), limits or Limits(), text)
    app.extensions["kg"] = site
    pages.init_app(app, site)
    errors.init_app(app)
    for module in (home, sparql, resources, health):
        app.register_blueprint(module.blueprint)
    downloads.init_app(app, graph)
    return app


def listen(app: Flask, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve an application with waitress until interrupted.

    Arguments:
        app: the application.
        host: address to listen on.
        port: TCP port; 0 takes a free one.
        ready: called with the URL once the port is open.

    Raises:
        Unavailable: the port is taken, or the address is not ours.

    """
    threading.stack_size(_STACK)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        hint = "choose another with --port, or end the other server"
        raise Unavailable(f"cannot listen: {error.strerror}", where=f"{host}:{port}", hint=hint) from error
    server = create_server(app, sockets=[listener], threads=_THREADS, ident=None, clear_untrusted_proxy_headers=True)
    ready(f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}/")
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()
