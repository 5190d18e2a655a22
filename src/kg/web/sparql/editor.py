"""What the SPARQL editor asks of this host: its terms, examples, labels, charts and XLSX; and whether it is there."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Request, Response, request

from kg.endpoint.http.sparql_protocol import arguments
from kg.endpoint.protocol import QueryRequest
from kg.errors import KgError, QueryError, Refused, TooLarge, UnknownValue
from kg.queries.chart_header import Plot
from kg.queries.formats import GRAPHS, TABLES
from kg.queries.question import Question
from kg.tables import xlsx
from kg.tables.charts.draw import ChartRenderer
from kg.tables.charts.map import render_answer_map
from kg.tables.charts.svg import Frame
from kg.tables.charts.themes import THEMES
from kg.tables.charts.vega_lite import SIZES
from kg.tables.provenance import Provenance
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.layout import POLICY, message, messages, term_view, translations
from kg.web.questions.api import XLSX, sheet_messages
from kg.web.questions.binding import read_sheet
from kg.web.questions.charts import MAP, MOST, SVG, link_of, painted
from kg.web.responses import ask, one_of, send_data, send_json
from kg.web.site import Site
from kg.web.sparql.editor_terms import lexicon
from kg.web.sparql.term_warnings import warnings
from kg.web.views import View

FILES: Final = Path(__file__).parents[1] / "static" / "editor"
_MARKS: Final = ("bar", "point", "links", MAP)

_BARS: Final = 150  # Rows that a chart shows so that one can read it.
_POINTS: Final = 2000
_IRIS: Final = 5000
_SIGN: Final = "§"
_SECONDS: Final = 10.0
_JSON: Final = "application/json"


def init_app(app: Flask, site: Site) -> None:
    """Register the routes; charts of editors wait for each other, not those of the saved questions for them."""
    blueprint, renderer = Blueprint("editor", __name__), ChartRenderer(_SECONDS)
    if not is_built():
        logging.getLogger("kg").warning("the editor is not built, so /sparql is the plain form: see docs/editor.md")

    @blueprint.post("/sparql/check")
    def check() -> Response:
        """Send what is wrong with a query, if anything, and which of its terms are not in use, without running it."""
        context, query = Context.from_request(site, request), _fields(request).get("query", "")
        error = _check(context, query)
        return send_json({"problem": error and _problem(error), "warnings": warnings(context, query)})

    @blueprint.get("/sparql/terms.json")
    def terms() -> Response:
        """Send the prefixes, classes, properties and things of the graph, to complete from."""
        return _send(Context.from_request(site, request), _terms(site), _JSON)

    @blueprint.get("/sparql/examples.json")
    def examples() -> Response:
        """Send the saved questions by theme, each with its query and chart."""
        context = Context.from_request(site, request)
        return _send(context, _json(_examples(site, context.lang)), _JSON)

    @blueprint.post("/sparql/labels")
    def labels() -> Response:
        """Send the labels of IRIs (`iris=`, parted by spaces): text, language where it is another, and a link."""
        context = Context.from_request(site, request)
        return _send(context, _json(_labels(context, _fields(request).get("iris", "").split())), _JSON)

    @blueprint.route("/sparql/chart", methods=["GET", "POST"])
    def chart() -> Response:
        """Send the answer to a query as a chart or map in SVG; `mark=` and columns as in the header of a question."""
        context = Context.from_request(site, request)
        return _send(context, _chart(context, renderer, _fields(request)).encode(), SVG)

    @blueprint.route("/sparql/xlsx", methods=["GET", "POST"])
    def spreadsheet() -> Response:
        """Send the answer to a query as XLSX, with labels, typed cells and a sheet that names its source."""
        context = Context.from_request(site, request)
        response = _send(context, _spreadsheet(context, _fields(request)), XLSX)
        response.headers["Content-Disposition"] = 'attachment; filename="answer.xlsx"'
        return response

    app.register_blueprint(blueprint)


def is_built() -> bool:
    """Return whether the bundle is there."""
    return (FILES / "editor.js").is_file()


def bundle_version() -> str:
    """Return what changes with the bundle, for its URLs."""
    return blake2b((FILES / "editor.js").read_bytes(), digest_size=6).hexdigest()


def setting(context: Context, query: str, starter: str, error: KgError | None) -> dict[str, Any]:
    """Return the settings that a page gives the editor: language, messages, the query, and why it failed."""
    return {
        "lang": context.lang,
        "words": messages("editor_", _MESSAGES, context.lang),
        "said": translations(context.lang),
        "nonce": secrets.token_urlsafe(16),
        "query": query,
        "starter": starter,
        "problem": error and _problem(error),
        "forms": {"rows": [form.name for form in TABLES], "graph": [form.name for form in GRAPHS]},
    }


_MESSAGES: Final = (
    *("query", "run", "answer", "rows", "one_row", "no_rows", "no_rows_unused", "formats", "hint", "line", "column"),
    *("previous", "next", "as_chart", "as_map", "questions_none"),
)


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy of the page: that of all pages, and styles of the code area.

    Style elements need the nonce. Style attributes are let through: where one types over a selection, Chromium itself
    writes one into the text.
    """
    return POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'")


