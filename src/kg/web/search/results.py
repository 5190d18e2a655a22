"""What a search of the site finds: things by label, code or definition, grouped by kind; and questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import pyoxigraph as ox

from kg.linking.batch import as_dict
from kg.linking.candidates import Candidate, Wanted
from kg.linking.entries import Entry, Label
from kg.namespaces import BASE, KB, SKOS
from kg.queries.question import Question
from kg.web.kinds import kind_of
from kg.web.layout import TermView, language, local_path, site
from kg.web.search.indexes import MATCHES, index, lookup

_LEAST: Final = 20.0  # Below this, in a hundred, what is like the text in letters is so by accident.
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
        found: the candidate.
        kind: IRI of the class under which it is shown.
        by: label or definition, by which it was found.

    """

    found: Candidate
    kind: str
    by: str = "label"

    @property
    def name(self) -> str:
        """Its preferred label in the language of the page."""
        return self.found.entry.name(language())

    @property
    def label(self) -> str:
        """The label by which it was found, where that is not its name."""
        text = self.found.label.text
        return text if self.by == "label" and text != self.name else ""

    @property
    def tag(self) -> str:
        """The language of that label, where it is not that of the page."""
        return self.found.label.lang if self.found.label.lang != language() else ""

    @property
    def definition(self) -> str:
        """Its definition, in the language of the page."""
        return site().definition(self.found.entry.iri, language())

    @property
    def code(self) -> bool:
        """Whether it is a code that describes other things, such as a unit: one without a view of its own."""
        kind = kind_of(self.found.entry.iri)
        view = site().kinds.view(kind) if kind else None
        return bool(kind) and (view is None or view.target == _CONCEPT)

    @property
    def linked(self) -> list[TermView]:
        """Things of ours that a mapping links to a thing of another vocabulary."""
        return list(_linked(self.found.entry.iri))[:_LINKED]

    @property
    def page(self) -> str:
        """Where to read on: its page here, or what this site can do with it, or its own IRI."""
        iri, lang = self.found.entry.iri, language()
        if iri.startswith(BASE):
            return f"{local_path(iri)}?lang={lang}"
        if self.kind == _ESCO_OCCUPATION:
            return "/switch?" + urlencode({"from": iri, "lang": lang})
        return iri

    @property
    def told(self) -> dict[str, Any]:
        """The hit as JSON holds it."""
        return as_dict(self.found, language()) | {"kind": kind_name(self.kind), "page": self.page, "by": self.by}


@dataclass(frozen=True)
class Found:
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


def find(text: str, kind: str = "", limit: int = 20) -> Found:
    """Return what a search finds.

    Arguments:
        text: what was typed; `ISCO 7212` is the code alone.
        kind: IRI or kebab-case name of a class; empty means all, and questions as well.
        limit: things at most.

    """
    told = _CODE.fullmatch(text.strip())
    wanted = Wanted(frozenset({kind} if kind else ()))
    named = _named(told[1] if told else text.strip(), wanted, limit)
    best = named[0].found.score if named else 0.0
    if told:
        return Found(tuple(named), _grouped(named), (), True, False)
    defined = _defined(text, wanted, {one.found.entry.iri for one in named})
    hits = [*named[: max(limit - len(defined), 1)], *defined][:limit]
    questions = [] if kind else [site().questions[name] for name in lookup().questions.search(text, _ASKED)]
    sentence = best < _SURE and len(text.split()) >= _SENTENCE
    asked = bool(questions) and (sentence or bool(named and named[0].code))
    return Found(tuple(hits), _grouped(hits), tuple(questions), best >= _NAMED, asked)


def _named(text: str, wanted: Wanted, limit: int) -> list[Hit]:
    """Return things by label or code, best first."""
    candidates = index().search(text, wanted, 3 * limit)
    least = max(_LEAST, _SHARE * candidates[0].score) if candidates else _LEAST
    hits = [Hit(one, shown_kind(one.entry)) for one in candidates if one.score >= least]
    hits += _coded(text, wanted)
    best: dict[tuple[str, str], float] = {}
    for one in hits:  # Things of one name stand together: the scorer tells them apart by their other labels.
        best[_said(one)] = max(one.found.score, best.get(_said(one), 0.0))
    ordered = sorted(hits, key=lambda one: (-round(best[_said(one)]), *_rank(one)))
    return list({one.found.entry.iri: one for one in reversed(ordered)}.values())[::-1][:limit]


