"""What the routes read, built once and passed in: the graph, its questions, labels, facts, kinds and views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.endpoint.engine import Engine
from kg.endpoint.http.cache import Cache
from kg.endpoint.http.metrics import Metrics
from kg.endpoint.settings import Settings
from kg.endpoint.supervisor import Handover
from kg.files import project_folder
from kg.graph.build import Graph
from kg.graph.facts import Fact, Facts
from kg.graph.json_ld import CONTEXT, JsonLdContext
from kg.graph.term_use import TermUse
from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.namespaces import DCT, KB, RDF, RDF_TYPE, SKOS, SSSOM
from kg.publications.outline import Outline
from kg.publications.passages import Passage, Publication, find_passages, find_publications
from kg.publications.texts import Texts
from kg.queries.limits import Limits
from kg.queries.question import Parameter, Question
from kg.queries.themes import Themes
from kg.rdf_terms import Term, asserted, first_object, objects, term_key
from kg.release.background import BackgroundBuild
from kg.release.changes import ReleaseChanges, read_changes
from kg.release.files import Edition, Owner
from kg.release.metadata import terms_of
from kg.tables.column_titles import Words
from kg.web.address import Address
from kg.web.indexes import Indexes
from kg.web.kinds import Kinds, kind_of
from kg.web.views import Field, Views

_LAST: Final = 1e9
_LEVEL: Final = KB + "level"
_REIFIED: Final = (
    tuple(RDF + name for name in ("subject", "predicate", "object")),
    tuple(SSSOM + name for name in ("subject_id", "predicate_id", "object_id")),
)


@dataclass(frozen=True, kw_only=True)
class Site:
    """What the routes read.

    Attributes:
        graph: what is served.
        questions: the saved questions by path.
        settings: what an operator sets.
        engine: what answers queries, within the limits.
        data_version: changes with the data.
        labels: of the graph.
        cache: results that were given before.
        texts: the source texts whose passages are quoted, as their terms of reuse permit.
        views: what pages show of each class.
        address: of the public site.
        themes: names of the folders of questions.
        column_titles: what the columns of answers are called.
        reloads: counts how often new data came.

    """

    graph: Graph
    questions: Mapping[str, Question]
    settings: Settings
    engine: Engine
    data_version: str
    labels: Labels
    cache: Cache
    texts: Texts
    views: Views
    address: Address
    themes: Themes
    column_titles: Words
    reloads: Handover | None

    @property
    def limits(self) -> Limits:
        """What a query may be and take."""
        return self.settings.limits

    @cached_property
    def owner(self) -> Owner:
        """Who publishes the graph."""
        return Owner(self.settings.publisher, self.settings.publisher_iri, self.settings.contact)

    @cached_property
    def facts(self) -> Facts:
        """The facts of the graph by paths, each with what it rests on."""
        return Facts(self.graph.store)

    @cached_property
    def kinds(self) -> Kinds:
        """The things of the graph by kind."""
        return Kinds(self.graph.store, self.facts, self.views)

    @cached_property
    def indexes(self) -> Indexes:
        """What can be looked up: labels, definitions, codes and questions."""
        return Indexes(self.graph.store, self.questions, project_folder(), self.settings.esco)

    @cached_property
    def release(self) -> BackgroundBuild:
        """The files of the release; they are made when somebody first asks, or when `begin` is called."""
        return BackgroundBuild(self.graph, project_folder(), self.owner, self.data_version)

    @cached_property
    def json_ld(self) -> JsonLdContext | None:
        """The terms of JSON-LD; None where the project has no context."""
        path = project_folder() / "ontology" / CONTEXT
        return JsonLdContext(path) if path.is_file() else None

    @cached_property
    def news(self) -> ReleaseChanges | None:
        """What changed with the newest release, for those who use the data."""
        return next(iter(read_changes(project_folder())), None)

    @cached_property
    def metrics(self) -> Metrics:
        """What the server counts."""
        return Metrics(
            self.limits,
            self.engine,
            self.cache,
            self.graph.version,
            self.data_version,
            len(self.graph.store),
            self.reloads,
        )

    @cached_property
    def term_use(self) -> TermUse:
        """Which terms of a query the graph uses."""
        return TermUse(self.graph.store, self.graph.prefixes)

    def kind_name(self, kind: str, lang: str) -> str:
        """Return what the things of a kind are called: its scheme, or the plural of a view; with a capital."""
        view, scheme = self.kinds.view(kind), self.kinds.schemes.get(kind)
        said = self.labels.get(scheme, lang)[0] if scheme else view.label.get(lang) if view else None
        name = said or self.labels.get(self.kinds.classes[kind], lang)[0]
        return name[:1].upper() + name[1:]

    def kind_comment(self, kind: str, lang: str) -> str:
        """Return what the things of a kind are, in a line, or nothing."""
        view = self.kinds.view(kind)
        own = view.comment.get(lang, "") if view else ""
        return own or next(filter(None, (self.definition(iri, lang) for iri in self.kinds.defined_by(kind))), "")

    def level(self, iri: str, lang: str) -> str:
        """Return the level of a thing, or nothing."""
        level = first_object(self.graph.store, ox.NamedNode(iri), _LEVEL)
        return self.labels.get(term_key(level), lang)[0] if level else ""

    def apart(self, iri: str, lang: str) -> str:
        """Return what tells a thing from others of its name that have levels, to stand behind its name.

        That is its own level, or else what kind of thing it is.
        """
        if (iri, lang) not in self._alike:
            return ""
        level = self.level(iri, lang)
        told = level if level and level != self.labels.get(iri, lang)[0] else self.class_name(iri, lang)
        return f", {told}" if "(" in told else f" ({told})"

    def class_name(self, iri: str, lang: str) -> str:
        """Return what a thing of its kind is called."""
        kind = self.kinds.classes.get(kind_of(iri), "")
        return self.labels.get(kind, lang)[0]

    @cached_property
    def _alike(self) -> frozenset[tuple[str, str]]:
        """The things that share their name in a language with another, where one of them has a level."""
        levelled = {iri for iri, _ in self._values(_LEVEL)}
        called: dict[tuple[str, str], set[str]] = {}
        for iri in {iri for members in self.kinds.members.values() for iri in members}:
            for lang in LANGUAGES:
                called.setdefault((lang, self.labels.get(iri, lang)[0].casefold()), set()).add(iri)
        alike = ((lang, iris) for (lang, _), iris in called.items() if len(iris) > 1 and iris & levelled)
        return frozenset((iri, lang) for lang, iris in alike for iri in iris)

    def definition(self, iri: str, lang: str) -> str:
        """Return the definition of a thing in a language, or nothing."""
        return self._definitions.get((iri, lang), "")

    @cached_property
    def _definitions(self) -> Mapping[tuple[str, str], str]:
        quads = self.graph.store.quads_for_pattern(None, ox.NamedNode(SKOS + "definition"), None, None)
        texts = ((quad.subject.value, quad.object) for quad in quads if isinstance(quad.subject, ox.NamedNode))
        return {(iri, text.language or ""): text.value for iri, text in texts if isinstance(text, ox.Literal)}

    def questions_about(self, iri: str) -> list[tuple[Question, str]]:
        """Return the questions to which the page of a thing leads, each with the parameter that takes it."""
        linked = self._linked(self.facts.classes(iri))
        return [(question, one.name) for question, one in linked if not one.linked_by or self._has(iri, one.linked_by)]

    def questions_of(self, classes: Iterable[str]) -> list[tuple[Question, str]]:
        """Return the questions to which things of some classes lead, each with the parameter that takes one."""
        return [(question, one.name) for question, one in self._linked(classes)]

    def _linked(self, classes: Iterable[str]) -> list[tuple[Question, Parameter]]:
        wanted = set(classes)
        linked = ((each, one) for each in self.questions.values() for one in each.parameters if one.linked)
        return [(question, one) for question, one in linked if self._whole(one.kind) in wanted]

    def _has(self, iri: str, name: str) -> bool:
        return first_object(self.graph.store, ox.NamedNode(iri), self._whole(name)) is not None

    def _whole(self, name: str) -> str:
        """Return the IRI of a prefixed name."""
        prefix, _, local = name.partition(":")
        return self.graph.prefixes.get(prefix, "") + local

    def values(self, iri: str, field: Field) -> list[Fact]:
        """Return the values of a field of a thing."""
        return self.facts.along(iri, field.path, field.of_class, field.having, field.lacking, field.through)

    def key_facts(self, value: Term) -> list[tuple[Field, list[Fact]]]:
        """Return the key facts of a value (`dash:KeyInfoRole`), by field of its view."""
        if not isinstance(value, ox.NamedNode):
            return []
        view = self.views.find(self.facts.classes(value.value))
        fields = view.having("KeyInfoRole") if view else []
        pairs = ((field, self.values(value.value, field)) for field in fields)
        return [(field, facts) for field, facts in pairs if facts]

    def own_statements(self, value: Term) -> list[ox.Quad]:
        """Return the statement that says what a thing is, where it rests on passages."""
        if not isinstance(value, ox.NamedNode) or value.value not in self.facts.sources:
            return []
        return list(asserted(self.graph.store.quads_for_pattern(value, ox.NamedNode(RDF_TYPE), None, None)))

    def in_order(self, facts: Iterable[Fact], lang: str) -> list[Fact]:
        """Return facts in the printed order of their values (`view:OrderRole`), then by name."""
        return sorted(facts, key=lambda fact: (self._position(fact.value), self._sort_name(fact.value, lang)))

    def _position(self, value: Term) -> float:
        if not isinstance(value, ox.NamedNode):
            return 0.0
        orders = (first_object(self.graph.store, value, predicate) for predicate in self._ordering)
        return next((float(order.value) for order in orders if isinstance(order, ox.Literal)), _LAST)

    @cached_property
    def _ordering(self) -> list[str]:
        steps = {field.single for view in self.views for field in view.having("OrderRole")}
        return sorted(step.predicate for step in steps if step)

    def _sort_name(self, value: Term, lang: str) -> str:
        name = self.labels.get(value.value, lang)[0] if isinstance(value, ox.NamedNode) else str(value)
        return name.casefold()

    @cached_property
    def edition(self) -> Edition:
        """The edition that is served: date, makers and keywords."""
        return Edition.from_project(project_folder())

    @cached_property
    def publications(self) -> list[Publication]:
        """The publications whose content the graph holds."""
        return find_publications(self.graph.store)

    @cached_property
    def outlines(self) -> Mapping[str, Outline]:
        """Publication to the order of its text."""
        return {publication.iri: Outline(self.graph.store, publication) for publication in self.publications}

    def outline_of(self, passage: str) -> Outline | None:
        """Return the order of the publication that holds a passage or section, if one does."""
        known = self.passages.get(passage)
        publication = self.publication_of_section.get(known.section if known else passage)
        return self.outlines[publication.iri] if publication else None

    @cached_property
    def publication_of_section(self) -> Mapping[str, Publication]:
        """Section to the publication that holds it."""
        return {section: publication for publication in self.publications for section in publication.sections}

    @cached_property
    def publication_of_graph(self) -> Mapping[str, Publication]:
        """Graph to the publication that it states."""
        return {publication.graph: publication for publication in self.publications}

    def attribution(self, publication: Publication, lang: str) -> str:
        """Return who published a publication and when, as far as the graph says it: `UWV, 2023`."""
        node = ox.NamedNode(publication.iri)
        publishers = {self._short_name(term, lang) for term in objects(self.graph.store, node, DCT + "publisher")}
        return ", ".join([*sorted(publishers), *self.issued(publication)])

    def issued(self, publication: Publication) -> list[str]:
        """Return the year of a publication, as far as the graph says it."""
        return sorted(text[:4] for text in self._texts(ox.NamedNode(publication.iri), DCT + "issued"))

    def year(self, publication: Publication) -> str:
        """Return the year of a publication, or nothing where the graph does not say it."""
        return min(self._texts(ox.NamedNode(publication.iri), DCT + "issued"), default="")[:4]

    def _short_name(self, term: Term, lang: str) -> str:
        return min(self._texts(term, KB + "abbreviation"), default="") or self.labels.get(term_key(term), lang)[0]

    def _texts(self, node: Term, predicate: str) -> set[str]:
        return {text.value for text in objects(self.graph.store, node, predicate) if isinstance(text, ox.Literal)}

    def rights(self, publication: Publication, lang: str) -> str:
        """Return the terms of reuse of what is taken from a publication, in a language where it has them in it."""
        return self.terms(publication.graph, lang)

    def permission(self, publication: Publication, lang: str) -> str:
        """Return what a publication says of its reuse, in a language where that is there; nothing where none is."""
        rights = objects(self.graph.store, ox.NamedNode(publication.iri), DCT + "rights")
        said = [value for value in rights if isinstance(value, ox.Literal)]
        fit = [value.value for value in said if value.language in (lang, None)]
        return "; ".join(sorted(fit or [value.value for value in said]))

    @cached_property
    def terms_of_use(self) -> Mapping[str, Mapping[str, str]]:
        """Language to licence or rights of each graph by its title."""
        names = sorted(str(name)[1:-1] for name in self.graph.store.named_graphs())
        return {lang: {self.labels.get(name, lang)[0]: self.terms(name, lang) for name in names} for lang in LANGUAGES}

    def terms(self, name: str, lang: str) -> str:
        """Return the licence or rights of a graph, in a language where they are in it."""
        values = [value for _, value in terms_of(self.graph, name)]
        fit = [value.value for value in values if not isinstance(value, ox.Literal) or value.language in (lang, None)]
        return "; ".join(fit or [value.value for value in values])

    @cached_property
    def notations(self) -> Mapping[str, str]:
        """IRI to its code (`skos:notation`)."""
        return {iri: value.value for iri, value in self._values(SKOS + "notation") if isinstance(value, ox.Literal)}

    @cached_property
    def reified(self) -> Mapping[str, tuple[Term, ...]]:
        """IRI of a statement or mapping to its subject, predicate and object."""
        terms: dict[str, list[Term]] = {}
        for part in (name for names in zip(*_REIFIED, strict=True) for name in names):
            for iri, value in self._values(part):
                terms.setdefault(iri, []).append(value)
        return {iri: tuple(parts) for iri, parts in terms.items() if len(parts) == len(_REIFIED[0])}

    def _values(self, predicate: str) -> Iterable[tuple[str, Term]]:
        for quad in self.graph.store.quads_for_pattern(None, ox.NamedNode(predicate), None, None):
            if isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value, quad.object

    @cached_property
    def passages(self) -> Mapping[str, Passage]:
        """The passages of the graph by IRI."""
        return find_passages(self.graph.store)
