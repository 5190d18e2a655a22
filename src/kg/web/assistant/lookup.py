"""Words to things: what an assistant names in words is looked up in the index that `/search` uses."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import pyoxigraph as ox

from kg.errors import NotFound
from kg.linking.candidates import Wanted
from kg.linking.compounds import folded
from kg.linking.entries import kebab
from kg.linking.full_text import Match
from kg.namespaces import BASE, ID, KB
from kg.queries.question import Parameter, Question
from kg.rdf_terms import is_iri, local_name
from kg.web.assistant.citations import short
from kg.web.search.documents import QUESTION
from kg.web.search.results import Finder
from kg.web.site import Site

_LEAST: Final = 0.35  # Of what words are looked for, below which a thing is not what they name.
SAYINGS: Final = tuple(KB + name for name in ("Claim", "LabourMarketSignal", "Figure", "Task"))
_RESOURCE: Final = "http://www.w3.org/2000/01/rdf-schema#Resource"


class Lookup:
    """Finds things by words or IRI.

    Arguments:
        site: what is served.

    """

    def __init__(self, site: Site) -> None:
        self._site, self.finder = site, Finder(site)

    def thing(self, words: str, lang: str, kind: str = "", among: Collection[str] = ()) -> str:
        """Return the IRI of what is named.

        Arguments:
            words: an IRI, `kind/slug`, or a name in Dutch or English.
            lang: language of the reader.
            kind: IRI of the class that it must have; empty for all.
            among: IRIs of which it must be one; empty for all.

        Raises:
            NotFound: nothing is called so; the hint has the nearest names.

        """
        iri = words if words.startswith(("http://", "https://")) else ID + words
        if is_iri(iri) and any(self._site.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None)):
            return iri
        named = iri != words and words.partition("/")[0] not in self._site.kinds.members
        if named and (found := next(self._named(words, lang, kind, among), "")):
            return found
        near = self._site.labels.nearest(words if named else local_name(words), lang)
        names = ", ".join(f"{label} <{short(self._site, each)}>" for each, label in near)
        hint = f"nearest names: {names}" if names else "search finds things by other words"
        raise NotFound(f"nothing is called {words[:200]}" + (f" among {kebab(kind)}s" if kind else ""), hint=hint)

    def _named(self, words: str, lang: str, kind: str, among: Collection[str]) -> Iterator[str]:
        exact = folded(words)
        yield from (iri for iri in sorted(among) if folded(self._site.labels.get(iri, lang)[0]) == exact)
        matches = self.finder.documents.texts.search(words, lang)
        for match in sorted(matches, key=lambda match: -match.score):
            if match.score >= _LEAST and self._fits(match.key, kind, among):
                yield match.key
        if kind and not kind.startswith(BASE):
            candidates = self._site.indexes.labels.search(words, Wanted(frozenset({kind})), 1)
            yield from (candidate.entry.iri for candidate in candidates if candidate.score >= 100 * _LEAST)

    def _fits(self, key: str, kind: str, among: Collection[str]) -> bool:
        entry = self.finder.documents.entries.get(key)
        if entry is None:
            return False
        return key in among if among else not kind or kind in self._site.facts.classes(key)

    def parameter(self, parameter: Parameter, value: str, lang: str, among: Collection[str]) -> str:
        """Return what the query of a question gets for a value: the IRI of what is named, or a literal as it is."""
        if parameter.datatype:
            return value
        return self.thing(value, lang, self.class_of(parameter), () if parameter.kind else among)

    def class_of(self, parameter: Parameter) -> str:
        """Return the IRI of the class of the values of a parameter; nothing where each thing will do."""
        prefix, _, name = parameter.kind.partition(":")
        iri = self._site.graph.prefixes[prefix] + name if parameter.kind else ""
        return "" if iri == _RESOURCE else iri

    def named_in(self, text: str, question: Question, things: Collection[str]) -> dict[str, str]:
        """Return the parameters of a question whose values a text names, each with the longest such name's IRI."""
        plain, entries = f" {folded(text)} ", self.finder.documents.entries
        values: dict[str, str] = {}
        for parameter in question.parameters:
            kind = self.class_of(parameter)
            named = {
                iri: max(len(name) for name in names)
                for iri in things
                if kind and kind in self._site.facts.classes(iri) and iri not in values.values()
                if (names := [name for label in entries[iri].labels if f" {(name := folded(label.text))} " in plain])
            }
            if named:
                values[parameter.name] = max(named, key=lambda iri: (named[iri], iri))
        return values

    def groups(self, text: str, lang: str) -> tuple[list[Match], list[Match], list[Match], list[str]]:
        """Return questions, sayings and other things that hold some of the words, best first, and the unknown words."""
        documents = self.finder.documents
        matches, unknown = documents.texts.search_any(text, lang)
        questions = [match for match in matches if match.key.startswith(QUESTION)]
        places = (KB + "Section", KB + "CitedWork")
        things = [match for match in matches if match.key in documents.entries and not self._is_of(match.key, places)]
        sayings, others = (
            [match for match in things if self._is_of(match.key, SAYINGS) == is_saying] for is_saying in (True, False)
        )
        return questions, sayings, others, unknown

    def _is_of(self, key: str, classes: Collection[str]) -> bool:
        return not set(classes).isdisjoint(self.finder.documents.entries[key].types)