def _said(hit: Hit) -> tuple[str, str]:
    return hit.found.label.text.casefold(), hit.found.label.kind


def begun(text: str, kind: str = "", limit: int = 8) -> list[Hit]:
    """Return what a text may be the beginning of, our own before another's of the same name."""
    wanted = Wanted(frozenset({kind} if kind else ()))
    found = index().begins(text, wanted, 3 * limit)
    hits = [Hit(one, shown_kind(one.entry)) for one in found if one.score >= _LEAST]
    return _once(hits)[:limit]


def _once(hits: Iterable[Hit]) -> list[Hit]:
    """Keep ours of things with the same name, so that a list of suggestions does not say the same twice."""
    kept: dict[tuple[str, bool], Hit] = {}
    for one in hits:
        key = (one.name.casefold(), one.found.entry.iri.startswith(BASE))
        kept.setdefault(key, one)
    return [one for (name, ours), one in kept.items() if ours or (name, True) not in kept]


def _rank(hit: Hit) -> tuple[bool, int, float, str]:
    """Order things of one name: ours before others', kinds of the menu first, in its order."""
    kinds = [kind for kind, _ in site().kinds.menu]
    kind = kind_of(hit.found.entry.iri)
    return not kind, kinds.index(kind) if kind in kinds else len(kinds), -hit.found.score, hit.found.entry.iri


def _grouped(hits: Iterable[Hit]) -> tuple[tuple[str, tuple[Hit, ...]], ...]:
    groups: dict[str, list[Hit]] = {}
    for one in hits:
        groups.setdefault(one.kind, []).append(one)
    return tuple((kind, tuple(those)) for kind, those in groups.items())


def _coded(code: str, wanted: Wanted) -> Iterator[Hit]:
    """Return things of ours that a mapping links to what has this code in another vocabulary."""
    for other in lookup().coded.get(code, ()):
        name = site().labels.get(other, language())[0]
        label = Label(name if code in name else f"{name} ({code})", "", "notation")
        for one in _linked(other):
            entry = index().get(one.iri)
            if entry and wanted.fits(entry):
                yield Hit(Candidate(entry, label, _BY_CODE, {"code": 1.0}), shown_kind(entry))


def _defined(text: str, wanted: Wanted, known: set[str]) -> list[Hit]:
    entries = (index().get(iri) for iri in lookup().definitions.search(text, 4 * _DEFINED) if iri not in known)
    fit = [entry for entry in entries if entry and wanted.fits(entry)]
    hits = [Candidate(entry, entry.labels[0], 0.0, {"definition": 1.0}) for entry in fit[:_DEFINED]]
    return [Hit(one, shown_kind(one.entry), "definition") for one in hits]


def shown_kind(entry: Entry) -> str:
    """Return the class under which a thing is shown: that of its kind, or else the first of ours, or else the first."""
    common = site().kinds.classes.get(kind_of(entry.iri), "")
    ours = (one for one in entry.types if one.startswith(KB))
    return common if common in entry.types else next(ours, entry.types[0])


def kind_name(iri: str) -> str:
    """Return what things of a class are called, in the plural where a view says so."""
    kinds = {each: kind for kind, each in site().kinds.classes.items()}
    lang = language()
    name = site().kind_name(kinds[iri], lang) if iri in kinds else site().labels.get(iri, lang)[0]
    return name[:1].upper() + name[1:]


def _linked(iri: str) -> Iterator[TermView]:
    lang, node = language(), ox.NamedNode(iri)
    if iri.startswith(BASE) and kind_of(iri) in {kind for kind, _ in site().kinds.menu}:
        return
    seen = set()
    for predicate in MATCHES:
        for quad in site().graph.store.quads_for_pattern(None, predicate, node, None):
            subject = quad.subject
            if isinstance(subject, ox.NamedNode) and subject.value.startswith(BASE) and subject.value not in seen:
                seen.add(subject.value)
                text, tag = site().labels.get(subject.value, lang)
                yield TermView(
                    text, tag if tag != lang else "", f"{local_path(subject.value)}?lang={lang}", subject.value
                )
