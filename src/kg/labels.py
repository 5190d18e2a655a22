"""Labels of resources, in the language asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.languages import best_tag
from kg.rdf_terms import local_name

# Later ones give way to earlier ones.
_PREDICATES: Final = (
    "http://www.w3.org/2004/02/skos/core#prefLabel",
    "http://purl.org/dc/terms/title",
    "http://www.w3.org/2000/01/rdf-schema#label",
    "https://w3id.org/klimaatbanen/def#asPrinted",
)

_NEAR: Final = 75  # Of 100: less like is no help.
_LIKE_AT_THE_BEGINNING: Final = 0.7


class Labels:
    """The labels of all resources of a store, read once.

    Arguments:
        store: the graph.

    """

    def __init__(self, store: ox.Store) -> None:
        self._texts: dict[str, dict[str, str]] = {}
        for predicate in _PREDICATES:
            named: dict[tuple[str, str], str] = {}
            for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), None, None):
                if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.Literal):
                    key, text = (quad.subject.value, quad.object.language or ""), quad.object.value
                    named[key] = min(named.get(key, text), text)  # Of several always the same, whatever the order.
            for (iri, tag), text in named.items():
                self._texts.setdefault(iri, {}).setdefault(tag, text)

    def get(self, iri: str, lang: str) -> tuple[str, str]:
        """Return the label of an IRI and its language tag; without a label, the last part of the IRI."""
        texts = self._texts.get(iri, {})
        tag = best_tag(texts, lang)
        return (local_name(iri), "") if tag is None else (texts[tag], tag)

    def known(self, iri: str) -> bool:
        """Return whether anything names an IRI."""
        return iri in self._texts

    def words(self, iri: str) -> str:
        """Return all names of an IRI in small letters, for looking words up."""
        return "\n".join(self._texts.get(iri, {"": local_name(iri)}).values()).casefold()

    def translate(self, text: str, lang: str, wanted: str) -> str:
        """Return a label in another language, or nothing where the things that are called so differ in that one."""
        if lang == wanted:
            return ""
        translations = {texts.get(wanted, "") for texts in self._called.get((lang, text), ())}
        return translations.pop() if len(translations) == 1 else ""

    @cached_property
    def _called(self) -> dict[tuple[str, str], list[dict[str, str]]]:
        called: dict[tuple[str, str], list[dict[str, str]]] = {}
        for texts in self._texts.values():
            for tag, text in texts.items():
                called.setdefault((tag, text), []).append(texts)
        return called

    def nearest(self, text: str, lang: str, count: int = 5) -> list[tuple[str, str]]:
        """Return IRI and label of the resources whose label or slug is most like a text, best first."""
        from rapidfuzz import fuzz, process  # Not needed before somebody errs.

        wanted = text.replace("-", " ").casefold()
        close = process.extract(wanted, self._named.keys(), scorer=fuzz.ratio, limit=count * 2, score_cutoff=_NEAR)
        iris: Mapping[str, None] = dict.fromkeys(self._named[name] for name, _, _ in close)
        return [(iri, self.get(iri, lang)[0]) for iri in iris][:count]

    @cached_property
    def _named(self) -> dict[str, str]:
        """Name to the IRI with it; what all publications share comes before what belongs to one."""
        names: dict[str, str] = {}
        for iri in sorted(self._texts, key=lambda iri: (iri.count("/"), iri)):
            for name in (*self._texts[iri].values(), local_name(iri).replace("-", " ")):
                names.setdefault(name.casefold(), iri)
        return names


def most_like(name: str, known: Sequence[str]) -> str:
    """Return the known name most like another, or nothing; a class for a class, by the case of the first letter.

    Where no name has nearly all its letters in common, it is the one that begins most alike.
    """
    from rapidfuzz import fuzz, process  # Not needed before somebody errs.
    from rapidfuzz.distance import JaroWinkler

    alike = [other for other in known if other[:1].isupper() == name[:1].isupper()]
    match = process.extractOne(name, alike, scorer=fuzz.ratio, score_cutoff=_NEAR)
    if not match and "/" not in name:
        match = process.extractOne(name, alike, scorer=JaroWinkler.similarity, score_cutoff=_LIKE_AT_THE_BEGINNING)
    return match[0] if match else ""
