"""What programs read that go along pages: `/robots.txt`, `/sitemap.xml` (sitemaps.org 0.9) and `/llms.txt`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Flask, Response, request

from kg.errors import NotFound
from kg.languages import LANGUAGES
from kg.publications.outline import Outline
from kg.web.context import Context
from kg.web.layout import local_path
from kg.web.responses import render
from kg.web.site import Site
from kg.web.terms import read_path

_OPEN: Final = (
    "/",
    "/id/",
    "/questions",
    "/search",
    "/switch",
    "/sparql",
    "/read",
    "/dataset",
    "/def",
    "/shapes",
    "/accessibility",
    "/glossary",
)
_CLOSED: Final = ("/search?", "/switch?", "/sparql?", "/store?", "/reconcile")
_PAGES, _QUESTIONS = "pages", "questions"
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'
_XMLNS: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("crawlers", __name__)

    @blueprint.get("/robots.txt")
    def robots() -> Response:
        """Say which addresses crawlers leave alone, answers that are made on demand, and where the sitemap is."""
        sitemap = Context.from_request(site, request).absolute("/sitemap.xml")
        rules = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), "Allow: /"]
        text = "\n".join([*rules, "", f"Sitemap: {sitemap}", ""])
        return Response(text, content_type="text/plain; charset=utf-8")

    @blueprint.get("/sitemap.xml")
    def index() -> Response:
        """List the sitemaps: one for pages, one for questions, and one for each kind of thing that a view shows."""
        return _xml(_index(Context.from_request(site, request)))

    @blueprint.get("/sitemap/<name>.xml")
    def part(name: str) -> Response:
        """List the pages of one part, each language with its alternates."""
        return _xml(_part(Context.from_request(site, request), name))

    @blueprint.get("/llms.txt")
    def llms() -> Response:
        """Say in Markdown what the graph is, how to ask it, and what its kinds of statement mean."""
        context, statements = Context.from_request(site, request), len(site.graph.store)
        text = render(context, "llms.txt", host=request.host_url, questions=site.questions, statements=statements)
        return Response(text, content_type="text/markdown; charset=utf-8")

    app.register_blueprint(blueprint)


def _index(context: Context) -> str:
    names = [escape(context.absolute(f"/sitemap/{name}.xml")) for name in _parts(context.site)]
    parts = "".join(f"<sitemap><loc>{name}</loc>{_modified(context.site)}</sitemap>\n" for name in names)
    return f"{_HEAD}<sitemapindex {_XMLNS}>\n{parts}</sitemapindex>\n"


def _part(context: Context, name: str) -> str:
    if name not in _parts(context.site):
        raise NotFound(f"no sitemap called {name[:80]}", hint="see /sitemap.xml for all of them")
    urls = "".join(url for path in _paths(context.site, name) for url in _urls(context, path))
    return f'{_HEAD}<urlset {_XMLNS} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{urls}</urlset>\n'


def _modified(site: Site) -> str:
    return f"<lastmod>{site.edition.date}</lastmod>" if site.edition.date else ""


def _parts(site: Site) -> list[str]:
    return [_PAGES, _QUESTIONS, *(kind for kind in site.kinds.members if site.kinds.view(kind))]


def _paths(site: Site, name: str) -> Iterable[str]:
    if name == _PAGES:
        read = {read_path(outline, slug) for outline in site.outlines.values() for slug in _slugs(outline)}
        return (*_OPEN, *sorted(read), *(f"/id/{kind}" for kind in site.kinds.members))
    if name == _QUESTIONS:
        return (f"/questions/{quote(question)}" for question in site.questions)
    return (local_path(iri) for iri in site.kinds.members[name])


def _slugs(outline: Outline) -> Iterator[str]:
    yield from ("", *(part.slug for part in outline.parts))


def _urls(context: Context, path: str) -> Iterator[str]:
    """Yield one entry for each language; each names all languages, itself included."""
    addresses = {tag: context.absolute(f"{path}?lang={tag}") for tag in LANGUAGES}
    alternates = {**addresses, "x-default": context.absolute(path)}
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{tag}" href={quoteattr(address)}/>'
        for tag, address in alternates.items()
    )
    for address in addresses.values():
        yield f"<url><loc>{escape(address)}</loc>{_modified(context.site)}{links}</url>\n"


def _xml(text: str) -> Response:
    return Response(text, content_type="application/xml; charset=utf-8")
