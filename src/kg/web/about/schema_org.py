"""What search engines read in a page: the dataset and the way to the page, as schema.org JSON-LD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyoxigraph as ox
from flask import Flask

from kg.namespaces import DCT
from kg.release.files import DATASET, LICENCE, Owner
from kg.release.metadata import statements_about
from kg.web.layout import language, site

_CONTEXT: Final = "https://schema.org"
_DUMPS: Final[Mapping[str, str]] = {
    "ttl": "text/turtle",
    "nq": "application/n-quads",
    "jsonld": "application/ld+json",
}

Card = dict[str, Any]


def init_app(app: Flask, owner: Owner | None = None) -> None:
    """Give the templates `dataset_card` and `breadcrumb_card`.

    Arguments:
        app: the application.
        owner: publisher; by default that of the environment.

    """
    told = owner or Owner.from_env()
    app.jinja_env.globals["dataset_card"] = lambda: dataset_card(told)
    app.jinja_env.globals["breadcrumb_card"] = breadcrumb_card


def dataset_card(owner: Owner) -> Card:
    """Return the dataset as `schema:Dataset`, with what Google's dataset search asks for."""
    edition, absolute = site().edition, site().address.absolute
    card: Card = {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "@id": DATASET,
        "name": _text("title"),
        "description": _text("description"),
        "url": absolute("/dataset"),
        "identifier": DATASET,
        "license": absolute(f"/download/{LICENCE}"),
        "version": site().graph.version,
        "datePublished": edition.date,
        "dateModified": edition.date,
        "keywords": list(edition.keywords),
        "inLanguage": ["nl", "en"],
        "isAccessibleForFree": True,
        "spatialCoverage": {"@type": "Place", "name": "Nederland", "sameAs": "https://sws.geonames.org/2750405/"},
        "creator": [{"@type": "Organization", "name": name} for name in edition.authors],
        "publisher": {"@type": "Organization", "name": owner.publisher} if owner.publisher else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "Klimaatbanen", "url": absolute("/")},
        "isBasedOn": [_publication(iri) for iri in dict.fromkeys(site().publications.values())],
        "distribution": [_download(suffix, kind) for suffix, kind in _DUMPS.items()],
    }
    return {name: value for name, value in card.items() if value}


def _text(name: str) -> str:
    """Return a text of the dataset in the language of the page, as `dataset.ttl` says it."""
    said = (triple.object for triple in statements_about([DATASET]) if triple.predicate.value == DCT + name)
    return next((one.value for one in said if isinstance(one, ox.Literal) and one.language == language()), "")


def _publication(iri: str) -> Card:
    return {"@type": "CreativeWork", "@id": iri, "name": site().labels.get(iri, language())[0]}


def _download(suffix: str, kind: str) -> Card:
    url = site().address.absolute(f"/download/klimaatbanen.{suffix}.gz")
    return {"@type": "DataDownload", "contentUrl": url, "encodingFormat": [kind, "application/gzip"]}


def breadcrumb_card(crumbs: Sequence[tuple[str, str, str]]) -> Card:
    """Return the way to a page as `schema:BreadcrumbList`.

    Arguments:
        crumbs: text, address and language of each step; the last one, the page itself, may lack an address.

    """
    absolute = site().address.absolute
    items = []
    for place, (text, href, _) in enumerate(crumbs, 1):
        item = {"@type": "ListItem", "position": place, "name": text}
        items.append(item | ({"item": absolute(href) if href.startswith("/") else href} if href else {}))
    return {"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": items}
