"""Where the rows of a saved question come from, and what the publications say of the numbers in them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from kg.queries.question import Question
from kg.rdf_terms import local_name
from kg.tables.provenance import FigureSource, Provenance
from kg.tables.sheet import Sheet
from kg.web.context import Context
from kg.web.layout import message
from kg.web.questions.binding import BoundQuestion, sheet_of

_SERIES: Final = "evidence/series"  # The question that says of each measure what its numbers come from.
_NAME: Final = re.compile(r"\bkb:(\w+)")
_KEPT: Final = ("dataSet", "period", "scope")
_LINES: Final = ("publication", "period", "scope", "caveat")


def source_of(context: Context, bound: BoundQuestion, sheet: Sheet, url: str) -> Provenance:
    """Return what goes with the rows of a question, in the language of the request."""
    site, lang, question = context.site, context.lang, bound.question
    return Provenance(
        question=question.name,
        title=question.title[lang],
        description=question.description[lang],
        query=bound.query,
        parameters=bound.terms,
        url=url,
        version=site.graph.version,
        date=site.edition.date,
        terms=site.terms_of_use[lang],
        figures=figure_sources(context, question, sheet),
    )


def figure_sources(context: Context, question: Question, answer: Sheet) -> tuple[FigureSource, ...]:
    """Return the publications whose numbers stand in an answer: those with the measures that its query names.

    Where the answer has a column for data set, period or scope, only what stands in it counts. Single figures
    (`kb:value`) count where the query asks for them too, and their publication has no series of that measure.
    """
    series = context.site.questions.get(_SERIES)
    asked = set(_NAME.findall(question.query))
    if series is None or series is question:
        return ()
    sheet, _ = sheet_of(context, BoundQuestion(series))
    names = [column.name for column in sheet.columns]
    shown = {
        column.name: {row[place].value for row in answer.rows}
        for place, column in enumerate(answer.columns)
        if column.name in _KEPT and column.kind == "iri"
    }
    rows = [dict(zip(names, row, strict=True)) for row in sheet.rows]
    rows = [
        cells
        for cells in rows
        if local_name(str(cells["measured"].value)) in asked
        and all(cells[name].value in values for name, values in shown.items())
    ]
    in_series = {cells["publication"].value for cells in rows if cells["dataSet"].value}
    texts: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    for cells in rows:
        if cells["dataSet"].value or ("value" in asked and cells["publication"].value not in in_series):
            for name in names:
                if cells[name].text:
                    texts[str(cells["publication"].value)][name][cells[name].text] = None
    return tuple(
        FigureSource(
            iri,
            publication=context.label(iri),
            publishers=tuple(said["publisher"]),
            issued=", ".join(said["issued"]),
            periods=tuple(said["period"]),
            scopes=tuple(said["scope"]),
            caveats=tuple(said["caveat"]),
        )
        for iri, said in texts.items()
    )


def source_words(lang: str) -> dict[str, str]:
    """Return the names of what is said of a source of figures, in a language."""
    return {name: message(f"sheet_{name}", lang) for name in _LINES}


def footnotes(context: Context, question: Question, answer: Sheet) -> list[str]:
    """Return what stands below a chart of a question: a line for each publication, then what to know of its numbers."""
    words = source_words(context.lang)
    return [
        ". ".join(f"{name}: {text}" for name, text in figures.lines(words)) + "."
        for figures in figure_sources(context, question, answer)
    ]
