"""What a search of the site finds: things by label, code or definition, grouped by kind; and questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox

from kg.languages import lang_attribute
from kg.linking.batch import as_dict
from kg.linking.candidates import Candidate, Wanted
from kg.linking.entries import Label
from kg.namespaces import BASE, KB, SKOS
from kg.queries.question import Question
from kg.web.indexes import MATCHES
from kg.web.kinds import kind_of
from kg.web.layout import TermView, local_link, term_view
from kg.web.site import Site

_LEAST: Final = 20.0  # Below this, in a hundred, what is like the text in letters is so by accident.
_EXACT: Final = 97.0  # Another name is no less a name, though the scorer doubts whose it is.
_SAME: Final = 90.0  # The same parts in another order, together or apart.
_OURS: Final = 10.0
_NAMED: Final = 45.0
_SURE: Final = 60.0
_SENTENCE: Final = 3
_SHARE: Final = 0.4  # Of the best score: what has less is not worth a line.
_BY_CODE: Final = 90.0
_DEFINED: Final = 5
_ASKED: Final = 5
_LINKED: Final = 3
_CODE: Final = re.compile(
    r"(?:isco|brc|crebo|sbi|isced)(?:[\s-]*(?:08|2014|2015|2008|f))?[\s:-]*(?:code\s*)?(\d[\d.]*)", re.I
)
_CONCEPT: Final = SKOS + "Concept"
_ESCO_OCCUPATION: Final = "http://data.europa.eu/esco/model#Occupation"


@dataclass(frozen=True)
class Hit:
    """A thing that was found.

    Attributes:
        site: what is served.
        lang: language of the page.
        candidate: the thing, the label by which it was found, and its score.
        by: label or definition, by which it was found.

    """

    site: Site
    lang: str
    candidate: Candidate
    by: str = "label"

    @property
    def kind(self) -> str:
        """IRI of the class under which it is shown: that of its kind, or else the first of ours, or else the first."""
        entry = self.candidate.entry
        common = self.site.kinds.classes.get(kind_of(entry.iri), "")
        ours = (iri for iri in entry.types if iri.startswith(KB))
        return common if common in entry.types else next(ours, entry.types[0])

    @property
    def name(self) -> str:
        """Its preferred label in the language of the page."""
        return self.candidate.entry.name(self.lang)

    @property
    def name_tag(self) -> str:
        """The language of its name, where it is not that of the page."""
        tags = {label.lang for label in self.candidate.entry.labels if label.text == self.name}
        return "" if self.lang in tags else lang_attribute(min(tags, default=""), self.lang)

    @property
    def label(self) -> str:
        """The label by which it was found, where that is not its name."""
        text = self.candidate.label.text
        return text if self.by == "label" and text != self.name else ""

    @property
    def tag(self) -> str:
        """The language of that label, where it is not that of the page."""
        return lang_attribute(self.candidate.label.lang, self.lang)

    @property
    def definition(self) -> str:
        """Its definition, in the language of the page."""
        return self.site.definition(self.candidate.entry.iri, self.lang)

    @property
    def code(self) -> bool:
        """Whether it is a code that describes other things, such as a unit: one without a view of its own."""
        kind = kind_of(self.candidate.entry.iri)
        view = self.site.kinds.view(kind) if kind else None
        return bool(kind) and (view is None or view.target == _CONCEPT)

    @property
    def linked(self) -> list[TermView]:
        """Things of ours that a mapping links to a thing of another vocabulary."""
        iris = list(_linked(self.site, self.candidate.entry.iri))[:_LINKED]
        return [term_view(self.site, ox.NamedNode(iri), self.lang) for iri in iris]

    @property
    def page(self) -> str:
        """Where to read on: its page here, or what this site can do with it, or its own IRI."""
        iri = self.candidate.entry.iri
        if iri.startswith(BASE):
            return local_link(iri, self.lang)
        if self.kind == _ESCO_OCCUPATION:
            return "/switch?" + urlencode({"from": iri, "lang": self.lang})
        return iri

    def as_dict(self) -> dict[str, Any]:
        """Return the hit as JSON holds it."""
        kind = kind_name(self.site, self.lang, self.kind)
        return as_dict(self.candidate, self.lang) | {"kind": kind, "page": self.page, "by": self.by}


@dataclass(frozen=True)
class Results:
    """What a search found.

    Attributes:
        hits: things, best first.
        groups: the same by class, the class of the best first.
        questions: saved questions that are about it.
        named: whether something is called so; else the hits are merely like it.
        asked: whether the text is more like a question than like a name.

    """

    hits: tuple[Hit, ...]
    groups: tuple[tuple[str, tuple[Hit, ...]], ...]
    questions: tuple[Question, ...]
    named: bool
    asked: bool


def find(site: Site, lang: str, text: str, kind: str = "", limit: int = 20) -> Results:
    """Return what a search finds.

    Arguments:
        site: what is served.
        lang: language of the page.
        text: what was typed; `ISCO 7212` is the code alone.
        kind: IRI or kebab-case name of a class; empty means all, and questions as well.
        limit: things at most.

    """
    code = _CODE.fullmatch(text.strip())
    wanted = Wanted(frozenset({kind} if kind else ()))
    named = _named(site, lang, code[1] if code else text.strip(), wanted, limit)
    best = named[0].candidate.score if named else 0.0
    if code:
        return Results(tuple(named), _grouped(named), (), True, False)
    defined = _defined(site, lang, text, wanted, {hit.candidate.entry.iri for hit in named})
    hits = [*named[: max(limit - len(defined), 1)], *defined][:limit]
    questions = [] if kind else [site.questions[name] for name in site.indexes.questions.search(text, _ASKED)]
    sentence = best < _SURE and len(text.split()) >= _SENTENCE
    asked = bool(questions) and (sentence or bool(named and named[0].code))
    return Results(tuple(hits), _grouped(hits), tuple(questions), best >= _NAMED, asked)


def _named(site: Site, lang: str, text: str, wanted: Wanted, limit: int) -> list[Hit]:
    """Return things by label or code, best first."""
    found = site.indexes.labels.search(text, wanted, 3 * limit)
    candidates = sorted((replace(each, score=_raised(each)) for each in found), key=lambda each: -each.score)
    least = max(_LEAST, _SHARE * candidates[0].score) if candidates else _LEAST
    candidates = [each for each in candidates if each.score >= least] + list(_coded(site, lang, text, wanted))
    best: dict[tuple[str, str], float] = {}
    for each in candidates:  # Things of one name stand together: the scorer tells them apart by their other labels.
        best[_matched(each)] = max(each.score, best.get(_matched(each), 0.0))
    ordered = sorted(candidates, key=lambda each: (-round(best[_matched(each)]), *_rank(site, each)))
    unique = {each.entry.iri: each for each in reversed(ordered)}
    return [Hit(site, lang, each) for each in reversed(unique.values())][:limit]


def _raised(candidate: Candidate) -> float:
    """Return the score of a candidate on this site: a name is a name, and what the site is about comes first."""
    features, ours = candidate.features, candidate.entry.iri.startswith(BASE)
    least = _EXACT if features["exact"] else _SAME - features["altLabel"] if features["overlap"] == 1.0 else 0.0
    return max(min(candidate.score + _OURS * ours, _EXACT - 1), candidate.score, least)


def _matched(candidate: Candidate) -> tuple[str, str]:
    kind = "" if candidate.features.get("exact") else candidate.label.kind
    return candidate.label.text.casefold(), kind


def suggestions(site: Site, lang: str, text: str, kind: str = "", limit: int = 8) -> list[Hit]:
    """Return what a text may be the beginning of, our own before another's of the same name."""
    wanted = Wanted(frozenset({kind} if kind else ()))
    candidates = site.indexes.labels.begins(text, wanted, 3 * limit)
    hits = [Hit(site, lang, each) for each in candidates if each.score >= _LEAST]
    return _without_repetition(hits)[:limit]


