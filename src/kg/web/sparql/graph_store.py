"""`/store`: SPARQL 1.1 Graph Store HTTP Protocol, the operations that read."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound, QueryError
from kg.namespaces import GRAPH
from kg.queries.formats import GRAPHS
from kg.rdf_terms import is_iri
from kg.web.context import Context
from kg.web.negotiation import choose
from kg.web.responses import arguments, send_answer
from kg.web.site import Site

_DEFAULT: Final = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
_NAMED: Final = "CONSTRUCT { ?s ?p ?o } { GRAPH %s { ?s ?p ?o } }"


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("store", __name__)

    @blueprint.get("/store")
    def direct() -> Response:
        """Send the graph named by `graph=`, or with `default` the union of all (section 4.2); HEAD as well (5.7)."""
        pairs = arguments(request.query_string)
        graphs = [value for name, value in pairs if name == "graph"]
        default = any(name == "default" for name, _ in pairs)
        if len(graphs) + default != 1:
            raise QueryError("name one graph", hint="give ?graph=<IRI>, or ?default")
        return _send(Context.from_request(site, request), _DEFAULT if default else _NAMED % _known(site, graphs[0]))

    @blueprint.get("/store/<path:name>")
    def indirect(name: str) -> Response:
        """Send a graph by its own path (section 4.1): what follows `/store/` follows `/graph/` in its IRI."""
        return _send(Context.from_request(site, request), _NAMED % _known(site, GRAPH + name))

    app.register_blueprint(blueprint)


def _known(site: Site, iri: str) -> ox.NamedNode:
    if not is_iri(iri):
        raise QueryError(f"not an IRI: {iri[:200]}", hint="give the absolute IRI of a graph")
    if iri not in site.graph.imported.names and not site.graph.store.contains_named_graph(ox.NamedNode(iri)):
        raise NotFound(f"no graph {iri[:200]}", hint="the service description at /sparql lists the graphs")
    return ox.NamedNode(iri)


def _send(context: Context, query: str) -> Response:
    return send_answer(context, QueryRequest(query, graph=choose(context.request, GRAPHS).name))
