"""What the SPARQL editor asks of this host: its terms, examples, labels, charts and XLSX; and whether it is there."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, current_app, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import KgError, QueryError, Refused, TooLarge, UnknownValue
from kg.queries.chart_header import Plot
from kg.queries.formats import GRAPHS, TABLES
from kg.queries.question import Question
from kg.tables import xlsx
from kg.tables.charts.draw import ChartRenderer
from kg.tables.charts.map import render_answer_map
from kg.tables.charts.text_alternative import description, summary
from kg.tables.charts.themes import THEMES
from kg.tables.charts.vega_lite import SIZES
from kg.tables.column_titles import title_of
from kg.tables.provenance import Provenance
from kg.tables.sheet import Sheet
from kg.web.layout import POLICY, language, site, term_view, word, words_of
from kg.web.questions.api import XLSX, sheet_words
from kg.web.questions.binding import desk
from kg.web.questions.charts import MAP, link_of, painted
from kg.web.responses import arguments, ask
from kg.web.sparql.editor_terms import lexicon

blueprint = Blueprint("editor", __name__)
FILES: Final = Path(__file__).parents[1] / "static" / "editor"
_MARKS: Final = ("bar", "point", MAP)
_BARS: Final = 150  # Rows that a chart shows so that one can read it.
_POINTS: Final = 2000
_IRIS: Final = 5000
_SIGN: Final = "§"
_SECONDS: Final = 10.0
_PAINTER: Final = "kg.editor.painter"


def init_app(app: Flask) -> None:
    """Register the routes; charts of editors wait for each other, not those of the saved questions for them."""
    app.extensions[_PAINTER] = ChartRenderer(_SECONDS)
    app.register_blueprint(blueprint)
    if not is_built():
        logging.getLogger("kg").warning("the editor is not built, so /sparql is the plain form: see docs/editor.md")


def is_built() -> bool:
    """Return whether the bundle is there."""
    return (FILES / "editor.js").is_file()


def bundle_version() -> str:
    """Return what changes with the bundle, for its URLs."""
    return blake2b((FILES / "editor.js").read_bytes(), digest_size=6).hexdigest()


def setting(query: str, starter: str, error: KgError | None) -> dict[str, Any]:
    """Return what a page tells the editor: language, words, the query, and why it failed."""
    return {
        "lang": language(),
        "words": words_of("editor_", _WORDS),
        "nonce": secrets.token_urlsafe(16),
        "query": query,
        "starter": starter,
        "problem": error and _problem(error),
        "forms": {"rows": [form.name for form in TABLES], "graph": [form.name for form in GRAPHS]},
    }


_WORDS: Final = (
    *("query", "run", "answer", "rows", "one_row", "no_rows", "formats", "hint", "line", "column"),
    *("previous", "next", "as_chart", "as_map"),
)


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy of the page: that of all pages, and styles of the code area.

    Style elements need the nonce. Style attributes are let through: where one types over a selection, Chromium itself
    writes one into the text.
    """
    return POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'")


def _problem(error: KgError) -> dict[str, Any]:
    told = {name: getattr(error, name) for name in ("title", "hint", "line", "column")}
    return told | {"detail": error.what}


@blueprint.post("/sparql/check")
def check() -> Response:
    """Send what is wrong with a query, if anything, without running it.

    Behind the query comes a line with a sign that no query may hold: the reading ends there, or before it. A query
    that is not finished is not wrong yet.
    """
    query = _fields().get("query", "")
    found: KgError | None = None
    try:
        ask(QueryRequest(f"{query}\n{_SIGN}", prefixed=True))
    except (QueryError, Refused, TooLarge) as error:
        found = None if error.line == query.count("\n") + 2 else error
    except KgError:
        pass  # Too busy to say.
    return Response(_json({"problem": found and _problem(found)}), content_type="application/json")


@blueprint.get("/sparql/terms.json")
def terms() -> Response:
    """Send the prefixes, classes, properties and things of the graph, to complete from."""
    key = blake2b(f"terms {site().data_version}".encode(), digest_size=20).digest()
    data: bytes | None = site().cache.get(key)
    if data is None:
        graph = site().graph
        data = _json(lexicon(graph.store, site().labels, graph.prefixes))
        site().cache.put(key, data, len(data))
    return _sent(data, "application/json")


@blueprint.get("/sparql/examples.json")
def examples() -> Response:
    """Send the saved questions by theme, each with its query and chart."""
    lang = language()
    themes = site().themes
    groups = [
        {"name": themes.name(theme, lang), "questions": [_example(question, lang) for question in questions]}
        for theme, questions in themes.group(site().questions.values()).items()
    ]
    return _sent(_json(groups), "application/json")


def _example(one: Question, lang: str) -> dict[str, Any]:
    plot = one.chart and {name: value for name, value in asdict(one.chart).items() if value}
    return {"title": one.title[lang], "about": one.description[lang], "query": one.query, "chart": plot}


