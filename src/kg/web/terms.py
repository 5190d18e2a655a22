"""How a page shows one term: a name for everything, its code elsewhere, and numbers in the way of the language."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pyoxigraph as ox

from kg.languages import format_number
from kg.namespaces import XSD
from kg.rdf_terms import Term, local_name
from kg.web.layout import TermView, message, term_view
from kg.web.site import Site

_NUMBERS: Final = tuple(XSD + name for name in ("integer", "decimal", "double", "nonNegativeInteger"))
_DECIMAL: Final = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_CODE: Final = 16  # Longer last parts of IRIs are no codes that people use.


def show(site: Site, lang: str, value: Term) -> TermView:
    """Return a term as a page shows it.

    A number is written in the way of the language; a reified statement or mapping is its triple; a passage is where it
    stands; a term of another vocabulary has its code there.
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
        return replace(view, text=_location(site, lang, value.value), tag="")
    return replace(view, code=code(site, value.value))


def _location(site: Site, lang: str, iri: str) -> str:
    passage = site.passages[iri]
    section = site.labels.get(passage.section, lang)[0] if passage.section else ""
    return " · ".join(part for part in (section, f"{message('line', lang)} {passage.lines}") if part)


def code(site: Site, iri: str) -> str:
    """Return vocabulary and code of a term of another vocabulary that the views name; nothing for our own."""
    name = next((name for space, name in site.views.vocabularies.items() if iri.startswith(space)), "")
    if not name:
        return ""
    own = site.notations.get(iri) or local_name(iri)
    if own.startswith(name):
        return own
    return f"{name} {own}" if len(own) <= _CODE else name


def number(text: str, lang: str) -> str:
    """Return a number as the language writes it: 1.234,5 or 1,234.5.

    >>> number("51000", "nl"), number("2.5", "nl"), number("-1234.5", "en")
    ('51.000', '2,5', '-1,234.5')
    """
    return format_number(Decimal(text), lang) if _DECIMAL.fullmatch(text) else text
