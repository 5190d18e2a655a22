"""What all pages share: language, words, links, labels and security headers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from flask import Flask, Response, current_app, request

from kg.endpoint.http.request_record import record_of
from kg.namespaces import BASE
from kg.web.site import Site as Site

LANGUAGES: Final = ("nl", "en")
SEPARATORS: Final = {"nl": str.maketrans(",.", ".,"), "en": {}}
_WAYS: Final = (
    ("/questions", "questions_nav"),
    ("/search", "search"),
    ("/switch", "switch"),
    ("/sparql", "sparql_nav"),
)
_FOOT: Final = (
    ("/dataset", "dataset_title"),
    ("/download/", "downloads"),
    ("/def", "ontology"),
    ("/shapes", "shapes_title"),
    ("/docs", "api_docs"),
    ("/accessibility", "accessibility"),
)
POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Content-Location, Retry-After",
}
_VARY: Final = ("Accept", "Accept-Encoding", "Accept-Language")
_KINDS: Final = dict.fromkeys(("api", "charts", "openapi"), "api") | {
    "sparql": "query",
    "editor": "query",
    "store": "graph",
    "downloads": "download",
    "reconcile": "reconcile",
    "health": "health",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Authorization, Cache-Control, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


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
    record = record_of(request.environ)
    if request.blueprint:
        record.kind = _KINDS.get(request.blueprint, "page")
    elif request.endpoint:
        record.kind = "static"
    record.route = request.url_rule.rule if request.url_rule else ""
    there = {name.lower() for name in response.headers.keys()}  # noqa: SIM118
    response.headers.extend([(name, value) for name, value in _HEADERS.items() if name.lower() not in there])
    if response.mimetype == "text/html":
        response.headers.setdefault("Content-Language", language())
    if request.method == "OPTIONS":
        response.headers.extend(_PREFLIGHT)
    if "vary" in there:
        response.vary.update(_VARY)
    else:
        response.headers["Vary"] = ", ".join(_VARY)
    return response


def _context(site: Site) -> dict[str, Any]:
    lang = language()
    return {
        "lang": lang,
        "other": next(tag for tag in LANGUAGES if tag != lang),
        "unknown_language": request.args.get("lang", lang) not in LANGUAGES,
        "navigation": _navigation(site, lang),
        "foot": _there(_FOOT, lang),
        "switch": _switch,
        "absolute": site.address.absolute,
        "canonical": site.address.absolute(_address(lang)),
        "alternates": [(tag or "x-default", site.address.absolute(_address(tag))) for tag in (*LANGUAGES, "")],
        "t": lambda key: _words()[key][lang],
        "theme_name": lambda theme: site.themes.name(theme, lang),
        "label": lambda iri: site.labels.get(iri, lang),
        "local": local_path,
        "term": lambda value: term_view(site, value, lang),
        "number": lambda value: f"{value:,}".removesuffix(".0").translate(SEPARATORS[lang]),
        "version": site.graph.version,
        "in_sparql": lambda query: "/sparql?" + urlencode({"query": query, "lang": lang}),
    }


def _navigation(site: Site, lang: str) -> list[tuple[str, str]]:
    """Return the menu: the kinds whose views have a place in it, then the other ways in that this application has."""
    kinds = [(f"/id/{kind}", site.kind_name(kind, lang)) for kind, _ in site.kinds.menu]
    return kinds + _there(_WAYS, lang)


def _there(ways: Iterable[tuple[str, str]], lang: str) -> list[tuple[str, str]]:
    """Return paths with their words, those that this application has."""
    there = {rule.rule for rule in current_app.url_map.iter_rules()}
    return [(path, word(key, lang)) for path, key in ways if path in there]


def _switch(lang: str) -> str:
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{quote(request.path)}?{urlencode([*arguments, ('lang', lang)])}"


def _address(lang: str) -> str:
    """Return the address of the page in a language, without what only narrows it down; without a language, for all."""
    told = {"page": request.args.get("page", ""), "lang": lang}
    query = urlencode({name: value for name, value in told.items() if value})
    return quote(request.path.removesuffix(".html")) + (f"?{query}" if query else "")


def word(key: str, lang: str = "") -> str:
    """Return a word of the interface, in the language of the page unless another is given."""
    return _words()[key][lang or language()]


def words_of(beginning: str, also: Iterable[str]) -> dict[str, str]:
    """Return the words whose keys begin so, and some others, in the language of the page: for a script."""
    lang, chosen = language(), set(also)
    return {key: said[lang] for key, said in _words().items() if key.startswith(beginning) or key in chosen}


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
        code: vocabulary and code, of a term of another vocabulary.

    """

    text: str
    tag: str = ""
    href: str = ""
    iri: str = ""
    code: str = ""


def term_view(site: Site, term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None, lang: str) -> TermView:
    """Return a term as a labelled link, or as text with its language."""
    if isinstance(term, ox.Literal):
        return TermView(term.value, _foreign(term.language or "", lang))
    if not isinstance(term, ox.NamedNode):
        return TermView("" if term is None else str(term))
    text, tag = site.labels.get(term.value, lang)
    query = f"?lang={lang}" if term.value.startswith(BASE) and "#" not in term.value else ""
    web = term.value.startswith(("http://", "https://"))
    return TermView(text, _foreign(tag, lang), local_path(term.value) + query if web else "", term.value)


def _foreign(tag: str, lang: str) -> str:
    return tag if tag != lang else ""
