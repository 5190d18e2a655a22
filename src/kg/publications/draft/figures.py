"""Numbers of a text with what stands around them: unit, qualifier, period, direction."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.grammar import Grammar
from kg.namespaces import ID, KB, RDF_TYPE, XSD
from kg.publications.draft.lexicon import Lexicon, Mention, Thing
from kg.publications.draft.words import Words
from kg.publications.surroundings import Names
from kg.rdf_terms import local_name, objects, term_key

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_BEHIND: Final = 5  # Words behind a number among which its unit stands.
_AROUND: Final = 30  # Characters around a number in which it is said to rise or fall.
_BEFORE: Final = 40  # Characters before a number in which its qualifier stands.
_ARTICLES: Final = re.compile(r"\s+(?:de|het|the|a|an)$", re.IGNORECASE)
_BREAK: Final = re.compile(r"\d|(?<!\w)(?:de|het|the)(?!\w)", re.IGNORECASE)
_GAP: Final = re.compile(r"[^.;:()|]*")
_INCREASE, _DECREASE = ID + "direction/increase", ID + "direction/decrease"


@dataclass(frozen=True)
class Figure:
    """A number as printed.

    Attributes:
        begin, end: characters of the passage, from the qualifier to the unit.
        value: the number, a share as a percentage.
        unit, quantity: IRIs; those of a bare count where no unit is named.
        qualifier, period, base, direction: IRIs, or empty.
        printed: what stands there.
        sure: whether a unit was found.
        counted: whether its kind of quantity is written without decimals.

    """

    begin: int
    end: int
    value: Decimal
    unit: str
    quantity: str
    qualifier: str
    period: str
    base: str
    direction: str
    printed: str
    sure: bool
    counted: bool

    @property
    def literal(self) -> str:
        """The number as Turtle has it, in the datatype of its kind of quantity."""
        if self.value != self.value.to_integral():
            return format(self.value.normalize(), "f")
        return str(int(self.value)) if self.counted else f"{int(self.value)}.0"


class Figures:
    """Finds the figures of a text.

    Arguments:
        store: the graph, with units, qualifiers and periods.
        grammar, words: of the language of the text.

    """

    def __init__(self, store: ox.Store, grammar: Grammar, words: Words) -> None:
        self._store, self._grammar, self._words = store, grammar, words
        self._names = Names(store, "", words.language)
        self._units, self._periods, self._levels = (Lexicon(grammar) for _ in range(3))
        for lexicon, kinds in ((self._units, ("Unit",)), (self._periods, ("Period",)), (self._levels, _NUMBERED)):
            for kind in kinds:
                for iri in self._of_class(kind):
                    lexicon.add(Thing(iri, KB + kind, ""), [_plain(name) for name in self._names.get(iri)])

    def add_year(self, year: str) -> None:
        """Add a year that is no period of the graph yet."""
        self._periods.add(Thing(f"{ID}period/{year}", KB + "Period", year), [year])

    def _of_class(self, kind: str) -> list[str]:
        quads = self._store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(KB + kind), None)
        return sorted({term_key(quad.subject) for quad in quads})

    @cached_property
    def _qualifiers(self) -> list[tuple[str, str]]:
        """Name and IRI of each qualifier, the longest name first."""
        named = [(name, iri) for iri in self._of_class("Qualifier") for name in self._names.get(iri)]
        return sorted(named, key=lambda pair: (-len(pair[0]), pair))

    @cached_property
    def _quantities(self) -> dict[str, str]:
        """Unit to the kind of quantity that the figures of the graph have with it most."""
        uses: dict[str, Counter[str]] = {}
        for quad in self._store.quads_for_pattern(None, ox.NamedNode(KB + "unit"), None, None):
            kinds = map(term_key, objects(self._store, quad.subject, KB + "quantityKind"))
            uses.setdefault(term_key(quad.object), Counter()).update(kinds)
        most = {unit: max(sorted(counts), key=counts.__getitem__) for unit, counts in uses.items() if counts}
        return {unit: self._named_alike(unit) or most.get(unit, "") for unit in self._of_class("Unit")}

    def _named_alike(self, unit: str) -> str:
        """Return the kind of quantity with the slug of a unit: vacancies are counted in vacancies."""
        kind = f"{ID}quantity-kind/{local_name(unit)}"
        return kind if kind in self._of_class("QuantityKind") else ""

    def find(self, text: str, above: str = "") -> Iterator[Figure]:
        """Yield the figures of a passage.

        Arguments:
            text: the passage.
            above: what a row of a table stands below, whose unit holds for its numbers.

        """
        periods = self._periods.find(text)
        covered = [*periods, *self._levels.find(text)]
        for begin, end, value in self._grammar.quantities(text):
            if not self._is_name(text, begin, end, covered):
                figure = self._figure((text, above), begin, end, value, periods)
                if figure.sure or text[begin].isdecimal():
                    yield figure

    def _is_name(self, text: str, begin: int, end: int, covered: Iterable[Mention]) -> bool:
        """Return whether a number counts nothing: a year, or part of a date, level, code or heading."""
        before, behind = self._grammar.words(text[:begin]), self._grammar.words(text[end : end + _BEFORE])
        bound = re.search(r"[^\W\d_][-./]?$|/$", text[:begin]) and text[begin].isdecimal()
        unit, _, distance = self._unit(text, begin, end)
        year = _YEAR.fullmatch(text[begin:end]) and (not unit or distance > 1)
        return bool(
            bound
            or year
            or re.match(r"[-/]?\d|[-/][^\W\d]|\.\d", text[end:])
            or any(mention.begin <= begin < mention.end for mention in covered)
            or (before and before[-1] in self._words.lists["uncounted"])
            or (behind and behind[0] in {month.casefold() for month in self._words.lists["months"]})
        )

    def _figure(
        self, texts: tuple[str, str], begin: int, end: int, value: Decimal, periods: Sequence[Mention]
    ) -> Figure:
        text, above = texts
        unit, last, distance = self._unit(text, begin, end)
        if value == 1 and distance > 1:  # "een" and "one" are articles.
            unit, last = "", end
        unit = unit or self._named_before(text[:begin], above)
        start, qualifier = self._qualifier(text, begin)
        period, base = self._period(text, begin, periods)
        default_unit, default_quantity = self._words.counted
        quantity = self._quantities.get(unit, "") or default_quantity
        return Figure(
            start, last, value, unit or default_unit, quantity, qualifier, period, base,
            self._direction(text[max(0, begin - _AROUND) : last + _AROUND]), text[start:last], bool(unit),
            self._is_counted(quantity),
        )  # fmt: skip

    def _is_counted(self, quantity: str) -> bool:
        datatypes = objects(self._store, ox.NamedNode(quantity), KB + "datatype") if quantity else ()
        return ox.NamedNode(XSD + "decimal") not in datatypes

    def _unit(self, text: str, begin: int, end: int) -> tuple[str, int, int]:
        """Return the unit, where it ends, and how many words behind the number it stands."""
        if not self._grammar.fractions.keys().isdisjoint(self._grammar.words(text[begin:end])):
            return self._words.symbols.get("%", ""), end, 0
        for sign, unit in self._words.symbols.items():
            if text[end:].lstrip().startswith(sign):
                return unit, text.index(sign, end) + len(sign), 0
            if text[:begin].rstrip().endswith(sign):
                return unit, end, 0
        gap = _GAP.match(text, end)
        behind = gap.group() if gap else ""
        for mention in self._units.find(behind):
            distance = len(self._grammar.words(behind[: mention.begin])) + 1
            if distance <= _BEHIND and not _BREAK.search(behind[: mention.begin]):
                return mention.thing.iri, end + mention.end, distance
        return "", end, 0

    def _named_before(self, before: str, above: str) -> str:
        """Return the one thing that is counted, named earlier in the sentence or above a table."""
        for text in (before, above):
            named = {mention.thing.iri for mention in self._units.find(text)}
            counted = {iri for iri in named if self._quantities[iri] in self._countable}
            if counted:
                return counted.pop() if len(counted) == 1 else ""
        return ""

    @cached_property
    def _countable(self) -> set[str]:
        """The kinds of quantity that are called like the unit in which they are counted."""
        return {kind for unit in self._of_class("Unit") if (kind := self._named_alike(unit))}

    def _qualifier(self, text: str, begin: int) -> tuple[int, str]:
        """Return where the qualifier before a number begins, and its IRI."""
        before = _ARTICLES.sub("", text[max(0, begin - _BEFORE) : begin].rstrip())
        for name, iri in self._qualifiers:
            if re.search(rf"(?<!\w){re.escape(name)}$", before, re.IGNORECASE):
                return max(0, begin - _BEFORE) + len(before) - len(name), iri
        return begin, ""

    def _period(self, text: str, begin: int, periods: Iterable[Mention]) -> tuple[str, str]:
        """Return the period nearest to a number and that with which it is compared; a quarter is not its year."""
        whole = (mention for mention in periods if not self._after(text, mention.begin, "not_the_period"))
        ranked = sorted(whole, key=lambda mention: abs(mention.begin - begin))
        compared = [mention for mention in ranked if self._after(text, mention.begin, "base_period")]
        other = [mention for mention in ranked if mention not in compared]
        return (other[0].thing.iri if other else ""), (compared[0].thing.iri if compared else "")

    def _after(self, text: str, begin: int, words: str) -> bool:
        before = f" {text[:begin].casefold().rstrip()}"
        return before.endswith(tuple(f" {word}" for word in self._words.lists[words]))

    def _direction(self, text: str) -> str:
        held = set(self._grammar.words(text))
        up, down = (bool(held & self._words.lists[name]) for name in ("increase", "decrease"))
        return "" if up == down else _INCREASE if up else _DECREASE


_NUMBERED: Final = ("QualificationLevel", "AgeGroup", "Legislation", "Programme")


def _plain(name: str) -> str:
    """Return a name without what a bracket adds."""
    return name.partition(" (")[0]
