"""`/docs`: what the API offers, as a list that needs no script, and in Swagger UI from this host where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Flask, Response, request

from kg.errors import NotFound
from kg.web.context import Context
from kg.web.questions.openapi import document
from kg.web.responses import send_page
from kg.web.site import Site

_ASSETS: Final[Mapping[str, str]] = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_YEAR: Final = 31_536_000


@dataclass(frozen=True)
class Entry:
    """An operation in the list: `parameters` are names with what they mean, `example` a path that runs, or empty."""

    method: str
    path: str
    summary: str
    parameters: tuple[tuple[str, str], ...]
    example: str


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("docs", __name__)

    @blueprint.get("/docs")
    def docs() -> Response:
        """Show the API."""
        context = Context.from_request(site, request)
        return _page(context, document(context))

    @blueprint.get("/docs/<path:name>")
    def asset(name: str) -> Response:
        """Send a file of Swagger UI; the package flask-swagger-ui carries it."""
        if name not in _ASSETS:
            raise NotFound(f"no file {name[:200]}", hint="the documentation is at /docs")
        data = (resources.files("flask_swagger_ui") / "dist" / name).read_bytes()
        response = Response(data, content_type=_ASSETS[name])
        response.cache_control.public = True
        response.cache_control.max_age = _YEAR
        response.add_etag()
        response.make_conditional(request)
        return response

    app.register_blueprint(blueprint)


def _page(context: Context, api: Mapping[str, Any]) -> Response:
    groups = [(tag, [entry for name, entry in _entries(api) if name == tag["name"]]) for tag in api["tags"]]
    members = api["components"]["schemas"]["Problem"]["properties"]
    return send_page(
        context,
        "docs.html",
        info=api["info"],
        groups=groups,
        problem=[(name, member["description"]) for name, member in members.items() if "description" in member],
        failures=list(_failures(api)),
        limits=context.site.limits.listed,
        host=context.absolute(""),
    )


def _entries(api: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Return each operation with its tag."""
    for path, item in api["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            nodes = (*item.get("parameters", ()), *operation.get("parameters", ()))
            parameters = [_resolve(api, node) for node in nodes]
            names = tuple((node["name"], node["description"].partition("\n")[0]) for node in parameters)
            example = _example(path, parameters) if method == "get" else ""
            yield operation["tags"][0], Entry(method.upper(), path, operation["summary"], names, example)


def _resolve(api: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a parameter or response, or what its `$ref` names."""
    if "$ref" not in node:
        return node
    _, _, group, name = node["$ref"].split("/")
    target: Mapping[str, Any] = api["components"][group][name]
    return target


def _example(path: str, parameters: list[Mapping[str, Any]]) -> str:
    """Return a path with the examples of its parameters."""
    examples = [node for node in parameters if "example" in node or node["in"] == "path"]
    values = {node["name"]: str(node["example"]) for node in examples if node["in"] == "query"}
    for node in examples:
        if node["in"] == "path":
            path = path.replace("{" + node["name"] + "}", quote(str(node["example"])))
    return f"{path}?{urlencode(values)}" if values else path


def _failures(api: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return status and meaning of each error that an operation may give."""
    failures = {
        status: _resolve(api, response)["description"]
        for item in api["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for status, response in operation["responses"].items()
        if status >= "400"
    }
    yield from sorted(failures.items())