def _problem(error: KgError) -> dict[str, Any]:
    members = {name: getattr(error, name) for name in ("title", "hint", "line", "column")}
    return members | {"detail": error.what}


def _check(context: Context, query: str) -> KgError | None:
    """Return what is wrong with a query, without running it.

    Behind the query comes a line with a sign that no query may hold: the reading ends there, or before it. A query
    that is not finished is not wrong yet.
    """
    try:
        ask(context, QueryRequest(f"{query}\n{_SIGN}", prefixed=True))
    except (QueryError, Refused, TooLarge) as error:
        return None if error.line == query.count("\n") + 2 else error
    except KgError:
        pass  # Too busy to say.
    return None


def _terms(site: Site) -> bytes:
    key = blake2b(f"terms {site.data_version}".encode(), digest_size=20).digest()
    data: bytes | None = site.cache.get(key)
    if data is None:
        main = {view.target for _, view in site.kinds.menu}
        data = _json(lexicon(site.graph.store, site.labels, site.graph.prefixes, _shown(site.views), main))
        site.cache.put(key, data, len(data))
    return data


def _shown(views: Iterable[View]) -> dict[str, list[str]]:
    """Return of each class the properties that a page leads with, then the others that it shows, in their order."""
    fields = {
        view.target: (*view.leading, *(each for group in view.groups.values() for each in group)) for view in views
    }
    steps = {
        target: [step for each in some for way in each.path for step in way[:1]] for target, some in fields.items()
    }
    return {
        target: list(dict.fromkeys(step.predicate for step in some if not step.inverse))
        for target, some in steps.items()
    }


def _examples(site: Site, lang: str) -> list[dict[str, Any]]:
    return [
        {"name": site.themes.name(theme, lang), "questions": [_example(question, lang) for question in group]}
        for theme, group in site.themes.group(site.questions.values()).items()
    ]


def _example(question: Question, lang: str) -> dict[str, Any]:
    chart = question.chart if question.chart and question.chart.mark in _MARKS else None
    plot = chart and {name: value for name, value in asdict(chart).items() if value}
    texts = {"title": question.title[lang], "about": question.description[lang]}
    return {**texts, "query": question.query, "chart": plot}


def _labels(context: Context, iris: list[str]) -> dict[str, list[str]]:
    if len(iris) > _IRIS:
        raise TooLarge(f"{len(iris)} IRIs; {_IRIS} are allowed", hint="ask for fewer at once")
    try:
        views = {iri: term_view(context.site, ox.NamedNode(iri), context.lang) for iri in iris}
    except ValueError as error:
        raise QueryError(f"not an IRI: {error}", hint="send absolute IRIs, parted by spaces") from error
    return {iri: [view.text, view.tag, view.href] for iri, view in views.items()}