@blueprint.post("/sparql/labels")
def labels() -> Response:
    """Send the labels of IRIs (`iris=`, parted by spaces): text, language where it is another, and a link."""
    iris = _fields().get("iris", "").split()
    if len(iris) > _IRIS:
        raise TooLarge(f"{len(iris)} IRIs; {_IRIS} are allowed", hint="ask for fewer at once")
    try:
        views = {iri: term_view(site(), ox.NamedNode(iri), language()) for iri in iris}
    except ValueError as error:
        raise QueryError(f"not an IRI: {error}", hint="send absolute IRIs, parted by spaces") from error
    return _sent(_json({iri: [view.text, view.tag, view.href] for iri, view in views.items()}), "application/json")


@blueprint.route("/sparql/chart", methods=["GET", "POST"])
def chart() -> Response:
    """Send the answer to a query as a chart or map in SVG; `mark=` and columns as in the header of a question."""
    fields = _fields()
    sheet = _sheet(fields)
    plot = _plot(fields, sheet)
    theme, size = _one_of(fields, "theme", tuple(THEMES)), _one_of(fields, "size", tuple(SIZES))
    title = word("editor_your_query")
    if plot.mark == MAP:
        svg = render_answer_map(plot, sheet, title, theme, link_of)
    else:
        painter: ChartRenderer = current_app.extensions[_PAINTER]
        told = summary(plot, sheet, title), description(plot, sheet)
        svg = painted(painter, plot, sheet, [(theme, size)], *told)[theme, size]
    return _sent(svg.encode(), "image/svg+xml")


def _plot(fields: Mapping[str, str], sheet: Sheet) -> Plot:
    """Return what goes where, as far as the answer has it.

    Raises:
        UnknownValue: an unknown mark, a column that is not there or holds no numbers.
        TooLarge: more rows than a chart can show.

    """
    mark = _one_of(fields, "mark", _MARKS)
    label = tuple(name for name in fields.get("label", "").split(",") if name)
    keys = ("latitude", "longitude") if mark == MAP else ("x", "y", "colour")
    plot = Plot(mark, **{key: fields.get(key, "") for key in keys}, label=label)
    needed = (plot.latitude, plot.longitude, label[:1]) if mark == MAP else (plot.x, plot.y)
    if not all(needed):
        names = "latitude, longitude and label" if mark == MAP else "x and y"
        raise UnknownValue("a column is missing", where=mark, hint=f"name columns in {names}")
    _check_columns(plot, sheet)
    most = _BARS if mark == "bar" else _POINTS
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
    if not enough or not sheet.rows:
        what = "there are no numbers to draw" if sheet.rows else "there are no rows to draw"
        raise UnknownValue(what, where=plot.mark, hint="choose a column in which every value is a number")


@blueprint.route("/sparql/xlsx", methods=["GET", "POST"])
def spreadsheet() -> Response:
    """Send the answer to a query as XLSX, with labels, typed cells and a sheet that names its source."""
    fields = _fields()
    query = fields.get("query", "")
    sheet, lang = _sheet(fields), language()
    source = Provenance(
        question="",
        title=word("editor_your_query"),
        description="",
        query=query,
        parameters={},
        url=request.host_url + "sparql",
        version=site().graph.version,
        date=desk().date,
        terms=desk().terms[lang],
    )
    response = _sent(xlsx.render(sheet, source, sheet_words()), XLSX)
    response.headers["Content-Disposition"] = 'attachment; filename="answer.xlsx"'
    return response


def _fields() -> dict[str, str]:
    return dict(arguments(request.get_data() if request.method == "POST" else request.query_string))


def _sheet(fields: Mapping[str, str]) -> Sheet:
    """Return the answer to the query of a request, in the language of the request.

    Raises:
        QueryError: no query, or one whose answer is a graph.
        KgError: as the engine.

    """
    query, lang = fields.get("query", ""), language()
    if not query.strip():
        raise QueryError("no query", hint="send query=SELECT ...")
    answered = ask(QueryRequest(query, prefixed=True))
    if answered.format not in [form.name for form in TABLES]:
        raise QueryError("the answer is a graph, which has no rows", hint="send a SELECT")
    found = ox.parse_query_results(answered.data, format=ox.QueryResultsFormat.JSON)
    return Sheet.from_solutions(found, site().labels, lambda name: title_of(desk().titles, name, lang), lang)


def _one_of(fields: Mapping[str, str], name: str, offered: tuple[str, ...]) -> str:
    asked = fields.get(name) or offered[0]
    if asked not in offered:
        raise UnknownValue(f"{name} cannot be {asked[:100]}", where=name, hint=f"one of: {', '.join(offered)}")
    return asked


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def _sent(data: bytes, kind: str) -> Response:
    response = Response(data, content_type=kind)
    response.set_etag(blake2b(data, digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.headers["Content-Language"] = language()
    return response
