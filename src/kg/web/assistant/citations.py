"""What the answer to an assistant rests on: of what kind each statement is, and each passage once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, permutations
from typing import Any, Final

import pyoxigraph as ox

from kg.graph.facts import Support
from kg.languages import LANGUAGES
from kg.namespaces import BASE, DCT, ID, RDF, RDFS_LABEL
from kg.publications.passages import Passage, Publication
from kg.rdf_terms import asserted, local_name, prefixed_name, term_key
from kg.web.site import Site

Payload = dict[str, Any]
PASSAGE: Final = ID + "passage/"
NO_THING: Final = "of no single thing"
_MOST: Final = 2
_CERTAIN: Final = 3  # Things that have a text: of more, none is meant.
_FRAME: Final = 50  # Characters around passages.
_LONGEST: Final = 420  # Characters of a quoted passage.
_UNSURE: Final = ("inferred", "mapping")
_NO_RELATION: Final = (RDF, DCT + "source", RDFS_LABEL)


def size_of(payload: Any) -> int:
    """Return how many characters a payload has as JSON."""
    return len(to_json(payload))


def to_json(payload: Any) -> str:
    """Return a payload as JSON without spaces."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def names_of(passages: Iterable[str], most: int = _MOST) -> list[str]:
    """Return the names of passages, `publication/slug`: the first few, and how many more there are."""
    iris = list(passages)
    more = [f"+{len(iris) - most}"] if len(iris) > most else []
    return [iri.removeprefix(PASSAGE) for iri in iris[:most]] + more


def with_passages(site: Site, payload: Payload, lang: str, size: int, brief: bool = False) -> Payload:
    """Return an answer with the publications and passages that are named in it, each once, as far as there is room.

    Arguments:
        site: what is served.
        payload: names them.
        lang: language of titles.
        size: characters at most, about.
        brief: whether addresses of publications are left out.

    """
    known = {name: passage for name in _named(payload) if (passage := site.passages.get(PASSAGE + name))}
    outlines = {outline for name in known if (outline := site.outline_of(PASSAGE + name))}
    publications = {local_name(each.publication.iri): _source(site, each.publication, lang, brief) for each in outlines}
    payload |= {"publications": dict(sorted(publications.items()))} if publications else {}
    room = size - size_of(payload) - _FRAME
    told: dict[str, str] = {}
    for name, passage in known.items():
        text = _text(site, passage)
        room -= size_of(name) + size_of(text) + 2
        if room < 0:
            break
        told[name] = text
    left = len(known) - len(told)
    return payload | ({"passages": told} if told else {}) | ({"passages_not_shown": left} if left else {})


def _named(payload: Any) -> dict[str, None]:
    """Return the names of passages in an answer, the first of each statement before the others."""
    lists = list(_lists(payload))
    return dict.fromkeys(names[at] for at in range(_MOST) for names in lists if at < len(names))


def _lists(payload: Any) -> Iterator[Sequence[str]]:
    if isinstance(payload, dict):
        for key, value in payload.items():
            if key == "passages" and isinstance(value, list):
                yield value
            elif key == "rows":
                yield from (row[-2] for row in value)
            else:
                yield from _lists(value)
    elif isinstance(payload, list):
        for value in payload:
            yield from _lists(value)


def _source(site: Site, publication: Publication, lang: str, brief: bool) -> str:
    details = (site.attribution(publication, lang), "" if brief else publication.address)
    return f"{site.labels.get(publication.iri, lang)[0]} ({', '.join(filter(None, details))})"


def _text(site: Site, passage: Passage) -> str:
    """Return lines and words of a passage: all where its terms of reuse permit, or the first and last ones."""
    words = site.texts.quote(passage.iri) or " … ".join(end for end in passage.ends if end)
    words = words if len(words) <= _LONGEST else words[:_LONGEST] + " […]"
    return f"line {passage.lines}" + (f": “{words}”" if words else "")


def kinds_of(site: Site, supports: Iterable[Support], lang: str) -> str:
    """Return of what kind some statements are, such as `stated` or `inferred+stated`, and how firmly they are said."""
    kinds: dict[str, None] = {}
    for support in supports:
        modality = support.modality
        hedges = [site.labels.get(iri, lang)[0] for iri in (*modality.codes, *modality.projects)]
        kinds[local_name(support.kind) + (f" ({', '.join(hedges)})" if hedges else "")] = None
    kinds.pop("", None)
    said = [kind for kind in kinds if kind not in ("entailed", "evidence")] or list(kinds)
    return "+".join(sorted(said))


