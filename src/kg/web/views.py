"""What a page shows of each class of things: property shapes in `views/*.ttl`, with DASH where SHACL has no word.

A view is a `sh:NodeShape` with `sh:targetClass`; each `sh:property` has a `sh:path` and may have `sh:name`, `sh:group`,
`sh:order`, `sh:class`, `sh:description`, `view:with`, `view:without`, `dash:viewer`, `dash:propertyRole`, `dash:facet`
and `dash:hidden` (SHACL, section 2.3.2; DASH). What a page says in sentences (`view:opening`, `view:leavesOpen`,
`view:title`, `view:onward`) is a list of sentences, or of lists of variants: the first that can be told is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as File
from typing import Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pyoxigraph as ox

from kg.errors import SourceError
from kg.graph.facts import Path, Step
from kg.namespaces import BASE, RDF_TYPE, SH, SKOS
from kg.rdf_terms import Term, first_object, list_members, local_name, objects, texts_by_language

VIEWS: Final = BASE + "views#"
DASH: Final = "http://datashapes.org/dash#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_URI_SPACE: Final = "http://rdfs.org/ns/void#uriSpace"
EVERYTHING: Final = _RDFS + "Resource"
_NAMES: Final = ("prefLabel", "altLabel")
_LAST: Final = 1000.0
SLOT: Final = re.compile(r"\{(?:by\.)?([\w-]+)(?:\|([^|{}]*)\|([^|{}]*))?\}")
_WORDS: Final = ("name", "publications", "year", "missing")  # Slots that are no fields.
_SENTENCES: Final = ("opening", "leavesOpen", "title", "onward")

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """A heading under which fields stand.

    Attributes:
        slug: last part of its IRI, for anchors.
        label: text by language tag.

    """

    slug: str
    label: Texts = field(compare=False)
    order: float = _LAST


@dataclass(frozen=True)
class Field:
    """One property shape: a path from the thing, and how its values are shown.

    Attributes:
        slug: last part of its IRI; names it in addresses.
        name: text by language tag; empty where the label of the property serves.
        of_class: class of the values that are shown; empty for all.
        viewer: last part of `dash:viewer`.
        roles: last parts of `dash:propertyRole`.
        note: what stands below the values, by language tag.
        noun: what a sentence calls it that says it is missing, by language tag; empty where the name serves.
        having: a way counts only where something on it has one of these as property or as value, or backwards.
        lacking: a way does not count where something on it has one of them.
        through: class; the values are the last things of it on the ways, instead of the ends.
        facet: whether lists can be narrowed by it.
        hidden: whether it is left out.

    """

    slug: str
    path: Path
    name: Texts
    group: Group
    order: float = _LAST
    of_class: str = ""
    viewer: str = ""
    roles: frozenset[str] = frozenset()
    note: Texts = field(default_factory=dict, compare=False)
    noun: Texts = field(default_factory=dict, compare=False)
    having: frozenset[Step] = frozenset()
    lacking: frozenset[Step] = frozenset()
    through: str = ""
    facet: bool = False
    hidden: bool = False

    @property
    def single(self) -> Step | None:
        """The only step, where the path is one step."""
        return self.path[0][0] if len(self.path) == 1 and len(self.path[0]) == 1 else None


@dataclass(frozen=True)
class Sentence:
    """A sentence with slots: `{field}` its values, `{field|one|many}` words by their number, `[...]` only where filled.

    Attributes:
        text: by language tag.
        given: fields that must have values, `without`, those that must have none.
        missing: fields of which `{missing}` names those without values.
        address: where it leads, if it leads somewhere.

    """

    text: Texts
    given: tuple[Field, ...] = ()
    without: tuple[Field, ...] = ()
    missing: tuple[Field, ...] = ()
    address: str = ""


Points = tuple[tuple[Sentence, ...], ...]  # Each with its variants, the first choice first.


@dataclass(frozen=True)
class View:
    """What is shown of the things of a class.

    Attributes:
        target: IRI of the class.
        label: the things, in the plural, by language tag; empty where the label of the class serves.
        comment: what the list of them says first.
        menu: place in the menu, or None.
        leading: fields whose values stand first on a page.
        sentences: what pages say in words, by `opening`, `leavesOpen`, `title` and `onward`.

    """

    target: str
    label: Texts
    comment: Texts
    fields: tuple[Field, ...]
    menu: float | None = None
    leading: tuple[Field, ...] = ()
    sentences: Mapping[str, Points] = field(default_factory=dict, compare=False)

    @cached_property
    def groups(self) -> dict[Group, list[Field]]:
        """The shown fields by group, both in their order."""
        groups: dict[Group, list[Field]] = {}
        for member in sorted(self.fields, key=lambda member: (member.group.order, member.group.slug, member.order)):
            if not member.hidden:
                groups.setdefault(member.group, []).append(member)
        return groups

    def having(self, role: str) -> list[Field]:
        """Return the fields of a role, such as `KeyInfoRole`, in their order."""
        return sorted((field for field in self.fields if role in field.roles), key=lambda field: field.order)


class Views:
    """The views of a project.

    Arguments:
        views: any number; that of `rdfs:Resource` holds what goes for all.
        vocabularies: how IRIs of other vocabularies begin, and what those are called.
        synonyms: rings of words that stand for one another in a search.
        ranking: classes, those first that a search shows first.
        passages: classes of what a search shows as passages.
        told: properties that stand under what a search finds, beside key facts.
        fields: every property that is described, by its slug.

    """

    def __init__(
        self,
        views: Iterable[View],
        vocabularies: Mapping[str, str] | None = None,
        synonyms: Sequence[tuple[str, ...]] = (),
        ranking: Sequence[str] = (),
        passages: Sequence[str] = (),
        told: Sequence[str] = (),
        fields: Mapping[str, Field] | None = None,
    ) -> None:
        self.vocabularies = vocabularies or {}
        self.synonyms, self.ranking, self.passages, self.told = synonyms, ranking, passages, told
        self.fields = fields or {}
        self._views = {view.target: view for view in views}
        self.common = self._views.get(EVERYTHING, View(EVERYTHING, {}, {}, ()))

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def find(self, classes: Iterable[str]) -> View | None:
        """Return the view of the first class that has one."""
        return next((self._views[kind] for kind in classes if kind in self._views and kind != EVERYTHING), None)

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Every heading by its slug."""
        return {field.group.slug: field.group for view in self._views.values() for field in view.fields}

    @cached_property
    def backwards(self) -> dict[str, Texts]:
        """Predicate to what it reads like backwards, as the common view names it."""
        steps = [(field.single, field.name) for field in self.common.fields]
        return {step.predicate: name for step, name in steps if step and step.inverse and name}


