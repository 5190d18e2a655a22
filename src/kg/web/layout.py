"""What all pages share: the words of the interface, the menu, terms as links, and security headers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import Any, Final
from urllib.parse import quote, urlencode

import pyoxigraph as ox
from flask import Flask, Response, request

from kg.endpoint.http.reply import Reply
from kg.endpoint.http.request_record import record_of
from kg.languages import LANGUAGES, format_number, lang_attribute
from kg.namespaces import BASE
from kg.publications.passages import Publication
from kg.rdf_terms import Term
from kg.web.context import Context
from kg.web.site import Site

_MENU: Final = (
    ("/questions", "questions_nav"),
    ("/search", "search"),
    ("/switch", "switch"),
    ("/sparql", "sparql_nav"),
)
_FOOT: Final = (
    ("/read", "read_title"),
    ("/glossary", "glossary"),
    ("/dataset", "dataset_title"),
    ("/download/", "downloads"),
    ("/def", "data_model"),
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
    "assistant": "assistant",
    "health": "health",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Authorization, Cache-Control, Content-Type, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


def init_app(app: Flask, site: Site) -> None:  # noqa: ARG001  (each module is wired in this way)
    """Set how templates are read, and the headers of every response."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.after_request
    def finish(response: Response) -> Response:
        """Add the headers that every response has, and record what kind of request it was."""
        record = record_of(request.environ)
        if request.blueprint:
            record.kind = _KINDS.get(request.blueprint, "page")
        elif request.endpoint:
            record.kind = "static"
        record.route = request.url_rule.rule if request.url_rule else ""
        if request.method == "OPTIONS":
            response.headers.extend(_PREFLIGHT)
        return _with_headers(response)


def with_headers(reply: Reply) -> Reply:
    """Return a reply with the headers of every response."""
    return Reply(reply.status, [*reply.headers, *_HEADERS.items(), ("Vary", ", ".join(_VARY))], reply.body)


def _with_headers(response: Response) -> Response:
    names = {name.lower() for name in response.headers.keys()}  # noqa: SIM118
    response.headers.extend([(name, value) for name, value in _HEADERS.items() if name.lower() not in names])
    if "vary" in names:
        response.vary.update(_VARY)
    else:
        response.headers["Vary"] = ", ".join(_VARY)
    return response


def interface(context: Context) -> dict[str, Any]:
    """Return the names that every template can use."""
    site, lang = context.site, context.lang
    return {
        "lang": lang,
        "other": next(tag for tag in LANGUAGES if tag != lang),
        "unknown_language": context.request.args.get("lang", lang) not in LANGUAGES,
        "navigation": _navigation(site, lang),
        "foot": _links(_FOOT, lang),
        "switch": partial(_in_language, context),
        "absolute": context.absolute,
        "canonical": context.absolute(_address(context, lang)),
        "alternates": [(tag or "x-default", context.absolute(_address(context, tag))) for tag in (*LANGUAGES, "")],
        "t": lambda key: message(key, lang),
        "said": lambda text: translations(lang).get(text, ""),
        "theme_name": lambda theme: site.themes.name(theme, lang),
        "label": lambda iri: site.labels.get(iri, lang),
        "local": local_path,
        "questions_about": site.questions_about,
        "term": lambda value: term_view(site, value, lang),
        "number": lambda value: format_number(value, lang),
        "version": site.graph.version,
        "sources": [_source(site, publication, lang) for publication in site.publications],
        "in_sparql": lambda query: "/sparql?" + urlencode({"query": query, "lang": lang}),
    }


def _navigation(site: Site, lang: str) -> list[tuple[str, str]]:
    """Return the menu: the kinds whose views have a place in it, then the other ways in."""
    kinds = [(f"/id/{kind}", site.kind_name(kind, lang)) for kind, _ in site.kinds.menu]
    return kinds + _links(_MENU, lang)


def _links(paths: Iterable[tuple[str, str]], lang: str) -> list[tuple[str, str]]:
    return [(path, message(key, lang)) for path, key in paths]


def _in_language(context: Context, lang: str) -> str:
    """Return the address of the same page in another language."""
    arguments = [(name, value) for name, value in context.request.args.items(multi=True) if name != "lang"]
    return f"{quote(context.request.path)}?{urlencode([*arguments, ('lang', lang)])}"


def _address(context: Context, lang: str) -> str:
    """Return the address of the page in a language, without what only narrows it down; without a language, for all."""
    arguments = {"page": context.request.args.get("page", ""), "lang": lang}
    query = urlencode({name: value for name, value in arguments.items() if value})
    return quote(context.request.path.removesuffix(".html")) + (f"?{query}" if query else "")


def message(key: str, lang: str) -> str:
    """Return a message of the interface in a language."""
    return _messages()[key][lang]


def messages(prefix: str, also: Iterable[str], lang: str) -> dict[str, str]:
    """Return the messages whose keys have a prefix, and some others, in a language: for a script."""
    keys = set(also)
    return {key: texts[lang] for key, texts in _messages().items() if key.startswith(prefix) or key in keys}


def translations(lang: str) -> dict[str, str]:
    """Return what errors say in English, as far as a language says it otherwise."""
    return {english: texts[lang] for english, texts in _errors().items() if texts[lang] != english}


@cache
def _errors() -> dict[str, dict[str, str]]:
    return tomllib.loads((resources.files("kg.web") / "messages" / "errors.toml").read_text(encoding="utf-8"))


@cache
def _messages() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for file in (resources.files("kg.web") / "messages").iterdir():
        texts |= tomllib.loads(file.read_text(encoding="utf-8"))
    return texts


def local_path(iri: str) -> str:
    """Return the path at which this server shows an IRI of ours, or the IRI itself."""
    return quote("/" + iri.removeprefix(BASE), safe="/#:") if iri.startswith(BASE) else iri


def local_link(iri: str, lang: str) -> str:
    """Return where a link to an IRI leads on a page in a language; nothing where it is no address of the Web."""
    query = f"?lang={lang}" if iri.startswith(BASE) and "#" not in iri else ""
    return local_path(iri) + query if iri.startswith(("http://", "https://")) else ""


@dataclass(frozen=True)
class SourceView:
    """A publication as the foot of each page names it: a link, who published it and when, and its terms of reuse."""

    term: TermView
    attribution: str
    rights: str


def _source(site: Site, publication: Publication, lang: str) -> SourceView:
    term = term_view(site, ox.NamedNode(publication.iri), lang)
    return SourceView(term, site.attribution(publication, lang), site.rights(publication, lang))


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


def term_view(site: Site, term: Term | ox.Triple | None, lang: str) -> TermView:
    """Return a term as a labelled link, or as text with its language."""
    if isinstance(term, ox.Literal):
        return TermView(term.value, lang_attribute(term.language or "", lang))
    if not isinstance(term, ox.NamedNode):
        return TermView("" if term is None else str(term))
    text, tag = site.labels.get(term.value, lang)
    return TermView(text, lang_attribute(tag, lang), local_link(term.value, lang), term.value)
