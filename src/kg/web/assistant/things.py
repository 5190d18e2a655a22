"""What is said of one thing, as assistants get it: statements by property, each group with its kind and passages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg.graph.facts import Support
from kg.namespaces import DCT, KB, OWL, PROV, QB, RDF, RDF_TYPE, SKOS, SSSOM
from kg.rdf_terms import Term, asserted, local_name, objects, term_key
from kg.web.assistant.citations import Payload, cited, kinds_of, names_of, passages_of, short, size_of
from kg.web.assistant.tables import fitting
from kg.web.site import Site

_VALUES: Final = 8
_TOLD: Final = frozenset({RDF_TYPE, SKOS + "inScheme", DCT + "source", KB + "states"})
_ABOUT_STATEMENTS: Final = (RDF, SSSOM, PROV, OWL + "annotated", KB + "via", DCT + "source", KB + "states")
_FIRST: Final = (SKOS + "definition", KB + "asPrinted", KB + "abbreviation")
_NO_STATEMENT: Final = ("evidence", "entailed", "catalogue")


@dataclass
class _Group:
    """Values of one property of one kind, in one publication or outside of them."""

    values: dict[str, None] = field(default_factory=dict)
    passages: dict[str, None] = field(default_factory=dict)


def describe(site: Site, iri: str, lang: str, size: int) -> Payload:
    """Return what is said of a thing and what points at it, as far as there is room; it says what is left out.

    Arguments:
        site: what is served.
        iri: of a thing of which something is said.
        lang: language of labels.
        size: characters at most, about.

    """
    said, pointing = _said(site, iri, lang), _pointing(site, iri, lang)
    payload = head(site, iri, lang)
    room = size - size_of(payload)
    shown = list(fitting(said, room * 3 // 4 if pointing else room))
    more = list(fitting(pointing, room - size_of(shown))) if pointing else []
    payload |= {"statements": shown, "statements_in_all": len(said)}
    payload |= {"mentioned_by": more, "mentioned_by_in_all": len(pointing)} if pointing else {}
    names = [name for group in (*shown, *more) for name in group.get("passages", ())]
    return payload | cited(site, names, lang, max(size - size_of(payload), size // 4))


def head(site: Site, iri: str, lang: str) -> Payload:
    """Return what a thing is called, of which class it is, and of which kind that statement is."""
    own = [site.facts.support(quad) for quad in site.own_statements(ox.NamedNode(iri))]
    kind = {"kind": kinds_of(site, own, lang)} if own else {}
    return {"id": short(site, iri), "name": site.labels.get(iri, lang)[0], "type": type_of(site, iri, lang)} | kind


def type_of(site: Site, iri: str, lang: str) -> str:
    """Return what a thing is, in words."""
    classes = [one for one in site.facts.classes(iri) if one.startswith(KB)] or site.facts.classes(iri)
    return site.labels.get(classes[0], lang)[0] if classes else ""


def words_of(site: Site, iri: str, lang: str) -> Payload:
    """Return a claim, signal, figure or cited work: what the editors call it, and what is printed."""
    node, store = ox.NamedNode(iri), site.graph.store
    own = [site.facts.support(quad) for quad in site.own_statements(node)]
    printed = sorted(term.value for term in objects(store, node, KB + "asPrinted") if isinstance(term, ox.Literal))
    value, unit = (next(iter(objects(store, node, KB + name)), None) for name in ("value", "unit"))
    payload: Payload = {
        "id": short(site, iri),
        "type": type_of(site, iri, lang),
        "summary": site.labels.get(iri, lang)[0],
    }
    payload |= {"printed": printed} if printed else {}
    if isinstance(value, ox.Literal):
        payload["value"] = f"{value.value} {site.labels.get(term_key(unit), lang)[0] if unit else ''}".strip()
    return payload | {"kind": kinds_of(site, own, lang), "passages": names_of(passages_of(own))}


def _said(site: Site, iri: str, lang: str) -> list[Payload]:
    quads = asserted(site.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None))
    told = (quad for quad in quads if quad.predicate.value not in _TOLD and quad.object != _name(site, iri, lang))
    groups = _grouped(site, ((quad.predicate.value, quad, quad.object) for quad in told), lang)
    return [_payload(site.labels.get(key[0], lang)[0], key, group) for key, group in groups]


def _name(site: Site, iri: str, lang: str) -> ox.Literal:
    text, tag = site.labels.get(iri, lang)
    return ox.Literal(text, language=tag) if tag else ox.Literal(text)


def _pointing(site: Site, iri: str, lang: str) -> list[Payload]:
    quads = asserted(site.graph.store.quads_for_pattern(None, None, ox.NamedNode(iri), None))
    told = (
        quad
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and not quad.predicate.value.startswith(_ABOUT_STATEMENTS)
    )
    groups = _grouped(site, ((quad.predicate.value, quad, quad.subject) for quad in told), lang)
    return [_payload(_backwards(site, key[0], lang), key, group) for key, group in groups]


def _backwards(site: Site, predicate: str, lang: str) -> str:
    named = site.views.backwards.get(predicate, {}).get(lang)
    return named or f"← {site.labels.get(predicate, lang)[0]}"


def _grouped(
    site: Site, items: Iterable[tuple[str, ox.Quad, Term]], lang: str
) -> list[tuple[tuple[str, str, str], _Group]]:
    """Return statements by property, kind and graph: what defines first, then what is stated."""
    groups: dict[tuple[str, str, str], _Group] = {}
    for predicate, quad, value in sorted(items, key=str):
        support = site.facts.support(quad)
        if local_name(support.kind) in _NO_STATEMENT:
            continue
        key = predicate, kinds_of(site, [support], lang), _publication(site, support)
        group = groups.setdefault(key, _Group())
        group.values[_value(site, value, lang)] = None
        group.passages |= dict.fromkeys(support.passages)
    return sorted(
        groups.items(), key=lambda item: (item[0][0] not in _FIRST, not item[0][1].startswith("stated"), item[0])
    )


def _publication(site: Site, support: Support) -> str:
    publication = site.publication_of_graph.get(support.graph)
    return local_name(publication.iri) if publication else ""


def _value(site: Site, value: Term, lang: str) -> str:
    if isinstance(value, ox.NamedNode):
        printed = [term.value for term in objects(site.graph.store, value, KB + "asPrinted") if _is_figure(site, value)]  # type: ignore[union-attr]
        figure = f": {', '.join(sorted(printed))}" if printed else ""
        return f"{site.labels.get(value.value, lang)[0]}{figure} <{short(site, value.value)}>"
    if isinstance(value, ox.Literal):
        return value.value + (f"@{value.language}" if value.language and value.language != lang else "")
    return str(value)


def _is_figure(site: Site, node: ox.NamedNode) -> bool:
    return not {KB + "Figure", QB + "Observation"}.isdisjoint(site.facts.classes(node.value))


def _payload(name: str, key: tuple[str, str, str], group: _Group) -> Payload:
    values = list(group.values)
    payload: Payload = {"property": name, "values": values[:_VALUES]}
    payload |= {"values_in_all": len(values)} if len(values) > _VALUES else {}
    payload |= {"kind": key[1]} | ({"publication": key[2]} if key[2] else {})
    return payload | ({"passages": names_of(group.passages)} if group.passages else {})
