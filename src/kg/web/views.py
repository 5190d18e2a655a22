"""What a page shows of each class of things: property shapes in `views/*.ttl`, with DASH where SHACL has no word.

A view is a `sh:NodeShape` with `sh:targetClass`; each `sh:property` has a `sh:path` and may have `sh:name`, `sh:group`,
`sh:order`, `sh:class`, `dash:viewer`, `dash:propertyRole`, `dash:facet` and `dash:hidden` (SHACL, section 2.3.2; DASH).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as File
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.graph.facts import Path, Step
from kg.namespaces import BASE, RDF, RDF_TYPE, SH
from kg.rdf_terms import local_name

VIEWS: Final = BASE + "views#"
DASH: Final = "http://datashapes.org/dash#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_URI_SPACE: Final = "http://rdfs.org/ns/void#uriSpace"
EVERYTHING: Final = _RDFS + "Resource"
_LAST: Final = 1000.0

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
    facet: bool = False
    hidden: bool = False

    @property
    def single(self) -> Step | None:
        """The only step, where the path is one step."""
        return self.path[0][0] if len(self.path) == 1 and len(self.path[0]) == 1 else None


@dataclass(frozen=True)
class View:
    """What is shown of the things of a class.

    Attributes:
        target: IRI of the class.
        label: the things, in the plural, by language tag; empty where the label of the class serves.
        comment: what the list of them says first.
        menu: place in the menu, or None.

    """

    target: str
    label: Texts
    comment: Texts
    fields: tuple[Field, ...]
    menu: float | None = None

    @cached_property
    def groups(self) -> dict[Group, list[Field]]:
        """The shown fields by group, both in their order."""
        found: dict[Group, list[Field]] = {}
        for one in sorted(self.fields, key=lambda one: (one.group.order, one.group.slug, one.order)):
            if not one.hidden:
                found.setdefault(one.group, []).append(one)
        return found

    def having(self, role: str) -> list[Field]:
        """Return the fields of a role, such as `KeyInfoRole`, in their order."""
        return sorted((one for one in self.fields if role in one.roles), key=lambda one: one.order)


class Views:
    """The views of a project.

    Arguments:
        views: any number; that of `rdfs:Resource` holds what goes for all.
        vocabularies: how IRIs of other vocabularies begin, and what those are called.

    """

    def __init__(self, views: Iterable[View], vocabularies: Mapping[str, str] | None = None) -> None:
        self.vocabularies = vocabularies or {}
        self._views = {view.target: view for view in views}
        self.common = self._views.get(EVERYTHING, View(EVERYTHING, {}, {}, ()))

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def find(self, classes: Iterable[str]) -> View | None:
        """Return the view of the first class that has one."""
        return next((self._views[one] for one in classes if one in self._views and one != EVERYTHING), None)

    @cached_property
    def groups(self) -> dict[str, Group]:
        """Every heading by its slug."""
        return {one.group.slug: one.group for view in self._views.values() for one in view.fields}

    @cached_property
    def backwards(self) -> dict[str, Texts]:
        """Predicate to what it reads like backwards, as the common view names it."""
        steps = [(one.single, one.name) for one in self.common.fields]
        return {step.predicate: name for step, name in steps if step and step.inverse and name}


def read_views(folder: File) -> Views:
    """Read the views of a folder.

    Raises:
        SourceError: a file is not Turtle, or a property shape has a path that is none.

    """
    store = ox.Store()
    for path in sorted(folder.glob("*.ttl")):
        try:
            store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE)
        except SyntaxError as error:
            raise SourceError(
                str(error.msg), where=str(path), line=error.lineno, hint="mend the Turtle there"
            ) from error
    reader = _Reader(store)
    return Views(reader.views(), reader.vocabularies())


class _Reader:
    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def views(self) -> list[View]:
        shapes = self._store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(SH + "NodeShape"), None)
        return [self._view(quad.subject) for quad in sorted(shapes, key=str)]

    def vocabularies(self) -> dict[str, str]:
        spaces = self._store.quads_for_pattern(None, ox.NamedNode(_URI_SPACE), None, None)
        return {_value(quad.object): self._text(quad.subject, _RDFS + "label") for quad in sorted(spaces, key=str)}

    def _view(self, shape: object) -> View:
        fields = tuple(self._field(node) for node in self._all(shape, SH + "property"))
        menu = self._text(shape, SH + "order")
        return View(
            self._text(shape, SH + "targetClass"),
            self._texts(shape, _RDFS + "label"),
            self._texts(shape, _RDFS + "comment"),
            tuple(sorted(fields, key=lambda one: one.order)),
            float(menu) if menu else None,
        )

    def _field(self, node: object) -> Field:
        paths = self._all(node, SH + "path")
        if len(paths) != 1:
            raise SourceError("a property of a view needs one sh:path", where="views", hint="see docs/views.md")
        group = self._text(node, SH + "group") or VIEWS + "facts"
        slug = local_name(_value(node))
        told = Field(slug, self._path(paths[0]), self._texts(node, SH + "name"), self._group(group))
        return replace(
            told,
            order=float(self._text(node, SH + "order") or _LAST),
            of_class=self._text(node, SH + "class"),
            viewer=local_name(self._text(node, DASH + "viewer")),
            roles=frozenset(local_name(_value(one)) for one in self._all(node, DASH + "propertyRole")),
            facet=self._text(node, DASH + "facet") == "true",
            hidden=self._text(node, DASH + "hidden") == "true",
        )

    def _group(self, iri: str) -> Group:
        node = ox.NamedNode(iri)
        order = self._text(node, SH + "order")
        return Group(local_name(iri), self._texts(node, _RDFS + "label"), float(order) if order else _LAST)

    def _path(self, node: object) -> Path:
        either = self._all(node, SH + "alternativePath")
        return tuple(self._sequence(one) for one in self._items(either[0])) if either else (self._sequence(node),)

    def _sequence(self, node: object) -> tuple[Step, ...]:
        return tuple(self._step(one) for one in (self._items(node) or [node]))

    def _step(self, node: object) -> Step:
        back = self._text(node, SH + "inversePath")
        if not back and not isinstance(node, ox.NamedNode):
            hint = "use a property, sh:inversePath, a list of those, or sh:alternativePath"
            raise SourceError("a path of a view that is not known", where="views", hint=hint)
        return Step(back or _value(node), bool(back))

    def _items(self, node: object) -> list[object]:
        found: list[object] = []
        while first := self._all(node, RDF + "first"):
            found.append(first[0])
            node = self._all(node, RDF + "rest")[0]
        return found

    def _all(self, node: object, predicate: str) -> list[object]:
        if not isinstance(node, ox.NamedNode | ox.BlankNode):
            return []
        return [quad.object for quad in self._store.quads_for_pattern(node, ox.NamedNode(predicate), None, None)]

    def _text(self, node: object, predicate: str) -> str:
        return next((_value(one) for one in self._all(node, predicate)), "")

    def _texts(self, node: object, predicate: str) -> Texts:
        found = (one for one in self._all(node, predicate) if isinstance(one, ox.Literal))
        return {one.language or "": one.value for one in found}


def _value(term: object) -> str:
    return str(getattr(term, "value", term))
