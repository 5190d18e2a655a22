"""What the tables of a release mean, in CSV on the Web, as a Data Package (Frictionless) and in Croissant."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, Final

from kg.graph.build import Graph
from kg.languages import LANGUAGES
from kg.namespaces import DCT
from kg.rdf_terms import texts_by_language
from kg.release.files import DATASET, DOWNLOAD, LICENCE, Edition, File, Owner
from kg.release.metadata import statements_about
from kg.tables import croissant, csvw, data_package
from kg.tables.description import Description, Texts

CSVW: Final = "csv/csv-metadata.json"  # Where processors look for it (Tabular Data Model, section 5.3).
_TITLES: Final = {
    CSVW: {"en": "Columns of the tables, in CSV on the Web", "nl": "Kolommen van de tabellen, in CSV on the Web"},
    data_package.NAME: {
        "en": "Columns of the tables, as a Data Package",
        "nl": "Kolommen van de tabellen, als Data Package",
    },
    croissant.NAME: {"en": "Columns of the tables, in Croissant", "nl": "Kolommen van de tabellen, in Croissant"},
}


def table_metadata(
    graph: Graph, tables: Sequence[Description], sums: Mapping[str, str], owner: Owner, edition: Edition
) -> Iterator[File]:
    """Yield the descriptions of the tables.

    Arguments:
        graph: the built graph.
        tables: what they hold, with paths from the folder of the release.
        sums: SHA-256 of each CSV by its path.
        owner: who publishes; left out where it is not set.
        edition: date, makers and keywords.

    """
    title, definition = _texts("title"), _texts("description")
    about_group: dict[str, Any] = {
        "@id": DATASET,
        "dc:title": csvw.texts(title),
        "dc:description": csvw.texts(definition),
        "dc:license": {"@id": DOWNLOAD + LICENCE},
        "dc:issued": edition.date,
        "dcat:version": graph.version,
        "dc:creator": list(edition.authors),
        "dc:publisher": owner.publisher,
    }
    yield _file(CSVW, csvw.group([_beside(each) for each in tables], _stated(about_group)))
    roles = [(owner.publisher, "publisher"), *((name, "creator") for name in edition.authors)]
    about_package = {
        "name": "klimaatbanen",
        "id": DATASET,
        **data_package.texts("title", title),
        **data_package.texts("description", definition),
        "version": graph.version,
        "homepage": DATASET,
        "licenses": [{"path": LICENCE, "title": "Terms, graph by graph"}],
        "contributors": [{"title": name, "roles": [role]} for name, role in roles if name],
        "keywords": list(edition.keywords),
    }
    yield _file(data_package.NAME, data_package.package(tables, _stated(about_package)))
    about_dataset = {
        "@id": DATASET,
        "name": title["en"],
        "description": definition["en"],
        "url": DATASET,
        "license": DOWNLOAD + LICENCE,
        "citeAs": f"{', '.join(edition.authors)} ({edition.date[:4]}). {title['en']}, {graph.version}. {DATASET}",
        "version": graph.version,
        "datePublished": edition.date,
        "keywords": list(edition.keywords),
        "inLanguage": list(LANGUAGES),
        "creator": [{"@type": "sc:Organization", "name": name} for name in edition.authors],
        "publisher": {"@type": "sc:Organization", "name": owner.publisher} if owner.publisher else None,
    }
    yield _file(croissant.NAME, croissant.dataset(tables, sums, _stated(about_dataset)))


def _stated(about: dict[str, Any]) -> dict[str, Any]:
    """Return what is said, without what nobody said."""
    return {name: value for name, value in about.items() if value}


def _texts(name: str) -> Texts:
    """Return what `dataset.ttl` says of the dataset in each language."""
    said = (triple.object for triple in statements_about([DATASET]) if triple.predicate.value == DCT + name)
    return dict(sorted(texts_by_language(said).items()))


def _beside(table: Description) -> Description:
    """Return a description for a document in the folder of the tables, where paths are names."""
    fields = tuple(replace(field, references=PurePosixPath(field.references).name) for field in table.fields)
    return replace(table, path=PurePosixPath(table.path).name, fields=fields)


def _file(name: str, payload: dict[str, Any]) -> File:
    data = json.dumps(payload, ensure_ascii=False, indent=1).encode()
    return File(name, data + b"\n", _TITLES[name], free=True)
