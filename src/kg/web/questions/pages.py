"""`/questions`: the saved questions by theme; `/questions/<path>`: one with its form, answer, chart and lines."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.errors import KgError, UnknownValue
from kg.languages import lang_attribute
from kg.queries.question import Parameter, Question
from kg.tables import data_package, parquet
from kg.tables.charts.drawn import chosen_rows
from kg.tables.numbers import format_value
from kg.tables.provenance import Source
from kg.tables.sheet import Cell, Column
from kg.web.context import Context
from kg.web.layout import TermView, local_link
from kg.web.questions.binding import BoundQuestion, Choice, bind, choices_of, find, sheet_of, short
from kg.web.questions.charts import ChartView, view
from kg.web.questions.sources import source_words, sources_of
from kg.web.responses import send_page
from kg.web.site import Site
from kg.web.terms import show

_ROWS: Final = 1000
_LISTED: Final = 60
_LONGEST: Final = 300  # Characters of a value that the form repeats.
_FORMS: Final = {
    "csv": "CSV",
    "xlsx": "Excel",
    "json": "JSON",
    "parquet": "Parquet",
    "csvm": "CSVW",
    data_package.NAME: "Data Package",
    "tsv": "TSV",
    "srj": "SPARQL JSON",
    "xml": "SPARQL XML",
}


@dataclass(frozen=True)
class Field:
    """A parameter in the form: its choices, and the one that is chosen; without choices a text is typed.

    Attributes:
        links: the first choices, each with the query string that takes it.
        wrong: what was asked and cannot be; empty where all is well.

    """

    parameter: Parameter
    choices: list[Choice]
    links: list[tuple[Choice, str]]
    chosen: str
    wrong: str = ""


@dataclass(frozen=True)
class Answer:
    """What a page shows of an answer: its first rows, which were chosen, how many there are, chart and sources.

    `shared` has what all rows say alike, which the page says once.
    """

    columns: tuple[Column, ...]
    shared: list[tuple[Column, TermView]]
    rows: list[list[TermView]]
    chosen: set[int]
    total: int
    chart: ChartView | None
    sources: tuple[Source, ...]


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("saved", __name__)

    @blueprint.get("/questions")
    @blueprint.get("/questions/")
    def index() -> Response:
        """List the questions by theme; `q=` (words) and `theme=` narrow."""
        context = Context.from_request(site, request)
        q, chosen = (context.request.args.get(name, "").strip()[:_LONGEST] for name in ("q", "theme"))
        themes = site.themes.group(site.questions.values())
        found = {
            theme: [question for question in group if _holds(context, question, q)]
            for theme, group in themes.items()
            if chosen in ("", theme)
        }
        return send_page(
            context,
            "questions.html",
            themes=themes,
            found={theme: group for theme, group in found.items() if group},
            q=q,
            chosen=chosen,
        )

    @blueprint.get("/questions/<path:name>")
    def question(name: str) -> Response:
        """Show a question with the parameters of the URL; wrong ones leave the form, with what is wrong (400)."""
        return _page(Context.from_request(site, request), find(site, name))

    app.register_blueprint(blueprint)


def _holds(context: Context, question: Question, words: str) -> bool:
    """Return whether title, description and theme of a question hold all words, in the language of the page."""
    lang = context.lang
    text = (question.title[lang], question.description[lang], context.site.themes.name(question.theme, lang))
    return all(word in " ".join(text).casefold() for word in words.casefold().split())


def _page(context: Context, question: Question) -> Response:
    error: KgError | None = None
    bound, answer = BoundQuestion(question), None
    try:
        bound = bind(context, question)
        answer = _answer(context, bound)
    except KgError as problem:
        error = problem
    return send_page(
        context,
        "question.html",
        error,
        question=question,
        bound=bound,
        fields=_fields(context, bound, error),
        answer=answer,
        forms=[
            (name, api_path(context, bound, form))
            for form, name in _FORMS.items()
            if form != "parquet" or parquet.is_written()
        ],
        lines=_lines(context, bound),
        embeds=_embeds(context, bound),
        source_words=source_words(context.lang),
        chart_query=urlencode({**bound.values, "lang": context.lang}),
    )


def _answer(context: Context, bound: BoundQuestion) -> Answer:
    sheet, total = sheet_of(context, bound, _ROWS)
    rows = [[_view(context.site, cell, sheet.lang) for cell in row] for row in sheet.rows]
    try:
        chart = view(context, bound, sheet)
    except KgError:  # The table has the same data.
        chart = None
    drawn = (bound.chart.x, bound.chart.y) if bound.chart else ()
    others = [at for at, column in enumerate(sheet.columns) if column.name not in drawn]
    alike = [at for at in others if _said_alike([row[at] for row in rows])]
    alike = alike if len(rows) == total and len(alike) < len(sheet.columns) else []
    kept = [at for at in range(len(sheet.columns)) if at not in alike]
    return Answer(
        tuple(sheet.columns[at] for at in kept),
        [(sheet.columns[at], rows[0][at]) for at in alike],
        [[row[at] for at in kept] for row in rows],
        chosen_rows(sheet, tuple(bound.terms.values())),
        total,
        chart,
        sources_of(context, bound.question, sheet),
    )


def _said_alike(cells: list[TermView]) -> bool:
    """Return whether all rows say the same."""
    return len(cells) > 1 and bool(cells[0].text) and all(cell == cells[0] for cell in cells)


def _view(site: Site, cell: Cell, lang: str) -> TermView:
    """Return a cell as a link with its label, a number in the way of the language, or a text with its own language."""
    if cell.value is None:
        return TermView("")
    if not cell.iri:
        text = cell.text if isinstance(cell.value, str) else format_value(cell.value, lang)
        return TermView(text, lang_attribute(cell.lang, lang))
    iri = str(cell.value)
    if iri in site.passages:
        return show(site, lang, ox.NamedNode(iri))
    return TermView(cell.text, lang_attribute(cell.lang, lang), local_link(iri, lang), iri)


def _fields(context: Context, bound: BoundQuestion, error: KgError | None) -> list[Field]:
    """Return the fields of the form; where a question takes too long to tell its choices, a text is typed."""
    slow = error is not None and error.retry is not None
    wrong = error.where if isinstance(error, UnknownValue) else ""
    fields = []
    for parameter in bound.question.parameters:
        name = parameter.name
        value = context.request.args.get(name, "")[:_LONGEST]
        choices = [] if slow else _choices(context, bound.question, parameter)
        iri = bound.terms.get(name, "")
        if choices and iri and not parameter.datatype and all(choice.iri != iri for choice in choices):
            choices = [Choice(short(iri), iri, *context.site.labels.get(iri, context.lang)), *choices]
        links = [(choice, urlencode({name: choice.value, "lang": context.lang})) for choice in choices[:_LISTED]]
        fields.append(Field(parameter, choices, links, bound.values.get(name, value), value if name == wrong else ""))
    return fields


def _choices(context: Context, question: Question, parameter: Parameter) -> list[Choice]:
    try:
        return choices_of(context, question, parameter)
    except KgError:
        return []


def api_path(context: Context, bound: BoundQuestion, form: str) -> str:
    """Return the path of an answer as data."""
    return f"/api/{bound.question.name}.{form}?{urlencode({**bound.values, 'lang': context.lang})}"


def _lines(context: Context, bound: BoundQuestion) -> list[tuple[str, str]]:
    """Return lines to copy that fetch the answer: for pandas, R and the shell, with the address of the site."""
    url = context.absolute(api_path(context, bound, "csv"))
    quoted = json.dumps(url)
    file = bound.question.name.rpartition("/")[2] + ".csv"
    return [
        ("pandas", f"import pandas as pd\nframe = pd.read_csv({quoted})"),
        ("R", f'frame <- read.csv({quoted}, encoding = "UTF-8")'),
        ("curl", shlex.join(["curl", "--fail", "--silent", "--show-error", "--output", file, url])),
    ]


def _embeds(context: Context, bound: BoundQuestion) -> list[tuple[str, str]]:
    """Return what puts the chart of a question into another page, each with the name of its message."""
    query = urlencode({**bound.values, "lang": context.lang})
    frame, image = (context.absolute(f"/questions/{bound.question.name}.{form}?{query}") for form in ("embed", "svg"))
    title = bound.question.title[context.lang]
    return [
        ("embed_frame", f'<iframe src="{escape(frame)}" title="{escape(title)}" width="760" height="900"></iframe>'),
        ("embed_image", f'<img src="{escape(image)}" alt="{escape(title)}" width="720">'),
    ]
