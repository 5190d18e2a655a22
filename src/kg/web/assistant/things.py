"""What is said of one thing, as assistants get it: statements by property, each group with its kind and passages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pyoxigraph as ox

from kg.graph.facts import Support
from kg.namespaces import DCT, KB, OWL, PROV, QB, RDF, RDF_TYPE, RDFS_LABEL, SKOS, SSSOM
from kg.rdf_terms import Term, asserted, local_name, objects, term_key
from kg.web.assistant.citations import Payload, kinds_of, names_of, passages_of, short, size_of, with_passages
from kg.web.assistant.tables import fitting
from kg.web.site import Site

_VALUES: Final = 8
_FEW_VALUES: Final = 4
_SEVERAL: Final = 2
_BOUND: Final = re.compile(r" <[^/>]+/[^/>]+/[^>]+>$")  # What only one publication has.
_FRAME: Final = 100  # Characters around statements.
_TOLD: Final = frozenset({RDF_TYPE, SKOS + "inScheme", DCT + "source", KB + "states"})
_ABOUT_STATEMENTS: Final = (RDF, SSSOM, PROV, OWL + "annotated", KB + "via", DCT + "source", KB + "states")
_SAYING: Final = (SKOS + "definition", KB + "abbreviation", KB + "about")  # What it is, and what is claimed of it.
_NAMES: Final = (*(SKOS + name for name in ("prefLabel", "altLabel", "hiddenLabel")), RDFS_LABEL, KB + "mentionedAs")
_VALUED: Final = ("value", "unit")
SAYINGS: Final = frozenset(KB + name for name in ("Claim", "LabourMarketSignal", "Figure", "Task")) | {
    QB + "Observation"
}
_Named = tuple[tuple[str, str, str], Payload]  # Property, kind and publication, and their values.
Worth = Callable[[str], float]
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
    drawn = list(_drawn_from(site, iri, lang)) if iri in site.passages else []
    payload = about(site, iri, lang, size * 3 // 4 - (size // 2 if drawn else 0))
    if drawn:
        shown = list(fitting(drawn, size // 2))
        payload |= {"drawn_from_it": shown, "drawn_from_it_in_all": len(drawn)}
    return with_passages(site, payload, lang, size)


def about(site: Site, iri: str, lang: str, size: int, worth: Worth | None = None) -> Payload:
    """Return statements of a thing and what points at it, those first that tell most.

    Arguments:
        site: what is served.
        iri: of a thing of which something is said.
        lang: language of labels.
        size: characters at most, about.
        worth: how much a text holds of what is asked; then what holds more stands first, and other names and mappings
            are left out.

    """
    order, whole = _Order(site, iri), worth is None
    said, pointing = _said(site, iri, lang, order), _pointing(site, iri, lang, order)
    payload = head(site, iri, lang)
    room = size - size_of(payload) - _FRAME
    if worth is None:
        shown, more = _whole(said, pointing, order, room)
    else:
        shown = list(_chosen(_kept(said, order, worth), room * 3 // 4 if pointing else room))
        more = list(_chosen(_kept(pointing, order, worth), room - size_of(shown)))
    payload |= {"statements": shown} if shown else {}
    payload |= {"statements_in_all": len(said)} if whole or len(shown) < len(said) else {}
    payload |= {"mentioned_by": more} if more else {}
    return payload | (
        {"mentioned_by_in_all": len(pointing)} if pointing and (whole or len(more) < len(pointing)) else {}
    )


def _whole(said: list[_Named], pointing: list[_Named], order: _Order, room: int) -> tuple[list[Payload], list[Payload]]:
    """Return groups of statements, each with so many values that all that tell something have room.

    What has none even so is left out. Where one publication states all, the groups need not name it.
    """
    if len({group.get("publication", "") for _, group in (*said, *pointing)} - {""}) < _SEVERAL:
        said, pointing = ([(key, _unnamed(group)) for key, group in groups] for groups in (said, pointing))
    for most in (_VALUES, _FEW_VALUES, _FEW_VALUES // 2):
        shown, more = ([_cut(group, most) for _, group in groups] for groups in (said, pointing))
        telling = [group for group, (key, _) in zip(shown, said, strict=True) if not order.repeats(key)]
        if size_of([telling, more]) <= room:
            break
    shown = list(fitting(shown, max(room - size_of(more), room // 2)))
    return shown, list(fitting(more, room - size_of(shown)))


def _kept(groups: Iterable[_Named], order: _Order, worth: Worth) -> list[Payload]:
    """Return groups of statements; of those that repeat nothing, values and groups first that are worth more."""
    kept = [
        _unnamed(group) | {"values": sorted(group["values"], key=lambda value: -worth(value))}
        for key, group in groups
        if not order.repeats(key)
    ]
    kept.sort(key=lambda group: -worth(" ".join((group["property"], *group["values"]))))
    return [_cut(group, _FEW_VALUES) for group in kept]


def _chosen(groups: Iterable[Payload], size: int) -> Iterator[Payload]:
    """Yield the groups for which there is room, if any."""
    room = size
    for group in groups:
        if (taken := size_of(group) + 1) <= room:
            room -= taken
            yield group


def _unnamed(group: Payload) -> Payload:
    return {name: value for name, value in group.items() if name != "publication"}


def _cut(group: Payload, most: int) -> Payload:
    """Return a group with some of its values; where they are few, what only one publication has has no IRI."""
    values = group["values"] if most == _VALUES else [_BOUND.sub("", value) for value in group["values"]]
    more = {"values_in_all": len(values)} if len(values) > most else {}
    return group | {"values": values[:most]} | more


def _drawn_from(site: Site, passage: str, lang: str) -> Iterator[Payload]:
    """Yield what is drawn from a passage: claims, signals, figures and other things, then the other statements."""
    things = site.facts.things_at(passage)
    for iri in sorted(things, key=lambda iri: SAYINGS.isdisjoint(site.facts.classes(iri))):
        telling = not SAYINGS.isdisjoint(site.facts.classes(iri))
        payload = words_of(site, iri, lang) if telling else head(site, iri, lang)
        yield {key: value for key, value in payload.items() if key != "passages"}
    for relation in site.facts.drawn_from(passage):
        name, property_name, value = (site.labels.get(term, lang)[0] for term in relation.triple)
        yield {"id": short(site, relation.triple[0]), "says": f"{name}: {property_name} {value}", "kind": "stated"}


class _Order:
    """How much the properties of a thing tell: its key facts most, then what else its page shows, in that order."""

    def __init__(self, site: Site, iri: str) -> None:
        view = site.views.find(site.facts.classes(iri))
        fields = sorted(
            (view.fields if view else ()),
            key=lambda one: ("KeyInfoRole" not in one.roles, one.group.order, one.order),
        )
        steps = [step for one in fields for steps in one.path for step in steps[:1]]
        self._places = {step.predicate: at for at, step in reversed(list(enumerate(steps)))}

    def of(self, key: tuple[str, str, str]) -> tuple[Any, ...]:
        """Return by what statements of a property, kind and graph are sorted."""
        property_iri, kind, _ = key
        place = -1 if property_iri in _SAYING else self._places.get(property_iri, len(self._places))
        return self.repeats(key), property_iri in _NAMES, place, not kind.startswith("stated"), key

    @staticmethod
    def repeats(key: tuple[str, str, str]) -> bool:
        """Whether it is another name of the thing, a mapping, or how the editors came to it."""
        return key[0] in (*_NAMES, KB + "method") or key[1] == "mapping"


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
    """Return a claim, signal, figure, observation or cited work in one line.

    It has what the editors call it, what is printed, its value with unit, period and scope, and who says it.
    """
    node, store = ox.NamedNode(iri), site.graph.store
    own = [site.facts.support(quad) for quad in site.own_statements(node)]
    printed = sorted(term.value for term in objects(store, node, KB + "asPrinted") if isinstance(term, ox.Literal))
    summary = site.labels.get(iri, lang)[0]
    payload: Payload = {"id": short(site, iri), "type": type_of(site, iri, lang), "summary": summary}
    payload |= {"printed": printed} if printed else {}
    payload |= _measured(site, node, lang) if _is_figure(site, node) else {}
    by = sorted(site.labels.get(term_key(term), lang)[0] for term in objects(store, node, KB + "claimedBy"))
    payload |= {"said_by": by} if by else {}
    return payload | {"kind": kinds_of(site, own, lang), "passages": names_of(passages_of(own))}


def _measured(site: Site, node: ox.NamedNode, lang: str) -> dict[str, str]:
    """Return the value of a figure or observation with its unit, and the other key facts that its name does not say."""
    values, others = [], []
    summary = site.labels.get(node.value, lang)[0].casefold()
    for key_fact, facts in site.key_facts(node):
        terms = [fact.value for fact in facts]
        names = [t.value if isinstance(t, ox.Literal) else site.labels.get(term_key(t), lang)[0] for t in terms]
        if key_fact.slug in _VALUED:
            values += names
        elif any(isinstance(term, ox.Literal) and not term.language for term in terms):
            values.append(f"{site.labels.get(key_fact.path[0][0].predicate, lang)[0]}: {', '.join(names)}")
        elif key_fact.slug != "about":
            others += [name for name in names if name.casefold() not in summary]
    payload = {"value": " ".join(values)} if values else {}
    return payload | ({"of": "; ".join(others)} if others else {})


def _said(site: Site, iri: str, lang: str, order: _Order) -> list[_Named]:
    quads = asserted(site.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None))
    told = [quad for quad in quads if quad.predicate.value not in _TOLD and quad.object != _name(site, iri, lang)]
    own = {quad.predicate for quad in told if _language(quad.object) == lang}
    told = [quad for quad in told if _language(quad.object) in ("", lang) or quad.predicate not in own]
    groups = _grouped(site, ((quad.predicate.value, quad, quad.object) for quad in told), lang, order)
    return [(key, _payload(site.labels.get(key[0], lang)[0], key, group)) for key, group in groups]


def _language(value: Term) -> str:
    return value.language or "" if isinstance(value, ox.Literal) else ""


def _name(site: Site, iri: str, lang: str) -> ox.Literal:
    text, tag = site.labels.get(iri, lang)
    return ox.Literal(text, language=tag) if tag else ox.Literal(text)


def _pointing(site: Site, iri: str, lang: str, order: _Order) -> list[_Named]:
    quads = asserted(site.graph.store.quads_for_pattern(None, None, ox.NamedNode(iri), None))
    told = (
        quad
        for quad in quads
        if isinstance(quad.subject, ox.NamedNode) and not quad.predicate.value.startswith(_ABOUT_STATEMENTS)
    )
    groups = _grouped(site, ((quad.predicate.value, quad, quad.subject) for quad in told), lang, order)
    return [(key, _payload(_backwards(site, key[0], lang), key, group)) for key, group in groups]


def _backwards(site: Site, predicate: str, lang: str) -> str:
    named = site.views.backwards.get(predicate, {}).get(lang)
    return named or f"← {site.labels.get(predicate, lang)[0]}"


def _grouped(
    site: Site, items: Iterable[tuple[str, ox.Quad, Term]], lang: str, order: _Order
) -> list[tuple[tuple[str, str, str], _Group]]:
    """Return statements by property, kind and graph, those first that tell most."""
    groups: dict[tuple[str, str, str], _Group] = {}
    for predicate, quad, value in sorted(items, key=str):
        support = site.facts.support(quad)
        if local_name(support.kind) in _NO_STATEMENT:
            continue
        key = predicate, kinds_of(site, [support], lang), _publication(site, support)
        group = groups.setdefault(key, _Group())
        group.values[_value(site, value, lang)] = None
        group.passages |= dict.fromkeys(support.passages)
    return sorted(groups.items(), key=lambda item: order.of(item[0]))


def _publication(site: Site, support: Support) -> str:
    publication = site.publication_of_graph.get(support.graph)
    return local_name(publication.iri) if publication else ""


def _value(site: Site, value: Term, lang: str) -> str:
    if isinstance(value, ox.NamedNode):
        printed = [term.value for term in objects(site.graph.store, value, KB + "asPrinted") if _is_figure(site, value)]  # type: ignore[union-attr]
        figure = f": {', '.join(sorted(printed))}" if printed else ""
        return f"{site.labels.get(value.value, lang)[0]}{figure} <{short(site, value.value)}>"
    if isinstance(value, ox.Literal):
        return value.value
    return str(value)


def _is_figure(site: Site, node: ox.NamedNode) -> bool:
    return not {KB + "Figure", QB + "Observation"}.isdisjoint(site.facts.classes(node.value))


def _payload(name: str, key: tuple[str, str, str], group: _Group) -> Payload:
    payload: Payload = {"property": name, "values": list(group.values), "kind": key[1]}
    payload |= {"publication": key[2]} if key[2] else {}
    return payload | ({"passages": names_of(group.passages)} if group.passages else {})
