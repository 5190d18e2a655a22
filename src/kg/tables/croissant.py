"""What goes with CSV files, as Croissant 1.0 (MLCommons) has it: schema.org with a record set for each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from kg.tables.csvw import column_name
from kg.tables.description import Description, Field, Texts

NAME: Final = "croissant.json"
_CONTEXT: Final[Mapping[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# XML Schema to schema.org; what is not named is text.
_TYPES: Final[Mapping[str, str]] = {
    "integer": "sc:Integer",
    "decimal": "sc:Float",
    "double": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "anyURI": "sc:URL",
}
Node = dict[str, Any]


def dataset(tables: Iterable[Description], sums: Mapping[str, str], about: Mapping[str, Any]) -> Node:
    """Return the Croissant description of some tables.

    Arguments:
        tables: what they hold.
        sums: SHA-256 of each file by path.
        about: what schema.org says of all of them.

    """
    described = list(tables)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        **about,
        "distribution": [_file(each, sums[each.path]) for each in described],
        "recordSet": [_records(each) for each in described],
    }


def _file(table: Description, digest: str) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": table.path,
        "name": table.path,
        "contentUrl": table.path,
        "encodingFormat": "text/csv",
        "sha256": digest,
    }


def _records(table: Description) -> Node:
    name = _set_name(table.path)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        **_described(table.title, table.definition),
        "key": {"@id": f"{name}/{column_name(table.key)}"},
        "field": [_field(name, table.path, each) for each in table.fields],
    }


def _field(records: str, path: str, field: Field) -> Node:
    name = f"{records}/{column_name(field.head)}"
    node: Node = {
        "@type": "cr:Field",
        "@id": name,
        "name": name,
        **_described(field.title, field.definition),
        "dataType": _TYPES.get(field.datatype, "sc:Text"),
        "source": {"fileObject": {"@id": path}, "extract": {"column": field.head}},
    }
    if field.separator:
        node |= {"repeated": True}
        node["source"]["transform"] = {"separator": field.separator}
    if field.predicate:
        node["equivalentProperty"] = field.predicate
    if field.references:
        node["references"] = {"field": {"@id": f"{_set_name(field.references)}/iri"}}
    return node


def _described(title: Texts, definition: Texts) -> Node:
    """Return the title and definition in English, the language of the document."""
    text = ": ".join(filter(None, (title.get("en", ""), definition.get("en", ""))))
    return {"description": text} if text else {}


def _set_name(path: str) -> str:
    return PurePosixPath(path).stem
