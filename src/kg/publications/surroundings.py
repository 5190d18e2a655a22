"""Where a passage stands in its text, and what things are called: the means to find a thing in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pyoxigraph as ox

from kg.dutch import DUTCH
from kg.english import ENGLISH
from kg.errors import SourceError
from kg.grammar import Grammar
from kg.namespaces import ID, KB, SKOS
from kg.publications.passages import Passage
from kg.publications.texts import Text
from kg.rdf_terms import local_name, term_key

SENTENCE, HEADING, EARLIER = "in the sentence", "by heading", "by earlier sentence"

_KIND: Final = ID + "passage-kind/"
_ITEM, _ROW, _CAPTION = _KIND + "list-item", _KIND + "table-row", _KIND + "caption"
_PREFERRED: Final = SKOS + "prefLabel"
_GRAMMARS: Final[Mapping[str, Grammar]] = {"nl": DUTCH, "en": ENGLISH}
_NAMES: Final = (
    _PREFERRED,
    *(SKOS + name for name in ("altLabel", "hiddenLabel")),
    *(KB + name for name in ("asPrinted", "mentionedAs", "abbreviation")),
)


def grammar_of(language: str) -> Grammar:
    """Return the rules by which names and numbers are found in texts of a language.

    Raises:
        SourceError: it is not known how the language prints them.

    """
    if language not in _GRAMMARS:
        hint = f"publications can be in {' or '.join(_GRAMMARS)}"
        raise SourceError(f"texts in {language} cannot be checked", where="dct:language", hint=hint)
    return _GRAMMARS[language]


class Context:
    """The passages of a text in order: what heads each, and what precedes it in its block.

    Arguments:
        text: the text of a publication.
        notes: a footnote or source line to the passages that it is a note to.

    """

    def __init__(self, text: Text, notes: Mapping[str, Iterable[str]]) -> None:
        self._text, self._notes = text, notes
        self._grammar = grammar_of(text.publication.language)
        self._order = [text.publication.passages[iri] for iri in text.quotes]
        self._index = {passage.iri: number for number, passage in enumerate(self._order)}
        self._blocks = _blocks(self._order)
        self._around: dict[str, dict[str, tuple[str, ...]]] = {}
        self._runs: dict[str, frozenset[str]] = {}

    def __contains__(self, iri: str) -> bool:
        return iri in self._index

    def __iter__(self) -> Iterator[Passage]:
        return iter(self._order)

    def passage(self, iri: str) -> Passage:
        """Return a passage by its IRI."""
        return self._order[self._index[iri]]

    def quote(self, iri: str) -> str:
        """Return the text of a passage in normal form."""
        return self._text.quote(iri)

    def around(self, iri: str) -> dict[str, tuple[str, ...]]:
        """Return match type to the passages with which a passage is read: itself, what heads it, what precedes it."""
        if iri not in self._around:
            above, before = tuple(self._heads(iri)), tuple(self._earlier(iri))
            self._around[iri] = {SENTENCE: (iri,), HEADING: above, EARLIER: before}
        return self._around[iri]

    def _heads(self, iri: str) -> Iterator[str]:
        """Yield headings of the sections, captions above, and the lead of a list or head of a table."""
        passage = self.passage(iri)
        yield from self._text.publication.sections.get(passage.section, ())
        above = self._above(passage)
        yield from (passage_above.iri for passage_above in above if passage_above.kind == _CAPTION)
        if passage.kind == _ROW:
            yield from [passage_above.iri for passage_above in above if passage_above.kind == _ROW][:1]
        yield from self._lead(passage)

    def _above(self, passage: Passage) -> list[Passage]:
        """Return what stands above a passage in its section."""
        return [earlier for earlier in self._order[: self._index[passage.iri]] if earlier.section == passage.section]

    def _lead(self, passage: Passage) -> list[str]:
        """Return the sentence that leads in the list of a list item."""
        return (
            [earlier.iri for earlier in self._above(passage) if earlier.kind != _ITEM][-1:]
            if passage.kind == _ITEM
            else []
        )

    def _earlier(self, iri: str) -> Iterator[str]:
        """Yield earlier sentences of the block, of the block that leads in a list, and what a note is a note to."""
        number = self._index[iri]
        for lead in self._lead(self._order[number]):
            yield from self._earlier(lead)
        for earlier, block in zip(self._order[:number], self._blocks, strict=False):
            if block == self._blocks[number]:
                yield earlier.iri
        yield from sorted(self._notes.get(iri, ()))

    def prints(self, iri: str, name: str) -> bool:
        """Return whether a passage holds a name; case, plural and inflection are left aside."""
        return self._grammar.key(name) in self._keys(iri)

    def holds_words(self, passages: Iterable[str], name: str) -> bool:
        """Return whether passages together hold all words of a name, in any place."""
        held = [self._keys(iri) for iri in passages]
        return all(any(word in keys for keys in held) for word in self._grammar.stems(name))

    def _keys(self, iri: str) -> frozenset[str]:
        if iri not in self._runs:
            self._runs[iri] = self._grammar.runs(self._text.quote(iri))
        return self._runs[iri]


def _blocks(order: Sequence[Passage]) -> list[int]:
    """Return for each passage the line at which its block begins; a passage over two lines joins them."""
    begins: dict[int, int] = {}
    for passage in order:
        first = begins.setdefault(passage.spans[0].line, passage.spans[0].line)
        for span in passage.spans[1:]:
            begins[span.line] = first
    return [begins[passage.spans[0].line] for passage in order]


class Names:
    """What things are called in a language, and which of them a passage describes rather than names.

    Arguments:
        store: the graph.
        stated: IRI of the graph of what the publication states.
        language: of the publication.

    """

    def __init__(self, store: ox.Store, stated: str, language: str) -> None:
        self._names: dict[str, list[str]] = {}
        self._named: set[str] = set()
        self._printed: set[str] = set()
        self._methods = {
            (term_key(quad.subject), local_name(term_key(quad.object))) for quad in _quads(store, KB + "method")
        }
        for predicate in _NAMES:
            for quad in _quads(store, predicate):
                if isinstance(quad.object, ox.Literal) and quad.object.language in (language, None):
                    self._add(term_key(quad.subject), quad.object.value, predicate, term_key(quad.graph_name) == stated)

    def _add(self, thing: str, name: str, predicate: str, stated: bool) -> None:
        self._names.setdefault(thing, []).append(name)
        if predicate == _PREFERRED:
            self._named.add(thing)
            if stated:
                self._printed.add(thing)

    def get(self, iri: str) -> list[str]:
        """Return the names of a thing, printed and editorial; the preferred one first."""
        return self._names.get(iri, [])

    def described(self, iri: str) -> bool:
        """Return whether passages describe a thing without naming it: its name is our summary, or it has none."""
        if iri in self._printed:
            return False
        return iri not in self._named or (iri, "summary") in self._methods

    def elliptical(self, iri: str) -> bool:
        """Return whether the name of a thing was written out from a contracted one."""
        return (iri, "elliptical") in self._methods


def prints(text: str, printed: str) -> bool:
    """Return whether a text holds printed characters literally, not as part of a longer word or number."""
    begin = r"(?<![^\W_])(?<!\d[.,])" if printed[:1].isalnum() else ""
    end = r"(?![^\W_])(?![.,]\d)" if printed[-1:].isalnum() else ""
    return re.search(begin + re.escape(printed) + end, text) is not None


def _quads(store: ox.Store, predicate: str) -> Iterator[ox.Quad]:
    return iter(store.quads_for_pattern(None, ox.NamedNode(predicate), None, None))
