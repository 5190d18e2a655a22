"""Answers to queries, as assistants get them: rows that say of what kind they are and where that stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

import pyoxigraph as ox

from kg.endpoint.protocol import QueryResult
from kg.queries.engine import iris_of
from kg.tables.column_titles import title_of
from kg.tables.json import plain
from kg.tables.sheet import Cell, Sheet
from kg.web.assistant.citations import Grounds, Payload, names_of, short, size_of, with_passages
from kg.web.site import Site

_ASSIGNED: Final = re.compile(r"\bAS\s+\?(\w+)", re.IGNORECASE)  # SPARQL 1.1, sections 10.1 and 11.
Row = tuple[Cell, ...]
_GROUNDS: Final = ("kind of statement", "passages", "id")


def rows_of(site: Site, query: str, result: QueryResult, lang: str, size: int, start: int = 0) -> Payload:
    """Return rows of an answer with kind, passages and IRI, as many as there is room for, and how many there are.

    Arguments:
        site: what is served.
        query: the query that was answered.
        result: its answer in JSON, or a graph.
        lang: language of labels and titles.
        size: characters at most, about.
        start: number of the first row.

    """
    if result.format != "json":
        return _graph(result, size)
    sheet = sheet_of(site, result, lang)
    payload = table(site, query, replace(sheet, rows=sheet.rows[start:]), size * 3 // 4)
    end, count = start + len(payload["rows"]), max(result.rows, len(sheet.rows))
    payload |= {"rows_in_all": count} | ({"next_row": end} if end < count else {})
    return with_passages(site, payload, lang, size)


def sheet_of(site: Site, result: QueryResult, lang: str) -> Sheet:
    """Return an answer in JSON as rows with labels and titles in a language."""
    solutions = ox.parse_query_results(result.data, format=ox.QueryResultsFormat.JSON)
    return Sheet.from_solutions(solutions, site.labels, lambda name: title_of(site.column_titles, name, lang), lang)


def table(site: Site, query: str, sheet: Sheet, size: int) -> Payload:
    """Return columns and rows, as many as there is room for, each with kind, passages and IRI."""
    grounds = Grounds(site, iris_of(query, site.graph.prefixes), sheet.lang)
    made = set(_ASSIGNED.findall(query))
    titles = [f"{column.title} (computed)" if column.name in made else column.title for column in sheet.columns]
    rows = list(fitting(_rows(site, sheet.rows, grounds), size - size_of(titles)))
    return {"columns": [*titles, *_GROUNDS], "rows": rows}


def texts_of(row: Iterable[Cell]) -> list[str]:
    """Return what stands in a row, in words."""
    return [cell.text for cell in row if cell.text]


def spread(rows: Iterable[Row], worth: Callable[[Row], float]) -> list[Row]:
    """Return the rows that are worth most first, and of these the first of each thing before the second of any."""
    turns: Counter[str] = Counter()
    ordered = []
    for row in rows:
        first = next((str(cell.value) for cell in row if cell.iri), "")
        ordered.append((-round(worth(row), 3), turns[first], row))
        turns[first] += 1
    return [row for *_, row in sorted(ordered, key=lambda item: item[:2])]


def _rows(site: Site, rows: Iterable[Row], grounds: Grounds) -> Iterator[list[Any]]:
    for row in rows:
        iris = dict.fromkeys(str(cell.value) for cell in row if cell.iri)
        kind, passages, own = grounds.of(list(iris), [cell.text for cell in row if cell.kind == "string"])
        yield [*map(_value, row), kind, names_of(passages), short(site, own)]


def _value(cell: Cell) -> Any:
    return cell.text if cell.iri else plain(cell.value)


def fitting(items: Iterable[Any], size: int) -> Iterator[Any]:
    """Yield the items for which there is room, one at least."""
    room = size
    for number, item in enumerate(items):
        room -= size_of(item) + 1
        if room < 0 and number:
            return
        yield item


def _graph(result: QueryResult, size: int) -> Payload:
    text = result.data.decode("utf-8")
    payload: Payload = {"turtle": text[:size], "triples_in_all": result.rows}
    return payload | ({"characters_in_all": len(text)} if len(text) > size else {})
