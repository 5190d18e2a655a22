"""`/questions`: the saved questions by theme; `/questions/<path>`: one with its form, answer, chart and lines."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from kg.errors import KgError, UnknownValue
from kg.namespaces import BASE
from kg.queries.question import Parameter, Question
from kg.tables.numbers import format_value
from kg.tables.sheet import Cell, Column, Sheet
from kg.web.errors import status_of
from kg.web.layout import TermView, language, local_path, site
from kg.web.questions.binding import Choice, Filled, choices_of, filled, find, sheet_of
from kg.web.questions.charts import ChartView, view

blueprint = Blueprint("saved", __name__)
_SHOWN: Final = 1000
_LISTED: Final = 60
_FORMS: Final = {
    "csv": "CSV",
    "xlsx": "Excel",
    "json": "JSON",
    "tsv": "TSV",
    "srj": "SPARQL JSON",
    "xml": "SPARQL XML",
}


@dataclass(frozen=True)
class Field:
    """A parameter in the form: its choices, and the one that is chosen; without choices a text is typed.

    Attributes:
        wrong: what was asked and cannot be; empty where all is well.

    """

    parameter: Parameter
    choices: list[Choice]
    chosen: str
    wrong: str = ""

    @property
    def links(self) -> list[tuple[Choice, str]]:
        """The first choices, each with the query string that takes it."""
        lang = language()
        return [(one, urlencode({self.parameter.name: one.value, "lang": lang})) for one in self.choices[:_LISTED]]


@dataclass(frozen=True)
class Answer:
    """What a page shows of an answer: the first rows, how many there are in all, and the chart."""

    columns: tuple[Column, ...]
    rows: list[list[TermView]]
    total: int
    chart: ChartView | None


@blueprint.get("/questions")
@blueprint.get("/questions/")
def index() -> Response:
    """List all questions by theme."""
    page = render_template("questions.html", themes=site().themes.group(site().questions.values()))
    return Response(page, content_type="text/html; charset=utf-8")


@blueprint.get("/questions/<path:name>")
def question(name: str) -> Response:
    """Show a question with the parameters of the URL; wrong ones leave the form, with what is wrong (400)."""
    asked = find(name)
    error: KgError | None = None
    bound = Filled(asked, {}, {})
    answer: Answer | None = None
    try:
        bound = filled(asked)
        answer = _answer(bound)
    except KgError as problem:
        error = problem
    page = render_template(
        "question.html",
        question=asked,
        bound=bound,
        fields=_fields(asked, bound.values, error),
        error=error,
        answer=answer,
        forms=[(name, api_path(bound, form)) for form, name in _FORMS.items()],
        lines=_lines(bound),
        chart_query=urlencode({**bound.values, "lang": language()}),
    )
    response = Response(page, status=status_of(error) if error else 200, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language()
    if error:
        response.headers["Cache-Control"] = "no-store"
        if error.retry is not None:
            response.headers["Retry-After"] = str(error.retry)
    return response


def _answer(bound: Filled) -> Answer:
    sheet, total = sheet_of(bound, _SHOWN)
    rows = [[_view(cell, sheet.lang) for cell in row] for row in sheet.rows]
    return Answer(sheet.columns, rows, total, _chart(bound, sheet))


def _chart(bound: Filled, sheet: Sheet) -> ChartView | None:
    """Return the chart, or nothing: the table has the same data."""
    try:
        return view(bound, sheet)
    except KgError:
        return None


def _view(cell: Cell, lang: str) -> TermView:
    """Return a cell as a link with its label, a number in the way of the language, or a text with its own language."""
    if cell.value is None:
        return TermView("")
    if not cell.iri:
        text = cell.text if isinstance(cell.value, str) else format_value(cell.value, lang)
        return TermView(text, cell.lang if cell.lang != lang else "")
    iri = str(cell.value)
    query = f"?lang={lang}" if iri.startswith(BASE) and "#" not in iri else ""
    href = local_path(iri) + query if iri.startswith(("http://", "https://")) else ""
    return TermView(cell.text, cell.lang if cell.lang != lang else "", href, iri)


def _fields(asked: Question, values: Mapping[str, str], error: KgError | None) -> list[Field]:
    """Return the fields of the form; where a question takes too long to tell its choices, a text is typed."""
    slow = error is not None and error.retry is not None
    wrong = error.where if isinstance(error, UnknownValue) else ""
    fields = []
    for one in asked.parameters:
        given = _given(one.name)
        choices = [] if slow else _choices(asked, one)
        fields.append(Field(one, choices, values.get(one.name, given), given if one.name == wrong else ""))
    return fields


def _choices(asked: Question, parameter: Parameter) -> list[Choice]:
    try:
        return choices_of(asked, parameter)
    except KgError:
        return []


def _given(name: str) -> str:
    return request.args.get(name, "")[:300]


def api_path(bound: Filled, form: str) -> str:
    """Return the path of an answer as data."""
    return f"/api/{bound.question.name}.{form}?{urlencode({**bound.values, 'lang': language()})}"


def _lines(bound: Filled) -> list[tuple[str, str]]:
    """Return lines to copy that fetch the answer: for pandas, R and the shell, with the address of the site."""
    url = site().address.absolute(api_path(bound, "csv"))
    quoted = json.dumps(url)
    file = bound.question.name.rpartition("/")[2] + ".csv"
    return [
        ("pandas", f"import pandas as pd\nframe = pd.read_csv({quoted})"),
        ("R", f'frame <- read.csv({quoted}, encoding = "UTF-8")'),
        ("curl", shlex.join(["curl", "--fail", "--silent", "--show-error", "--output", file, url])),
    ]
