"""`/robots.txt` and `/sitemap.xml`: what crawlers may read, and every page in both languages (sitemaps.org 0.9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response

from kg.errors import NotFound
from kg.web.layout import LANGUAGES, local_path, site

blueprint = Blueprint("crawlers", __name__)
_OPEN: Final = (
    "/",
    "/id/",
    "/questions",
    "/search",
    "/switch",
    "/sparql",
    "/dataset",
    "/def",
    "/shapes",
    "/accessibility",
)
_CLOSED: Final = ("/search?", "/switch?", "/sparql?", "/store?", "/reconcile")
_PAGES, _QUESTIONS = "pages", "questions"
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_XMLNS: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Say which addresses crawlers leave alone, answers that are made on demand, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), "Allow: /"]
    text = "\n".join([*lines, "", f"Sitemap: {site().address.absolute('/sitemap.xml')}", ""])
    return Response(text, content_type="text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
def index() -> Response:
    """List the sitemaps: one for pages, one for questions, and one for each kind of thing that a view shows."""
    date = site().edition.date
    modified = f"<lastmod>{date}</lastmod>" if date else ""
    address = site().address.absolute
    named = [escape(address(f"/sitemap/{name}.xml")) for name in _parts()]
    parts = "".join(f"<sitemap><loc>{one}</loc>{modified}</sitemap>\n" for one in named)
    return _xml(f"{_HEAD}<sitemapindex {_XMLNS}>\n{parts}</sitemapindex>\n")


@blueprint.get("/sitemap/<name>.xml")
def part(name: str) -> Response:
    """List the pages of one part, each language with its alternates."""
    if name not in _parts():
        raise NotFound(f"no sitemap called {name[:80]}", hint="see /sitemap.xml for all of them")
    date = site().edition.date
    urls = "".join(url for path in _paths(name) for url in _urls(path, date))
    return _xml(f'{_HEAD}<urlset {_XMLNS} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{urls}</urlset>\n')


def _parts() -> list[str]:
    kinds = site().kinds
    return [_PAGES, _QUESTIONS, *(kind for kind in kinds.members if kinds.view(kind))]


def _paths(name: str) -> Iterable[str]:
    if name == _PAGES:
        return (*_OPEN, *(f"/id/{kind}" for kind in site().kinds.members))
    if name == _QUESTIONS:
        return (f"/questions/{quote(question)}" for question in site().questions)
    return (local_path(iri) for iri in site().kinds.members[name])


def _urls(path: str, date: str) -> Iterator[str]:
    """Yield one entry for each language; each names all languages, itself included."""
    address = site().address.absolute
    named = [(tag, f"{path}?lang={tag}") for tag in LANGUAGES] + [("x-default", path)]
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{tag}" href={quoteattr(address(one))}/>' for tag, one in named
    )
    modified = f"<lastmod>{date}</lastmod>" if date else ""
    for _, one in named[:-1]:
        yield f"<url><loc>{escape(address(one))}</loc>{modified}{links}</url>\n"


def _xml(text: str) -> Response:
    return Response(text, content_type="application/xml; charset=utf-8")