def read_views(folder: File) -> Views:
    """Read the views of a folder.

    Raises:
        SourceError: a file is not Turtle, or says what is no view; with file and member.

    """
    store = ox.Store()
    for path in sorted(folder.glob("*.ttl")):
        try:
            graph = ox.NamedNode(path.absolute().as_uri())
            store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE, to_graph=graph)
        except SyntaxError as error:
            raise SourceError(
                str(error.msg), where=str(path), line=error.lineno, hint="mend the Turtle there"
            ) from error
    reader = _Reader(store)
    ranking, passages, told = map(reader.members, ("ranking", "passages", "told"))
    return Views(reader.views(), reader.vocabularies(), reader.synonyms(), ranking, passages, told, reader.fields)


class _Reader:
    """Reads views from a store in which each file is a graph."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every property that is described, by its slug."""
        shapes = self._store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "PropertyShape"), None)
        return {field.slug: field for field in map(self._field, sorted((quad.subject for quad in shapes), key=str))}

    def views(self) -> list[View]:
        shapes = self._store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "NodeShape"), None)
        return [self._view(quad.subject) for quad in sorted(shapes, key=str)]

    def vocabularies(self) -> dict[str, str]:
        spaces = self._store.quads_for_pattern(None, ox.NamedNode(_URI_SPACE), None, None)
        return {_value(quad.object): self._text(quad.subject, _RDFS + "label") for quad in sorted(spaces, key=str)}

    def synonyms(self) -> list[tuple[str, ...]]:
        rings = self._store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(VIEWS + "Synonyms"), None)
        return [
            tuple({_value(text): None for name in _NAMES for text in objects(self._store, ring.subject, SKOS + name)})
            for ring in sorted(rings, key=str)
        ]

    def members(self, name: str) -> list[str]:
        members = first_object(self._store, ox.NamedNode(VIEWS + "search"), VIEWS + name)
        return [_value(member) for member in list_members(self._store, members)] if members else []

    def _view(self, shape: Term) -> View:
        fields = [self._field(node) for node in objects(self._store, shape, SH + "property")]
        return View(
            self._text(shape, SH + "targetClass"),
            self._texts(shape, _RDFS + "label"),
            self._texts(shape, _RDFS + "comment"),
            tuple(sorted(fields, key=lambda field: field.order)),
            self._order(shape),
            tuple(self._listed(shape, "leading")),
            {name: points for name in _SENTENCES if (points := self._points(shape, name))},
        )

    def _listed(self, node: Term, name: str) -> Iterator[Field]:
        """Yield the fields of a list."""
        for member in list_members(self._store, first_object(self._store, node, VIEWS + name)):
            yield self._field(member)

    def _points(self, shape: Term, name: str) -> Points:
        points = list_members(self._store, first_object(self._store, shape, VIEWS + name))
        return tuple(
            tuple(self._sentence(shape, one) for one in list(list_members(self._store, point)) or [point])
            for point in points
        )

    def _sentence(self, shape: Term, node: Term) -> Sentence:
        texts = self._texts(node, VIEWS + "text")
        unknown = {slot for text in texts.values() for slot, *_ in SLOT.findall(text)} - {*self.fields, *_WORDS}
        if unknown or set(texts) != {"nl", "en"}:
            what = f"a sentence with a slot that is no property: {', '.join(sorted(unknown))}"
            raise self._error(shape, what if unknown else f"a sentence in {len(texts)} of two languages")
        given, without, missing = (tuple(self._listed(node, name)) for name in ("given", "lacks", "missing"))
        return Sentence(texts, given, without, missing, self._text(node, VIEWS + "address"))

    def _field(self, node: Term) -> Field:
        paths = list(objects(self._store, node, SH + "path"))
        if len(paths) != 1:
            raise self._error(node, f"a property of a view needs one sh:path, and has {len(paths)}")
        order = self._order(node)
        return Field(
            local_name(_value(node)),
            self._path(node, paths[0]),
            self._texts(node, SH + "name"),
            self._group(self._text(node, SH + "group") or VIEWS + "facts"),
            order=_LAST if order is None else order,
            of_class=self._text(node, SH + "class"),
            viewer=local_name(self._text(node, DASH + "viewer")),
            roles=frozenset(local_name(_value(role)) for role in objects(self._store, node, DASH + "propertyRole")),
            note=self._texts(node, SH + "description"),
            noun=self._texts(node, VIEWS + "noun"),
            having=frozenset(self._step(node, term) for term in objects(self._store, node, VIEWS + "with")),
            lacking=frozenset(self._step(node, term) for term in objects(self._store, node, VIEWS + "without")),
            through=self._text(node, VIEWS + "through"),
            facet=self._text(node, DASH + "facet") == "true",
            hidden=self._text(node, DASH + "hidden") == "true",
        )

    def _group(self, iri: str) -> Group:
        node = ox.NamedNode(iri)
        order = self._order(node)
        return Group(local_name(iri), self._texts(node, _RDFS + "label"), _LAST if order is None else order)

    def _order(self, node: Term) -> float | None:
        text = self._text(node, SH + "order")
        try:
            return float(text) if text else None
        except ValueError as error:
            raise self._error(node, f"sh:order is no number: {text}") from error

    def _path(self, node: Term, path: Term) -> Path:
        either = first_object(self._store, path, SH + "alternativePath")
        paths = list(list_members(self._store, either)) if either else [path]
        return tuple(self._sequence(node, path) for path in paths)

    def _sequence(self, node: Term, path: Term) -> tuple[Step, ...]:
        return tuple(self._step(node, step) for step in (list(list_members(self._store, path)) or [path]))

    def _step(self, node: Term, step: Term) -> Step:
        inverse = self._text(step, SH + "inversePath")
        if not inverse and not isinstance(step, ox.NamedNode):
            hint = "use a property, sh:inversePath, a list of those, or sh:alternativePath"
            raise self._error(node, "a path of a view that is not known", hint)
        return Step(inverse or _value(step), bool(inverse))

    def _error(self, node: Term, what: str, hint: str = "") -> SourceError:
        """Return an error that names the member and the file that says something of it, or else one that names it."""
        about = [*self._quads(node, None), *self._quads(None, node)]
        files = [url2pathname(urlsplit(_value(quad.graph_name)).path) for quad in about]
        advice = f"{hint + '; ' if hint else ''}kg validate names the line; see docs/views.md"
        return SourceError(f"{what}: {_value(node)}", where=files[0] if files else "views", hint=advice)

    def _quads(self, subject: Term | None, value: Term | None) -> Iterator[ox.Quad]:
        if not isinstance(subject, ox.Literal | ox.Triple):
            yield from self._store.quads_for_pattern(subject, None, value, None)

    def _text(self, node: Term, predicate: str) -> str:
        return next(map(_value, objects(self._store, node, predicate)), "")

    def _texts(self, node: Term, predicate: str) -> Texts:
        return texts_by_language(objects(self._store, node, predicate))


def _value(term: object) -> str:
    return str(getattr(term, "value", term))
