"""What the answer to an assistant rests on: of what kind each statement is, and each passage once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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
_MOST: Final = 3
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


def cited(site: Site, names: Iterable[str], lang: str, room: int) -> Payload:
    """Return the publications that names of passages lead to, and the passages with their words while there is room."""
    known = {name: passage for name in dict.fromkeys(names) if (passage := site.passages.get(PASSAGE + name))}
    outlines = {outline for name in known if (outline := site.outline_of(PASSAGE + name))}
    publications = {local_name(each.publication.iri): _source(site, each.publication, lang) for each in outlines}
    told: dict[str, str] = {}
    room -= size_of(publications)
    for name, passage in known.items():
        told[name] = _text(site, passage)
        room -= len(name) + len(told[name]) + 6
        if room < 0:
            del told[name]
            break
    left = len(known) - len(told)
    payload: Payload = {"publications": dict(sorted(publications.items()))} if publications else {}
    payload |= {"passages": told} if told else {}
    return payload | ({"passages_not_shown": left} if left else {})


def _source(site: Site, publication: Publication, lang: str) -> str:
    details = (site.attribution(publication, lang), publication.address)
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
    """Return the passages on which some statements rest, each once."""
    return list(dict.fromkeys(passage for support in supports for passage in support.passages))


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

        They are those of the statements between its things. Where there is none, they are those of its first thing, or
        else of what a text in it belongs to; then the kind also names what else the query goes along: what is inferred
        or mapped is never called stated alone.
        """
        kind, passages, own = self._of_things(iris)
        if not kind and (things := self._things(texts)):
            kind, passages, other = self._of_things(things)
            own = own or other
        return kind or NO_THING, passages, own

    def _of_things(self, iris: Sequence[str]) -> tuple[str, list[str], str]:
        site = self._site
        first = next((iri for iri in iris if iri.startswith(BASE)), iris[0] if iris else "")
        quads = [quad for pair in islice(permutations(iris, 2), 42) for quad in _between(site.graph.store, *pair)]
        if quads:
            supports = [site.facts.support(quad) for quad in quads]
            return kinds_of(site, supports, self._lang), passages_of(supports), first
        own = site.own_statements(ox.NamedNode(first)) if first else []
        supports = [site.facts.support(quad) for quad in own]
        kinds = [kind for kind in (kinds_of(site, supports, self._lang), *self._unsure) if kind]
        return "+".join(kinds), passages_of(supports), first

    def _things(self, texts: Iterable[str]) -> list[str]:
        """Return the things of which a property that the query names holds one of some texts; of many, none."""
        literals = [literal for text in texts for literal in _literals(text)]
        quads = (quad for one in literals for quad in self._site.graph.store.quads_for_pattern(None, None, one, None))
        iris = {term_key(quad.subject) for quad in asserted(quads) if quad.predicate.value in self._named}
        ours = sorted(iri for iri in iris if iri.startswith(ID))
        return ours if len(ours) <= _MOST else []


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
