"""One body for every error: problem+json (RFC 9457), or a page for who asked for HTML."""

from __future__ import annotations

import json
import logging
import re
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from kg.endpoint.http.request_record import record_of
from kg.errors import KgError, TooLarge
from kg.queries.limits import setting_of
from kg.web.context import Context
from kg.web.layout import message
from kg.web.negotiation import wants_html
from kg.web.responses import send_page, status_of, uncached
from kg.web.site import Site

_REQUEST: Final = "error_request"
_SERVER: Final = "error_server"
_PLAIN: Final = {404: "error_missing"} | dict.fromkeys((429, 502, 503, 504), "error_busy")
_LONGEST: Final = 100


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
        words = _words(context.request.path) if status == 404 else ""
        nearest = context.site.labels.nearest(words, context.lang) if words else []
        plain = message(_PLAIN.get(status, _REQUEST if status < 500 else _SERVER), context.lang)
        response = send_page(context, "error.html", error, status=status, plain=plain, words=words, nearest=nearest)
        response.status_code = status
        return response
    response = Response(_problem(status, error), status=status, content_type="application/problem+json")
    return uncached(response, error)


def _words(path: str) -> str:
    """Return the words of an address, without its form: what somebody looked for."""
    return re.sub(r"\.\w{1,6}$", "", path.rstrip("/").rpartition("/")[2]).replace("-", " ").strip()[:_LONGEST]


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
