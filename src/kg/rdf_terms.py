"""RDF terms as the engine gives them: their types, their names, and what a store says along one property.

`Term` and `Node` are the unions of types; `local_name`, `prefixed_name`, `is_iri` and `term_key` give names; `objects`,
`first_object`, `object_key` and `list_members` read a store, `asserted` leaves out what the ontology entails;
`language_of` and `texts_by_language` read literals.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from kg.namespaces import ENTAILED_GRAPH, RDF

Node = ox.NamedNode | ox.BlankNode
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_ENTAILED: Final = ox.NamedNode(ENTAILED_GRAPH)
_FIRST, _REST, _NIL = RDF + "first", RDF + "rest", RDF + "nil"
_PLAIN_LOCAL: Final = re.compile(r"\w[\w-]*")  # Part of PN_LOCAL: a local name that needs no escape.


def local_name(iri: str) -> str:
    """Return what follows the last `#` or `/` of an IRI."""
    return iri.rstrip("/#").replace("#", "/").rpartition("/")[2]


def prefixed_name(iri: str, prefixes: Mapping[str, str]) -> str:
    """Return an IRI as `prefix:local`, or an empty text where no namespace fits (SPARQL 1.1, section 4.1.1).

    Arguments:
        iri: the IRI.
        prefixes: prefix to namespace; of those that leave a local name without need of an escape, the longest counts.

    >>> prefixed_name("http://example.org/a/b", {"ex": "http://example.org/", "a": "http://example.org/a/"})
    'a:b'

    """
    fitting = sorted(((space, prefix) for prefix, space in prefixes.items() if iri.startswith(space)), reverse=True)
    names = ((prefix, iri.removeprefix(space)) for space, prefix in fitting)
    return next((f"{prefix}:{local}" for prefix, local in names if _PLAIN_LOCAL.fullmatch(local)), "")


def is_iri(text: str) -> bool:
    """Return whether a text is an absolute IRI (RFC 3987)."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def term_key(term: Term | ox.DefaultGraph) -> str:
    """Return a text that names a term among others: the IRI itself, and any other term as N-Triples writes it."""
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def asserted(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield the quads without those that only the ontology entails, which say nothing new of a thing."""
    return (quad for quad in quads if quad.graph_name != _ENTAILED)


def objects(store: ox.Store, subject: Term | None, predicate: str) -> Iterator[Term]:
    """Yield the values of a property, from all graphs; a literal, a triple or nothing has none."""
    if isinstance(subject, ox.NamedNode | ox.BlankNode):
        yield from (quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None, None))


def first_object(store: ox.Store, subject: Term | None, predicate: str) -> Term | None:
    """Return one value of a property, or None; of several, any."""
    return next(objects(store, subject, predicate), None)


def object_key(store: ox.Store, subject: Term | None, predicate: str) -> str:
    """Return one value of a property as `term_key` names it, or an empty text."""
    value = first_object(store, subject, predicate)
    return "" if value is None else term_key(value)


def list_members(store: ox.Store, head: Term | None) -> Iterator[Term]:
    """Yield the members of an `rdf:List` in order (RDF Schema 1.1, section 5.2); one that runs in a circle ends there.

    Arguments:
        store: holds the list.
        head: the node where it begins; what is no list has no members.

    """
    seen: set[Term] = set()
    while head is not None and head not in seen and head != ox.NamedNode(_NIL):
        seen.add(head)
        member = first_object(store, head, _FIRST)
        if member is not None:
            yield member
        head = first_object(store, head, _REST)


def language_of(term: object) -> str:
    """Return the language tag of a literal; empty for one without, and for any other term."""
    return (term.language or "") if isinstance(term, ox.Literal) else ""


def texts_by_language(terms: Iterable[object]) -> dict[str, str]:
    """Return language tag to text of the literals among terms, an empty tag for none; of several, the first counts."""
    texts: dict[str, str] = {}
    for term in terms:
        if isinstance(term, ox.Literal):
            texts.setdefault(term.language or "", term.value)
    return texts
