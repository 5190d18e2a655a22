"""What the page of a thing says in sentences: templates of its view, filled with its facts (`views/sentences.ttl`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox

from kg.graph.facts import Fact
from kg.publications.passages import Publication
from kg.rdf_terms import term_key
from kg.web.layout import TermView, message, term_view
from kg.web.site import Site
from kg.web.terms import show
from kg.web.things.support import hedges
from kg.web.views import SLOT, Field, Sentence, View

_SHOWN: Final = 3  # Values of a slot that are named; the others are counted.
_SHORT: Final = 40  # Characters of a value after which a comma parts it from the next; longer ones take a semicolon.
_BITS: Final = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Told:
    """A sentence as a page shows it.

    Attributes:
        parts: pieces of text, some of them links.
        quads: the statements from which it was made.
        href: where it leads, if it leads somewhere.

    """

    parts: tuple[TermView, ...]
    quads: tuple[ox.Quad, ...] = ()
    href: str = ""

    @property
    def text(self) -> str:
        """The sentence without links."""
        return "".join(part.text for part in self.parts)


@dataclass
class Teller:
    """What is told of a thing.

    Attributes:
        site: what is served.
        lang: language of the page.
        iri: the thing.
        view: of its class.

    """

    site: Site
    lang: str
    iri: str
    view: View | None

    def tell(self, name: str) -> list[Told]:
        """Return what the view says as `opening`, `leavesOpen`, `title` or `onward`: of each point a variant."""
        points = self.view.sentences.get(name, ()) if self.view else ()
        told = (next(filter(None, map(self._filled, variants)), None) for variants in points)
        return [one for one in told if one]

    @cached_property
    def publications(self) -> list[Publication]:
        """The publications that state something of the thing."""
        quads = self.site.graph.store.quads_for_pattern(ox.NamedNode(self.iri), None, None, None)
        return self.stating(quads)

    @cached_property
    def title(self) -> str:
        """The thing in words, where its name alone says too little; else nothing."""
        return next((told.text for told in self.tell("title")), "")

    @cached_property
    def name(self) -> str:
        """What the thing is called."""
        return self.site.labels.get(self.iri, self.lang)[0]

    def _filled(self, sentence: Sentence) -> Told | None:
        if not all(map(self.facts, sentence.given)) or any(map(self.facts, sentence.without)):
            return None
        filling = _Filling(self, sentence)
        parts = filling.fill(sentence.text[self.lang])
        if parts is None:
            return None
        address = sentence.address.replace("{iri}", quote(self.iri, safe=""))
        return Told(tuple(_as_sentence(parts)), tuple(filling.quads), f"{address}&lang={self.lang}" if address else "")

    def facts(self, field: Field) -> list[Fact]:
        """Return the values of a field; of texts, those in the language of the page or in none."""
        facts = self.site.in_order(self.site.values(self.iri, field), self.lang)
        return [fact for fact in facts if getattr(fact.value, "language", None) in (None, self.lang)]

    def stating(self, quads: Iterable[ox.Quad]) -> list[Publication]:
        """Return the publications that make some statements."""
        graphs = {term_key(quad.graph_name) for quad in quads}
        return [publication for publication in self.site.publications if publication.graph in graphs]


@dataclass
class _Filling:
    """One sentence being filled."""

    teller: Teller
    sentence: Sentence
    quads: dict[ox.Quad, None] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    hedges: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def fill(self, text: str) -> list[TermView] | None:
        """Return the pieces of a text; None where a slot outside brackets stays empty."""
        pieces: list[TermView] = []
        for position, bit in enumerate(_BITS.split(text)):
            inside = position % 2 == 1
            filled = self._slots(bit, fresh=inside)
            if filled is None and not inside:
                return None
            pieces += filled or ()
        return pieces

    def _slots(self, text: str, fresh: bool) -> list[TermView] | None:
        """Fill the slots of a text; None where one stays empty or, if it has to be fresh, says what was said before."""
        pieces, end, named, before = [], 0, False, set(self.said)
        for slot in SLOT.finditer(text):
            pieces.append(TermView(text[end : slot.start()]))
            values = self._values(slot[1], slot[0].startswith("{by."))
            if not values:
                return None
            by_name = list({value.text: value for value in values}.values())
            if slot[2] is None:
                named = True
                self.said |= {value.text.casefold() for value in values}
                pieces += self._listed(by_name, "or_word" if slot[1] == "missing" else "and_word")
            else:
                number = len(values if "#" in slot[3] else by_name)
                pieces.append(TermView(_counted(slot[2] if number == 1 else slot[3], number)))
            end = slot.end()
        if fresh and named and self.said == before:
            return None
        return [*pieces, TermView(text[end:])]

    def _values(self, slot: str, by: bool) -> list[TermView]:
        teller = self.teller
        site, lang = teller.site, teller.lang
        if slot == "name":
            return [TermView(teller.name)]
        if slot == "missing":
            return [TermView(name) for name in self._missing()]
        if slot in ("publications", "year") or by:
            quads = [quad for fact in self._facts(slot) for quad in fact.quads] if by else []
            stating = teller.stating(quads) if by else teller.publications
            if slot == "year":
                return [TermView(year) for year in sorted({year for one in stating for year in site.issued(one)})]
            return [term_view(site, ox.NamedNode(one.iri), lang) for one in stating]
        facts = self._facts(slot)
        self.quads |= dict.fromkeys(quad for fact in facts for quad in fact.quads)
        views = [show(site, lang, fact.value) for fact in facts]
        self.hedges |= {view.text: hedges(site, lang, fact) for view, fact in zip(views, facts, strict=True)}
        return views

    def _facts(self, slot: str) -> list[Fact]:
        """Return the values of a slot; where the sentence says who states them, only what a publication states."""
        facts = self.teller.facts(self.teller.site.views.fields[slot])
        said_by = f"{{by.{slot}" in self.sentence.text[self.teller.lang]
        return [fact for fact in facts if self.teller.stating(fact.quads)] if said_by else facts

    def _missing(self) -> Iterator[str]:
        for one in self.sentence.missing:
            if not self.teller.facts(one):
                name = (one.noun or one.name)[self.teller.lang]
                yield name[:1].lower() + name[1:]

    def _listed(self, values: Sequence[TermView], word: str) -> Iterator[TermView]:
        """Yield values as a sentence lists them: a, b and c; or a, b, c and 4 more."""
        lang = self.teller.lang
        long = any(len(value.text) > _SHORT and "/publication/" not in value.iri for value in values)
        comma, most = ("; ", _SHOWN - 1) if long else (", ", _SHOWN)
        all_of_them = word == "or_word" or len(values) <= most + 1
        shown = list(values if all_of_them else values[:most])
        last = "" if all_of_them else _counted(message("others_word", lang), len(values) - most)
        said = {self.hedges.get(value.text, ()) for value in values}
        for position, value in enumerate(shown):
            if position:
                final = all_of_them and position == len(shown) - 1
                yield TermView(f" {message(word, lang)} " if final and comma == ", " else comma)
            yield value
            if len(said) > 1:
                yield from self._hedged(self.hedges.get(value.text, ()))
        if last:
            yield TermView(f" {message('and_word', lang)} {last}")
        if len(said) == 1:
            yield from self._hedged(said.pop(), message("each_word", lang) if len(values) > 1 else "")

    def _hedged(self, hedges: Sequence[str], each: str = "") -> Iterator[TermView]:
        """Yield how a publication restrains itself, in brackets."""
        if hedges:
            yield TermView(f" ({each}{', '.join(hedges)})")


def _counted(words: str, number: int) -> str:
    return words.replace("#", str(number))


def _as_sentence(parts: Iterable[TermView]) -> Iterator[TermView]:
    """Yield the pieces that hold something, the first with a capital; no full stop follows another."""
    end = ""
    for part in parts:
        text = part.text[1:] if end == "." and part.text.startswith(".") else part.text
        if text:
            yield replace(part, text=text if end else text[:1].upper() + text[1:])
            end = text[-1]


def titled(site: Site, lang: str, iri: str) -> str:
    """Return a thing in words, where its view has a title for what its name alone says too little of; else nothing."""
    return Teller(site, lang, iri, site.views.find(site.facts.classes(iri))).title
