"""Routes for operators."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from kg.endpoint.http.metrics import CONTENT_TYPE, Metrics
from kg.endpoint.http.proxies import Viewers
from kg.errors import NotFound
from kg.web.layout import site

blueprint = Blueprint("health", __name__)
_KEY: Final = "kg.metrics"


def init_app(app: Flask, metrics: Metrics, viewers: Viewers) -> None:
    """Give the application its metrics, and who may see them."""
    app.extensions[_KEY] = metrics, viewers


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Tell what the server did and holds, to those who may know."""
    metrics, viewers = current_app.extensions[_KEY]
    if not viewers.include(request.environ):
        raise NotFound("nothing is shown here", hint="the setting --metrics says who may see it")
    response = Response(metrics.text(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say that the graph can be queried, by a query."""
    site().engine.ready()
    return jsonify(status="ready", version=site().graph.version, statements=len(site().graph.store))