def _without_repetition(hits: Iterable[Hit]) -> list[Hit]:
    """Keep ours of things with the same name, so that a list of suggestions does not say the same twice."""
    kept: dict[tuple[str, bool], Hit] = {}
    for hit in hits:
        kept.setdefault((hit.name.casefold(), hit.candidate.entry.iri.startswith(BASE)), hit)
    return [hit for (name, ours), hit in kept.items() if ours or (name, True) not in kept]


def _rank(site: Site, candidate: Candidate) -> tuple[bool, int, float, str]:
    """Order things of one name: ours before others', kinds of the menu first, in its order."""
    kinds = [kind for kind, _ in site.kinds.menu]
    kind = kind_of(candidate.entry.iri)
    return not kind, kinds.index(kind) if kind in kinds else len(kinds), -candidate.score, candidate.entry.iri


def _grouped(hits: Iterable[Hit]) -> tuple[tuple[str, tuple[Hit, ...]], ...]:
    groups: dict[str, list[Hit]] = {}
    for hit in hits:
        groups.setdefault(hit.kind, []).append(hit)
    return tuple((kind, tuple(group)) for kind, group in groups.items())


def _coded(site: Site, lang: str, code: str, wanted: Wanted) -> Iterator[Candidate]:
    """Return things of ours that a mapping links to what has this code in another vocabulary."""
    for other in site.indexes.codes.get(code, ()):
        name = site.labels.get(other, lang)[0]
        label = Label(name if code in name else f"{name} ({code})", "", "notation")
        for iri in _linked(site, other):
            entry = site.indexes.labels.get(iri)
            if entry and wanted.fits(entry):
                yield Candidate(entry, label, _BY_CODE, {"code": 1.0})


def _defined(site: Site, lang: str, text: str, wanted: Wanted, known: set[str]) -> list[Hit]:
    iris = (iri for iri in site.indexes.definitions.search(text, 4 * _DEFINED) if iri not in known)
    entries = [entry for iri in iris if (entry := site.indexes.labels.get(iri)) and wanted.fits(entry)]
    candidates = [Candidate(entry, entry.labels[0], 0.0, {"definition": 1.0}) for entry in entries[:_DEFINED]]
    return [Hit(site, lang, candidate, "definition") for candidate in candidates]


def kind_name(site: Site, lang: str, iri: str) -> str:
    """Return what things of a class are called, in the plural where a view says so."""
    kinds = {each: kind for kind, each in site.kinds.classes.items()}
    name = site.kind_name(kinds[iri], lang) if iri in kinds else site.labels.get(iri, lang)[0]
    return name[:1].upper() + name[1:]


def _linked(site: Site, iri: str) -> Iterator[str]:
    """Yield the things of ours that a mapping links to a thing."""
    if iri.startswith(BASE) and kind_of(iri) in {kind for kind, _ in site.kinds.menu}:
        return
    seen = set()
    for predicate in MATCHES:
        for quad in site.graph.store.quads_for_pattern(None, predicate, ox.NamedNode(iri), None):
            subject = quad.subject
            if isinstance(subject, ox.NamedNode) and subject.value.startswith(BASE) and subject.value not in seen:
                seen.add(subject.value)
                yield subject.value
