"""`ro-crate-metadata.json`: the release as a research object (RO-Crate 1.1)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from kg.graph.build import Graph
from kg.namespaces import DCT
from kg.rdf_terms import texts_by_language
from kg.release.dcat import licence
from kg.release.files import CRATE, DATASET, DOWNLOAD, LICENCE, SUMS, Edition, File, Owner
from kg.release.metadata import CC_BY, statements_about

_CONTEXT: Final = "https://w3id.org/ro/crate/1.1/context"
_NAMES: Final = {CC_BY: "Creative Commons Attribution 4.0 International"}
_PROFILE: Final = "https://w3id.org/ro/crate/1.1"

Entity = dict[str, Any]


def crate(graph: Graph, files: Sequence[File], owner: Owner, edition: Edition) -> File:
    """Return the crate: the root dataset, its files with their terms, and who made it.

    Arguments:
        graph: the built graph.
        files: all other files of the release but the checksums.
        owner: publisher and contact point; what is not set is left out.
        edition: date and makers.

    """
    licences = sorted({_terms(licence(graph, file))["@id"] for file in files} - {file.name for file in files})
    entities = [
        {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": _PROFILE}, "about": {"@id": "./"}},
        _root(graph, files, owner, edition),
        *(_file(graph, file) for file in files),
        {"@id": SUMS, "@type": "File", "name": "SHA-256 of every other file", "encodingFormat": "text/plain"},
        *({"@id": iri, "@type": "CreativeWork", "name": _NAMES.get(iri, iri)} for iri in licences),
        *_agents(owner, edition),
    ]
    text = json.dumps({"@context": _CONTEXT, "@graph": entities}, ensure_ascii=False, indent=1)
    return File(CRATE, f"{text}\n".encode(), {"en": "Research object", "nl": "Onderzoeksobject"}, free=True)


def _root(graph: Graph, files: Iterable[File], owner: Owner, edition: Edition) -> Entity:
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": DATASET,
        "name": _text("title"),
        "description": _text("description"),
        "version": graph.version,
        "datePublished": edition.date,
        "license": {"@id": LICENCE},
        "keywords": ", ".join(edition.keywords),
        "hasPart": [{"@id": name} for name in (*(file.name for file in files), SUMS)],
        "author": [{"@id": f"#author-{number}"} for number, _ in enumerate(edition.authors, 1)],
    }
    if owner.publisher:
        root["publisher"] = {"@id": owner.publisher_iri or "#publisher"}
    if owner.contact:
        root["contactPoint"] = {"@id": owner.contact_url}
    return {name: value for name, value in root.items() if value}


def _text(name: str) -> str:
    """Return what `dataset.ttl` says of the dataset in English."""
    said = (triple.object for triple in statements_about([DATASET]) if triple.predicate.value == DCT + name)
    return texts_by_language(said)["en"]


def _file(graph: Graph, file: File) -> Entity:
    formats: list[Any] = [file.compression, file.media_type] if file.compression else [file.media_type]
    return {
        "@id": file.name,
        "@type": "File",
        "name": file.title["en"],
        "encodingFormat": formats if len(formats) > 1 else formats[0],
        "contentSize": str(len(file.data)),
        "license": _terms(licence(graph, file)),
    }


def _terms(iri: str) -> Entity:
    """Return a reference to a licence; our list of terms is a file of the crate."""
    return {"@id": iri.removeprefix(DOWNLOAD)}


def _agents(owner: Owner, edition: Edition) -> Iterable[Entity]:
    for number, name in enumerate(edition.authors, 1):
        yield {"@id": f"#author-{number}", "@type": "Organization", "name": name}
    if owner.publisher:
        yield {"@id": owner.publisher_iri or "#publisher", "@type": "Organization", "name": owner.publisher}
    if owner.contact:
        name = owner.publisher or owner.contact
        yield {"@id": owner.contact_url, "@type": "ContactPoint", "contactType": "questions", "name": name}
