"""What a chart shows, in words made from its data: the text alternative (WCAG 2.2, criterion 1.1.1)."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Final

from kg.queries.chart_header import Plot
from kg.queries.rows import Value
from kg.tables.charts.svg import printable
from kg.tables.numbers import format_value
from kg.tables.sheet import Cell, Sheet

_MOST: Final = 30
_FEW: Final = 2


def text_of(cell: Cell, lang: str) -> str:
    """Return a cell as a chart writes it: a label, or a number or date in the way of the language."""
    return printable(cell.text if cell.iri or isinstance(cell.value, str) else format_value(cell.value, lang))


def cell_of(sheet: Sheet, row: tuple[Cell, ...], name: str) -> Cell:
    """Return the cell of a row in a column by name, an empty one without a name."""
    return row[sheet.index(name)] if name else Cell(None)


def row_names(plot: Plot, sheet: Sheet, row: tuple[Cell, ...], name: str) -> list[str]:
    """Return what a row of a chart is called: its cell in a column, then each detail, also where none is named."""
    details = []
    for column in plot.detail:
        text = text_of(cell_of(sheet, row, column), sheet.lang)
        title = sheet.columns[sheet.index(column)].title
        details.append(text or f"{title}: {word('not_named', sheet.lang)}")
    return [text_of(cell_of(sheet, row, name), sheet.lang), *details]


def summary(plot: Plot, sheet: Sheet, title: str) -> str:
    """Return one sentence: the kind of chart, its title, how many values, what they share, the highest, the lowest."""
    lang = sheet.lang
    shared = f", {shared}" if (shared := _shared_colour(plot, sheet)) else ""
    said = f"{word(plot.mark, lang)}: {title} {len(sheet.rows)} {word('marks', lang)}{shared}"
    numbers = sorted(_numbers(plot, sheet), key=lambda pair: pair[0])
    if len(numbers) < _FEW or numbers[0][0] == numbers[-1][0]:
        return said + "."
    ends = (("highest", numbers[-1]), ("lowest", numbers[0]))
    return f"{said}; {'; '.join(f'{word(end, lang)} {what}' for end, (_, what) in ends)}."


def description(plot: Plot, sheet: Sheet) -> str:
    """Return the values of a chart one by one, as far as one can listen to."""
    said = [_said(plot, sheet, row) for row in sheet.rows[:_MOST]]
    if plot.reference and sheet.rows:
        cell = cell_of(sheet, sheet.rows[0], plot.reference)
        title = sheet.columns[sheet.index(plot.reference)].title
        said.append(f"{word('reference', sheet.lang)}: {title} {text_of(cell, sheet.lang)}")
    more = [word("more", sheet.lang)] if len(sheet.rows) > _MOST else []
    return "; ".join([*said, *more]) + "."


def measure_of(plot: Plot, sheet: Sheet) -> str:
    """Return what the numbers of a chart are, as the title of their column says it with its unit; none for a map."""
    names = (plot.x, plot.y, plot.colour, *plot.panels)
    titles = [each.title for name in names if name and (each := sheet.columns[sheet.index(name)]).numeric]
    return "; ".join(titles if plot.panels else titles[:1])


def _numbers(plot: Plot, sheet: Sheet) -> list[tuple[float, str]]:
    columns = [
        name
        for name in (plot.x, plot.y, plot.colour)
        if name and plot.mark != "panels" and sheet.columns[sheet.index(name)].numeric
    ]
    if not columns:
        return []
    cells = [(cell_of(sheet, row, columns[0]).value, _said(plot, sheet, row)) for row in sheet.rows]
    return [(number(value), said) for value, said in cells if value is not None]


def number(value: Value) -> float:
    """Return a number of an answer as a float, as charts take it.

    Raises:
        TypeError: the value is no number.

    """
    if isinstance(value, str) or value is None or not hasattr(value, "__float__"):
        raise TypeError(f"not a number: {value!r}")
    return float(value)


def _shared_colour(plot: Plot, sheet: Sheet) -> str:
    """Return what the colour says of each row alike, so that it need not be heard once a row."""
    if not plot.colour or plot.colour in (plot.x, plot.y) or len(sheet.rows) < _FEW:
        return ""
    texts = {text_of(cell_of(sheet, row, plot.colour), sheet.lang) for row in sheet.rows}
    return texts.pop() if len(texts) == 1 else ""


def _said(plot: Plot, sheet: Sheet, row: tuple[Cell, ...]) -> str:
    names: tuple[str, ...]
    if plot.mark == "panels":
        cells = ((sheet.columns[sheet.index(name)].title, cell_of(sheet, row, name)) for name in plot.panels)
        said = (f"{title} {text_of(cell, sheet.lang) or word('no_figure', sheet.lang)}" for title, cell in cells)
        return f"{text_of(cell_of(sheet, row, plot.y), sheet.lang)}: {', '.join(said)}"
    if plot.mark == "map":
        names = (plot.label[0], plot.latitude, plot.longitude)
    elif plot.mark == "timeline":
        names = (plot.y, *plot.label)
    else:
        names = (plot.y, plot.x) if sheet.columns[sheet.index(plot.x)].numeric else (plot.x, plot.y)
    colour = "" if _shared_colour(plot, sheet) else plot.colour
    first, *others = dict.fromkeys(name for name in (*names, colour, plot.hedge) if name)
    texts = [text_of(cell_of(sheet, row, name), sheet.lang) for name in others]
    texts = texts if any(texts) or plot.mark != "timeline" else [word("no_date", sheet.lang)]
    return f"{', '.join(row_names(plot, sheet, row, first))}: {', '.join(text for text in texts if text)}"


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("kg.tables.charts") / "words.toml").read_text(encoding="utf-8"))


def word(key: str, lang: str) -> str:
    """Return a word of charts in a language."""
    return _table()[key][lang]
