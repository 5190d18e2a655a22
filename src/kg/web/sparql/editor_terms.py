"""The terms of a graph as an editor offers them: classes, properties with the classes that have them, and things."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeGuard

import pyoxigraph as ox

from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.namespaces import BASE, ID, RDF_TYPE, SKOS
from kg.rdf_terms import objects, prefixed_name, texts_by_language

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_NAME: Final = ox.NamedNode(SKOS + "prefLabel")
_ABOUT: Final = (SKOS + "definition", "http://www.w3.org/2000/01/rdf-schema#comment")
Texts = dict[str, str]


def lexicon(store: ox.Store, labels: Labels, prefixes: Mapping[str, str]) -> dict[str, Any]:
    """Return what can be written in a query over a store, for `/sparql/terms.json`.

    Arguments:
        store: the graph.
        labels: its labels.
        prefixes: prefix to namespace; terms of other namespaces are written as IRIs.

    """
    types = _types(store)
    classes = sorted({kind for kinds in types.values() for kind in kinds})
    place = {kind: number for number, kind in enumerate(classes)}
    counts = Counter(kind for kinds in types.values() for kind in kinds)
    used, used_by = _properties(store, types)
    return {
        "base": ID,
        "prefixes": dict(sorted(prefixes.items())),
        "classes": [_entry(store, labels, prefixes, iri, counts[iri]) for iri in classes],
        "properties": [
            _entry(store, labels, prefixes, iri, used[iri])
            | {"of": sorted((place[kind], count) for kind, count in used_by[iri].items())}
            for iri in sorted(used)
        ],
        "things": _things(store, labels, types, place, counts),
    }


def _types(store: ox.Store) -> dict[str, set[str]]:
    types: defaultdict[str, set[str]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, _TYPE, None, None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            types[quad.subject.value].add(quad.object.value)
    return types


def _properties(store: ox.Store, types: Mapping[str, set[str]]) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Return how often each property is used, in all and by the members of each class."""
    used: Counter[str] = Counter()
    used_by: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for quad in store:
        used[quad.predicate.value] += 1
        used_by[quad.predicate.value].update(types.get(str(getattr(quad.subject, "value", "")), ()))
    return used, used_by


def _entry(store: ox.Store, labels: Labels, prefixes: Mapping[str, str], iri: str, count: int) -> dict[str, Any]:
    return {
        "name": prefixed_name(iri, prefixes) or f"<{iri}>",
        "label": _texts(labels, iri),
        "about": _about(store, iri),
        "count": count,
    }


def _texts(labels: Labels, iri: str) -> Texts:
    labelled = ((lang, *labels.get(iri, lang)) for lang in LANGUAGES)
    return {lang: text for lang, text, tag in labelled if tag == lang}


def _about(store: ox.Store, iri: str) -> Texts:
    values = (value for predicate in _ABOUT for value in objects(store, ox.NamedNode(iri), predicate))
    return {lang: text for lang, text in texts_by_language(values).items() if lang in LANGUAGES}


def _things(
    store: ox.Store, labels: Labels, types: Mapping[str, set[str]], place: Mapping[str, int], counts: Mapping[str, int]
) -> list[tuple[str, str, str, int]]:
    """Return path, name in nl and en, and class of the things of ours that have a preferred name."""
    named = {quad.subject.value for quad in store.quads_for_pattern(None, _NAME, None, None) if _is_ours(quad.subject)}
    return [
        (iri.removeprefix(ID), labels.get(iri, "nl")[0], labels.get(iri, "en")[0], place[_kind(types[iri], counts)])
        for iri in sorted(named & types.keys())
    ]


def _is_ours(subject: ox.NamedNode | ox.BlankNode | ox.Triple) -> TypeGuard[ox.NamedNode]:
    return isinstance(subject, ox.NamedNode) and subject.value.startswith(ID)


def _kind(kinds: Iterable[str], counts: Mapping[str, int]) -> str:
    """Return the class that says most of a thing: one of ours, and the rarest."""
    return min(kinds, key=lambda kind: (not kind.startswith(BASE), counts[kind], kind))
