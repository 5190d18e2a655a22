"""One body for every error: problem+json (RFC 9457), or a page for who asked for HTML."""

from __future__ import annotations

import json
import logging

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from kg.endpoint.http.request_record import record_of
from kg.errors import KgError, TooLarge
from kg.queries.limits import setting_of
from kg.web.context import Context
from kg.web.negotiation import wants_html
from kg.web.responses import send_page, status_of, uncached
from kg.web.site import Site


def init_app(app: Flask, site: Site) -> None:
    """Register the handlers."""

    @app.errorhandler(KgError)
    def known(error: KgError) -> Response:
        return _send(Context.from_request(site, request), status_of(error), error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return _send_http(Context.from_request(site, request), error)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        logging.getLogger("kg").error("unexpected error", exc_info=error)
        said = KgError("something went wrong on our side", hint="try again; if it stays, report it")
        return _send(Context.from_request(site, request), 500, said)


def _send_http(context: Context, error: HTTPException) -> Response:
    status = error.code or 500
    kind = TooLarge if status == 413 else KgError
    body = kind(error.description or error.name, limit="body" if status == 413 else "")
    body.title = error.name
    response = _send(context, status, body)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _send(context: Context, status: int, error: KgError) -> Response:
    record = record_of(context.request.environ)
    record.limit = record.limit or error.limit
    if wants_html(context.request):
        slug = context.request.path.rpartition("/")[2]
        nearest = context.site.labels.nearest(slug, context.lang) if status == 404 else []
        response = send_page(context, "error.html", error, status=status, nearest=nearest)
        response.status_code = status
        return response
    response = Response(_problem(status, error), status=status, content_type="application/problem+json")
    return uncached(response, error)


def _problem(status: int, error: KgError) -> str:
    members = {
        "type": "about:blank",
        "title": error.title,
        "status": status,
        "detail": error.what,
        "hint": error.hint or None,
        "line": error.line,
        "column": error.column,
        "limit": error.limit or None,
        "setting": (setting_of(error.limit) if error.limit else "") or None,
    }
    return json.dumps({name: value for name, value in members.items() if value is not None}, ensure_ascii=False)
