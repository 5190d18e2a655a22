"""CSV for people (RFC 4180): labels beside IRIs, numbers bare, and no cell that a spreadsheet runs."""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from kg.queries.rows import Value
from kg.tables.sheet import Sheet

# What Excel, LibreOffice and Google Sheets take for the beginning of a formula, wide forms included (OWASP).
_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER: Final = re.compile(r"[+-]?\d+([.,]\d+)*\s?%?")


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: a text that begins like one gets an apostrophe.

    >>> safe("=1+1"), safe("-62"), safe("-62%"), safe("- los")
    ("'=1+1", '-62', '-62%', "'- los")
    """
    return f"'{cell}" if cell.startswith(_BEGINS) and not _NUMBER.fullmatch(cell) else cell


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
