"""Typed links in headers: FAIR Signposting (signposting.org/FAIR, levels 1 and 2), RFC 8288."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from flask import Response

from kg.namespaces import BASE
from kg.queries.formats import GRAPHS
from kg.release.files import DATASET, DOWNLOAD, LICENCE

ABOUT_PAGE: Final = "https://schema.org/AboutPage"
A_DATASET: Final = "https://schema.org/Dataset"
TERMS: Final = DOWNLOAD + LICENCE
_DESCRIPTIONS: Final = 2  # That are named; `alternate` names all forms.
_DATASET_PATH: Final = DATASET.removeprefix(BASE[:-1])


def link(response: Response, target: str, relation: str, media_type: str = "") -> None:
    """Add one link; `media_type` is that of its target."""
    response.headers.add("Link", f'<{target}>; rel="{relation}"' + (f'; type="{media_type}"' if media_type else ""))


def signpost(response: Response, iri: str, path: str, licence: str, types: Iterable[str]) -> None:
    """Say of a page how to cite what it is about, what it is, its terms, and where it is described in RDF."""
    link(response, iri, "cite-as")
    for iri_of_type in types:
        link(response, iri_of_type, "type")
    link(response, licence, "license")
    for form in GRAPHS[:_DESCRIPTIONS]:
        link(response, f"{path}.{form.name}", "describedby", form.media_type)


def within_dataset(response: Response) -> Response:
    """Say that something is part of the dataset."""
    link(response, _DATASET_PATH, "collection", "text/html")
    return response


def in_forms(response: Response, path: str, suffix: str) -> Response:
    """Say which form of a path this is (RFC 9110, section 8.7), and name the RDF forms."""
    response.headers["Content-Location"] = f"{path}.{suffix}"
    for form in GRAPHS:
        link(response, f"{path}.{form.name}", "alternate", form.media_type)
    return response
