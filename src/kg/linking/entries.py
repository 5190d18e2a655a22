"""What can be found: things with their labels, classes and codes, from our graph or from an ESCO download."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.linking.esco import ALT, CONCEPTS, HIDDEN, IN_ISCO, ISCO, MODEL, NOTATION, PREF, EscoFolder, Statement
from kg.namespaces import ID, KB, RDF_TYPE, SKOS
from kg.rdf_terms import asserted

_KINDS: Final = {PREF: "prefLabel", ALT: "altLabel", HIDDEN: "hiddenLabel", NOTATION: "notation"}
_TYPE: Final = ox.NamedNode(RDF_TYPE)
# A related group says nothing of the thing itself.
_ISCO_BY: Final = (
    IN_ISCO,
    *(ox.NamedNode(SKOS + name) for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch")),
)
_OURS: Final = (KB, MODEL)
_BOUND: Final = 2


@dataclass(frozen=True)
class Label:
    """A text by which a thing is known.

    Attributes:
        text: the label or code.
        lang: its language tag, or empty.
        kind: prefLabel, altLabel, hiddenLabel or notation.

    """

    text: str
    lang: str
    kind: str


@dataclass(frozen=True)
class Entry:
    """A thing that can be found.

    Attributes:
        iri: its IRI.
        types: IRIs of its classes.
        labels: what it is called.
        isco: ISCO-08 codes with which the graph connects it.

    """

    iri: str
    types: tuple[str, ...]
    labels: tuple[Label, ...]
    isco: tuple[str, ...] = ()

    def name(self, lang: str) -> str:
        """Return the preferred label, in a language if there is one."""
        names = {label.lang: label.text for label in self.labels if label.kind == "prefLabel"}
        return next((names[tag] for tag in (lang, "nl", "en", *names) if tag in names), self.iri)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Its classes as kebab-case names: `occupation`, `occupation-group`, `skill`."""
        return tuple(kebab(iri) for iri in self.types)


def kebab(iri: str) -> str:
    """Return the local name of a class in lower case with hyphens.

    >>> kebab("https://w3id.org/klimaatbanen/def#OccupationGroup")
    'occupation-group'
    """
    local = iri.replace("#", "/").rpartition("/")[2]
    return "".join(
        f"-{character.lower()}" if character.isupper() and number else character.lower()
        for number, character in enumerate(local)
    )


def entries_of_store(store: ox.Store, also: frozenset[str] = frozenset()) -> list[Entry]:
    """Return the things of a store that have a class of ours or of ESCO and a preferred label.

    What belongs to one publication, such as a section (`id/<kind>/<publication>/<slug>`), is left out: it
    often has the name of the thing that it is about. Those of the classes `also` are kept.
    """
    return [
        entry
        for entry in _entries(_statements(store), also)
        if entry.iri.removeprefix(ID).count("/") < _BOUND or ID not in entry.iri or also.intersection(entry.types)
    ]


def _statements(store: ox.Store) -> Iterator[Statement]:
    for predicate in (PREF, ALT, HIDDEN, NOTATION, _TYPE, *_ISCO_BY):
        for quad in asserted(store.quads_for_pattern(None, predicate, None, None)):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, (ox.NamedNode, ox.Literal)):
                yield quad.subject, predicate, quad.object


def entries_of_esco(download: EscoFolder) -> list[Entry]:
    """Return the concepts of an ESCO download; of an incomplete one, those whose files are there.

    Raises:
        SourceError: a file is broken, with file and row.

    """
    there = [stem for stem in CONCEPTS if (download.folder / f"{stem}_{download.languages[0]}.csv").is_file()]
    return list(_entries(statement for stem in there for statement in download.concepts(stem)))


def _entries(statements: Iterable[Statement], also: frozenset[str] = frozenset()) -> Iterator[Entry]:
    labels: defaultdict[str, dict[Label, None]] = defaultdict(dict)
    types: defaultdict[str, dict[str, None]] = defaultdict(dict)
    isco: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for subject, predicate, value in statements:
        if isinstance(value, ox.Literal):
            if predicate in _KINDS:
                labels[subject.value][Label(value.value, value.language or "", _KINDS[predicate])] = None
        elif predicate == _TYPE and (value.value.startswith(_OURS) or value.value in also):
            types[subject.value][value.value] = None
        elif predicate in _ISCO_BY and value.value.startswith(ISCO):
            isco[subject.value][value.value.removeprefix(ISCO)] = None
    for iri in sorted(types):
        if any(label.kind == "prefLabel" for label in labels[iri]):
            yield Entry(iri, tuple(sorted(types[iri])), tuple(labels[iri]), tuple(sorted(isco[iri])))
