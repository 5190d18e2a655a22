"""`/store`: SPARQL 1.1 Graph Store HTTP Protocol, the operations that read."""

from __future__ import annotations

from functools import partial

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.endpoint.http.sparql_protocol import read_graph
from kg.web.context import Context
from kg.web.responses import send_answer
from kg.web.site import Site


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("store", __name__)

    @blueprint.get("/store", defaults={"name": ""})
    @blueprint.get("/store/<path:name>")
    def graph(name: str) -> Response:
        """Send the graph that the query string or the path names; HEAD as well (section 5.7)."""
        accept = request.headers.get("Accept", "")
        query = read_graph(name, request.query_string, accept, partial(_is_served, site))
        return send_answer(Context.from_request(site, request), query)

    app.register_blueprint(blueprint)


def _is_served(site: Site, iri: str) -> bool:
    return iri in site.graph.imported.names or site.graph.store.contains_named_graph(ox.NamedNode(iri))
