"""What the routes read, opened once and passed in: the graph, its questions, labels, facts, kinds and views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pyoxigraph as ox

from kg.endpoint.http.cache import Cache
from kg.endpoint.workers import Engine
from kg.files import project_folder
from kg.graph.build import Graph
from kg.graph.facts import Fact, Facts, Term
from kg.labels import Labels
from kg.namespaces import RDF, RDF_TYPE, SKOS, SSSOM
from kg.publications.passages import Passage, Text, find_passages, find_publications
from kg.queries.limits import Limits
from kg.queries.question import Question
from kg.queries.themes import Themes
from kg.release.files import Edition
from kg.web.address import Address
from kg.web.kinds import Kinds
from kg.web.views import Field, Views

_LAST = 1e9
_REIFIED = (
    tuple(RDF + name for name in ("subject", "predicate", "object")),
    tuple(SSSOM + name for name in ("subject_id", "predicate_id", "object_id")),
)


@dataclass(frozen=True)
class Site:
    """What the routes read.

    Attributes:
        engine: what answers queries, within the limits.
        cache: results that were given before.
        data_version: changes with the data.
        text: the source text, where passages are quoted.
        views: what pages show of each class.
        address: of the public site.
        themes: names of the folders of questions.

    """

    graph: Graph
    questions: Mapping[str, Question]
    labels: Labels
    limits: Limits
    engine: Engine
    cache: Cache
    data_version: str = ""
    text: Text | None = None
    views: Views = field(default_factory=lambda: Views(()))
    address: Address = field(default_factory=Address)
    themes: Themes = field(default_factory=lambda: Themes({}))

    @cached_property
    def facts(self) -> Facts:
        """The facts of the graph by paths, each with what it rests on."""
        return Facts(self.graph.store)

    @cached_property
    def kinds(self) -> Kinds:
        """The things of the graph by kind."""
        return Kinds(self.graph.store, self.facts, self.views)

    def kind_name(self, kind: str, lang: str) -> str:
        """Return what the things of a kind are called, in the plural where a view says so; begins with a capital."""
        view = self.kinds.view(kind)
        name = (view.label.get(lang) if view else None) or self.labels.get(self.kinds.classes[kind], lang)[0]
        return name[:1].upper() + name[1:]

    def definition(self, iri: str, lang: str) -> str:
        """Return the definition of a thing in a language, or nothing."""
        return self._definitions.get((iri, lang), "")

    @cached_property
    def _definitions(self) -> Mapping[tuple[str, str], str]:
        quads = self.graph.store.quads_for_pattern(None, ox.NamedNode(SKOS + "definition"), None, None)
        texts = ((quad.subject.value, quad.object) for quad in quads if isinstance(quad.subject, ox.NamedNode))
        return {(iri, text.language or ""): text.value for iri, text in texts if isinstance(text, ox.Literal)}

    def key_facts(self, value: Term) -> list[tuple[Field, list[Fact]]]:
        """Return the key facts of a value (`dash:KeyInfoRole`), by field of its view."""
        if not isinstance(value, ox.NamedNode):
            return []
        view = self.views.find(self.facts.classes(value.value))
        fields = view.having("KeyInfoRole") if view else []
        found = ((one, self.facts.along(value.value, one.path, one.of_class)) for one in fields)
        return [(one, facts) for one, facts in found if facts]

    def own_statements(self, value: Term) -> list[ox.Quad]:
        """Return the statement that says what a thing is, where it rests on passages."""
        if not isinstance(value, ox.NamedNode) or value.value not in self.facts.sources:
            return []
        return list(self.graph.store.quads_for_pattern(value, ox.NamedNode(RDF_TYPE), None, None))

    def in_order(self, facts: Iterable[Fact], lang: str) -> list[Fact]:
        """Return facts in the printed order of their values (`view:OrderRole`), then by name."""
        return sorted(facts, key=lambda fact: (self._place(fact.value), self._sort_name(fact.value, lang)))

    def _place(self, value: Term) -> float:
        if not isinstance(value, ox.NamedNode):
            return 0.0
        for predicate in self._ordering:
            quad = next(self.graph.store.quads_for_pattern(value, predicate, None, None), None)
            if quad and isinstance(quad.object, ox.Literal):
                return float(quad.object.value)
        return _LAST

    @cached_property
    def _ordering(self) -> list[ox.NamedNode]:
        steps = {one.single for view in self.views for one in view.having("OrderRole")}
        return [ox.NamedNode(step.predicate) for step in sorted(filter(None, steps), key=lambda one: one.predicate)]

    def _sort_name(self, value: Term, lang: str) -> str:
        name = self.labels.get(value.value, lang)[0] if isinstance(value, ox.NamedNode) else str(value)
        return name.casefold()

    @cached_property
    def edition(self) -> Edition:
        """The edition that is served: date, makers and keywords."""
        return Edition.from_project(project_folder())

    @cached_property
    def publications(self) -> Mapping[str, str]:
        """Section to the publication that holds it."""
        return {section: one.iri for one in find_publications(self.graph.store) for section in one.sections}

    @cached_property
    def notations(self) -> Mapping[str, str]:
        """IRI to its code (`skos:notation`)."""
        return {iri: value.value for iri, value in self._values(SKOS + "notation") if isinstance(value, ox.Literal)}

    @cached_property
    def reified(self) -> Mapping[str, tuple[Term, ...]]:
        """IRI of a statement or mapping to its subject, predicate and object."""
        found: dict[str, list[Term]] = {}
        for part in (name for names in zip(*_REIFIED, strict=True) for name in names):
            for iri, value in self._values(part):
                found.setdefault(iri, []).append(value)
        return {iri: tuple(parts) for iri, parts in found.items() if len(parts) == len(_REIFIED[0])}

    def _values(self, predicate: str) -> Iterable[tuple[str, Term]]:
        for quad in self.graph.store.quads_for_pattern(None, ox.NamedNode(predicate), None, None):
            if isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value, quad.object

    @cached_property
    def passages(self) -> Mapping[str, Passage]:
        """The passages of the graph by IRI."""
        return find_passages(self.graph.store)
