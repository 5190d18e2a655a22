"""What all pages share: language, words, links, labels and security headers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from flask import Flask, Response, current_app, request

from kg.graph import Graph
from kg.labels import Labels
from kg.limits import Limits
from kg.passages import Passage, Text, find_passages
from kg.pool import Engine
from kg.queries import Question
from kg.terms import BASE, DCT, KB, RDF_TYPE, SKOS
from kg.web.cache import Cache

LANGUAGES: Final = ("nl", "en")
_NAMES: Final = tuple(SKOS + name for name in ("prefLabel", "altLabel", "definition"))
_WAYS: Final = (("/search", "search"), ("/switch", "switch"), ("/sparql", None), ("/def", "ontology"))
_LAST: Final = (SKOS + "inScheme", RDF_TYPE, DCT + "source")
_GRAPH_KIND: Final = ox.NamedNode(KB + "graphKind")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Content-Location, Retry-After",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Authorization, Cache-Control, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True)
class Site:
    """What the routes read: the graph, its questions and labels, what answers, within which limits, the text."""

    graph: Graph
    questions: Mapping[str, Question]
    labels: Labels
    limits: Limits
    engine: Engine
    cache: Cache
    data_version: str = ""
    text: Text | None = None

    @cached_property
    def passages(self) -> Mapping[str, Passage]:
        """The passages of the graph by IRI."""
        return find_passages(self.graph.store)


def site() -> Site:
    """Return the site of the application that handles this request."""
    found: Site = current_app.extensions["kg"]
    return found


def language() -> str:
    """Return the language of the page: `lang=`, or else the browser's choice, or else Dutch."""
    asked = request.args.get("lang", "")
    return asked if asked in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "nl"


def init_app(app: Flask, site: Site) -> None:
    """Register template functions and headers."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(lambda: _context(site))
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.method == "OPTIONS":
        response.headers.extend(_PREFLIGHT)
    response.vary.update(("Accept", "Accept-Encoding", "Accept-Language"))
    return response


def _context(site: Site) -> dict[str, Any]:
    lang = language()
    return {
        "lang": lang,
        "other": next(tag for tag in LANGUAGES if tag != lang),
        "unknown_language": request.args.get("lang", lang) not in LANGUAGES,
        "navigation": [(path, path[1:].upper() if word is None else _words()[word][lang]) for path, word in _WAYS],
        "switch": _switch,
        "t": lambda key: _words()[key][lang],
        "label": lambda iri: site.labels.get(iri, lang),
        "local": local_path,
        "place": lambda value: _place(site, value),
        "term": lambda value: _term(site, value, lang),
        "number": lambda value: f"{value:,}".replace(",", "." if lang == "nl" else ","),
        "grouped": _grouped,
        "kind": lambda graph: _kind(site, graph),
        "version": site.graph.version,
        "in_sparql": lambda query: "/sparql?" + urlencode({"query": query, "lang": lang}),
    }


def _grouped(quads: Iterable[ox.Quad], field: str) -> list[tuple[object, object, list[object]]]:
    """Return predicate, graph and the values at the other end: names first, passages and bookkeeping last."""
    groups: dict[tuple[object, object], list[object]] = {}
    for quad in sorted(quads, key=lambda quad: _rank(quad.predicate.value)):
        groups.setdefault((quad.predicate, quad.graph_name), []).append(getattr(quad, field))
    return [(predicate, graph, values) for (predicate, graph), values in groups.items()]


def _rank(predicate: str) -> int:
    if predicate in _NAMES:
        return _NAMES.index(predicate)
    last = predicate in _LAST
    return len(_NAMES) + (not predicate.startswith(KB)) + (1 + _LAST.index(predicate) if last else 0)


def _kind(site: Site, graph: ox.NamedNode) -> TermView:
    """Return the kind of a graph (stated, editorial ...) as a link to the graph."""
    found = next(site.graph.store.quads_for_pattern(graph, _GRAPH_KIND, None, None), None)
    lang = language()
    text, tag = site.labels.get(found.object.value if found else graph.value, lang)  # type: ignore[union-attr]
    return TermView(text, _foreign(tag, lang), f"{local_path(graph.value)}?lang={lang}", graph.value)


def _switch(lang: str) -> str:
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{quote(request.path)}?{urlencode([*arguments, ('lang', lang)])}"


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = {}
    for file in (resources.files("kg.web") / "messages").iterdir():
        words |= tomllib.loads(file.read_text(encoding="utf-8"))
    return words


def local_path(iri: str) -> str:
    """Return the path at which this server shows an IRI of ours, or the IRI itself."""
    return quote("/" + iri.removeprefix(BASE), safe="/#:") if iri.startswith(BASE) else iri


@dataclass(frozen=True)
class TermView:
    """A term as the templates show it.

    Attributes:
        text: label or literal; `tag` is its language where it is not that of the page.
        href: where a link leads, or empty.
        iri: the IRI, or empty.

    """

    text: str
    tag: str = ""
    href: str = ""
    iri: str = ""


def _term(site: Site, term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None, lang: str) -> TermView:
    """Return a term as a labelled link, or as text with its language."""
    if isinstance(term, ox.Literal):
        return TermView(term.value, _foreign(term.language or "", lang))
    if not isinstance(term, ox.NamedNode):
        return TermView("" if term is None else str(term))
    text, tag = site.labels.get(term.value, lang)
    query = f"?lang={lang}" if term.value.startswith(BASE) and "#" not in term.value else ""
    web = term.value.startswith(("http://", "https://"))
    return TermView(text, _foreign(tag, lang), local_path(term.value) + query if web else "", term.value)


@dataclass(frozen=True)
class PlaceView:
    """Where a passage stands.

    Attributes:
        lines: its lines in the source text.
        quote: its text where the source text was given, else its first and last words, or nothing.

    """

    lines: str
    quote: str


def _place(site: Site, value: object) -> PlaceView | None:
    """Return where a passage stands, or None for what is no passage."""
    iri = value.value if isinstance(value, ox.NamedNode) else str(value)
    if iri not in site.passages:
        return None
    passage = site.passages[iri]
    words = " … ".join(end for end in passage.ends if end)
    return PlaceView(passage.lines, (site.text.quote(iri) if site.text else "") or words)


def _foreign(tag: str, lang: str) -> str:
    return tag if tag != lang else ""
