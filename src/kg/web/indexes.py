"""What can be looked up in the site: labels, definitions, questions; each index made when somebody first asks, once."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyoxigraph as ox

from kg.linking.background import BackgroundDatabase
from kg.linking.entries import entries_of_store
from kg.namespaces import SKOS
from kg.queries.question import Question
from kg.rdf_terms import local_name

if TYPE_CHECKING:
    from kg.linking.index import Index

MATCHES: Final = tuple(ox.NamedNode(f"{SKOS}{name}Match") for name in ("exact", "close", "narrow", "broad"))
_GRACE: Final = 1.0  # Seconds: what an earlier start has made is there by then.
_NOTATION: Final = ox.NamedNode(SKOS + "notation")
_ISCO: Final = re.compile(r"C(?=\d+$)")


class Indexes:
    """The indexes of a graph.

    Arguments:
        store: of the graph that is served.
        saved: the saved questions.
        project: holds ESCO as a whole.
        imported: ESCO as `kg import` wrote it, if there is one.

    """

    def __init__(
        self, store: ox.Store, saved: Mapping[str, Question], project: Path, imported: Path | None = None
    ) -> None:
        self._store, self._saved = store, saved
        self._lock = threading.Lock()
        self._labels: Index | None = None
        self.esco = BackgroundDatabase(project, imported)

    @property
    def labels(self) -> Index:
        """The index of labels, of our graph and of ESCO as soon as that is there; the first who asks waits a second."""
        from kg.linking.index import Index  # Heavy, and not needed before somebody looks for something.

        with self._lock:
            if self._labels is None:
                self.esco.begin()
                self._labels = Index.of(entries_of_store(self._store))
                self.esco.get(_GRACE)
            if len(self._labels.tables) == 1 and (esco := self.esco.get()):
                self._labels = Index(*self._labels.tables, esco.table)
        return self._labels

    @cached_property
    def codes(self) -> Mapping[str, frozenset[str]]:
        """Code to the concepts of other vocabularies that have it and that a mapping links to a thing of ours."""
        iris: defaultdict[str, set[str]] = defaultdict(set)
        store = self._store
        others = {quad.object for match in MATCHES for quad in store.quads_for_pattern(None, match, None, None)}
        for other in others:
            if isinstance(other, ox.NamedNode):
                iris[_ISCO.sub("", local_name(other.value))].add(other.value)
                for quad in store.quads_for_pattern(other, _NOTATION, None, None):
                    iris[str(getattr(quad.object, "value", ""))].add(other.value)
        return {code: frozenset(those) for code, those in iris.items()}
