"""XLSX: typed cells, a frozen header with filters, and a sheet that says where the rows come from."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter  # type: ignore[import-untyped]

from kg.tables.provenance import Provenance
from kg.tables.sheet import Cell, Sheet

_CELL: Final = 32_767  # Characters that a cell of Excel can hold.
_ROWS: Final = 1_048_575
_LINKS: Final = 65_000  # Links that a sheet of Excel can hold, about.
_URL: Final = 2_000
_EXACT: Final = 15  # Figures that a number of Excel keeps.
_EPOCH: Final = datetime(1980, 1, 1)  # What a ZIP file begins with.
_FIRST: Final = date(1900, 3, 1)  # Before it, Excel counts a day that never was.
_WIDE: Final = 60


def render(sheet: Sheet, source: Provenance, words: Mapping[str, str]) -> bytes:
    """Return a sheet as XLSX; the same input gives the same bytes.

    What the numbers are of and what to mind stands below the rows too: a sheet is often taken along alone.

    Arguments:
        sheet: the rows; an IRI is a link under its label, and stands in full in a column of its own.
        source: what the second sheet says.
        words: names of the two sheets (`data`, `source`), and titles of the rows of the second.

    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(buffer, options)
    created = datetime.fromisoformat(source.date) if source.date else _EPOCH
    book.set_properties({"title": source.title, "comments": source.url, "created": created})
    below = [f"{name}: {text}" for each in source.sources for name, text in each.lines(words)]
    _data(book, sheet, words["data"], below)
    _source(book, source, words)
    book.close()
    return buffer.getvalue()


def _data(book: Any, sheet: Sheet, name: str, below: Sequence[str]) -> None:
    page = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    forms = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "dateTime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    titles, columns = zip(*_flat(sheet), strict=True)
    rows = sheet.rows[: _ROWS - len(below) - 1]
    links = 0
    for place, (title, (source, part)) in enumerate(zip(titles, columns, strict=True)):
        page.write_string(0, place, title, head)
        width = len(title)
        for number, row in enumerate(rows, start=1):
            cell = row[source]
            links += part == "link"
            _write(page, number, place, cell, part if links <= _LINKS else "text", forms)
            width = max(width, min(len(cell.text), _WIDE))
        page.set_column(place, place, min(max(width, 8), _WIDE) + 2)
    for number, text in enumerate(below, start=len(rows) + 2):
        page.write_string(number, 0, text[:_CELL])
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, len(rows), len(titles) - 1)


def _flat(sheet: Sheet) -> Iterator[tuple[str, tuple[int, str]]]:
    """Yield titles, and for each the column of the sheet and what of it is shown; IRIs follow their label."""
    for place, column in enumerate(sheet.columns):
        yield column.title, (place, "link" if column.kind == "iri" else "value")
        if column.kind == "iri":
            yield f"{column.title} (IRI)", (place, "text")


def _write(page: Any, row: int, column: int, cell: Cell, part: str, forms: Mapping[str, Any]) -> None:
    value = cell.value
    if value is None:
        return
    if part == "link" and isinstance(value, str) and value.startswith(("http://", "https://")) and len(value) < _URL:
        page.write_url(row, column, value, string=cell.text[:_CELL] or value)
    elif part in ("link", "text") or not _fits(value):
        page.write_string(row, column, (cell.text if part == "link" else str(value))[:_CELL])
    elif isinstance(value, bool):
        page.write_boolean(row, column, value)
    elif isinstance(value, (int, float, Decimal)):
        page.write_number(row, column, value)
    else:
        page.write_datetime(row, column, value, forms["dateTime" if isinstance(value, datetime) else "date"])


def _fits(value: object) -> bool:
    """Return whether Excel has a type for a value that keeps it as it is; otherwise it is written as text."""
    if isinstance(value, bool):
        return True
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(str(value))
        return number.is_finite() and len(number.normalize().as_tuple().digits) <= _EXACT
    if isinstance(value, datetime):
        return value.tzinfo is None and value.date() >= _FIRST
    return isinstance(value, date) and value >= _FIRST


def _source(book: Any, source: Provenance, words: Mapping[str, str]) -> None:
    page = book.add_worksheet(words["source"])
    bold = book.add_format({"bold": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 100)
    for number, (title, text) in enumerate(_facts(source, words)):
        page.write_string(number, 0, title[:_CELL], bold)
        page.write_string(number, 1, text[:_CELL], wrap)


def _facts(source: Provenance, words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield words["question"], source.title
    yield words["description"], source.description
    for name, value in source.parameters.items():
        yield f"{words['parameter']}: {name}", value
    for each in source.sources:
        yield from each.lines(words)
    yield words["url"], source.url
    yield words["version"], source.version
    yield words["date"], source.date
    for graph, terms in source.terms.items():
        yield f"{words['terms']}: {graph}", terms
    yield words["query"], source.query
