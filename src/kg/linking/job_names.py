"""What a typed job names: by its name, in another form, in other words order or as a compound; never by its spelling.

Nothing is guessed: a text that names nothing has no answer here, and `Index.search` says what is like it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product
from typing import TYPE_CHECKING, Final

from kg import dutch, english
from kg.linking.candidates import Candidate, Wanted
from kg.linking.compounds import compound_ends, folded, telling
from kg.linking.label_table import Found, LabelTable

if TYPE_CHECKING:
    from kg.linking.index import Index

# How a job was named, the surest first.
EXACT, FORM, COMPOUND, GENERAL, HEAD, NARROWER = "exact", "form", "compound", "general", "head", "narrower"
_NAME: Final = ("prefLabel", "notation")
_SEXES: Final = frozenset({"m", "v", "f", "x", "s"})  # As in "kapper (m/v)" and "collega's".
_BROAD: Final = 60  # Things with a label that holds a word: as another name of one job it says too little.
_SPELLINGS: Final = 64
_MANY: Final = 1_000
# What says that a job is meant as a whole, and what may stand beside it.
_GENERAL: Final = frozenset(map(dutch.stem, ("algemeen", "basis", "general")))
_BESIDE: Final = frozenset(map(dutch.stem, ("care", "responsible", "zorg")))
_RANKS: Final = frozenset(
    ["aankomend", "allround", "ervaren", "gediplomeerd", "junior", "medior", "senior", "zelfstandig"]
)
_JOINTS: Final = frozenset(
    ["aan", "als", "bij", "for", "in", "met", "of", "op", "te", "van", "voor", "with", "responsible"]
)


def named(index: Index, text: str, wanted: Wanted, limit: int = 10) -> list[Candidate]:
    """Return the things that a text names, those of the surest kind alone; its one feature says which kind that is.

    Names count in all languages, other names first in the language wanted.

    Arguments:
        index: where to look.
        text: a job as somebody types it.
        wanted: what narrows the search.
        limit: how many at most.

    """
    words = [word for word in folded(text).split() if word not in _SEXES]
    for kind, look, everywhere in _LOOKS if words else ():
        there = replace(wanted, lang="") if everywhere else wanted
        labels = [(table, look(_Lookup(index, table, words, there))) for table in index.tables]
        found = [(table, each) for table, those in labels for each in those]
        names = [(table, each) for table, each in found if each.label.kind in _NAME]
        if found:
            return _candidates(index, kind, (names or found) if kind != NARROWER else found, limit)
    if len(words) > 1 and words[0] in _RANKS:
        heads = named(index, " ".join(words[1:]), wanted, limit)
        return [replace(head, features={HEAD: 1.0}) for head in heads if NARROWER not in head.features]
    return []


def _candidates(index: Index, kind: str, found: Sequence[tuple[LabelTable, Found]], limit: int) -> list[Candidate]:
    """Return each thing once, with its name where that was found, those of many fitting labels first."""
    labels: defaultdict[str, list[Found]] = defaultdict(list)
    for table, each in found:
        labels[table.entry(each.thing).iri].append(each)
    ranked = []
    for iri, those in labels.items():
        best = min(those, key=lambda each: (each.label.kind not in _NAME, len(each.text)))
        ranked.append((best.label.kind not in _NAME, -len(those), len(best.text), iri, best.label))
    chosen = ((index.get(iri), label) for *_, iri, label in sorted(ranked, key=lambda row: row[:4])[:limit])
    return [Candidate(entry, label, 100.0, {kind: 1.0}) for entry, label in chosen if entry]


@dataclass(frozen=True)
class _Lookup:
    """A text to look up in one table of an index, by its words."""

    index: Index
    table: LabelTable
    words: Sequence[str]
    wanted: Wanted

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        return self.table.spans(self.wanted)

    @cached_property
    def forms(self) -> list[str]:
        """The text, and as it may be in the singular and for men."""
        return list(islice((" ".join(those) for those in product(*map(_forms, self.words))), _SPELLINGS))

    def exact(self, text: str) -> list[Found]:
        return self.table.exact(text, self.spans)

    def names(self, text: str) -> list[Found]:
        return [each for each in self.exact(text) if each.label.kind in _NAME]

    def others(self, text: str) -> list[Found]:
        return [] if self.is_broad(text) else self.exact(text)

    def is_broad(self, text: str) -> bool:
        """Return whether a word stands in so many labels that it says little by itself: operator, manager."""
        own = dutch.stem(text)
        return " " not in text and sum(table.counted([own]).get(own, 0) for table in self.index.tables) > _BROAD

    def parts(self, text: str) -> frozenset[str]:
        words = self.table.words(telling(text))
        return frozenset(part for _, parts in words.values() for part in parts)

    def holding(self, parts: Iterable[str]) -> list[Found]:
        """Return the labels that hold all parts."""
        postings = [set(self.table.posting(part, self.spans)) for part in parts]
        return self.table.labels(islice(set.intersection(*postings), _MANY)) if postings else []


def _forms(word: str) -> list[str]:
    return list(dict.fromkeys((*dutch.base_forms(word), *english.base_forms(word))))


def _exact(asked: _Lookup) -> list[Found]:
    return asked.names(asked.text)


def _form(asked: _Lookup) -> list[Found]:
    return [each for form in asked.forms for each in asked.names(form)]


def _other_name(asked: _Lookup) -> list[Found]:
    return asked.others(asked.text)


def _other_form(asked: _Lookup) -> list[Found]:
    return [each for form in asked.forms for each in asked.others(form)]


def _compound(asked: _Lookup) -> list[Found]:
    """Return the labels of the same parts, in any order, together or apart."""
    if asked.is_broad(asked.text):
        return []
    several = {asked.parts(form) for form in asked.forms}
    return [each for parts in several for each in asked.holding(parts) if asked.parts(each.text) == parts]


def _general(asked: _Lookup) -> list[Found]:
    """Return what says no more than that the job is meant as a whole: `algemeen verpleegkundige`."""
    several = {asked.parts(form) for form in asked.forms}
    holding = (each for parts in several for each in asked.holding(parts))
    pairs = ((asked.parts(each.text), each) for each in holding)
    found = [each for parts, each in pairs if parts & _GENERAL and parts - _GENERAL - _BESIDE in several]
    return [each for each in found if each.label.kind in _NAME] if asked.is_broad(asked.text) else found


def _head(asked: _Lookup) -> list[Found]:
    """Return the job of which a kind is typed: bakker for `taartbakker` and for `bakker in loondienst`."""
    heads = (form for head in _heads(asked) for form in _last_forms(head) if not asked.is_broad(form))
    return next((found for form in heads if (found := asked.names(form))), [])


def _heads(asked: _Lookup) -> Iterator[Sequence[str]]:
    """Yield what may be the head of a text, the longest first: its last words before a joint, and a compound's end."""
    joint = next((at for at, word in enumerate(asked.words) if word in _JOINTS), len(asked.words))
    words = asked.words[:joint]
    yield from (words[first:] for first in range(len(words)))
    if words:
        yield from ([ending] for ending in compound_ends(words[-1], asked.table.is_begin))


