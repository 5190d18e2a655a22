"""`/docs`: what the API offers, as a list that needs no script, and in Swagger UI from this host where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, render_template, request

from kg.errors import NotFound
from kg.web.layout import language, site
from kg.web.questions.openapi import document

blueprint = Blueprint("docs", __name__)
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


@blueprint.get("/docs")
def docs() -> Response:
    """Show the API."""
    told = document()
    groups = [(tag, [one for name, one in _entries(told) if name == tag["name"]]) for tag in told["tags"]]
    problem = told["components"]["schemas"]["Problem"]["properties"]
    page = render_template(
        "docs.html",
        info=told["info"],
        groups=groups,
        problem=[(name, one["description"]) for name, one in problem.items() if "description" in one],
        failures=list(_failures(told)),
        limits=site().limits.listed,
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language()
    return response


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


def _entries(told: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Return each operation with its tag."""
    for path, item in told["paths"].items():
        for method, one in item.items():
            if method == "parameters":
                continue
            given = [_whole(told, shared) for shared in (*item.get("parameters", ()), *one.get("parameters", ()))]
            names = tuple((each["name"], each["description"].partition("\n")[0]) for each in given)
            example = _example(path, given) if method == "get" else ""
            yield one["tags"][0], Entry(method.upper(), path, one["summary"], names, example)


def _whole(told: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a parameter or response, or what its `$ref` names."""
    if "$ref" not in node:
        return node
    _, _, group, name = node["$ref"].split("/")
    found: Mapping[str, Any] = told["components"][group][name]
    return found


def _example(path: str, given: list[Mapping[str, Any]]) -> str:
    values = {one["name"]: str(one["example"]) for one in given if one["in"] == "query" and "example" in one}
    for one in given:
        if one["in"] == "path":
            path = path.replace("{" + one["name"] + "}", quote(str(one["example"])))
    return f"{path}?{urlencode(values)}" if values else path


def _failures(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return status and meaning of each error that an operation may give."""
    found = {
        status: _whole(told, one)["description"]
        for item in told["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for status, one in operation["responses"].items()
        if status >= "400"
    }
    yield from sorted(found.items())
