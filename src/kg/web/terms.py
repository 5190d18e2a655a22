"""How a page shows one term: a name for everything, its code elsewhere, and numbers in the way of the language."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.languages import format_number, lang_attribute
from kg.namespaces import SKOS, XSD
from kg.publications.outline import SENTENCE, Outline
from kg.publications.passages import Publication
from kg.rdf_terms import Term, local_name
from kg.web.layout import TermView, message, term_view
from kg.web.site import Site

_NUMBERS: Final = tuple(XSD + name for name in ("integer", "decimal", "double", "nonNegativeInteger"))
_DECIMAL: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_CODE: Final = 16  # Longer last parts of IRIs are no codes that people use.


def show(site: Site, lang: str, value: Term) -> TermView:
    """Return a term as a page shows it.

    A number is written in the way of the language; a reified statement or mapping is its triple; a passage is where it
    stands, and leads there; a term of another vocabulary has its code there; a name that things of several levels have
    is followed by the level.
    """
    if isinstance(value, ox.Literal) and value.datatype.value in _NUMBERS:
        return TermView(number(value.value, lang))
    view = term_view(site, value, lang)
    if not isinstance(value, ox.NamedNode):
        return view
    if parts := site.reified.get(value.value):
        texts = [term_view(site, part, lang).text for part in parts]
        return replace(view, text=" → ".join(texts), tag="")
    if value.value in site.passages and not site.labels.known(value.value):
        href = read_link(site, lang, value.value) or view.href
        return replace(view, text=_location(site, lang, value.value), tag="", href=href)
    text = view.text + site.apart(value.value, lang)
    return replace(view, text=text, code=code(site, value.value))


def read_link(site: Site, lang: str, iri: str) -> str:
    """Return where a publication, section or passage is read beside its facts; nothing where unknown."""
    outline = site.outlines.get(iri) or site.outline_of(iri)
    if outline is None:
        return ""
    iri = outline.first.get(iri, iri)
    part = outline.part_of.get(iri)
    path = read_path(outline, part.slug if part else "")
    return f"{path}?lang={lang}" + (f"#{local_name(iri)}" if part else "")


def read_path(outline: Outline, part: str = "") -> str:
    """Return the path at which a publication, or a part of it, is read."""
    return "/".join(("/read", quote(local_name(outline.publication.iri)), *([quote(part)] if part else [])))


def place(site: Site, lang: str, passage: str) -> str:
    """Return where a passage stands in its section as a person counts: `alinea 3, zin 2`."""
    outline = site.outline_of(passage)
    if outline is None:
        return f"{message('line', lang)} {site.passages[passage].lines}"
    where = outline.places[passage]
    paragraph = f"{message('place_paragraph', lang)} {where.paragraph}"
    if where.kind == SENTENCE:
        return f"{paragraph}, {message('place_sentence', lang)} {where.number}" if where.of > 1 else paragraph
    named = site.labels.get(site.passages[passage].kind, lang)[0]
    count = f" {where.number}" if where.of > 1 else ""
    return f"{named}{count}" + (f" {message('place_after', lang)} {paragraph}" if where.paragraph else "")


def headings(site: Site, lang: str, section: str) -> tuple[TermView, ...]:
    """Return chapter and section as the publication prints them, for a person to look for; else as we name them."""
    publication = site.publication_of_section.get(section)
    if publication is None:
        return (TermView(*site.labels.get(section, lang)),) if section else ()
    chain = site.outlines[publication.iri].chain(section)
    names = (
        site.labels.get(iri, publication.language if is_printed(site, iri, publication) else lang)
        for iri in dict.fromkeys((chain[0], chain[-1]))
    )
    return tuple(TermView(text, lang_attribute(tag, lang)) for text, tag in names)


def is_printed(site: Site, section: str, publication: Publication) -> bool:
    """Return whether a publication states the name of a section, rather than that we named it."""
    name, graph = ox.NamedNode(SKOS + "prefLabel"), ox.NamedNode(publication.graph)
    return any(site.graph.store.quads_for_pattern(ox.NamedNode(section), name, None, graph))


def _location(site: Site, lang: str, iri: str) -> str:
    """Return chapter, section and place of a passage, all in the language of the page."""
    outline, section = site.outline_of(iri), site.passages[iri].section
    chain = outline.chain(section) if outline else (section,)
    above = [site.labels.get(one, lang)[0] for one in dict.fromkeys((chain[0], chain[-1])) if one]
    return " · ".join((*above, place(site, lang, iri)))


def code(site: Site, iri: str) -> str:
    """Return vocabulary and code of a term of another vocabulary that the views name; nothing for our own."""
    name = next((name for space, name in site.views.vocabularies.items() if iri.startswith(space)), "")
    if not name:
        return ""
    own = site.notations.get(iri) or local_name(iri)
    if own.startswith(name):  # OEO_00010141 is a number that nobody uses; the link leads to it.
        return name
    return f"{name} {own}" if len(own) <= _CODE else name


def number(text: str, lang: str) -> str:
    """Return a number as the language writes it: 1.234,5 or 1,234.5.

    >>> number("51000", "nl"), number("2.5", "nl"), number("-1234.5", "en")
    ('51.000', '2,5', '-1,234.5')
    """
    return format_number(Decimal(text), lang) if _DECIMAL.fullmatch(text) else text