def _last_forms(words: Sequence[str]) -> Iterator[str]:
    return (" ".join((*words[:-1], form)) for form in _forms(words[-1]))


def _narrower(asked: _Lookup) -> list[Found]:
    """Return the kinds of a job: the labels that begin with it, or end with it as a word or the end of a compound."""
    found, is_head = [], False  # Whether it is the head of a label beyond doubt; `lector wiskunde` is no kind of it.
    for form in asked.forms:
        for each in asked.holding(asked.parts(form)):
            begins, ends = f"{each.text} ".startswith(f"{form} "), each.text.endswith(form)
            is_head |= begins or (ends and " " not in each.text)
            found += [each] if begins or ends else []
    return found if is_head else []


_LOOKS: Final[Sequence[tuple[str, Callable[[_Lookup], list[Found]], bool]]] = (
    (EXACT, _exact, True),
    (FORM, _form, True),
    (EXACT, _other_name, False),
    (FORM, _other_form, False),
    (COMPOUND, _compound, False),
    (GENERAL, _general, False),
    (GENERAL, _general, True),
    (NARROWER, _narrower, False),
    (EXACT, _other_name, True),
    (FORM, _other_form, True),
    (COMPOUND, _compound, True),
    (HEAD, _head, True),
    (NARROWER, _narrower, True),
)