def passages_of(supports: Iterable[Support]) -> list[str]:
    """Return the passages on which some statements rest, each once, those of one publication together."""
    ordered = sorted(supports, key=lambda support: support.graph)
    return list(dict.fromkeys(passage for support in ordered for passage in support.passages))


class Grounds:
    """On what the rows of an answer rest.

    Arguments:
        site: what is served.
        named: the IRIs that the query names.
        lang: language of the answer.

    """

    def __init__(self, site: Site, named: Iterable[str], lang: str) -> None:
        self._site, self._lang, self._named = site, lang, frozenset(named)
        self._unsure = sorted(_unsure(site, self._named))

    def of(self, iris: Sequence[str], texts: Sequence[str]) -> tuple[str, list[str], str]:
        """Return the kind of a row, its passages, and the IRI of its thing.

        They are those of the statements between its things, and where no publication says these, those of what names
        two of its things (a signal, an item of a list) or is printed so. Where there is none, they are those of its
        first thing; then the kind also names what else the query goes along: what is inferred or mapped is never
        called stated alone.
        """
        first = next((iri for iri in iris if iri.startswith(BASE)), iris[0] if iris else "")
        store = self._site.graph.store
        quads = [quad for pair in islice(permutations(iris, 2), 42) for quad in _between(store, *pair)]
        supports = [self._site.facts.support(quad) for quad in quads]
        if not any(support.passages for support in supports) and not self._unsure:
            supports += [support for support in self._shown(iris, texts) if support.passages]
        if not supports:
            things = [first] if first else self._things(texts)
            first = things[0] if things else first
            own = [quad for iri in things[:1] for quad in self._site.own_statements(ox.NamedNode(iri))]
            supports = [self._site.facts.support(quad) for quad in own]
            kinds = [kind for kind in (kinds_of(self._site, supports, self._lang), *self._unsure) if kind]
            return "+".join(kinds) or NO_THING, passages_of(supports), first
        return kinds_of(self._site, supports, self._lang), passages_of(supports), first

    def _shown(self, iris: Sequence[str], texts: Iterable[str]) -> Iterator[Support]:
        """Yield what the statements rest on that name two of some things, or hold one of some texts for one of them."""
        store, support = self._site.graph.store, self._site.facts.support
        naming: dict[str, list[ox.Quad]] = {}
        for iri in iris:
            for quad in asserted(store.quads_for_pattern(None, None, ox.NamedNode(iri), None)):
                if quad.predicate.value in self._named and not quad.predicate.value.startswith(_NO_RELATION):
                    naming.setdefault(term_key(quad.subject), []).append(quad)
        for quads in naming.values():
            if len({quad.object for quad in quads}) > 1:
                yield from map(support, quads)
        for quad in self._printed(texts):
            if not iris or term_key(quad.subject) in iris:
                yield support(quad)

    def _printed(self, texts: Iterable[str]) -> Iterator[ox.Quad]:
        """Yield the statements by which a property that the query names holds one of some texts."""
        for one in (literal for text in texts for literal in _literals(text)):
            for quad in asserted(self._site.graph.store.quads_for_pattern(None, None, one, None)):
                if quad.predicate.value in self._named:
                    yield quad

    def _things(self, texts: Iterable[str]) -> list[str]:
        """Return the things that have one of some texts; of many, none."""
        ours = sorted({iri for quad in self._printed(texts) if (iri := term_key(quad.subject)).startswith(ID)})
        return ours if len(ours) <= _CERTAIN else []


def _literals(text: str) -> list[ox.Literal]:
    return [ox.Literal(text), *(ox.Literal(text, language=lang) for lang in LANGUAGES)]


def _between(store: ox.Store, subject: str, value: str) -> Iterable[ox.Quad]:
    quads = store.quads_for_pattern(ox.NamedNode(subject), None, ox.NamedNode(value), None)
    return [quad for quad in asserted(quads) if not quad.predicate.value.startswith(_NO_RELATION)]


def _unsure(site: Site, named: Iterable[str]) -> set[str]:
    """Return the kinds, of what is inferred or mapped, to which the properties of a query belong."""
    nodes = [ox.NamedNode(iri) for iri in named if not iri.startswith(_NO_RELATION)]
    graphs = ((graph, local_name(kind)) for graph, kind in site.facts.kinds.items())
    return {
        kind
        for graph, kind in graphs
        if kind in _UNSURE
        for node in nodes
        if next(site.graph.store.quads_for_pattern(None, node, None, ox.NamedNode(graph)), None) is not None
    }


def short(site: Site, iri: str) -> str:
    """Return how answers write an IRI: ours from `/id/` on, others with their prefix where there is one."""
    return iri.removeprefix(ID) if iri.startswith(ID) else prefixed_name(iri, site.graph.prefixes) or iri
