"""`/openapi.json`: OpenAPI 3.1 of all routes, those of the saved questions made from their headers."""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Any, Final

import yaml
from flask import Blueprint, Response

from kg.errors import KgError
from kg.queries.question import Question
from kg.tables.sheet import Sheet
from kg.web.layout import LANGUAGES, language, site
from kg.web.questions.binding import Choice, Filled, choices_of, sheet_of
from kg.web.questions.operations import Node, paths_of

blueprint = Blueprint("openapi", __name__)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Send the document, in the language of `lang=` or Accept-Language."""
    data = json.dumps(document(), ensure_ascii=False).encode()
    response = Response(data, content_type="application/json")
    response.set_etag(blake2b(data, digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Content-Language"] = language()
    return response


def document() -> Node:
    """Return the document in the language of the request; it is made once.

    While the answer to a question is not to be had, its columns and choices are left out, and the document is not kept.
    """
    lang = language()
    key = blake2b(f"openapi {lang} {site().data_version}".encode(), digest_size=20).digest()
    found: Node | None = site().cache.get(key)
    if found is None:
        whole, found = _made(lang)
        if whole:
            site().cache.put(key, found, len(json.dumps(found)) * 3)
    return found


def _made(lang: str) -> tuple[bool, Node]:
    made, whole = _begun(lang), True
    for question in site().questions.values():
        try:
            sheet, choices = _known(question)
        except KgError:
            sheet, choices, whole = None, {}, False
        made["paths"] |= paths_of(question, sheet, choices, lang)
    return whole, made


def _known(question: Question) -> tuple[Sheet | None, dict[str, list[Choice]]]:
    return sheet_of(Filled(question, {}, {}))[0], {one.name: choices_of(question, one) for one in question.parameters}


def _begun(lang: str) -> Node:
    """Return the document without the saved questions; the themes are tags before those of the other routes."""
    made: Node = _in(_routes(), lang)
    made["info"]["version"] = site().graph.version
    themes = site().themes
    names = [(theme, themes.name(theme, lang)) for theme in themes.group(site().questions.values())]
    made["tags"] = [{"name": theme, "description": name} for theme, name in names] + made["tags"]
    return made


@cache
def _routes() -> Any:
    text = (resources.files("kg.web") / "routes.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506


def _in(node: Any, lang: str) -> Any:
    """Return a copy in which each text in both languages is that of one."""
    if isinstance(node, dict):
        return node[lang] if node.keys() == set(LANGUAGES) else {key: _in(value, lang) for key, value in node.items()}
    return [_in(one, lang) for one in node] if isinstance(node, list) else node
