"""Routes for operators."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify, request

from kg.endpoint.http.metrics import CONTENT_TYPE
from kg.endpoint.http.proxies import Viewers
from kg.errors import NotFound
from kg.web.site import Site


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint, viewers = Blueprint("health", __name__), Viewers(site.settings.metrics)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """Say that the process answers."""
        return jsonify(status="ok")

    @blueprint.get("/readyz")
    def readyz() -> Response:
        """Say that the graph can be queried, by a query."""
        site.engine.ready()
        return jsonify(status="ready", version=site.graph.version, statements=len(site.graph.store))

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Send what the server did and holds, to those who may know."""
        if not viewers.include(request.environ):
            raise NotFound("nothing is shown here", hint="the setting --metrics says who may see it")
        response = Response(site.metrics.text(), content_type=CONTENT_TYPE)
        response.headers["Cache-Control"] = "no-store"
        return response

    app.register_blueprint(blueprint)
