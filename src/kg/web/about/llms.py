"""`/llms.txt`: for assistants that read pages."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from kg.web.layout import site

blueprint = Blueprint("llms", __name__)


@blueprint.get("/llms.txt")
def llms() -> Response:
    """Say in Markdown what the graph is, how to ask it, and what its kinds of statement mean."""
    text = render_template(
        "llms.txt", host=request.host_url, questions=site().questions, statements=len(site().graph.store)
    )
    return Response(text, content_type="text/markdown; charset=utf-8")
