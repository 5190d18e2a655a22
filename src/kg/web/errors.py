"""One body for every error: problem+json (RFC 9457), or a page for who asked for HTML."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable
from typing import Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from kg.endpoint.http.reply import Reply
from kg.endpoint.http.request_record import RequestRecord, record_of
from kg.endpoint.http.sparql_protocol import reply_with_error
from kg.errors import KgError
from kg.web.context import Context
from kg.web.layout import message
from kg.web.negotiation import wants_html
from kg.web.responses import send_page, send_reply
from kg.web.site import Site

_REQUEST: Final = "error_request"
_SERVER: Final = "error_server"
_PLAIN: Final = {404: "error_missing"} | dict.fromkeys((429, 502, 503, 504), "error_busy")
_LONGEST: Final = 100


def init_app(app: Flask, site: Site) -> None:
    """Register the handlers."""

    @app.errorhandler(KgError)
    def known(error: KgError) -> Response:
        return _send(Context.from_request(site, request), error)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        return _send_http(Context.from_request(site, request), error)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        return _send(Context.from_request(site, request), _logged(error))


async def reply_or_error(record: RequestRecord, reply: Awaitable[Reply]) -> Reply:
    """Return a reply that is made on the event loop, or that with the error which it ends with."""
    try:
        return await reply
    except KgError as error:
        record.limit = record.limit or error.limit
        return reply_with_error(error)
    except Exception as error:  # noqa: BLE001  (as the handler of Flask)
        return reply_with_error(_logged(error))


def _logged(error: Exception) -> KgError:
    logging.getLogger("kg").error("unexpected error", exc_info=error)
    return KgError("something went wrong on our side", hint="try again; if it stays, report it")


def _send_http(context: Context, error: HTTPException) -> Response:
    body = KgError(error.description or error.name, limit="body" if error.code == 413 else "")
    body.title, body.status = error.name, error.code or 500
    response = _send(context, body)
    for name, value in error.get_headers():
        if name.lower() == "allow":
            response.headers[name] = value
    if error.code == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _send(context: Context, error: KgError) -> Response:
    status = error.status
    record = record_of(context.request.environ)
    record.limit = record.limit or error.limit
    if wants_html(context.request):
        words = _words(context.request.path) if status == 404 else ""
        nearest = context.site.labels.nearest(words, context.lang) if words else []
        plain = message(_PLAIN.get(status, _REQUEST if status < 500 else _SERVER), context.lang)
        return send_page(context, "error.html", error, status=status, plain=plain, words=words, nearest=nearest)
    return send_reply(reply_with_error(error))


def _words(path: str) -> str:
    """Return the words of an address, without its form: what somebody looked for."""
    return re.sub(r"\.\w{1,6}$", "", path.rstrip("/").rpartition("/")[2]).replace("-", " ").strip()[:_LONGEST]
