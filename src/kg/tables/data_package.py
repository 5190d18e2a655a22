"""What goes with CSV files, as Frictionless has it: a Data Package whose resources have a Table Schema (version 2).

Texts in a second language have its tag behind the name of the property, `title@nl`, as the recipe for languages has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from kg.languages import LANGUAGES
from kg.tables.description import Description, Field, Texts

NAME: Final = "datapackage.json"
_SCHEMA: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# XML Schema to Table Schema (Table Schema, "Field Types"); what is not named is text.
_TYPES: Final[Mapping[str, str]] = {
    "integer": "integer",
    "decimal": "number",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "dateTime": "datetime",
    "gYear": "year",
    "gYearMonth": "yearmonth",
}
_ITEMS: Final = ("integer", "number", "boolean", "date", "datetime")  # What an item of a list can be.
Node = dict[str, Any]


def package(tables: Iterable[Description], about: Mapping[str, Any]) -> Node:
    """Return the Data Package of some tables.

    Arguments:
        tables: what they hold.
        about: what is said of all of them.

    """
    languages = ["en", *(tag for tag in LANGUAGES if tag != "en")]
    return {"$schema": _SCHEMA, "languages": languages, **about, "resources": [_resource(each) for each in tables]}


def texts(name: str, by_language: Texts) -> dict[str, str]:
    """Return a text in several languages: English under the plain name, others with their tag."""
    pairs = {f"{name}@{tag}": text for tag, text in by_language.items() if tag != "en" and text}
    return ({name: by_language["en"]} if by_language.get("en") else {}) | pairs


def _resource(description: Description) -> Node:
    licences = sorted({origin.licence for origin in description.origins} - {""})
    node: Node = {
        "name": _name(description.path),
        "path": description.path,
        **texts("title", description.title),
        **texts("description", description.definition),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "licenses": [{"path": licence} for licence in licences],
        "sources": [{"path": origin.iri, **texts("title", origin.title)} for origin in description.origins],
        "notes": list(description.notes),
        "schema": _schema(description),
    }
    return {name: value for name, value in node.items() if value}


def _schema(description: Description) -> Node:
    schema: Node = {"fields": [_field(each) for each in description.fields]}
    if description.key:
        schema["primaryKey"] = [description.key]
    # A foreign key of a Table Schema has one value in a cell.
    foreign = [_reference(each) for each in description.fields if each.references and not each.separator]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _reference(column: Field) -> Node:
    return {"fields": [column.head], "reference": {"resource": _name(column.references), "fields": ["iri"]}}


def _field(column: Field) -> Node:
    kind = _TYPES.get(column.datatype, "string")
    node: Node = {"name": column.head, "type": kind, **texts("title", column.title)}
    node |= texts("description", column.definition)
    if column.separator:
        item = kind if kind in _ITEMS else "string"
        node |= {"type": "list", "itemType": item, "delimiter": column.separator}
    elif column.datatype == "anyURI":
        node["format"] = "uri"
    if column.predicate:
        node["rdfType"] = column.predicate
    return node | ({"constraints": {"required": True}} if column.required else {})


def _name(path: str) -> str:
    """Return the name of a resource: small letters, parted by hyphens."""
    return _HUMP.sub("-", PurePosixPath(path.partition("?")[0]).stem).lower()
