"""`/openapi.json`: OpenAPI 3.1 of all routes, those of the saved questions made from their headers."""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Any, Final

import yaml
from flask import Blueprint, Flask, Response, request

from kg.errors import KgError
from kg.languages import LANGUAGES
from kg.queries.question import Question
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.questions.binding import BoundQuestion, Choice, choices_of, sheet_of
from kg.web.questions.operations import Node, paths_of
from kg.web.responses import send_data
from kg.web.site import Site

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def init_app(app: Flask, site: Site) -> None:
    """Register the route."""
    blueprint = Blueprint("openapi", __name__)

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        """Send the document, in the language of `lang=` or Accept-Language."""
        context = Context.from_request(site, request)
        data = json.dumps(document(context), ensure_ascii=False).encode()
        return send_data(data, "application/json", context.lang)

    app.register_blueprint(blueprint)


def document(context: Context) -> Node:
    """Return the document in the language of the request; it is made once.

    While the answer to a question is not to be had, its columns and choices are left out, and the document is not kept.
    """
    site, lang = context.site, context.lang
    key = blake2b(f"openapi {lang} {site.data_version}".encode(), digest_size=20).digest()
    node: Node | None = site.cache.get(key)
    if node is None:
        node, whole = _build(context)
        if whole:
            site.cache.put(key, node, len(json.dumps(node)) * 3)
    return node


def _build(context: Context) -> tuple[Node, bool]:
    node, whole = _without_questions(context), True
    for question in context.site.questions.values():
        try:
            sheet, choices = _answer(context, question)
        except KgError:
            sheet, choices, whole = None, {}, False
        node["paths"] |= paths_of(question, sheet, choices, context.lang)
    return node, whole


def _answer(context: Context, question: Question) -> tuple[Sheet | None, dict[str, list[Choice]]]:
    choices = {parameter.name: choices_of(context, question, parameter) for parameter in question.parameters}
    return sheet_of(context, BoundQuestion(question))[0], choices


def _without_questions(context: Context) -> Node:
    """Return the document without the saved questions; the themes are tags before those of the other routes."""
    site, lang = context.site, context.lang
    node: Node = _in_language(_routes(), lang)
    node["info"]["version"] = site.graph.version
    themes = site.themes.group(site.questions.values())
    tags = [{"name": theme, "description": site.themes.name(theme, lang)} for theme in themes]
    node["tags"] = tags + node["tags"]
    return node


@cache
def _routes() -> Any:
    text = (resources.files("kg.web") / "routes.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506


def _in_language(node: Any, lang: str) -> Any:
    """Return a copy in which each text in both languages is that of one."""
    if isinstance(node, dict):
        if node.keys() == set(LANGUAGES):
            return node[lang]
        return {key: _in_language(value, lang) for key, value in node.items()}
    return [_in_language(value, lang) for value in node] if isinstance(node, list) else node
