"""What can be looked up in the site: labels, definitions, questions; each index made when somebody first asks, once."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox
from flask import Flask, current_app

from kg.graph.build import Graph
from kg.linking.entries import entries_of_store
from kg.namespaces import SKOS
from kg.rdf_terms import local_name
from kg.web.layout import site

if TYPE_CHECKING:
    from kg.linking.full_text import Texts
    from kg.linking.index import Index

_KEY: Final = "kg.lookup"
MATCHES: Final = tuple(ox.NamedNode(f"{SKOS}{name}Match") for name in ("exact", "close", "narrow", "broad"))
_NOTATION: Final = ox.NamedNode(SKOS + "notation")
_ISCO: Final = re.compile(r"C(?=\d+$)")


class Lookup:
    """The indexes of a graph.

    Arguments:
        store: of the graph that is served.

    """

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The index of labels; the first who asks waits half a second."""
        from kg.linking.index import Index  # Heavy, and not needed before somebody looks for something.

        with self._lock:
            if self._index is None:
                self._index = Index(tuple(entries_of_store(self._store)))
        return self._index

    @cached_property
    def definitions(self) -> Texts:
        """IRIs of things by the words of their definitions, in all languages."""
        from kg.linking.full_text import Texts

        quads = self._store.quads_for_pattern(None, ox.NamedNode(SKOS + "definition"), None, None)
        found = ((quad.subject, quad.object) for quad in quads)
        return Texts(
            (thing.value, text.value)
            for thing, text in found
            if isinstance(thing, ox.NamedNode) and isinstance(text, ox.Literal) and self.index.get(thing.value)
        )

    @cached_property
    def coded(self) -> Mapping[str, frozenset[str]]:
        """Code to the concepts of other vocabularies that have it and that a mapping links to a thing of ours."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        store = self._store
        others = {quad.object for match in MATCHES for quad in store.quads_for_pattern(None, match, None, None)}
        for other in others:
            if isinstance(other, ox.NamedNode):
                found[_ISCO.sub("", local_name(other.value))].add(other.value)
                for quad in store.quads_for_pattern(other, _NOTATION, None, None):
                    found[str(getattr(quad.object, "value", ""))].add(other.value)
        return {code: frozenset(iris) for code, iris in found.items()}

    @cached_property
    def questions(self) -> Texts:
        """Names of saved questions by the words of their titles and descriptions, in all languages."""
        from kg.linking.full_text import Texts

        told = (
            (one.name, f"{title} {one.description[lang]}")
            for one in site().questions.values()
            for lang, title in one.title.items()
        )
        return Texts(told, whole=False)


def init_app(app: Flask, graph: Graph) -> None:
    """Give the application its indexes."""
    app.extensions[_KEY] = Lookup(graph.store)


def lookup() -> Lookup:
    """Return the indexes of the application that handles this request."""
    found: Lookup = current_app.extensions[_KEY]
    return found


def index() -> Index:
    """Return the index of labels of the application that handles this request."""
    return lookup().index
