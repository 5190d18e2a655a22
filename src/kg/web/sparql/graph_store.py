"""`/store`: SPARQL 1.1 Graph Store HTTP Protocol, the operations that read."""

from __future__ import annotations

import pyoxigraph as ox
from flask import Blueprint, Response, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound, QueryError
from kg.namespaces import GRAPH
from kg.queries.formats import GRAPHS
from kg.web.layout import site
from kg.web.negotiation import choose
from kg.web.responses import arguments, send

blueprint = Blueprint("store", __name__)
_DEFAULT = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"
_NAMED = "CONSTRUCT { ?s ?p ?o } { GRAPH %s { ?s ?p ?o } }"


@blueprint.get("/store")
def direct() -> Response:
    """Send the graph named by `graph=`, or with `default` the union of all (section 4.2); HEAD as well (5.7)."""
    given = arguments(request.query_string)
    graphs = [value for name, value in given if name == "graph"]
    default = any(name == "default" for name, _ in given)
    if len(graphs) + default != 1:
        raise QueryError("name one graph", hint="give ?graph=<IRI>, or ?default")
    return _send(_DEFAULT if default else _NAMED % _known(graphs[0]))


@blueprint.get("/store/<path:name>")
def indirect(name: str) -> Response:
    """Send a graph by its own path (section 4.1): what follows `/store/` follows `/graph/` in its IRI."""
    return _send(_NAMED % _known(GRAPH + name))


def _known(iri: str) -> ox.NamedNode:
    try:
        node = ox.NamedNode(iri)
    except ValueError as error:
        raise QueryError(f"not an IRI: {iri[:200]}", hint="give the absolute IRI of a graph") from error
    if not site().graph.store.contains_named_graph(node):
        raise NotFound(f"no graph {iri[:200]}", hint="the service description at /sparql lists the graphs")
    return node


def _send(query: str) -> Response:
    return send(QueryRequest(query, graph=choose(request, GRAPHS).name))