def _chart(context: Context, renderer: ChartRenderer, fields: Mapping[str, str]) -> str:
    sheet = _sheet(context, fields)
    plot = _plot(fields, sheet)
    theme, size = one_of(fields, "theme", tuple(THEMES)), one_of(fields, "size", tuple(SIZES))
    frame = Frame(message("editor_your_query", context.lang))
    if plot.mark == MAP:
        return render_answer_map(plot, sheet, frame, theme, lambda iri: link_of(iri, context.lang))
    return painted(context, renderer, plot, sheet, frame, ((theme, size),))[theme, size]


def _plot(fields: Mapping[str, str], sheet: Sheet) -> Plot:
    """Return what goes where, as far as the answer has it.

    Raises:
        UnknownValue: an unknown mark, a column that is not there or holds no numbers.
        TooLarge: more rows than a chart can show.

    """
    mark = one_of(fields, "mark", _MARKS)
    label, detail = (tuple(filter(None, fields.get(key, "").split(","))) for key in ("label", "detail"))
    keys = ("latitude", "longitude") if mark == MAP else ("x", "y", "colour")
    columns = {key: fields.get(key, "") for key in keys}
    plot = Plot(mark, **columns, label=label, detail=detail)  # type: ignore[arg-type]
    needed = (plot.latitude, plot.longitude, label[:1]) if mark == MAP else (plot.x, plot.y)
    if not all(needed):
        names = "latitude, longitude and label" if mark == MAP else "x and y"
        raise UnknownValue("a column is missing", where=mark, hint=f"name columns in {names}")
    _check_columns(plot, sheet)
    most = {"bar": _BARS, "links": MOST}.get(mark, _POINTS)
    if len(sheet.rows) > most:
        raise TooLarge(f"{len(sheet.rows)} rows; this chart shows {most}", hint=f"add LIMIT {most}, or group the rows")
    return plot


def _check_columns(plot: Plot, sheet: Sheet) -> None:
    numeric: dict[str, bool] = {}
    for name in plot.columns:
        try:
            numeric[name] = sheet.columns[sheet.index(name)].numeric
        except KeyError:
            hint = f"its columns: {', '.join(column.name for column in sheet.columns)}"
            raise UnknownValue(f"the answer has no column {name[:100]}", where=plot.mark, hint=hint) from None
    numbers = {plot.latitude, plot.longitude} if plot.mark == MAP else {plot.x, plot.y}
    enough = all(map(numeric.get, numbers)) if plot.mark == MAP else any(map(numeric.get, numbers))
    enough = enough or plot.mark == "links"
    if not enough or not sheet.rows:
        what = "there are no numbers to draw" if sheet.rows else "there are no rows to draw"
        raise UnknownValue(what, where=plot.mark, hint="choose a column in which every value is a number")


def _spreadsheet(context: Context, fields: Mapping[str, str]) -> bytes:
    site, lang = context.site, context.lang
    sheet = _sheet(context, fields)
    source = Provenance(
        question="",
        title=message("editor_your_query", lang),
        description="",
        query=fields.get("query", ""),
        parameters={},
        url=context.request.host_url + "sparql",
        version=site.graph.version,
        date=site.edition.date,
        terms=site.terms_of_use[lang],
    )
    return xlsx.render(sheet, source, sheet_messages(lang))


def _fields(request: Request) -> dict[str, str]:
    return dict(arguments(request.get_data() if request.method == "POST" else request.query_string))


def _sheet(context: Context, fields: Mapping[str, str]) -> Sheet:
    """Return the answer to the query of a request, in the language of the request.

    Raises:
        QueryError: no query, or one whose answer is a graph.
        KgError: as the engine.

    """
    query = fields.get("query", "")
    if not query.strip():
        raise QueryError("no query", hint="send query=SELECT ...")
    answer = ask(context, QueryRequest(query, prefixed=True))
    if answer.format not in [form.name for form in TABLES]:
        raise QueryError("the answer is a graph, which has no rows", hint="send a SELECT")
    return read_sheet(context, answer.data)


def _json(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _send(context: Context, data: bytes, media_type: str) -> Response:
    return send_data(data, media_type, context.lang)
