"""JSON for programs: rows as objects with plain typed values, and what they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from kg.queries.rows import Value
from kg.tables.provenance import Provenance
from kg.tables.sheet import LABEL, Sheet


def render(sheet: Sheet, source: Provenance, notes: Sequence[str] = ()) -> bytes:
    """Return a sheet as JSON: `columns` say names, titles and types, `rows` are objects from name to value.

    Arguments:
        sheet: the rows.
        source: what they come from.
        notes: what the reader should know of this answer.

    """
    names, rows = sheet.flat
    payload = {
        "question": source.question,
        "title": source.title,
        "description": source.description,
        "language": sheet.lang,
        "parameters": dict(source.parameters),
        "columns": _columns(sheet),
        "sources": [asdict(each) for each in source.sources],
        "rows": [dict(zip(names, map(plain, row), strict=True)) for row in rows],
        "version": source.version,
        "date": source.date or None,
        "terms": dict(source.terms),
        "url": source.url,
        "notes": list(notes),
    }
    return json.dumps(payload, ensure_ascii=False, indent=1).encode("utf-8")


def _columns(sheet: Sheet) -> list[dict[str, Any]]:
    columns = []
    for place, column in enumerate(sheet.columns):
        tags = {row[place].lang for row in sheet.rows if row[place].value is not None}
        language = {"language": next(iter(tags))} if len(tags) == 1 and "" not in tags else {}
        described = {"name": column.name, "title": column.title, "type": column.kind}
        if column.kind == "iri":
            columns += [described, {"name": column.name + LABEL, "title": column.title, "type": "string"} | language]
        else:
            columns.append(described | language)
    return columns


def plain(value: Value) -> Any:
    """Return a value as JSON holds it: numbers as numbers, dates as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # JSON has no NaN and no infinity.
    return value if value is None or isinstance(value, (bool, int, str)) else value.isoformat()
