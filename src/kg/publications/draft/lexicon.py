"""What things are called, and where a text names them: whole names, plurals, contractions, words for occupations."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg.grammar import Grammar
from kg.namespaces import ID, KB, PROV, RDF_TYPE
from kg.publications.draft.words import Words
from kg.publications.surroundings import Names
from kg.rdf_terms import local_name, objects, term_key

_LONGEST: Final = 12
_SHORT: Final = 3
_HEAD: Final = 5
_SOME: Final = 2  # Labels that a word is in before it counts as a word for an occupation, or as what follows one.
_COMMON: Final = 12  # Labels that begin with a word that alone says too little.
_TAIL: Final = 3
_LINKS: Final = ("", "s", "en", "n", "e")


@dataclass(frozen=True, order=True)
class Thing:
    """Something that a text may name.

    Attributes:
        iri: of the graph, or of a vocabulary.
        kind: IRI of its class here.
        label: its name in the language of the text.
        known: whether the graph has it.
        other: its name in the other language, of a vocabulary.
        score: 0 to 100, how sure the name is: 100 of the graph, else that of the label.

    """

    iri: str
    kind: str
    label: str
    known: bool = True
    other: str = ""
    score: float = 100.0


@dataclass(frozen=True, order=True)
class Mention:
    """Where a text names a thing: characters of the passage, and the words as printed."""

    begin: int
    end: int
    thing: Thing
    printed: str = field(compare=False)


class Lexicon:
    """Names to things.

    Arguments:
        grammar: of the language of the text.
        words: which classes have names with a capital, which words begin a name that points back and names nothing,
            and how words end for who does something; none of these where they are not given.

    """

    def __init__(self, grammar: Grammar, words: Words | None = None) -> None:
        lists = words.lists if words else {}
        self._grammar, self._proper = grammar, words.proper if words else frozenset()
        self._pointing, self._stops = (lists.get(name, frozenset()) for name in ("pointing", "about"))
        self._agents = tuple(sorted(lists.get("agents", ())))
        self._names: dict[str, dict[Thing, str]] = {}
        self._heads: Counter[str] = Counter()
        self._tails: Counter[str] = Counter()
        self._labels: dict[str, str] = {}
        self._parts: set[str] = set()

    def add(self, thing: Thing, names: Iterable[str]) -> None:
        """Add a thing under its names; one that is not known gives way to a known one of the same name."""
        for name in names:
            words = self._grammar.words(name)
            if not words or words[0] in self._pointing or (len(name) < _SHORT and not name.isupper()):
                continue
            self._parts.update(words)
            self._names.setdefault(self._grammar.key(name), {}).setdefault(thing, name)

    def add_occupation(self, label: str) -> None:
        """Learn from the label of an occupation how occupations are called: who, and behind that what or where."""
        first, *rest = self._grammar.words(label) or [""]
        self._parts.update((first, *rest))
        if first.endswith(self._agents) and len(first) >= _HEAD:
            key = self._grammar.stem(first)
            self._heads[key] += 1 if rest else _SOME
            self._labels.setdefault(key, first)
            self._tails.update(
                self._grammar.stem(word) for word in rest if len(word) > _SHORT and word not in self._stops
            )

    def get(self, key: str) -> dict[Thing, str]:
        """Return the known things with a name, or the surest concept of a vocabulary, each with the name."""
        things = self._names.get(key, {})
        known = {thing: name for thing, name in things.items() if thing.known}
        return known or dict(sorted(things.items(), key=lambda item: -item[0].score)[:1])

    def find(self, text: str) -> list[Mention]:
        """Return the mentions of a text, the longest at each place; what stands inside a longer one is left out."""
        tokens = self._grammar.tokens(text)
        begin, mentions = 0, [*self._contractions(text)]
        contracted = {mention.begin for mention in mentions}
        while begin < len(tokens):
            found, length = self._at(text, tokens[begin : begin + _LONGEST])
            mentions += [mention for mention in found if mention.begin not in contracted]
            begin += length
        return sorted(mentions)

    def _at(self, text: str, tokens: list[tuple[str, int, int]]) -> tuple[list[Mention], int]:
        """Return the mentions that begin with a word, of the longest name, and how many words they take."""
        for length in range(len(tokens), 0, -1):
            begin, end = tokens[0][1], tokens[length - 1][2]
            things = self.get("".join(stem for stem, _, _ in tokens[:length]))
            found = [
                Mention(begin, end, thing, text[begin:end])
                for thing, name in things.items()
                if self._fits(thing, name, text[begin:end])
            ]
            if found:
                return found, length
        return [], 1

    def _fits(self, thing: Thing, name: str, printed: str) -> bool:
        """Return whether words and capitals agree: "de monteurs" is no name in one word, and a bank is no Bank."""
        if " " in printed and " " not in name:
            return False
        if name.isupper() or len(name) <= _SHORT:
            return unicodedata.normalize("NFKC", printed) == unicodedata.normalize("NFKC", name)
        return thing.kind not in self._proper or not name[0].isupper() or printed[0].isupper()

    def _contractions(self, text: str) -> Iterator[Mention]:
        """Yield what only a contracted pair names: `zonne-energie` in `zonne- en windenergie`."""
        for match in self._grammar.hanging.finditer(text) if self._grammar.hanging else ():
            things = [thing for key in self._grammar.contracted(match.group()) for thing in self.get(key)]
            yield from (Mention(*match.span(), thing, match.group()) for thing in dict.fromkeys(things))

    def occupations(self, text: str, mentions: Iterable[Mention]) -> Iterator[tuple[int, int, str]]:
        """Yield begin, end and singular name of what is called like an occupation and is no mention.

        That is a word for who does something, or a compound of one, and what labels put behind such words:
        `zonnepanelenmonteurs`, `monteurs elektrische installaties`. The word alone says too little where many have it.
        """
        taken = {place for mention in mentions for place in range(mention.begin, mention.end)}
        tokens = self._grammar.tokens(text)
        for number, (_, begin, end) in enumerate(tokens):
            head = "" if begin in taken else self._singular(text[begin:end])
            if head:
                last = self._last(text, tokens[number:], taken)
                if last > end or len(head.split()) > 1 or self._heads[self._grammar.key(head)] < _COMMON:
                    yield begin, last, head + text[end:last]

    def _singular(self, word: str) -> str:
        """Return the singular of a word for an occupation, as labels have it; empty for another word."""
        key = self._grammar.key(word)
        if self._heads[key] > 1:
            return self._labels[key]
        for cut in range(_SHORT, len(word) - _HEAD + 1):
            key = self._grammar.key(word[cut:])
            if self._heads[key] and any(word[:cut].casefold().removesuffix(link) in self._parts for link in _LINKS):
                return (word[:cut] + self._labels[key]).lower()
        return ""

    def _last(self, text: str, tokens: list[tuple[str, int, int]], taken: set[int]) -> int:
        """Return where the words end that labels have behind the word for an occupation."""
        last = tokens[0][2]
        for stem, begin, end in tokens[1 : _TAIL + 1]:
            if text[last:begin] != " " or begin in taken or self._tails[stem] < _SOME or stem.isdecimal():
                break
            last = end
        return last


def known_things(store: ox.Store, words: Words) -> Iterator[tuple[Thing, list[str]]]:
    """Yield the things that publications of the graph share, with their names in the language and as printed."""
    names = Names(store, "", words.language)
    for iri, kind in sorted(_shared(store).items()):
        called = names.get(iri)
        if called and kind not in words.unnamed:
            yield Thing(iri, kind, called[0]), called


def _shared(store: ox.Store) -> dict[str, str]:
    """Return thing to class, of what some publication states or adds and what does not belong to one alone."""
    kinds: dict[str, str] = {}
    for graph in publication_graphs(store):
        for quad in store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), None, ox.NamedNode(graph)):
            subject, kind = term_key(quad.subject), term_key(quad.object)
            if subject.startswith(ID) and subject.removeprefix(ID).count("/") == 1 and kind.startswith(KB):
                kinds[subject] = min(kind, kinds.get(subject, kind))
    return {iri: kind for iri, kind in kinds.items() if local_name(kind) not in _STRUCTURE}


_STRUCTURE: Final = frozenset({"Publication", "Period", "Unit", "Definition"})


def publication_graphs(store: ox.Store, *kinds: str) -> list[str]:
    """Return the graphs of publications: those of what is `stated`, those of what is `editorial`, or both."""
    derived = store.quads_for_pattern(None, ox.NamedNode(PROV + "wasDerivedFrom"), None, None)
    wanted = {f"{ID}graph-kind/{name}" for name in kinds or ("stated", "editorial")}
    return sorted(
        term_key(quad.subject)
        for quad in derived
        if wanted & set(map(term_key, objects(store, quad.subject, KB + "graphKind")))
    )
