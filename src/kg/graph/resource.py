"""One resource: what is said of it, in which graph, and what points at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from kg.namespaces import DCT, OWL, SKOS, XSD

_DEPRECATED: Final = ox.NamedNode(OWL + "deprecated")
_REPLACED_BY: Final = ox.NamedNode(DCT + "isReplacedBy")
_CHANGE_NOTE: Final = ox.NamedNode(SKOS + "changeNote")
_TRUE: Final = tuple(ox.Literal(text, datatype=ox.NamedNode(XSD + "boolean")) for text in ("true", "1"))


@dataclass(frozen=True)
class Resource:
    """A resource with its statements.

    Attributes:
        iri: the IRI.
        statements: quads of which it is the subject.
        incoming: quads of which it is the object.

    """

    iri: str
    statements: tuple[ox.Quad, ...]
    incoming: tuple[ox.Quad, ...]

    @property
    def deprecated(self) -> bool:
        """Whether it is withdrawn: `owl:deprecated true` (OWL 2, section 5.5)."""
        return any(quad.predicate == _DEPRECATED and quad.object in _TRUE for quad in self.statements)

    @property
    def successors(self) -> list[str]:
        """IRIs of what replaces it: `dct:isReplacedBy`."""
        replaced = [quad.object for quad in self.statements if quad.predicate == _REPLACED_BY]
        return sorted({node.value for node in replaced if isinstance(node, ox.NamedNode)})

    def reason(self, lang: str) -> str:
        """Return why it is withdrawn, in a language: `skos:changeNote` (SKOS, section 7)."""
        notes = (quad.object for quad in self.statements if quad.predicate == _CHANGE_NOTE)
        return next((note.value for note in notes if isinstance(note, ox.Literal) and note.language == lang), "")

    @property
    def triples(self) -> list[ox.Triple]:
        """All statements as distinct triples, sorted, for serialising."""
        quads: Iterable[ox.Quad] = (*self.statements, *self.incoming)
        return sorted({quad.triple for quad in quads}, key=str)


def find_resource(store: ox.Store, iri: str) -> Resource | None:
    """Return the resource with an IRI, or None where nothing is said of it, or it is no IRI."""
    try:
        node = ox.NamedNode(iri)
    except ValueError:
        return None
    statements = tuple(store.quads_for_pattern(node, None, None, None))
    incoming = tuple(store.quads_for_pattern(None, None, node, None))
    return Resource(iri, _sorted(statements), _sorted(incoming)) if statements or incoming else None


def find_ontology(store: ox.Store, graph: str) -> Resource:
    """Return all that a vocabulary graph says, as one resource named by its graph."""
    return Resource(graph, _sorted(store.quads_for_pattern(None, None, None, ox.NamedNode(graph))), ())


def _sorted(quads: Iterable[ox.Quad]) -> tuple[ox.Quad, ...]:
    return tuple(sorted(quads, key=lambda quad: (str(quad.predicate), str(quad))))
