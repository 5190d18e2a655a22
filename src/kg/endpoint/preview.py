"""The beginning of an answer, as a page shows it: small, whatever the answer is."""

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


def first(found: Solutions, shown: int, prefixes: Mapping[str, str]) -> tuple[bytes, int]:
    """Return the first rows as SPARQL JSON, or triples as Turtle, and how many there are in all.

    Arguments:
        found: the answer.
        shown: rows or triples; fewer where a row has many cells.
        prefixes: shorten Turtle.

    Raises:
        QueryError: the query fails on the way.
        TooLarge: even the beginning is too large for a page.

    """
    try:
        data, rows = _first(found, shown, prefixes)
    except (RuntimeError, ValueError) as error:
        raise QueryError(str(error), hint="use the functions that SPARQL 1.1 names") from error
    if len(data) > _BYTES:
        hint = "fetch it as data, with format=csv for instance"
        raise TooLarge("the answer is too large for a page", hint=hint, limit="max_bytes")
    return data, rows


def _first(found: Solutions, shown: int, prefixes: Mapping[str, str]) -> tuple[bytes, int]:
    if isinstance(found, ox.QueryBoolean):
        return json.dumps({"head": {}, "boolean": bool(found)}).encode(), 1
    if isinstance(found, ox.QueryTriples):
        triples = list(islice(found, shown))
        return serialise_triples(triples, GRAPHS[0], dict(prefixes)), len(triples) + sum(1 for _ in found)
    names = [variable.value for variable in found.variables]
    rows = list(islice(found, max(1, min(shown, _CELLS // max(1, len(names))))))
    bindings = [{name: _cell(row[name]) for name in names if row[name] is not None} for row in rows]
    told = {"head": {"vars": names}, "results": {"bindings": bindings}}
    return json.dumps(told).encode(), len(rows) + sum(1 for _ in found)


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
