"""The first rows of a result, as a page shows them: small, whatever the result is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import QueryError, TooLarge
from kg.namespaces import XSD
from kg.queries.formats import GRAPHS, Solutions, serialise_triples

_CELLS: Final = 20_000
_BYTES: Final = 4 << 20
_STRING: Final = XSD + "string"


def first_rows(solutions: Solutions, most: int, prefixes: Mapping[str, str]) -> tuple[bytes, int]:
    """Return the first rows as SPARQL JSON, or triples as Turtle, and how many there are in all.

    Arguments:
        solutions: the result.
        most: rows or triples; fewer where a row has many cells.
        prefixes: shorten Turtle.

    Raises:
        QueryError: the query fails on the way.
        TooLarge: even the first rows are too large for a page.

    """
    try:
        data, rows = _serialise(solutions, most, prefixes)
    except (RuntimeError, ValueError) as error:
        raise QueryError(str(error), hint="use the functions that SPARQL 1.1 names") from error
    if len(data) > _BYTES:
        hint = "fetch it as data, with format=csv for instance"
        raise TooLarge("the answer is too large for a page", hint=hint, limit="max_bytes")
    return data, rows


def _serialise(solutions: Solutions, most: int, prefixes: Mapping[str, str]) -> tuple[bytes, int]:
    if isinstance(solutions, ox.QueryBoolean):
        return json.dumps({"head": {}, "boolean": bool(solutions)}).encode(), 1
    if isinstance(solutions, ox.QueryTriples):
        triples = list(islice(solutions, most))
        return serialise_triples(triples, GRAPHS[0], prefixes), len(triples) + sum(1 for _ in solutions)
    names = [variable.value for variable in solutions.variables]
    rows = list(islice(solutions, max(1, min(most, _CELLS // max(1, len(names))))))
    bindings = [{name: _cell(row[name]) for name in names if row[name] is not None} for row in rows]
    document = {"head": {"vars": names}, "results": {"bindings": bindings}}
    return json.dumps(document).encode(), len(rows) + sum(1 for _ in solutions)


def _cell(term: Any) -> dict[str, object]:
    """Return a term as SPARQL 1.1 Query Results JSON writes it (section 3.2.2), triples as SPARQL 1.2 does."""
    if isinstance(term, ox.Triple):
        parts = {name: _cell(getattr(term, name)) for name in ("subject", "predicate", "object")}
        return {"type": "triple", "value": parts}
    if not isinstance(term, ox.Literal):
        return {"type": "uri" if isinstance(term, ox.NamedNode) else "bnode", "value": term.value}
    cell: dict[str, object] = {"type": "literal", "value": term.value}
    if term.language:
        cell["xml:lang"] = term.language
    elif term.datatype.value != _STRING:
        cell["datatype"] = term.datatype.value
    return cell
