"""What a search of the site looks in: things and passages of ours, saved questions, and the pages of the site."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.graph.facts import Fact
from kg.languages import LANGUAGES
from kg.linking.entries import Entry, entries_of_store, kebab
from kg.linking.full_text import Document, FullText
from kg.namespaces import BASE, KB
from kg.queries.question import Question
from kg.rdf_terms import objects, term_key
from kg.web.kinds import kind_of
from kg.web.layout import message
from kg.web.site import Site
from kg.web.views import VIEWS, Field

QUESTION, CHART, PAGE = "question", "chart", "page"
_PAGES: Final = {  # Address to the messages that are its name and its description.
    "/switch": ("switch", "search_about_switch"),
    "/questions": ("questions_title", "search_about_questions"),
    "/sparql": ("sparql_nav", "search_about_sparql"),
    "/download/": ("downloads", "search_about_downloads"),
    "/read": ("read_title", "read_lead"),
    "/glossary": ("glossary", "glossary_lead"),
    "/dataset": ("dataset_title", "search_about_dataset"),
    "/docs": ("api_docs", "search_about_docs"),
    "/accessibility": ("accessibility", "search_about_accessibility"),
}
_ROLES: Final = ("KeyInfoRole", "ParentRole")
_FIELDS: Final = 3
_VALUES: Final = 2
_LEVEL: Final = "level"
_STEP: Final = 0.005  # What a kind counts less than the kind before it.
_SITE: Final = 0.95
_UNRANKED: Final = 0.2
_PASSAGE: Final = (1.0, 0.7, 0.7, 0.1, 0.1, 0.1, 0.0)  # Of the classes of passages; the last also of the others.
_QUESTION: Final = 0.9
_BEST: Final = 2  # The score of what is called so, of the kind that comes first.
_CHART: Final = 1.1


@dataclass(frozen=True)
class Facts:
    """What stands under a hit: its level, and what else tells it from others of its name."""

    level: str
    others: tuple[str, ...]


class Documents:
    """The documents of a site; they are read when somebody first searches, once.

    Arguments:
        site: what is served.

    """

    def __init__(self, site: Site) -> None:
        self._site, self._lock = site, threading.Lock()

    @property
    def texts(self) -> FullText:
        """All of them, to search in."""
        with self._lock:
            return self._texts

    def scores(self, text: str, lang: str) -> dict[str, float]:
        """Return what is found of things and passages, by IRI, 1 for what is called so, in the order of a search.

        What is far behind the best stays: who asks may look for one class alone.
        """
        found = self.texts.search(text, lang, cut=0.0)
        return {match.key: round(match.score, 3) / _BEST for match in found if match.key in self.entries}

    @cached_property
    def _texts(self) -> FullText:
        return FullText([*self._pages(), *self._things(), *self._questions()], self._site.views.synonyms)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The things and passages by IRI."""
        ours = entries_of_store(self._site.graph.store, frozenset(self._site.views.passages))
        return {entry.iri: entry for entry in ours if entry.iri.startswith(BASE)}

    @cached_property
    def pages(self) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
        """Pages of the site: address to name and description, each by language."""
        pages = {
            path: tuple({lang: message(key, lang) for lang in LANGUAGES} for key in keys)
            for path, keys in _PAGES.items()
        }
        for kind in self._site.kinds.classes:
            if (view := self._site.kinds.view(kind)) and view.label:
                names = {lang: self._site.kind_name(kind, lang) for lang in LANGUAGES}
                pages[f"/id/{kind}"] = names, dict(view.comment)
        return pages  # type: ignore[return-value]

    @cached_property
    def classes(self) -> dict[str, str]:
        """The classes under which things are shown, by their names in `type=`."""
        return {kebab(iri): iri for iri in map(self.class_of, self.entries)}

    def class_of(self, iri: str) -> str:
        """Return the class under which a thing is shown: that of its kind, or else the first of ours."""
        types = self.entries[iri].types
        common = self._site.kinds.classes.get(kind_of(iri), "")
        return common if common in types else next((one for one in types if one.startswith(BASE)), types[0])

    def facts(self, iri: str, lang: str) -> Facts:
        """Return what tells a thing from others of its name."""
        told = [(field, ", ".join(self._names(self._site.values(iri, field), lang))) for field in self._fields(iri)]
        level = next((text for field, text in told if field.slug == _LEVEL), "")
        others = [(self._field_name(field, lang), text) for field, text in told if text and field.slug != _LEVEL]
        return Facts(level, tuple(f"{name}: {text}" if name else text for name, text in others[:_FIELDS]))

    def _fields(self, iri: str) -> list[Field]:
        """Return the fields that tell a thing from others of its name: key facts, what it belongs to, and more."""
        views = self._site.views
        view = views.find(self._site.facts.classes(iri))
        fields = [field for role in _ROLES for field in view.having(role)] if view else []
        fields += [field for field in (view.fields if view else ()) if VIEWS + field.slug in views.told]
        return list({field.slug: field for field in fields}.values())

    def _field_name(self, field: Field, lang: str) -> str:
        own = self._site.labels.get(field.single.predicate, lang)[0] if field.single else ""
        name = field.name.get(lang) or own
        return name[:1].upper() + name[1:]

    def _names(self, facts: Iterable[Fact], lang: str, most: int = _VALUES) -> list[str]:
        values = [fact.value for fact in self._site.in_order(facts, lang)]
        names = [
            self._site.labels.get(term_key(value), lang)[0] if isinstance(value, ox.NamedNode) else value.value
            for value in values[:most]
            if isinstance(value, ox.NamedNode | ox.Literal)
        ]
        more = len(values) - most
        return [*names[:-1], f"{names[-1]} {message('some_more', lang).format(more)}"] if more > 0 and names else names

    def _pages(self) -> Iterator[Document]:
        for path, (names, texts) in self.pages.items():
            others = _tagged(texts) if path in _PAGES else ()
            yield Document(path, _tagged(names), others, " ".join(texts.values()), _SITE)

    def _things(self) -> Iterator[Document]:
        site = self._site
        order = {iri: 1 - _STEP * at for at, iri in enumerate(site.views.ranking)}
        order |= {iri: _PASSAGE[min(at, len(_PASSAGE) - 1)] for at, iri in enumerate(site.views.passages)}
        weighed = ((order.get(self.class_of(iri), _UNRANKED), iri, entry) for iri, entry in self.entries.items())
        for weight, iri, entry in sorted(weighed, key=lambda item: (-item[0], item[1])):
            names = tuple((label.text, label.lang) for label in entry.labels if label.kind == "prefLabel")
            others = [(label.text, label.lang) for label in entry.labels if label.kind != "prefLabel"]
            others += [(text, "") for text in self._abbreviations(iri)]
            yield Document(iri, names, tuple(others), self._told(entry), weight)

    def _abbreviations(self, iri: str) -> list[str]:
        values = objects(self._site.graph.store, ox.NamedNode(iri), KB + "abbreviation")
        return sorted(value.value for value in values if isinstance(value, ox.Literal))

    def _told(self, entry: Entry) -> str:
        """Return what else is said of a thing, in all languages."""
        told = []
        for lang in LANGUAGES:
            facts = self.facts(entry.iri, lang)
            kind = self._site.labels.get(self.class_of(entry.iri), lang)[0]
            told += [
                kind,
                facts.level,
                *facts.others,
                self._site.definition(entry.iri, lang),
                *self._about(entry, lang),
            ]
        return " ".join(told)

    def _about(self, entry: Entry, lang: str) -> list[str]:
        """Return what a passage names and who says it: all that its view shows of it."""
        view = self._site.views.find(entry.types) if set(entry.types) & set(self._site.views.passages[1:]) else None
        values = (self._site.values(entry.iri, field) for field in (view.fields if view else ()))
        return [name for facts in values for name in self._names(facts, lang, len(facts))]

    def _questions(self) -> Iterator[Document]:
        for question in sorted(self._site.questions.values(), key=lambda one: one.chart is None):
            topic = question.name.rpartition("/")[2].replace("-", " ")
            kinds = {lang: chart_name(question, lang) for lang in LANGUAGES if question.chart}
            others = tuple(
                (f"{text} {kind}", lang) for lang, kind in kinds.items() for text in (question.title[lang], topic)
            )
            weight = _CHART if question.chart else _QUESTION
            themes = (self._site.themes.name(question.theme, lang) for lang in LANGUAGES)
            told = " ".join((*question.description.values(), *themes))
            yield Document(f"{QUESTION}:{question.name}", _tagged(question.title), others, told, weight)


def _tagged(texts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((text, lang) for lang, text in texts.items())


def chart_name(question: Question, lang: str) -> str:
    """Return what the chart of a question is called."""
    return message("search_map" if question.chart and question.chart.mark == "map" else "search_chart", lang)
