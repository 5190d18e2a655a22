"""What search engines read in a page: the dataset and the way to the page, as schema.org JSON-LD."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pyoxigraph as ox
from flask import Flask

from kg.namespaces import DCT
from kg.release.files import DATASET, LICENCE
from kg.release.metadata import statements_about
from kg.web.context import Context
from kg.web.site import Site

_CONTEXT: Final = "https://schema.org"
_DUMPS: Final[Mapping[str, str]] = {
    "ttl": "text/turtle",
    "nq": "application/n-quads",
    "jsonld": "application/ld+json",
}

Card = dict[str, Any]


def init_app(app: Flask, site: Site) -> None:  # noqa: ARG001  (each module is wired in this way)
    """Give the templates `breadcrumb_card`."""
    app.jinja_env.globals["breadcrumb_card"] = breadcrumb_card


def dataset_card(context: Context) -> Card:
    """Return the dataset as `schema:Dataset`, with what Google's dataset search asks for."""
    site, absolute = context.site, context.absolute
    edition, publisher = site.edition, site.owner.publisher
    card: Card = {
        "@context": _CONTEXT,
        "@type": "Dataset",
        "@id": DATASET,
        "name": _text("title", context.lang),
        "description": _text("description", context.lang),
        "url": absolute("/dataset"),
        "identifier": DATASET,
        "license": absolute(f"/download/{LICENCE}"),
        "version": site.graph.version,
        "datePublished": edition.date,
        "dateModified": edition.date,
        "keywords": list(edition.keywords),
        "inLanguage": ["nl", "en"],
        "isAccessibleForFree": True,
        "spatialCoverage": {"@type": "Place", "name": "Nederland", "sameAs": "https://sws.geonames.org/2750405/"},
        "creator": [{"@type": "Organization", "name": name} for name in edition.authors],
        "publisher": {"@type": "Organization", "name": publisher} if publisher else None,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "Klimaatbanen", "url": absolute("/")},
        "isBasedOn": [_publication(context, publication.iri) for publication in site.publications],
        "distribution": [_download(context, suffix, media_type) for suffix, media_type in _DUMPS.items()],
    }
    return {name: value for name, value in card.items() if value}


def _text(name: str, lang: str) -> str:
    """Return a text of the dataset in a language, as `dataset.ttl` says it."""
    texts = (triple.object for triple in statements_about([DATASET]) if triple.predicate.value == DCT + name)
    return next((text.value for text in texts if isinstance(text, ox.Literal) and text.language == lang), "")


def _publication(context: Context, iri: str) -> Card:
    return {"@type": "CreativeWork", "@id": iri, "name": context.label(iri)}


def _download(context: Context, suffix: str, media_type: str) -> Card:
    url = context.absolute(f"/download/klimaatbanen.{suffix}.gz")
    return {"@type": "DataDownload", "contentUrl": url, "encodingFormat": [media_type, "application/gzip"]}


def breadcrumb_card(crumbs: Sequence[tuple[str, str, str]], absolute: Callable[[str], str]) -> Card:
    """Return the way to a page as `schema:BreadcrumbList`.

    Arguments:
        crumbs: text, address and language of each step; the last one, the page itself, may lack an address.
        absolute: makes a full URL of a path of this site.

    """
    items = []
    for position, (text, href, _) in enumerate(crumbs, 1):
        item = {"@type": "ListItem", "position": position, "name": text}
        items.append(item | ({"item": absolute(href) if href.startswith("/") else href} if href else {}))
    return {"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": items}
