"""`/mcp`: the Model Context Protocol over HTTP (Streamable HTTP), without sessions, beside the other routes.

The application of the SDK speaks ASGI. Each request is handed to it whole, and its response is sent whole, so that
logs, metrics, limits and proxies are those of every other request; nothing is kept between two requests.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request

from kg.endpoint.http.proxies import Hosts
from kg.errors import Unavailable, install_hint
from kg.web.assistant.tools import REQUEST, Assistant
from kg.web.search.results import Finder
from kg.web.site import Site

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

_PATH: Final = "/mcp"


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint, server = Blueprint("assistant", __name__), _Server(site, app.extensions["kg.finder"])

    @blueprint.post(_PATH)
    def mcp() -> Response:
        """Take a message of the Model Context Protocol and respond to it with JSON."""
        return server.respond(request.environ, request.get_data())

    app.register_blueprint(blueprint)


class _Server:
    """The application of the SDK, in an event loop of its own, begun when somebody first asks."""

    def __init__(self, site: Site, finder: Finder) -> None:
        self._site, self._finder, self._lock = site, finder, threading.Lock()

    def respond(self, environ: Mapping[str, Any], body: bytes) -> Response:
        """Return the response to a request.

        Raises:
            Unavailable: the package of the protocol is not installed.

        """
        if find_spec("mcp") is None:
            raise Unavailable("the package mcp is not installed here", hint=install_hint("mcp"))
        with self._lock:
            loop = self._loop
        REQUEST.set(dict(environ))
        exchange = self._exchange(_scope(environ), body)
        status, headers, data = asyncio.run_coroutine_threadsafe(exchange, loop).result()
        response = Response(data, status, {"Content-Type": "text/plain", **dict(headers)})
        response.headers["Cache-Control"] = "no-store"
        return response

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        from kg.web.assistant.mcp import make_server

        server = make_server(Assistant(self._site, self._finder), self._site.graph.version)
        self._app = server.streamable_http_app(
            json_response=True,
            stateless_http=True,
            max_request_body_size=self._site.limits.body,
            transport_security=_security(self._site),
        )
        running: Future[asyncio.AbstractEventLoop] = Future()
        threading.Thread(target=asyncio.run, args=(_live(server, running),), daemon=True, name="mcp").start()
        return running.result()

    async def _exchange(self, scope: Mapping[str, Any], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and body with which the application responds to a whole request."""
        sent: list[dict[str, Any]] = []
        received = False

        async def receive() -> dict[str, Any]:
            nonlocal received
            if received:
                await asyncio.Event().wait()
            received = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(dict(scope), receive, send)
        headers = [(name.decode("latin-1").title(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
        return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


async def _live(server: MCPServer[Any], running: Future[asyncio.AbstractEventLoop]) -> None:
    """Keep what handles requests alive as long as the process, and hand over its loop."""
    async with server.session_manager.run():
        running.set_result(asyncio.get_running_loop())
        await asyncio.Event().wait()


def _scope(environ: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as ASGI (version 3) describes it."""
    wanted = {name for name in environ if name.startswith("HTTP_")} | {"CONTENT_TYPE", "CONTENT_LENGTH"}
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), str(environ[name]).encode("latin-1"))
        for name in sorted(wanted & environ.keys())
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": _PATH,
        "raw_path": _PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", ""), 0),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "state": {},
    }


def _security(site: Site) -> Any:
    """Return the hosts and origins that may ask: this machine, and the public site where that is named."""
    from mcp.server.transport_security import TransportSecuritySettings

    public, names = urlsplit(site.address.site), sorted(Hosts(site.settings).names)
    hosts = [name for each in names for name in (each, f"{each}:*")] + ([public.netloc] if public.netloc else [])
    origins = [f"http://{host}" for host in hosts] + ([f"{public.scheme}://{public.netloc}"] if public.netloc else [])
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
