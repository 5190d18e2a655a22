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
_MOST: Final = 2  # Descriptions that are named; `alternate` names all forms.
_DATASET_PATH: Final = DATASET.removeprefix(BASE[:-1])


def link(response: Response, target: str, relation: str, kind: str = "") -> None:
    """Add one link; `kind` is the media type of its target."""
    response.headers.add("Link", f'<{target}>; rel="{relation}"' + (f'; type="{kind}"' if kind else ""))


def signpost(response: Response, iri: str, path: str, licence: str, types: Iterable[str]) -> None:
    """Say of a page how to cite what it is about, what it is, its terms, and where it is described in RDF."""
    link(response, iri, "cite-as")
    for one in types:
        link(response, one, "type")
    link(response, licence, "license")
    for form in GRAPHS[:_MOST]:
        link(response, f"{path}.{form.name}", "describedby", form.media_type)


def within_dataset(response: Response) -> None:
    """Say that something is part of the dataset."""
    link(response, _DATASET_PATH, "collection", "text/html")
