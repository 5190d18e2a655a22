"""`/api/<path>`: the answer to a saved question as data, in the form that Accept, a suffix or `format=` names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound
from kg.queries.formats import Format
from kg.queries.question import Question
from kg.release.files import LICENCE
from kg.tables import csv as csvs
from kg.tables import csvw, data_package, parquet, xlsx
from kg.tables import json as jsons
from kg.tables.description import Description, Origin, fields_of, key_of
from kg.tables.provenance import Provenance
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.layout import message
from kg.web.negotiation import choose, wants_html
from kg.web.questions.binding import BoundQuestion, bind, choices_of, find, sheet_of
from kg.web.questions.sources import source_of
from kg.web.responses import send_answer, send_data
from kg.web.site import Site

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSVM: Final = "application/csvm+json"
PACKAGE: Final = "application/vnd.datapackage+json"
# The first six are for people and their tools, the others are SPARQL 1.1 results as the engine gives them.
FORMS: Final = (
    Format("json", "application/json", ox.QueryResultsFormat.JSON),
    Format("csv", "text/csv", ox.QueryResultsFormat.JSON, charset=True),
    Format("xlsx", XLSX, ox.QueryResultsFormat.JSON),
    Format("parquet", parquet.MEDIA_TYPE, ox.QueryResultsFormat.JSON),
    Format("csvm", CSVM, ox.QueryResultsFormat.JSON),
    Format(data_package.NAME, PACKAGE, ox.QueryResultsFormat.JSON),
    Format("srj", "application/sparql-results+json", ox.QueryResultsFormat.JSON),
    Format("xml", "application/sparql-results+xml", ox.QueryResultsFormat.XML, ("application/xml", "text/xml")),
    Format("tsv", "text/tab-separated-values", ox.QueryResultsFormat.TSV, charset=True),
)
_STANDARD: Final[Mapping[str, str]] = {"srj": "json", "xml": "xml", "tsv": "tsv"}
_BY_NAME: Final = {form.name: form for form in FORMS}
_MESSAGES: Final = (
    "sheet_data",
    "sheet_source",
    "sheet_question",
    "sheet_description",
    "sheet_publication",
    "sheet_period",
    "sheet_scope",
    "sheet_caveat",
    "sheet_rights",
    "sheet_things",
    "sheet_derived",
    "sheet_no_period",
    "sheet_unit",
    "sheet_parameter",
    "sheet_url",
    "sheet_version",
    "sheet_date",
    "sheet_terms",
    "sheet_query",
)


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("api", __name__)

    @blueprint.get("/api/")
    def index() -> Response:
        """List all questions with their parameters, as JSON."""
        context = Context.from_request(site, request)
        questions = [_summary(question, context.lang) for question in site.questions.values()]
        return _send_listing(context, {"language": context.lang, "questions": questions})

    @blueprint.get("/api/<path:name>/choices")
    def choices(name: str) -> Response:
        """List what each parameter of a question can take, as JSON."""
        context, question = Context.from_request(site, request), find(site, name)
        parameters = {parameter.name: choices_of(context, question, parameter) for parameter in question.parameters}
        listing = {
            name: [{"value": choice.value, "iri": choice.iri, "label": choice.text} for choice in listed]
            for name, listed in parameters.items()
        }
        return _send_listing(context, listing)

    @blueprint.get("/api/<path:name>")
    def answer(name: str) -> Response:
        """Send the answer to a question with the parameters of the URL."""
        context = Context.from_request(site, request)
        question, form = _named(context, name)
        return _answer(context, bind(context, question), form)

    app.register_blueprint(blueprint)


def _summary(question: Question, lang: str) -> dict[str, Any]:
    return {
        "name": question.name,
        "title": question.title[lang],
        "description": question.description[lang],
        "parameters": [{"name": parameter.name, "label": parameter.label[lang]} for parameter in question.parameters],
        "api": f"/api/{question.name}",
        "page": f"/questions/{question.name}",
        "chart": f"/questions/{question.name}.svg" if question.chart else None,
    }


def _send_listing(context: Context, payload: Any) -> Response:
    data = json.dumps(payload, ensure_ascii=False, indent=1).encode()
    return send_data(data, _BY_NAME["json"].content_type, context.lang)


def _named(context: Context, name: str) -> tuple[Question, Format]:
    """Return the question and the form that a path names; without a suffix, negotiation chooses the form.

    A browser, which asks for HTML first and for XML as well, gets what it can show: JSON.
    """
    site, request = context.site, context.request
    forms = [form for form in FORMS if name.endswith(f".{form.name}")]
    if forms:
        form = max(forms, key=lambda form: len(form.name))
        return find(site, name.removesuffix(f".{form.name}")), form
    stem, dot, suffix = name.rpartition(".")
    if not dot or name in site.questions:
        question = find(site, name)
        browser = wants_html(request) and "format" not in request.args
        return question, _BY_NAME["json"] if browser else choose(request, FORMS)
    find(site, stem)
    hint = "use " + " ".join(f".{form}" for form in _BY_NAME)
    raise NotFound(f"no form called .{suffix[:50]}", where=stem, hint=hint)


def _answer(context: Context, bound: BoundQuestion, form: Format) -> Response:
    """Return an answer, with where exactly it is, under which name it is kept, and where a person reads it."""
    if form.name in _STANDARD:
        response = send_answer(context, QueryRequest(bound.query, table=_STANDARD[form.name]))
        response.headers["Content-Type"] = form.content_type
    else:
        response = send_data(_written(context, bound, form), form.content_type, context.lang, weak=True)
    name, query = bound.question.name, urlencode({**bound.values, "lang": context.lang})
    response.headers["Content-Location"] = f"/api/{name}.{form.name}?{query}"
    kind = "attachment" if form.name in ("xlsx", "parquet") else "inline"
    response.headers["Content-Disposition"] = f'{kind}; filename="{name.rpartition("/")[2]}.{form.name}"'
    response.headers["Link"] = f'</questions/{name}?{query}>; rel="alternate"; type="text/html"'
    if form.name == "csv":  # Tabular Data Model, section 5.2.
        for described, media_type in (("csvm", CSVM), (data_package.NAME, PACKAGE)):
            response.headers.add("Link", f'</api/{name}.{described}?{query}>; rel="describedby"; type="{media_type}"')
    return response


def _written(context: Context, bound: BoundQuestion, form: Format) -> bytes:
    sheet, _ = sheet_of(context, bound)
    if form.name == "csv":
        return csvs.render(sheet)
    query = urlencode({**bound.values, "lang": context.lang})
    source = source_of(context, bound, sheet, context.absolute(f"/api/{bound.question.name}?{query}"))
    if form.name == "xlsx":
        return xlsx.render(sheet, source, sheet_messages(context.lang))
    if form.name == "json":
        return jsons.render(sheet, source, _warnings(context))
    description = _description(context, bound.question, sheet, source)
    if form.name == "parquet":
        return parquet.render(description, sheet.flat[1])
    render = _csvw if form.name == "csvm" else _package
    return json.dumps(render(context, description, source), ensure_ascii=False, indent=1).encode("utf-8")


def _description(context: Context, question: Question, sheet: Sheet, source: Provenance) -> Description:
    """Return what the CSV of an answer means."""
    lang, words = context.lang, sheet_messages(context.lang)
    address, _, query = source.url.partition("?")
    return Description(
        path=f"{address}.csv?{query}",
        title=question.title,
        fields=fields_of(sheet, context.site.column_titles),
        definition=question.description,
        key=key_of(sheet),
        origins=tuple(Origin(each.iri, {lang: each.title}) for each in source.sources),
        notes=tuple(f"{name}: {text}" for each in source.sources for name, text in each.lines(words)),
    )


def _csvw(context: Context, description: Description, source: Provenance) -> dict[str, Any]:
    about = {
        "dc:isVersionOf": {"@id": source.url},
        "dc:license": {"@id": context.absolute(f"/download/{LICENCE}")},
    }
    return {"@context": csvw.context(context.lang), **csvw.table(description), **about}


def _package(context: Context, description: Description, source: Provenance) -> dict[str, Any]:
    about = {
        "name": source.question.replace("/", "."),
        **data_package.texts("title", description.title),
        "version": source.version,
        "homepage": context.absolute(f"/questions/{source.question}"),
        "licenses": [{"path": context.absolute(f"/download/{LICENCE}")}],
    }
    return data_package.package([description], about)


def sheet_messages(lang: str) -> dict[str, str]:
    """Return the messages of an XLSX file in a language."""
    return {key.removeprefix("sheet_"): message(key, lang) for key in _MESSAGES}


def _warnings(context: Context) -> list[str]:
    """Return what was not done as asked."""
    other = context.unavailable_language
    return [f"lang={other} is not available: labels are in {context.lang}; there are nl and en"] if other else []
