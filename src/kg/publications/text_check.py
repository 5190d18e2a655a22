"""The check of what a publication states against its text: necessary, not sufficient.

Labels, printed words, numbers, qualifiers and periods must stand in a passage of their node; of a relation both ends
must occur in the context of one passage: in it, in a heading above it, or in an earlier sentence of its block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.graph.evidence import AUTHORED, Evidence, Relation, Triple
from kg.graph.sources import Parsed
from kg.namespaces import DCT, KB, QB, RDF_TYPE, SKOS
from kg.publications.passages import Passage
from kg.publications.surroundings import EARLIER, HEADING, SENTENCE, Context, Names, grammar_of, prints
from kg.publications.texts import Text
from kg.rdf_terms import local_name, objects, term_key

TITLE, TOGETHER = "by the title", "in passages together"
MATCH_TYPES: Final = (SENTENCE, HEADING, EARLIER, TITLE, TOGETHER)
CLASSES: Final = ("label", "printed", "number", "qualifier", "period", "relation")
LONGEST_RUN: Final = 12

_IN_CONTEXT: Final = ("period", "relation")
_LABELS: Final = (SKOS + "prefLabel", SKOS + "altLabel", SKOS + "hiddenLabel")
_PRINTED: Final = (KB + "asPrinted", KB + "mentionedAs", KB + "abbreviation")
_TITLES: Final = (SKOS + "prefLabel", DCT + "title")


@dataclass(frozen=True, order=True)
class Failure:
    """Something stated that was not found in the text.

    Attributes:
        file: Turtle file that states it.
        subject, predicate: IRIs of what is stated.
        what: what was not found.
        passages, lines: slugs and lines of where it was looked for.

    """

    file: str
    subject: str
    predicate: str
    what: str
    passages: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass
class Tally:
    """How many statements of a class were found, by match type, and those that were not.

    Attributes:
        unread: those for which a passage where they may stand is missing in the rendition: neither found nor refuted.

    """

    found: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    unread: list[Failure] = field(default_factory=list)

    @property
    def checked(self) -> int:
        """How many there are to look for."""
        return sum(self.found.values()) + len(self.failures) + len(self.unread)


@dataclass(frozen=True)
class Report:
    """What the check says.

    Attributes:
        tallies: class of statement to its tally.
        support: how many relations are authored, derived, ambiguous and unshared.
        copied: file, subject and predicate of literals that copy the text.
        uncovered: passages on whose lines no stated fact rests, in the order of the text.

    """

    tallies: Mapping[str, Tally]
    support: Mapping[str, int]
    copied: tuple[Triple, ...]
    uncovered: tuple[Passage, ...]

    @property
    def failures(self) -> list[tuple[str, Failure]]:
        """All failures with their class, sorted."""
        return sorted((name, failure) for name, tally in self.tallies.items() for failure in tally.failures)

    @property
    def unread(self) -> list[tuple[str, Failure]]:
        """What could not be looked up with its class, sorted."""
        return sorted((name, failure) for name, tally in self.tallies.items() for failure in tally.unread)


def check(store: ox.Store, parsed: Parsed, text: Text) -> Report:
    """Return what of a publication was found in its text, and what was not.

    Arguments:
        store: the built graph.
        parsed: its files, to say where a failure stands.
        text: the text of the publication.

    """
    return _Check(store, parsed, text).report()


class _Check:
    def __init__(self, store: ox.Store, parsed: Parsed, text: Text) -> None:
        self._store, self._parsed, self._text = store, parsed, text
        self._graph = text.publication.graph
        self._evidence = Evidence(store)
        self._context = Context(text, self._notes())
        self._grammar = grammar_of(text.publication.language)
        self._names = Names(store, self._graph, text.publication.language)
        self._missing = {passage.iri: passage for passage in text.missing}
        self._tallies = {name: Tally() for name in CLASSES}

    def report(self) -> Report:
        for quad in self._stated:
            self._quad(quad)
        relations = [relation for relation in self._evidence.relations if relation.graph == self._graph]
        for relation in relations:
            if relation.triple[2] not in self._periods:
                self._relation(relation)
        support = Counter(relation.how for relation in relations)
        return Report(self._tallies, support, tuple(sorted(self._copied())), tuple(self._uncovered()))

    # What is stated.

    @cached_property
    def _stated(self) -> list[ox.Quad]:
        """What is stated of other things than publication, sections and passages."""
        quads = self._store.quads_for_pattern(None, None, None, ox.NamedNode(self._graph))
        return [quad for quad in quads if term_key(quad.subject) not in self._evidence.structure]

    @cached_property
    def _measures(self) -> set[str]:
        return {KB + "value", *self._typed(QB + "MeasureProperty")}

    @cached_property
    def _periods(self) -> set[str]:
        return set(self._typed(KB + "Period"))

    def _typed(self, kind: str) -> Iterator[str]:
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(kind), None):
            yield term_key(quad.subject)

    def _notes(self) -> dict[str, set[str]]:
        """Return footnotes and source lines with the passages for which they are cited."""
        cited_for: dict[str, set[str]] = {}
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(KB + "citedFor"), None, None):
            for note in self._evidence.sources_of(self._graph, term_key(quad.subject)):
                cited_for.setdefault(note, set()).add(term_key(quad.object))
        return cited_for

    @cached_property
    def _titles(self) -> frozenset[str]:
        """The words of the titles of the publication, which stand above all of its text."""
        publication, runs = ox.NamedNode(self._text.publication.iri), self._grammar.runs
        titles = [title for predicate in _TITLES for title in objects(self._store, publication, predicate)]
        return frozenset().union(*(runs(title.value) for title in titles if isinstance(title, ox.Literal)))

    @cached_property
    def _files(self) -> dict[Triple, str]:
        """Triple to its file; without its object too, for the store writes numbers in another form than a file may."""
        files: dict[Triple, str] = {}
        for source, quads in self._parsed:
            if source.graph == self._graph:
                for subject, predicate, value in map(_triple, quads):
                    files[subject, predicate, value] = files[subject, predicate, ""] = str(source.path)
        return files

    def _own(self, node: str) -> list[str]:
        """Return the passages of a node."""
        return sorted(iri for iri in self._evidence.sources_of(self._graph, node) if iri in self._context)

    def _as_printed(self, quad: ox.Quad) -> list[str]:
        printed = objects(self._store, quad.subject, KB + "asPrinted")
        return [text.value for text in printed if isinstance(text, ox.Literal)]

    # One triple.

    def _quad(self, quad: ox.Quad) -> None:
        predicate, value = quad.predicate.value, quad.object
        if isinstance(value, ox.Literal):
            self._literal(quad, predicate, value.value)
        elif predicate == KB + "qualifier":
            self._look("qualifier", quad, f"no word for {self._called(term_key(value))}", self._qualified(quad))
        elif term_key(value) in self._periods:
            self._period(quad, term_key(value))

    def _literal(self, quad: ox.Quad, predicate: str, value: str) -> None:
        if predicate in _LABELS:
            self._look("label", quad, f'label "{value}"', lambda text: _prints_label(text, value))
        elif predicate in _PRINTED:
            self._look("printed", quad, f'"{value}"', lambda text: prints(text, value))
        elif predicate in self._measures:
            self._look("number", quad, f"number {value}", self._counted(quad, value))
        elif predicate == DCT + "issued":
            self._look("period", quad, f"year {value}", lambda text: prints(text, value))

    def _qualified(self, quad: ox.Quad) -> Callable[[str], bool]:
        """Return a test for the printed word of a qualifier: in `kb:asPrinted`, or else in the passage."""
        marks, printed = self._names.get(term_key(quad.object)), self._as_printed(quad)
        return lambda text: any(
            prints(printed_text.casefold(), mark) for printed_text in printed or [text] for mark in marks
        )

    def _counted(self, quad: ox.Quad, value: str) -> Callable[[str], bool]:
        """Return a test for a number: that of `kb:asPrinted`, which the passage prints, or else one in the passage."""
        numbers, wanted = self._grammar.numbers, _decimal(value)
        printed = [each for each in self._as_printed(quad) if numbers(each)]
        if printed:
            return lambda text: any(wanted in numbers(each) and prints(text, each) for each in printed)
        return lambda text: wanted in numbers(text)

    def _look(self, kind: str, quad: ox.Quad, what: str, holds: Callable[[str], bool]) -> None:
        """Look for what a triple says in the passages of its subject."""
        passages = self._own(term_key(quad.subject))
        if any(holds(self._context.quote(iri)) for iri in passages):
            self._tallies[kind].found[SENTENCE] += 1
        else:
            self._fail(kind, _triple(quad), what, passages)

    def _period(self, quad: ox.Quad, period: str) -> None:
        """Look for the words of a period in a passage, then also above it, then also in earlier sentences."""
        passages = self._own(term_key(quad.subject))
        words, joints = self._grammar.words, self._grammar.joints
        names = [" ".join(word for word in words(name) if word not in joints) for name in self._names.get(period)]
        for match_type, read in self._widening(passages):
            if any(self._context.holds_words(read, name) for name in names):
                self._tallies["period"].found[match_type] += 1
                return
        self._fail("period", _triple(quad), f"period {self._called(period)}", passages)

    def _widening(self, passages: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        widening = (SENTENCE, HEADING, EARLIER)
        for end, match_type in enumerate(widening, 1):
            for iri in passages:
                around = self._context.around(iri)
                yield match_type, [passage for name in widening[:end] for passage in around[name]]

    # Both ends of a relation.

    def _relation(self, relation: Relation) -> None:
        subject, predicate, obj = relation.triple
        authored = [iri for iri in relation.passages if iri in self._context] if relation.how == AUTHORED else []
        passages = authored or sorted({*self._own(subject), *self._own(obj)})
        ranks = self._ranks(subject, obj, passages) or self._together(subject, obj, authored)
        if ranks:
            self._tallies["relation"].found[MATCH_TYPES[min(ranks)]] += 1
        else:
            self._fail("relation", (subject, predicate, f"<{obj}>"), self._without(subject, obj, passages), passages)

    def _ranks(self, subject: str, obj: str, passages: Iterable[str]) -> list[int]:
        """Return how both ends occur around a passage, as match types; one must stand in the passage itself."""
        pairs = [(self._place(subject, iri), self._place(obj, iri)) for iri in passages]
        return [
            max(first, second)
            for first, second in pairs
            if first is not None and second is not None and 0 in (first, second)
        ]

    def _together(self, subject: str, obj: str, passages: Sequence[str]) -> list[int]:
        """Return whether both ends occur in the passages of an authored statement, which are read together."""
        occur = [any(self._place(end, iri) is not None for iri in passages) for end in (subject, obj)]
        return [MATCH_TYPES.index(TOGETHER)] if all(occur) else []

    def _place(self, end: str, iri: str) -> int | None:
        """Return by which match type an end occurs around a passage, or None."""
        around = self._context.around(iri)
        for rank, passages in enumerate(around.values()):
            if any(self._named(end, passage) for passage in passages):
                return rank
        if self._names.described(end):
            return self._describing(self._own(end), around)
        titled = any(self._grammar.key(name) in self._titles for name in self._names.get(end))
        return MATCH_TYPES.index(TITLE) if titled else None

    def _describing(self, own: Sequence[str], around: Mapping[str, tuple[str, ...]]) -> int | None:
        """Return how what is described and not named occurs: in its passage, or with all of its passages around."""
        held = {passage for passages in around.values() for passage in passages}
        if not own or not (set(own) & set(around[SENTENCE]) or set(own) <= held):
            return None
        return next(rank for rank, passages in enumerate(around.values()) if set(own) & set(passages))

    def _named(self, end: str, iri: str) -> bool:
        names = self._names.get(end)
        if any(self._context.prints(iri, name) for name in names):
            return True
        return self._names.elliptical(end) and any(self._context.holds_words([iri], name) for name in names)

    def _without(self, subject: str, obj: str, passages: Sequence[str]) -> str:
        ends = [end for end in (subject, obj) if all(self._place(end, iri) is None for iri in passages)]
        if ends:
            return " and ".join(f'"{self._called(end)}"' for end in ends)
        return f'"{self._called(subject)}" and "{self._called(obj)}" in one passage'

    # The report.

    def _fail(self, kind: str, triple: Triple, what: str, passages: Sequence[str]) -> None:
        unread = self._may_stand_in_missing(kind, triple, passages)
        searched = sorted((self._context.passage(iri) for iri in passages), key=lambda passage: passage.spans)
        failure = Failure(
            file=self._files.get(triple) or self._files.get((*triple[:2], ""), ""),
            subject=triple[0],
            predicate=triple[1],
            what=what if passages or unread else f"{what}; no passage to look in",
            passages=tuple(passage.slug for passage in searched),
            lines=tuple(passage.lines for passage in searched),
        )
        tally = self._tallies[kind]
        (tally.unread if unread else tally.failures).append(failure)

    def _may_stand_in_missing(self, kind: str, triple: Triple, passages: Iterable[str]) -> bool:
        """Return whether a passage in which a statement is looked for is not in the rendition."""
        ends = (triple[0], triple[2][1:-1]) if kind == "relation" else (triple[0],)
        sources = {*passages, *(iri for end in ends for iri in self._evidence.sources_of(self._graph, end))}
        if kind in _IN_CONTEXT:  # Headings, captions, leads and earlier sentences of its section may say it too.
            known = self._text.publication
            sections = {known.passages[iri].section for iri in sources if iri in known.passages}
            sources |= {heading for section in sections for heading in known.sections.get(section, ())}
            sources |= {iri for iri, passage in self._missing.items() if passage.section in sections}
        return not sources.isdisjoint(self._missing)

    def _called(self, iri: str) -> str:
        return next(iter(self._names.get(iri)), local_name(iri))

    def _copied(self) -> Iterator[Triple]:
        printed = _sequences(self._grammar.words(self._text.words))
        for source, quads in self._parsed:
            for quad in quads:
                literal = quad.object.value if isinstance(quad.object, ox.Literal) else ""
                if _sequences(self._grammar.words(literal)) & printed:
                    yield str(source.path), term_key(quad.subject), quad.predicate.value

    def _uncovered(self) -> Iterator[Passage]:
        resting = {iri for quad in self._stated for iri in self._own(term_key(quad.subject))}
        lines = {span.line for iri in resting for span in self._context.passage(iri).spans}
        for passage in self._context:
            if not lines & {span.line for span in passage.spans}:
                yield passage


def _triple(quad: ox.Quad) -> Triple:
    return term_key(quad.subject), quad.predicate.value, str(quad.object)


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _sequences(words: Sequence[str]) -> set[tuple[str, ...]]:
    """Return all sequences of words that are one longer than a text may share with its source."""
    return {tuple(words[begin : begin + LONGEST_RUN + 1]) for begin in range(len(words) - LONGEST_RUN)}


def _prints_label(text: str, label: str) -> bool:
    """Return whether a text holds a label as printed; the case of its first letter is free where a sentence begins."""
    other = label[:1].swapcase() + label[1:]
    return prints(text, label) or (text.startswith(other) and prints(text, other))
