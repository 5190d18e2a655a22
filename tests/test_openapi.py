"""`/openapi.json`: valid OpenAPI 3.1, whole, and true: each example runs and the answer is as described."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from kg.files import project_folder
from kg.graph.build import Graph
from kg.queries.question import find_questions
from kg.web.app import create_app

pytestmark = pytest.mark.slow

Node = dict[str, Any]
QUESTIONS = find_questions(project_folder() / "queries")
# Pages for people and files for crawlers, and the routes that stand for a path of each question.
PAGES = {
    "/accessibility",
    "/glossary",
    "/read",
    "/read/{name}",
    "/read/{name}/{part}",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap/{name}.xml",
    "/",
    "/static/{filename}",
    "/id/",
    "/questions",
    "/questions/",
    "/questions/{name}",
    "/questions/{name}.embed",
    "/docs",
    "/docs/{name}",
}
FORMS = {f"/questions/{{name}}.{form}" for form in ("svg", "png", "vl.json")}
GENERIC = {"/api/{name}", "/api/{name}/choices", "/mcp", *FORMS}  # The protocol of /mcp describes itself.
RENAMED = {"/id/{path}": "/id/{kind}/{slug}", "/graph/{path}": "/graph/{name}"}


@pytest.fixture(scope="module")
def client(graph: Graph) -> FlaskClient:
    return create_app(graph, QUESTIONS).test_client()


@pytest.fixture(scope="module")
def spec(client: FlaskClient) -> Node:
    return json.loads(client.get("/openapi.json?lang=en").data)


def operations(spec: Node) -> Iterator[tuple[str, str, Node]]:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post"):
                shared = item.get("parameters", [])
                yield path, method, {**operation, "parameters": [*shared, *operation.get("parameters", [])]}


def resolved(spec: Node, node: Node) -> Node:
    while "$ref" in node:
        parts = node["$ref"].removeprefix("#/").split("/")
        found: Any = spec
        for part in parts:
            found = found[part]
        node = found
    return node


def ask(client: FlaskClient, spec: Node, path: str, method: str, operation: Node, **changed: str) -> TestResponse:
    """Send the request that the examples of an operation make."""
    query = {}
    for parameter in (resolved(spec, one) for one in operation["parameters"]):
        value = changed.get(parameter["name"], parameter.get("example"))
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(str(value), safe=""))
        elif value is not None:
            query[parameter["name"]] = value
    url = f"{path}?{urlencode(query)}"
    if method == "get":
        return client.get(url)
    kind, body = next(reversed(operation["requestBody"]["content"].items()))
    return client.post(url, data=urlencode(body["example"]), content_type=kind)


def problems(spec: Node, schema: Node, data: bytes) -> list[str]:
    registry = Registry().with_resource("urn:spec", Resource.from_contents(spec, DRAFT202012))
    absolute = json.loads(json.dumps(schema).replace('"#/components', '"urn:spec#/components'))
    return [error.message for error in Draft202012Validator(absolute, registry=registry).iter_errors(json.loads(data))]


@pytest.mark.parametrize("lang", [pytest.param("nl", marks=pytest.mark.check), "en"])
def test_it_is_valid(client: FlaskClient, lang: str) -> None:
    answer = client.get(f"/openapi.json?lang={lang}")
    assert answer.headers["Content-Language"] == lang
    told = json.loads(answer.data)
    assert [error.message for error in OpenAPIV31SpecValidator(told).iter_errors()] == []
    assert told["paths"]["/api/climate/measures"]["get"]["summary"] == QUESTIONS["climate/measures"].title[lang]
    again = client.get(f"/openapi.json?lang={lang}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_each_route_is_described_and_each_described_path_is_a_route(client: FlaskClient, spec: Node) -> None:
    rules = {re.sub(r"<(?:[^:<>]*:)?(\w+)>", r"{\1}", rule.rule) for rule in client.application.url_map.iter_rules()}
    routes = {RENAMED.get(rule, rule) for rule in rules} - PAGES - GENERIC
    made = {f"/api/{name}" for name in QUESTIONS}
    made |= {f"/api/{name}/choices" for name, one in QUESTIONS.items() if one.parameters}
    charts = {name: one.chart.mark for name, one in QUESTIONS.items() if one.chart}
    made |= {f"/questions/{name}.{form}" for name in charts for form in ("svg", "png")}
    made |= {f"/questions/{name}.vl.json" for name, mark in charts.items() if mark in ("bar", "point", "rect")}
    assert routes | made == set(spec["paths"]), "describe the route in src/kg/web/routes.yaml, or add the page here"


@pytest.mark.check
@pytest.mark.parametrize("release", [False, True])
def test_each_example_runs_and_the_answer_is_as_described(client: FlaskClient, spec: Node, release: bool) -> None:
    end = time.monotonic() + 120
    while release and client.get("/download/").status_code == 503 and time.monotonic() < end:
        time.sleep(0.2)  # The downloads are being made.
    for path, method, operation in operations(spec):
        drawn = path.endswith((".svg", ".vl.json"))  # In tests/test_charts.py.
        if drawn or ("release" in operation["tags"]) != release:
            continue
        answer = ask(client, spec, path, method, operation)
        assert str(answer.status_code) in ("200", "303"), (path, method, answer.text[:300])
        response = resolved(spec, operation["responses"][str(answer.status_code)])
        if answer.status_code == 200:
            offered = response["content"]
            assert "*/*" in offered or answer.mimetype in offered, (path, answer.mimetype)
            if answer.mimetype.endswith("json"):
                assert problems(spec, offered[answer.mimetype].get("schema", {}), answer.data) == [], path


def test_a_value_that_a_parameter_cannot_take_is_refused_as_described(client: FlaskClient, spec: Node) -> None:
    asked = 0
    for path, method, operation in operations(spec):
        enums = [one for one in operation["parameters"] if "enum" in one.get("schema", {}) and one["in"] == "query"]
        if not path.startswith("/api/") or not enums:
            continue
        answer = ask(client, spec, path, method, operation, **{enums[0]["name"]: '"><script>'})
        assert answer.status_code == 400, path
        assert problems(spec, spec["components"]["schemas"]["Problem"], answer.data) == []
        assert enums[0]["schema"]["enum"][0] in answer.json["hint"] or "/choices" in answer.json["hint"]
        asked += 1
    assert asked > 30


def test_each_form_that_is_described_is_given(client: FlaskClient, spec: Node) -> None:
    content = spec["paths"]["/api/climate/measures"]["get"]["responses"]["200"]["content"]
    for kind in content:
        assert client.get("/api/climate/measures", headers={"Accept": kind}).mimetype == kind
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    assert client.get("/api/climate/measures", headers={"Accept": browser}).mimetype == "application/json"
    forms = resolved(spec, {"$ref": "#/components/parameters/format"})["schema"]["enum"]
    assert len(forms) == len(content)
    assert {client.get(f"/api/climate/measures?format={form}").mimetype for form in forms} == set(content)


def test_nobody_is_sent_to_another_host(spec: Node) -> None:
    assert spec["servers"] == [{"url": "/", "description": "this server"}]


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_page_lists_each_operation_without_a_script(client: FlaskClient, spec: Node, lang: str) -> None:
    page = client.get(f"/docs?lang={lang}", headers={"Accept": "text/html"}).text
    assert [
        path for path in spec["paths"] if f"<code>{path}</code>" not in page and f">{path}</code>" not in page
    ] == []
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)
    assert set(re.findall(r'(?:src|stylesheet" href)="(https?:[^"]*)"', page)) == set()
    assert QUESTIONS["climate/measures"].title[lang] in page


def test_swagger_ui_comes_from_here_and_nothing_else_does(client: FlaskClient) -> None:
    script = client.get("/docs/swagger-ui-bundle.js")
    assert script.mimetype == "text/javascript"
    assert b"SwaggerUIBundle" in script.data
    assert client.get("/docs/swagger-ui.css").mimetype == "text/css"
    for name in ("index.css", "../__init__.py", "oauth2-redirect.html"):
        assert client.get(f"/docs/{name}").status_code == 404
