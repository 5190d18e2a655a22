"""The terms of vocabularies whose list is known, and which of them is nearest to a name that is none.

rdflib ships the lists of the vocabularies that most data reuse; a vocabulary whose terms say `rdfs:isDefinedBy` in the
data or their context brings its own, of which nobody knows whether it is whole: profiles define parts of others'.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import pyoxigraph as ox
from rapidfuzz import fuzz, process
from rdflib import namespace

from kg.namespaces import DCAT, RDF, SH

_DEFINED_BY: Final = "http://www.w3.org/2000/01/rdf-schema#isDefinedBy"
_NAME: Final = re.compile(r"(?P<space>.*[#/])(?P<local>[A-Za-z_][\w-]*)", re.DOTALL)
_NEAR: Final = 75
# A name that a growing list lacks may be new, so it counts as misspelt only when it is this near to one of the list.
_VERY_NEAR: Final = 85
_GROWING: Final = (RDF, SH)
# DCAT 3 has, beside dcat:Resource, what rdflib's list (DCAT 2) lacks.
_NEWER: Final[Mapping[str, Collection[str]]] = {DCAT: ("resource",)}
_ALSO: Final = {
    "http://schema.org/": "https://schema.org/",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "https://www.w3.org/2003/01/geo/wgs84_pos#",
}


@dataclass(frozen=True)
class Vocabulary:
    """The local names of a namespace; of a growing one, more may exist."""

    names: Collection[str]
    growing: bool = False

    def nearest(self, local: str) -> str:
        """Return the name most like another, or nothing where none is."""
        cutoff = _VERY_NEAR if self.growing else _NEAR
        same_case_first = sorted(self.names, key=lambda name: name[0].isupper() != local[0].isupper())
        match = process.extractOne(
            local, same_case_first, scorer=fuzz.ratio, score_cutoff=cutoff, processor=str.casefold
        )
        return match[0] if match else ""


@cache
def shipped() -> Mapping[str, Vocabulary]:
    """Return the vocabularies that rdflib lists, by namespace."""
    vocabularies = {}
    for member in vars(namespace).values():
        if (
            inspect.isclass(member)
            and issubclass(member, namespace.DefinedNamespace)
            and member is not namespace.DefinedNamespace
        ):
            space = str(member)
            names = {str(term).removeprefix(space) for term in dir(member)} | set(getattr(member, "_extras", ()))
            growing = space in _GROWING or not getattr(member, "_fail", False)
            vocabularies[space] = Vocabulary(sorted(names.union(_NEWER.get(space, ()))), growing)
    return vocabularies | {space: vocabularies[same] for space, same in _ALSO.items()}


def defined(quads: Iterable[ox.Quad]) -> Mapping[str, Vocabulary]:
    """Return the vocabularies whose terms say by which namespace they are defined (`rdfs:isDefinedBy`)."""
    names: dict[str, set[str]] = {}
    for quad in quads:
        if quad.predicate.value == _DEFINED_BY and isinstance(quad.subject, ox.NamedNode):
            space, local = split(quad.subject.value)
            if isinstance(quad.object, ox.NamedNode) and space.rstrip("#/") == quad.object.value.rstrip("#/"):
                names.setdefault(space, set()).add(local)
    return {space: Vocabulary(sorted(local_names), growing=True) for space, local_names in names.items()}


def split(iri: str) -> tuple[str, str]:
    """Return namespace and local name of an IRI; two empty texts where it ends in no name."""
    match = _NAME.fullmatch(iri)
    return (match["space"], match["local"]) if match else ("", "")
