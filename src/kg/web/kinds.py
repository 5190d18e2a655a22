"""The kinds of things: what stands between `/id/` and the slug, its members, and the view that shows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.graph.facts import Facts
from kg.namespaces import ID, OWL, RDF_TYPE, SKOS
from kg.rdf_terms import objects, term_key
from kg.web.views import View, Views

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_DEPRECATED: Final = ox.NamedNode(OWL + "deprecated")


def kind_of(iri: str) -> str:
    """Return the kind that an IRI of a thing names, or nothing for another IRI."""
    return iri.removeprefix(ID).partition("/")[0] if iri.startswith(ID) else ""


class Kinds:
    """The things of a store by kind.

    Arguments:
        store: the graph.
        facts: its facts.
        views: what is shown of each class.

    """

    def __init__(self, store: ox.Store, facts: Facts, views: Views) -> None:
        self._store, self._facts, self._views = store, facts, views

    @cached_property
    def members(self) -> Mapping[str, tuple[str, ...]]:
        """Kind to the IRIs of its things, sorted; deprecated ones are left out."""
        gone = {quad.subject for quad in self._store.quads_for_pattern(None, _DEPRECATED, None, None)}
        members: dict[str, set[str]] = {}
        for quad in self._store.quads_for_pattern(None, _TYPE, None, None):
            subject = quad.subject
            if isinstance(subject, ox.NamedNode) and subject not in gone and (kind := kind_of(subject.value)):
                members.setdefault(kind, set()).add(subject.value)
        return {kind: tuple(sorted(members[kind])) for kind in sorted(members)}

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """Kind to the most common class of its things."""
        return {kind: self._common_class(members) for kind, members in self.members.items()}

    def _common_class(self, members: tuple[str, ...]) -> str:
        counts: Counter[str] = Counter()
        for iri in members:
            types = self._facts.classes(iri)
            best = next((iri for iri in types if self._views.find([iri])), None)
            counts[best or types[0]] += 1
        return min(counts, key=lambda iri: (-counts[iri], iri))

    @cached_property
    def schemes(self) -> Mapping[str, str]:
        """Kind to the concept scheme after which it is called, where no view is of its own class."""
        plain = [kind for kind, class_ in self.classes.items() if class_ == SKOS + "Concept"]
        found = {kind: self._scheme(self.members[kind]) for kind in plain}
        return {kind: scheme for kind, scheme in found.items() if scheme}

    def _scheme(self, members: tuple[str, ...]) -> str:
        """Return the one scheme that holds all members, or nothing."""
        held = [
            {term_key(scheme) for scheme in objects(self._store, ox.NamedNode(iri), SKOS + "inScheme")}
            for iri in members
        ]
        shared = sorted(set.intersection(*held))
        return shared[0] if len(shared) == 1 else ""

    def defined_by(self, kind: str) -> tuple[str, ...]:
        """Return what may define the things of a kind: a class of their own, then their scheme."""
        own = [iri for iri in self._facts.classes(self.members[kind][0]) if iri != SKOS + "Concept"]
        return (*own, self.classes[kind], *filter(None, [self.schemes.get(kind)]))

    def view(self, kind: str) -> View | None:
        """Return the view of a kind, or None where its class has none."""
        return self._views.find([self.classes[kind], *self._facts.superclasses.get(self.classes[kind], ())])

    @cached_property
    def menu(self) -> list[tuple[str, View]]:
        """The kinds whose view has a place in the menu, in that order."""
        homes: dict[str, str] = {}
        for kind in sorted(self.classes, key=lambda kind: -len(self.members[kind])):
            homes.setdefault(self.classes[kind], kind)
        placed = [view for view in self._views if view.menu is not None and view.target in homes]
        return [(homes[view.target], view) for view in sorted(placed, key=lambda view: view.menu or 0)]
