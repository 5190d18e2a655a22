"""Routes for operators."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from kg.web.pages import site

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Say that the graph can be queried, by a query."""
    site().engine.ready()
    return jsonify(status="ready", version=site().graph.version, statements=len(site().graph.store))
