"""CSV for people (RFC 4180): labels beside IRIs, numbers bare, and no cell that a spreadsheet runs."""

from __future__ import annotations

import csv
import io

from kg.queries.rows import Value
from kg.tables.formulas import safe
from kg.tables.sheet import Sheet


def render(sheet: Sheet) -> bytes:
    """Return a sheet as CSV in UTF-8.

    A text that begins like a formula gets an apostrophe; a value that is a number never does.
    """
    names, rows = sheet.flat
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([safe(name) for name in names])
    writer.writerows([[_cell(value) for value in row] for row in rows])
    return buffer.getvalue().encode("utf-8")


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else safe(value) if isinstance(value, str) else str(value)
