"""One body for every error: problem+json (RFC 9457), or a page for who asked for HTML."""

from __future__ import annotations

import json
import logging
from typing import Final

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from kg.endpoint.http.request_record import record_of
from kg.errors import (
    BadGateway,
    ClientGone,
    GatewayTimeout,
    KgError,
    NotAcceptable,
    NotFound,
    QueryError,
    Refused,
    SourceError,
    TooLarge,
    TooMany,
    Unavailable,
    UnsupportedBody,
    UrlTooLong,
)
from kg.queries.limits import setting_of
from kg.web.layout import language, site
from kg.web.negotiation import wants_html

_STATUS: Final[dict[type[KgError], int]] = {
    QueryError: 400,
    Refused: 403,
    NotFound: 404,
    NotAcceptable: 406,
    UrlTooLong: 414,
    TooLarge: 413,
    UnsupportedBody: 415,
    TooMany: 429,
    ClientGone: 499,
    SourceError: 500,
    BadGateway: 502,
    Unavailable: 503,
    GatewayTimeout: 504,
}


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(KgError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def status_of(error: KgError) -> int:
    """Return the HTTP status of an error: that of the nearest class that has one."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def _known(error: KgError) -> Response:
    return _answer(status_of(error), error)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    kind = TooLarge if status == 413 else KgError
    body = kind(error.description or error.name, limit="body" if status == 413 else "")
    body.title = error.name
    response = _answer(status, body)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _unknown(error: Exception) -> Response:
    logging.getLogger("kg").error("unexpected error", exc_info=error)
    return _answer(500, KgError("something went wrong on our side", hint="try again; if it stays, report it"))


def _answer(status: int, error: KgError) -> Response:
    record = record_of(request.environ)
    record.limit = record.limit or error.limit
    if wants_html(request):
        nearest = site().labels.nearest(request.path.rpartition("/")[2], language()) if status == 404 else []
        page = render_template("error.html", status=status, error=error, nearest=nearest)
        response = Response(page, status=status, content_type="text/html; charset=utf-8")
    else:
        response = Response(_problem(status, error), status=status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if error.retry is not None:
        response.headers["Retry-After"] = str(error.retry)
    return response


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
