"""What goes with a CSV file, as CSV on the Web has it: columns with datatypes, sources, what to know of the numbers.

The CSV itself has no line of comment, which readers of CSV would take for a row; it names this by a `Link` header
(Model for Tabular Data and Metadata on the Web, section 5.2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kg.tables.provenance import Provenance
from kg.tables.sheet import LABEL, Sheet

_DATATYPES: Final[Mapping[str, str]] = {"iri": "anyURI", "mixed": "string"}


def render(sheet: Sheet, source: Provenance, csv: str, words: Mapping[str, str]) -> bytes:
    """Return the metadata of a sheet as CSV.

    Arguments:
        sheet: the rows.
        source: what they come from.
        csv: URL of the CSV.
        words: names of what is said of the figures.

    """
    columns = [column for each in sheet.columns for column in _columns(each.name, each.title, each.kind)]
    payload = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": sheet.lang}],
        "url": csv,
        "dc:title": source.title,
        "dc:description": source.description,
        "dc:source": [each.iri for each in source.sources],
        "dc:isVersionOf": {"@id": source.url},
        "notes": [f"{name}: {text}" for each in source.sources for name, text in each.lines(words)],
        "tableSchema": {"columns": columns},
    }
    return json.dumps(payload, ensure_ascii=False, indent=1).encode("utf-8")


def _columns(name: str, title: str, kind: str) -> list[dict[str, Any]]:
    described = {"name": name, "titles": name, "dc:title": title, "datatype": _DATATYPES.get(kind, kind)}
    if kind != "iri":
        return [described]
    label = name + LABEL
    return [described, {"name": label, "titles": label, "dc:title": title, "datatype": "string"}]
