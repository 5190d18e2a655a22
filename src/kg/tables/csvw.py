"""What goes with CSV files, as CSV on the Web has it: columns with datatypes, keys, sources, what to know.

The CSV itself has no line of comment, which readers of CSV would take for a row; of an answer it names this by a `Link`
header, and in a release it lies beside them under the name where processors look for it (Model for Tabular Data and
Metadata on the Web, sections 5.2 and 5.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from kg.tables.description import Description, Field, Texts

_CONTEXT: Final = "http://www.w3.org/ns/csvw"
_NO_NAME: Final = re.compile(r"\W")  # What the name of a column cannot hold (Metadata Vocabulary, section 5.1.6).
Node = dict[str, Any]


def context(lang: str) -> list[Any]:
    """Return the context of a document in which texts without a language are in `lang`."""
    return [_CONTEXT, {"@language": lang}]


def group(tables: Iterable[Description], about: Mapping[str, Any]) -> Node:
    """Return the metadata of several tables.

    Arguments:
        tables: what they hold.
        about: what is said of all of them.

    """
    return {"@context": context("en"), **about, "tables": [table(each) for each in tables]}


def table(description: Description) -> Node:
    """Return the metadata of one table, without context (Metadata Vocabulary for Tabular Data, section 5.4)."""
    licences = sorted({origin.licence for origin in description.origins} - {""})
    node: Node = {
        "url": description.path,
        "dc:title": texts(description.title),
        "dc:description": texts(description.definition),
        "dc:source": [{"@id": origin.iri} for origin in description.origins],
        "dc:license": [{"@id": licence} for licence in licences],
        "notes": list(description.notes),
        "tableSchema": _schema(description),
    }
    return {name: value for name, value in node.items() if value}


def texts(by_language: Texts) -> list[dict[str, str]]:
    """Return a text in several languages as a common property has it (section 5.8)."""
    return [{"@value": text, "@language": tag} for tag, text in by_language.items() if text]


def _schema(description: Description) -> Node:
    schema: Node = {"columns": [_column(each) for each in description.fields]}
    if description.key:
        schema["primaryKey"] = column_name(description.key)
        schema["aboutUrl"] = f"{{+{column_name(description.key)}}}"
    foreign = [_reference(each) for each in description.fields if each.references]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _reference(column: Field) -> Node:
    return {
        "columnReference": column_name(column.head),
        "reference": {"resource": column.references, "columnReference": "iri"},
    }


def _column(column: Field) -> Node:
    node: Node = {
        "name": column_name(column.head),
        "titles": column.head,  # What must stand in the file; names for people are not allowed to differ from it.
        "dc:title": texts(column.title),
        "dc:description": texts(column.definition),
        "datatype": column.datatype,
        "separator": column.separator,
        "lang": column.lang,
        "propertyUrl": column.predicate,
        "required": column.required,
    }
    return {name: value for name, value in node.items() if value}


def column_name(head: str) -> str:
    """Return the name of a column: its head, without what names cannot hold."""
    return _NO_NAME.sub("_", head)
