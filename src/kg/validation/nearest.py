"""What is known and most like a name that is not: an IRI to which no file gives a class, an undeclared prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

import pyoxigraph as ox

from kg.labels import most_like
from kg.namespaces import RDF_TYPE
from kg.rdf_terms import prefixed_name
from kg.validation.documents import Document
from kg.validation.findings import Finding

NEAREST: Final = {"en": "nearest", "nl": "het dichtst erbij"}
_DECLARE: Final = {"en": "add", "nl": "voeg toe"}
_UNDECLARED: Final = re.compile(r"The prefix (\S*): has not been declared")


class Nearest:
    """Says of findings which known name is nearest to the one that is wrong.

    Arguments:
        documents: all files as read; what has a class in one of them is known.
        namespaces: only IRIs that begin so are looked at.
        lang: language of hints, `nl` or `en`.

    """

    def __init__(self, documents: Sequence[Document], namespaces: Sequence[str], lang: str) -> None:
        self._documents, self._namespaces, self._lang = documents, tuple(namespaces), lang

    def add(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings, with the nearest known name in the hint where a name is not known."""
        for finding in findings:
            hints = filter(None, (finding.hint, self._for_prefix(finding) or self._for_iri(finding)))
            yield replace(finding, hint=" ".join(hints))

    @cached_property
    def _known(self) -> Mapping[str, list[str]]:
        """Names with a class, by namespace, without it."""
        named = {quad.subject for document in self._documents for quad in document.quads if _gives_class(quad)}
        known = sorted(term.value for term in named if isinstance(term, ox.NamedNode))
        return {
            space: [iri.removeprefix(space) for iri in known if iri.startswith(space)] for space in self._namespaces
        }

    def _for_iri(self, finding: Finding) -> str:
        """A name that is wrong is the value; where it has a class or there is none, the focus may lack one."""
        for iri in (finding.value, finding.focus):
            space = next((space for space in self._namespaces if iri.startswith(space)), "")
            if space and (name := iri.removeprefix(space)) not in self._known[space]:
                near = most_like(name, self._known[space])
                return f"{NEAREST[self._lang]}: {self._short(space + near, finding.file)}" if near else ""
        return ""

    def _for_prefix(self, finding: Finding) -> str:
        undeclared = _UNDECLARED.search(finding.value) if finding.shape == "syntax" else None
        if not undeclared:
            return ""
        prefixes = self._prefixes(finding.file)
        if spaces := prefixes.get(undeclared[1]):
            declarations = [f"@prefix {undeclared[1]}: <{space}> ." for space in spaces]
            return f"{_DECLARE[self._lang]}: {declarations[0]}" if len(declarations) == 1 else ""
        near = most_like(undeclared[1], sorted(prefixes))
        return f"{NEAREST[self._lang]}: {near}:" if near else ""

    def _prefixes(self, file: str) -> dict[str, set[str]]:
        """Prefix to namespaces: those of the graph of a file win over those of others."""
        graph = next((document.input.graph for document in self._documents if document.name == file), "")
        own: dict[str, set[str]] = {}
        other: dict[str, set[str]] = {}
        for document in self._documents:
            for prefix, space in document.prefixes.items():
                (own if document.input.graph == graph else other).setdefault(prefix, set()).add(space)
        return other | own

    def _short(self, iri: str, file: str) -> str:
        prefixes = {prefix: min(spaces) for prefix, spaces in self._prefixes(file).items() if len(spaces) == 1}
        return prefixed_name(iri, prefixes) or f"<{iri}>"


def _gives_class(quad: ox.Quad) -> bool:
    return quad.predicate.value == RDF_TYPE
