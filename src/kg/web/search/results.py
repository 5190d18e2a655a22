"""What a search of the site finds: ours best first, ESCO apart, what kinds there are, and what else may be meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox

from kg.languages import lang_attribute
from kg.linking.candidates import Candidate, Wanted
from kg.linking.climate_jobs import ClimateJobs
from kg.linking.diplomas import Diploma, Diplomas, names_level
from kg.linking.entries import Entry, kebab
from kg.linking.esco import MODEL
from kg.linking.full_text import Match
from kg.namespaces import BASE
from kg.queries.question import Question
from kg.web.indexes import MATCHES
from kg.web.layout import TermView, local_link, message, term_view
from kg.web.search.documents import CHART, PAGE, QUESTION, Documents
from kg.web.site import Site
from kg.web.terms import read_link
from kg.web.things.sentences import Teller, Told

_LEAST: Final = 20.0  # Below this, in a hundred, what is like the text in letters is so by accident.
_LIKE: Final = 45.0  # The same, where there is something of ours.
_SHARE: Final = 0.4  # Of the best score of ESCO: what has less is not worth a line.
_WEAK: Final = 40.0  # Of ours, in a hundred.
_NEAR: Final = 75.0
_SURE: Final = 60.0  # Of ESCO.
_OF_ESCO: Final = 5
_LINKED: Final = 3
_AGAIN: Final = (
    0.9  # What each further one of a group counts, and of a class, so that the first lines are not all alike.
)
_MOST_AGAIN: Final = 4
_PASSAGE, _THING = "passage", "thing"
_KINDS: Final = {
    QUESTION: ("search_question", "search_questions"),
    CHART: ("search_chart", "search_charts"),
    PAGE: ("search_page", "search_pages"),
}
_CODE: Final = re.compile(
    r"(?:isco|brc|crebo|sbi|isced)(?:[\s-]*(?:08|2014|2015|2008|f))?[\s:-]*(?:code\s*)?(\d[\d.]*)", re.I
)
_ESCO: Final = frozenset(f"{MODEL}{name}" for name in ("Occupation", "Skill", "SkillGroup", "ISCOGroup"))


@dataclass(frozen=True)
class Hit:
    """Something that was found.

    Attributes:
        id: IRI of a thing, name of a question, or address of a page.
        type: how `type=` names its kind: that of a class, or question, chart or page.
        kind: what one of its kind is called.
        name, tag: what it is called, and the language of that where it is not that of the page.
        page: where to read on.
        score: 0 to 100.
        match: whether it is called so.
        label, label_tag: the name by which it was found, where that is another, and its language likewise.
        level: of education, where it has one.
        facts: what tells it from others of its name.
        text: its definition or description.
        linked: things of ours that a mapping links to a thing of another vocabulary.
        onward: where to go from there, as its page says first.

    """

    id: str
    type: str
    kind: str
    name: str
    page: str
    score: float
    match: bool
    tag: str = ""
    label: str = ""
    label_tag: str = ""
    level: str = ""
    facts: tuple[str, ...] = ()
    text: str = ""
    linked: tuple[TermView, ...] = ()
    onward: tuple[Told, ...] = ()

    def with_advice(self, page: str) -> Hit:
        """Return the hit with a page of advice in the place of that from its name alone."""
        onward = (replace(one, href=page) if one.href.startswith("/switch?") else one for one in self.onward)
        return replace(self, onward=tuple(onward))

    def as_dict(self) -> dict[str, Any]:
        """Return the hit as JSON holds it."""
        names = ("id", "type", "kind", "name", "label", "level", "facts", "text", "page", "score", "match")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Facet:
    """A kind of what was found: how `type=` names it, what it is called, and how many there are."""

    type: str
    name: str
    count: int


@dataclass(frozen=True)
class Results:
    """What a search found.

    Attributes:
        ours: things, passages, questions and pages, best first.
        esco: things of ESCO and ISCO, best first.
        more: how many of ours are not among these.
        facets: the kinds of all that was found, the most first.
        meant: the text that was looked for instead, where nothing holds the one that was asked.
        diploma: where to read which occupations ask for the diploma that the text names at a level.

    """

    ours: tuple[Hit, ...]
    esco: tuple[Hit, ...]
    more: int
    facets: tuple[Facet, ...]
    meant: str = ""
    diploma: str = ""

    @property
    def first(self) -> tuple[Hit, ...]:
        """What of ESCO stands before ours: what is called so where nothing of ours is, or all where ours is weak."""
        best = self.ours[0].score if self.ours else 0.0
        weak = best < (_NEAR if self.meant else _WEAK)
        if not self.ours or (weak and self.esco and self.esco[0].score >= _SURE):
            return self.esco
        return self.esco[: int(best < _NEAR and self.esco[0].match)] if self.esco else ()

    @property
    def last(self) -> tuple[Hit, ...]:
        """What of ESCO stands behind ours."""
        return self.esco[len(self.first) :]

    @property
    def hits(self) -> tuple[Hit, ...]:
        """All, in the order of the page."""
        return (*self.first, *self.ours, *self.last)


class Finder:
    """Finds in what a site has.

    Arguments:
        site: what is served.

    Attributes:
        documents: what it looks in.

    """

    def __init__(self, site: Site) -> None:
        self._site, self.documents = site, Documents(site)

    def find(self, lang: str, text: str, kind: str = "", limit: int = 20, others: bool = True) -> Results:
        """Return what a search finds.

        Arguments:
            lang: language of the page.
            text: what was typed; `ISCO 7212` is the code alone.
            kind: IRI or kebab-case name of a class, or question, chart or page; empty means all.
            limit: so many of ours at most, and of ESCO, of which there are five at most unless a kind is asked.
            others: whether ESCO is looked in, too.

        """
        code = _CODE.fullmatch(text.strip())
        text = code[1] if code else text
        ours, meant = self._ours(lang, text), ""
        most = limit if kind else min(limit, _OF_ESCO)
        esco = self._esco(text, kind, most, _LIKE if ours else _LEAST) if others else []
        if 100 * _best(ours) < _WEAK and not any(one.match for one in esco):
            meant = self.documents.texts.nearest(text)
            better = self._ours(lang, meant)
            ours, meant = (better, meant) if _best(better) > _best(ours) else (ours, "")
        facets = Counter(self._type(match.key) for match in ours)
        ours = [match for match in ours if self.is_of(match.key, kind)]
        diploma, advice = self._diploma(lang, text), "/switch?" + urlencode({"q": text, "lang": lang})
        named = self._named(diploma, lang) if diploma else ()
        hits = [self.hit(lang, match) for match in ours[:limit]]
        return Results(
            tuple(hit.with_advice(advice) if hit.id in named else hit for hit in hits),
            tuple(self._of_esco(lang, one) for one in esco),
            max(len(ours) - limit, 0),
            tuple(Facet(name, self._kind_name(name, lang, True), count) for name, count in facets.most_common()),
            meant,
            "" if diploma is None else advice,
        )

    @cached_property
    def _diplomas(self) -> Diplomas:
        site = self._site
        jobs = ClimateJobs(site.graph.dataset, site.questions, site.labels)
        return Diplomas(jobs, site.labels, self.documents.entries.get)

    def _diploma(self, lang: str, text: str) -> Diploma | None:
        """Return the diploma that a text names at a level, if an occupation asks for it."""
        diploma = self._diplomas.find(text) if names_level(text) else None
        return diploma if diploma and self._diplomas.occupations(diploma, lang) else None

    def _named(self, diploma: Diploma, lang: str) -> frozenset[str]:
        """Return what a diploma names and is of its level, or of a broader one."""
        same = ((iri, self._diplomas.get(iri, lang)) for iri in diploma.named)
        return frozenset(iri for iri, other in same if other and diploma.level.startswith(other.level))

    def suggest(self, lang: str, text: str, kind: str = "", limit: int = 8) -> list[Hit]:
        """Return what a text may be the beginning of, in the order of a search."""
        matches = [match for match in self._ours(lang, text, prefix=True) if self.is_of(match.key, kind)]
        hits = [self.hit(lang, match) for match in matches[:limit]]
        if len(hits) < limit and (wanted := _wanted(kind)):
            begun = self._site.indexes.labels.begins(text, wanted, limit)
            hits += [self._of_esco(lang, one) for one in begun if one.score >= _LEAST]
        return list({(hit.name.casefold(), hit.level): hit for hit in reversed(hits)}.values())[::-1][:limit]

    def _ours(self, lang: str, text: str, prefix: bool = False) -> list[Match]:
        """Return what is found of ours, best first, the first few not all of one kind."""
        matches = [*self.documents.texts.search(text, lang, prefix), *self._coded(lang, text)]
        unique = {match.key: match for match in reversed(matches)}
        return _mixed(list(unique.values())[::-1], lambda key: (self._group(key), self._type(key)))

    def _coded(self, lang: str, code: str) -> Iterator[Match]:
        """Yield things of ours that a mapping links to what has this code in another vocabulary."""
        for other in self._site.indexes.codes.get(code, ()):
            name = self._site.labels.get(other, lang)[0]
            for iri in self._linked(other):
                if iri in self.documents.entries:
                    yield Match(iri, 0.5, False, name if code in name else f"{name} ({code})")

    def _type(self, key: str) -> str:
        """Return how `type=` names the kind of a document."""
        if key.startswith(QUESTION):
            return CHART if self._question(key).chart else QUESTION
        return kebab(self.documents.class_of(key)) if key in self.documents.entries else PAGE

    def _group(self, key: str) -> str:
        """Return whether a document is a question, a page, a passage or a thing."""
        entry = self.documents.entries.get(key)
        if entry is None:
            return QUESTION if key.startswith(QUESTION) else PAGE
        return _PASSAGE if set(self._site.views.passages) & set(entry.types) else _THING

    def is_of(self, key: str, kind: str) -> bool:
        """Return whether a document is of a kind; of none is each."""
        entry = self.documents.entries.get(key)
        return not kind or (Wanted(frozenset({kind})).fits(entry) if entry else self._type(key) == kind)

    def _question(self, key: str) -> Question:
        return self._site.questions[key.partition(":")[2]]

    def _kind_name(self, name: str, lang: str, plural: bool = False) -> str:
        """Return what things of a type are called."""
        if name in _KINDS:
            return message(_KINDS[name][plural], lang)
        iri = self.documents.classes[name]
        kinds = {each: kind for kind, each in self._site.kinds.classes.items()}
        text = (
            self._site.kind_name(kinds[iri], lang) if plural and iri in kinds else self._site.labels.get(iri, lang)[0]
        )
        return text[:1].upper() + text[1:]

    def hit(self, lang: str, match: Match) -> Hit:
        """Return what was found as it is shown."""
        kind = self._type(match.key)
        common: dict[str, Any] = {
            "id": match.key.removeprefix(f"{QUESTION}:"),
            "type": kind,
            "kind": self._kind_name(kind, lang),
            "score": round(min(100 * match.score, 100.0), 1),
            "match": match.exact,
        }
        if kind in (QUESTION, CHART):
            question = self._question(match.key)
            page = f"/questions/{question.name}?lang={lang}"
            return Hit(name=question.title[lang], page=page, text=question.description[lang], **common)
        if kind == PAGE:
            names, texts = self.documents.pages[match.key]
            return Hit(name=names[lang], page=f"{match.key}?lang={lang}", text=texts.get(lang, ""), **common)
        return self._thing(lang, self.documents.entries[match.key], match.name, common)

    def _thing(self, lang: str, entry: Entry, found: str, common: dict[str, Any]) -> Hit:
        facts = self.documents.facts(entry.iri, lang)
        name, tag = _name(entry, lang)
        return Hit(
            name=name,
            tag=tag,
            **_other_name(entry, found, lang),
            page=read_link(self._site, lang, entry.iri) or local_link(entry.iri, lang),
            level=facts.level,
            facts=facts.others,
            text=self._site.definition(entry.iri, lang),
            onward=tuple(Teller(self._site, lang, entry.iri, self._site.views.find(entry.types)).tell("onward")[:1]),
            **common,
        )

    def _esco(self, text: str, kind: str, limit: int, least: float) -> list[Candidate]:
        """Return what is found in ESCO and ISCO, best first."""
        wanted = _wanted(kind)
        found = self._site.indexes.labels.search(text, wanted, limit) if wanted else []
        exact = [one for one in found if one.features["exact"]]
        found = sorted(found, key=lambda one: one not in exact)
        least = max(least, _SHARE * max((one.score for one in found), default=0.0))
        return [one for one in found if one.score >= least]

    def _of_esco(self, lang: str, candidate: Candidate) -> Hit:
        entry = candidate.entry
        name, tag = _name(entry, lang)
        kind = next(iri for iri in entry.types if iri in _ESCO)
        ours = [ox.NamedNode(iri) for iri in self._linked(entry.iri)][:_LINKED]
        job = kind == f"{MODEL}Occupation"
        text = self._site.labels.get(kind, lang)[0]
        return Hit(
            id=entry.iri,
            type=kebab(kind),
            kind=text[:1].upper() + text[1:],
            name=name,
            tag=tag,
            **_other_name(entry, candidate.label.text, lang),
            page="/switch?" + urlencode({"from": entry.iri, "lang": lang}) if job else entry.iri,
            score=candidate.score,
            match=bool(candidate.features.get("exact")) and (job or candidate.label.kind != "altLabel"),
            text=self._site.definition(entry.iri, lang),
            linked=tuple(term_view(self._site, node, lang) for node in ours),
        )

    def _linked(self, iri: str) -> Iterator[str]:
        """Yield the things of ours that a mapping links to a thing of another vocabulary."""
        store = self._site.graph.store
        seen = set()
        for predicate in MATCHES:
            for quad in store.quads_for_pattern(None, predicate, ox.NamedNode(iri), None):
                subject = quad.subject
                if isinstance(subject, ox.NamedNode) and subject.value.startswith(BASE) and subject.value not in seen:
                    seen.add(subject.value)
                    yield subject.value


def _best(matches: Sequence[Match]) -> float:
    return matches[0].score if matches else 0.0


def _wanted(kind: str) -> Wanted | None:
    """Return what narrows a search of ESCO to a kind; nothing where ESCO has none of it."""
    types = frozenset(iri for iri in _ESCO if not kind or Wanted(frozenset({kind})).has([iri]))
    return Wanted(types) if types else None


def _other_name(entry: Entry, found: str, lang: str) -> dict[str, Any]:
    """Return the name by which a thing was found, and its language, unless it is a preferred one."""
    if found.casefold() in {label.text.casefold() for label in entry.labels if label.kind == "prefLabel"}:
        return {}
    tags = {label.lang for label in entry.labels if label.text == found}
    return {"label": found, "label_tag": "" if lang in tags else lang_attribute(min(tags, default=""), lang)}


def _name(entry: Entry, lang: str) -> tuple[str, str]:
    """Return the preferred label in a language, or else another, and its language where it is another."""
    name = entry.name(lang)
    tags = {label.lang for label in entry.labels if label.text == name}
    return name, "" if lang in tags else lang_attribute(min(tags, default=""), lang)


def _mixed(matches: Sequence[Match], groups: Callable[[str], tuple[str, str]]) -> list[Match]:
    """Return matches best first, where another of a group or class counts less, unless it is called so.

    A passage that is named after a thing that is found counts less, too.
    """
    seen: Counter[str] = Counter()
    things = {match.name.casefold() for match in matches if groups(match.key)[0] == _THING}
    weighed = []
    for match in matches:
        names = groups(match.key)
        again = 0 if match.exact else sum(min(seen[name], _MOST_AGAIN) for name in names)
        again += _MOST_AGAIN * (names[0] == _PASSAGE and match.name.casefold() in things)
        weighed.append(replace(match, score=match.score * _AGAIN**again))
        seen.update(names)
    return sorted(weighed, key=lambda match: -match.score)
