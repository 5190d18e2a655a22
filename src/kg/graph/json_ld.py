"""JSON-LD as developers like it: short keys and ids by `ontology/context.jsonld`, and one tree for one thing.

It does what the Compaction Algorithm (JSON-LD 1.1 API, section 5.6) does for contexts that hold prefixes and terms with
`@type` and `@container` (`@language`, `@set`), in a hundredth of the time of a general processor; tests read it back
with such processors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.files import read_text
from kg.namespaces import ID, RDF_TYPE, XSD
from kg.rdf_terms import prefixed_name, term_key

CONTEXT: Final = "context.jsonld"
# The profiles that a client may ask for (JSON-LD 1.1, appendix C): the first two without context, the others with it.
FORMS: Final = tuple(
    f"http://www.w3.org/ns/json-ld#{form}" for form in ("expanded", "flattened", "compacted", "framed")
)
_ANY: Final[Mapping[str, str]] = {}
_RELATIVE: Final = re.compile(r"[\w.~-]+(/[\w.~-]+)*")  # What cannot be taken for another IRI, or for a prefix.
_INTEGER: Final = re.compile(r"0|-?[1-9]\d{0,14}")  # In canonical form, and exact in JavaScript.
Node = dict[str, Any]
Terms = Iterable[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]


class JsonLdContext:
    """The terms by which JSON-LD is short.

    Arguments:
        path: a file with a context; it has no `@base`, which documents add.

    Raises:
        SourceError: the file cannot be read.

    """

    def __init__(self, path: Path) -> None:
        self.data = read_text(path).encode()
        entries = json.loads(self.data)["@context"]
        self._prefixes = {
            name: value for name, value in entries.items() if isinstance(value, str) and value.endswith(("#", "/"))
        }
        self.terms: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for name, value in entries.items():
            definition = {"@id": value} if isinstance(value, str) else value
            if name not in self._prefixes and isinstance(definition, dict):
                self.terms[self._expanded(definition["@id"])] = name, definition

    def _expanded(self, iri: str) -> str:
        prefix, _, local = iri.partition(":")
        return self._prefixes[prefix] + local if prefix in self._prefixes else iri

    def document(self, triples: Iterable[ox.Triple], context: str, root: str = "") -> Node:
        """Return triples as a compacted document.

        Arguments:
            triples: what is said.
            context: the address of the context.
            root: IRI of the thing that is the document, whatever refers to it; without one, all subjects are in it.

        """
        head: Node = {"@context": [context, {"@base": ID}]}
        nodes: dict[str, dict[str, list[Any]]] = {}
        incoming: dict[str, list[str]] = {}
        for triple in triples:
            subject, predicate = term_key(triple.subject), triple.predicate.value
            if root and subject != root:
                incoming.setdefault(predicate, []).append(subject)
            else:
                nodes.setdefault(subject, {}).setdefault(predicate, []).append(triple.object)
        if not root:
            return head | {"@graph": [self._node(iri, said) for iri, said in nodes.items()]}
        linked = {key: values for name, iris in incoming.items() for key, values in self._linked(name, iris)}
        node = self._node(root, nodes.get(root, {}))
        return head | node | ({self._reverse: linked} if linked else {})

    @cached_property
    def _reverse(self) -> str:
        return self.terms["@reverse"][0]

    def _linked(self, predicate: str, iris: list[str]) -> Iterable[tuple[str, list[Any]]]:
        key, definition = self._term(predicate)
        if "@language" in _containers(definition):
            key, definition = self._plain(predicate), _ANY
        plain = definition.get("@type") == "@id"
        yield key, [_id(iri) if plain else {"id": _id(iri)} for iri in iris]

    def _term(self, predicate: str) -> tuple[str, Mapping[str, Any]]:
        return self.terms.get(predicate, (self._plain(predicate), _ANY))

    def _plain(self, iri: str) -> str:
        return prefixed_name(iri, self._prefixes) or iri

    def _node(self, iri: str, said: Mapping[str, list[Any]]) -> Node:
        node: Node = {"id": _id(iri)}
        if RDF_TYPE in said:
            node["type"] = [self._term(term_key(kind))[0] for kind in said[RDF_TYPE]]
        for predicate, terms in said.items():
            if predicate != RDF_TYPE:
                node |= self._values(predicate, terms)
        return node

    def _values(self, predicate: str, terms: Terms) -> Node:
        key, definition = self._term(predicate)
        containers = _containers(definition)
        if "@language" not in containers:
            values = [self._value(term, definition) for term in terms]
            return {key: _unwrapped(values, "@set" in containers)}
        texts: dict[str, list[str]] = {}
        others = []
        for term in terms:
            if isinstance(term, ox.Literal) and (term.language or term.datatype.value == XSD + "string"):
                texts.setdefault(term.language or "@none", []).append(term.value)
            else:
                others.append(self._value(term, _ANY))
        by_language = {tag: _unwrapped(held, "@set" in containers) for tag, held in texts.items()}
        return ({key: by_language} if texts else {}) | ({self._plain(predicate): others} if others else {})

    def _value(self, term: object, definition: Mapping[str, Any]) -> Any:
        """Return a value as a term says it, or as a node or value object where it is of another type (section 6.7)."""
        coerced = definition.get("@type", "")
        if not isinstance(term, ox.Literal):
            iri = term_key(term)  # type: ignore[arg-type]
            return _id(iri) if coerced == "@id" else {"id": _id(iri)}
        if term.language:
            return {"@value": term.value, "@language": term.language}
        datatype = term.datatype.value
        if coerced:
            fits = self._expanded(coerced) == datatype
            return term.value if fits else {"@value": term.value, "type": self._plain(datatype)}
        native = _NATIVE[datatype](term.value) if datatype in _NATIVE else None
        return {"@value": term.value, "type": self._plain(datatype)} if native is None else native


_NATIVE: Final[Mapping[str, Callable[[str], Any]]] = {
    XSD + "string": str,
    XSD + "boolean": {"true": True, "false": False}.get,
    XSD + "integer": lambda text: int(text) if _INTEGER.fullmatch(text) else None,
}


def _containers(definition: Mapping[str, Any]) -> Any:
    return definition.get("@container", ())


def _unwrapped(values: list[Any], always: bool) -> Any:
    return values if always or len(values) != 1 else values[0]


def _id(iri: str) -> str:
    """Return an IRI below `/id/` relative to that, and any other as it is."""
    short = iri.removeprefix(ID)
    return short if short != iri and _RELATIVE.fullmatch(short) else iri


def expanded(triples: Iterable[ox.Triple]) -> list[Node]:
    """Return triples in expanded form, each subject once, which is the flattened form too (section 7.1)."""
    nodes: dict[str, Node] = {}
    for triple in triples:
        subject, predicate, value = term_key(triple.subject), triple.predicate.value, triple.object
        node = nodes.setdefault(subject, {"@id": subject})
        if isinstance(value, ox.Literal):
            node.setdefault(predicate, []).append(_expanded_literal(value))
        elif predicate == RDF_TYPE:
            node.setdefault("@type", []).append(term_key(value))
        else:
            node.setdefault(predicate, []).append({"@id": term_key(value)})
    return list(nodes.values())


def _expanded_literal(term: ox.Literal) -> Node:
    if term.language:
        return {"@value": term.value, "@language": term.language}
    datatype = term.datatype.value
    return {"@value": term.value} | ({} if datatype == XSD + "string" else {"@type": datatype})
