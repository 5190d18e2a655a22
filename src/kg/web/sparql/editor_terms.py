"""The terms of a graph as an editor offers them: classes, properties with their domain and range, and things."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import pyoxigraph as ox

from kg.labels import Labels
from kg.languages import LANGUAGES
from kg.namespaces import BASE, ID, RDF_TYPE, SD_FUNCTION, SKOS, XSD
from kg.rdf_terms import objects, prefixed_name, texts_by_language

_TYPE: Final = ox.NamedNode(RDF_TYPE)
_NAME: Final = ox.NamedNode(SKOS + "prefLabel")
_ABOUT: Final = (SKOS + "definition", "http://www.w3.org/2000/01/rdf-schema#comment")
_NUMBERS: Final = {"decimal", "double", "float", "integer", "nonNegativeInteger", "positiveInteger"}
Texts = dict[str, str]


def lexicon(
    store: ox.Store,
    labels: Labels,
    prefixes: Mapping[str, str],
    shown: Mapping[str, Sequence[str]] = MappingProxyType({}),
    main: Container[str] = (),
) -> dict[str, Any]:
    """Return what can be written in a query over a store, for `/sparql/terms.json`.

    Arguments:
        store: the graph.
        labels: its labels.
        prefixes: prefix to namespace; terms of other namespaces are written as IRIs.
        shown: class to the properties that its pages show, in their order.
        main: the classes that people look for.

    """
    types = _types(store)
    members = _members(types)
    classes = sorted(members)
    place = {kind: number for number, kind in enumerate(classes)}
    tellings = {iri: place[_kind(kinds, members)] for iri, kinds in types.items()}
    described = Counter(str(getattr(quad.subject, "value", "")) for quad in store)
    named = _named(store)

    def kind_entry(iri: str) -> dict[str, Any]:
        example = max(members[iri], key=lambda one: (one in named["nl"], described[one], one))
        quads = store.quads_for_pattern(ox.NamedNode(example), None, None, None)
        has = sorted({_written(quad.predicate.value, prefixes) for quad in quads})
        texts = [labels.get(example, lang)[0] for lang in LANGUAGES]
        return _entry(store, labels, prefixes, iri, len(members[iri])) | {
            "named": [lang for lang in LANGUAGES if members[iri] <= named[lang]],
            "example": [_written(example, prefixes), *texts, has],
            "shown": [_written(each, prefixes) for each in shown.get(iri, ())],
            "main": iri in main,
        }

    return {
        "base": ID,
        "prefixes": dict(sorted(prefixes.items())),
        "classes": [kind_entry(iri) for iri in classes],
        "properties": [
            _entry(store, labels, prefixes, iri, use.count)
            | {"of": sorted((place[kind], count) for kind, count in use.domain.items())}
            | {"to": sorted(use.range.items()), "values": dict(sorted(use.values.items()))}
            for iri, use in sorted(_properties(store, types, tellings).items())
        ],
        "functions": [_entry(store, labels, prefixes, iri, 0) for iri in sorted(members.get(SD_FUNCTION, ()))],
        "things": _things(labels, tellings, named),
    }


def _types(store: ox.Store) -> dict[str, set[str]]:
    types: defaultdict[str, set[str]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, _TYPE, None, None):
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
            types[quad.subject.value].add(quad.object.value)
    return types


def _members(types: Mapping[str, set[str]]) -> dict[str, set[str]]:
    members: defaultdict[str, set[str]] = defaultdict(set)
    for iri, kinds in types.items():
        for kind in kinds:
            members[kind].add(iri)
    return members


def _named(store: ox.Store) -> dict[str, set[str]]:
    """Return the things with a preferred name in each language."""
    named: dict[str, set[str]] = {lang: set() for lang in LANGUAGES}
    for quad in store.quads_for_pattern(None, _NAME, None, None):
        lang = quad.object.language if isinstance(quad.object, ox.Literal) else None
        if isinstance(quad.subject, ox.NamedNode) and lang in named:
            named[lang].add(quad.subject.value)
    return named


@dataclass
class _Use:
    """How often a property is used, by which classes, and what its values are."""

    count: int = 0
    domain: Counter[str] = field(default_factory=Counter)
    range: Counter[int] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)


def _properties(store: ox.Store, types: Mapping[str, set[str]], tellings: Mapping[str, int]) -> dict[str, _Use]:
    uses: defaultdict[str, _Use] = defaultdict(_Use)
    for quad in store:
        use, value = uses[quad.predicate.value], quad.object
        use.count += 1
        use.domain.update(types.get(str(getattr(quad.subject, "value", "")), ()))
        if isinstance(value, ox.Literal):
            number = value.datatype.value.removeprefix(XSD) in _NUMBERS
            use.values["number" if number else value.language or "text"] += 1
        elif isinstance(value, ox.NamedNode) and value.value in tellings:
            use.range[tellings[value.value]] += 1
    return uses


def _entry(store: ox.Store, labels: Labels, prefixes: Mapping[str, str], iri: str, count: int) -> dict[str, Any]:
    return {
        "name": _written(iri, prefixes),
        "label": _texts(labels, iri),
        "about": _about(store, iri),
        "count": count,
    }


def _written(iri: str, prefixes: Mapping[str, str]) -> str:
    return prefixed_name(iri, prefixes) or f"<{iri}>"


def _texts(labels: Labels, iri: str) -> Texts:
    labelled = ((lang, *labels.get(iri, lang)) for lang in LANGUAGES)
    return {lang: text for lang, text, tag in labelled if tag == lang}


def _about(store: ox.Store, iri: str) -> Texts:
    values = (value for predicate in _ABOUT for value in objects(store, ox.NamedNode(iri), predicate))
    return {lang: text for lang, text in texts_by_language(values).items() if lang in LANGUAGES}


def _things(
    labels: Labels, tellings: Mapping[str, int], named: Mapping[str, set[str]]
) -> list[tuple[str, str, str, int]]:
    """Return path, name in nl and en, and class of the things of ours that have a preferred name."""
    ours = {iri for group in named.values() for iri in group if iri.startswith(ID)}
    return [
        (iri.removeprefix(ID), labels.get(iri, "nl")[0], labels.get(iri, "en")[0], tellings[iri])
        for iri in sorted(ours & tellings.keys())
    ]


def _kind(kinds: Iterable[str], members: Mapping[str, set[str]]) -> str:
    """Return the class that says most of a thing: one of ours, and the rarest."""
    return min(kinds, key=lambda kind: (not kind.startswith(BASE), len(members[kind]), kind))
