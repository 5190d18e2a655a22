"""`/api/<path>`: the answer to a saved question as data, in the form that Accept, a suffix or `format=` names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Response, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound
from kg.queries.formats import Format
from kg.queries.question import Question
from kg.tables import csv as csvs
from kg.tables import json as jsons
from kg.tables import xlsx
from kg.web.layout import language, site, word
from kg.web.negotiation import choose, wants_html
from kg.web.questions.binding import Filled, choices_of, filled, find, foreign_language, sheet_of, source_of
from kg.web.responses import send

blueprint = Blueprint("api", __name__)
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The first three are for people and their tools, the others are SPARQL 1.1 results as the engine gives them.
FORMS: Final = (
    Format("json", "application/json", ox.QueryResultsFormat.JSON),
    Format("csv", "text/csv", ox.QueryResultsFormat.JSON, charset=True),
    Format("xlsx", XLSX, ox.QueryResultsFormat.JSON),
    Format("srj", "application/sparql-results+json", ox.QueryResultsFormat.JSON),
    Format("xml", "application/sparql-results+xml", ox.QueryResultsFormat.XML, ("application/xml", "text/xml")),
    Format("tsv", "text/tab-separated-values", ox.QueryResultsFormat.TSV, charset=True),
)
_STANDARD: Final[Mapping[str, str]] = {"srj": "json", "xml": "xml", "tsv": "tsv"}
_BY_NAME: Final = {form.name: form for form in FORMS}
_WORDS: Final = (
    "sheet_data",
    "sheet_source",
    "sheet_question",
    "sheet_description",
    "sheet_parameter",
    "sheet_url",
    "sheet_version",
    "sheet_date",
    "sheet_terms",
    "sheet_query",
)


@blueprint.get("/api/")
def index() -> Response:
    """List all questions with their parameters, as JSON."""
    told = {"language": language(), "questions": [_told(question) for question in site().questions.values()]}
    return _sent(json.dumps(told, ensure_ascii=False, indent=1).encode(), _BY_NAME["json"])


def _told(question: Question) -> dict[str, Any]:
    lang = language()
    return {
        "name": question.name,
        "title": question.title[lang],
        "description": question.description[lang],
        "parameters": [{"name": one.name, "label": one.label[lang]} for one in question.parameters],
        "api": f"/api/{question.name}",
        "page": f"/questions/{question.name}",
        "chart": f"/questions/{question.name}.svg" if question.chart else None,
    }


@blueprint.get("/api/<path:name>/choices")
def choices(name: str) -> Response:
    """List what each parameter of a question can take, as JSON."""
    question = find(name)
    told = {
        parameter.name: [
            {"value": one.value, "iri": one.iri, "label": one.text} for one in choices_of(question, parameter)
        ]
        for parameter in question.parameters
    }
    return _sent(json.dumps(told, ensure_ascii=False, indent=1).encode(), _BY_NAME["json"])


@blueprint.get("/api/<path:name>")
def answer(name: str) -> Response:
    """Send the answer to a question with the parameters of the URL."""
    question, form = _named(name)
    bound = filled(question)
    if form.name in _STANDARD:
        response = send(QueryRequest(bound.query, table=_STANDARD[form.name]))
        response.headers["Content-Type"] = form.content_type
        return _located(response, bound, form)
    response = _sent(_written(bound, form), form)
    response.set_etag(response.get_etag()[0] or "", weak=True)
    return _located(response, bound, form)


def _named(name: str) -> tuple[Question, Format]:
    """Return the question and the form that a path names; without a suffix, negotiation chooses the form.

    A browser, which asks for HTML first and for XML as well, gets what it can show: JSON.
    """
    stem, dot, suffix = name.rpartition(".")
    if not dot or name in site().questions:
        question = find(name)
        browser = wants_html(request) and "format" not in request.args
        return question, _BY_NAME["json"] if browser else choose(request, FORMS)
    question = find(stem)
    if suffix not in _BY_NAME:
        hint = "use " + " ".join(f".{one}" for one in _BY_NAME)
        raise NotFound(f"no form called .{suffix[:50]}", where=stem, hint=hint)
    return question, _BY_NAME[suffix]


def _written(bound: Filled, form: Format) -> bytes:
    sheet, _ = sheet_of(bound)
    if form.name == "csv":
        return csvs.render(sheet)
    query = urlencode({**bound.values, "lang": language()})
    source = source_of(bound, site().address.absolute(f"/api/{bound.question.name}?{query}"))
    if form.name == "xlsx":
        return xlsx.render(sheet, source, sheet_words())
    return jsons.render(sheet, source, _notes())


def sheet_words() -> dict[str, str]:
    """Return the words of an XLSX file in the language of the request."""
    return {key.removeprefix("sheet_"): word(key) for key in _WORDS}


def _notes() -> list[str]:
    """Return what was not done as asked."""
    foreign = foreign_language()
    return [f"lang={foreign} is not available: labels are in {language()}; there are nl and en"] if foreign else []


def _sent(data: bytes, form: Format) -> Response:
    response = Response(data, content_type=form.content_type)
    response.set_etag(blake2b(data + form.name.encode(), digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Content-Language"] = language()
    return response


def _located(response: Response, bound: Filled, form: Format) -> Response:
    """Add where exactly this is, under which name it is kept, and where a person reads it."""
    query = urlencode({**bound.values, "lang": language()})
    response.headers["Content-Location"] = f"/api/{bound.question.name}.{form.name}?{query}"
    kind = "attachment" if form.name == "xlsx" else "inline"
    file = f"{bound.question.name.rpartition('/')[2]}.{form.name}"
    response.headers["Content-Disposition"] = f'{kind}; filename="{file}"'
    response.headers["Link"] = f'</questions/{bound.question.name}?{query}>; rel="alternate"; type="text/html"'
    return response
