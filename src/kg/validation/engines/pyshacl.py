"""pyshacl over a plain in-memory rdflib graph: the reference."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyoxigraph as ox
import pyshacl
import pyshacl.shape
import rdflib
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS, CONSTRAINT_PARAMETERS_MAP
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError
from rdflib.term import BNode, Literal, Node, URIRef

from kg.errors import SourceError
from kg.rdf_terms import Term, term_key
from kg.validation.engines.progress import SPARQL_TEXTS, Progress, no_progress


def to_rdflib(quads: Iterable[ox.Quad | ox.Triple], graph: rdflib.Graph | None = None) -> rdflib.Graph:
    """Return triples as a plain in-memory rdflib graph, literals as written.

    pyshacl over Oxigraph stores gives false findings, and rdflib rewrites ill-typed literals unless told not to.
    """
    graph = rdflib.Graph() if graph is None else graph
    nodes: dict[object, Node] = {}
    for quad in quads:
        terms = []
        for term in (quad.subject, quad.predicate, quad.object):
            node = nodes.get(term)
            if node is None:
                node = nodes[term] = _node(term)
            terms.append(node)
        graph.add((terms[0], terms[1], terms[2]))
    return graph


def _node(term: Term) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.Literal):
        plain = term.language or term.datatype.value.endswith("#string")
        datatype = None if plain else URIRef(term.datatype.value)
        return Literal(term.value, lang=term.language, datatype=datatype, normalize=False)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    raise SourceError("triple terms are not supported", where=str(term), hint="use RDF 1.1")


class _Watched(rdflib.Graph):
    """A graph that tells which query begins and ends."""

    progress: Progress = staticmethod(no_progress)
    names: Callable[[str], str] = str

    def query(self, query_object: Any, *arguments: Any, **options: Any) -> Any:
        name = self.names(str(query_object))
        self.progress(name, True)
        result = super().query(query_object, *arguments, **options)
        if result.type == "SELECT":
            len(result)  # Evaluation is lazy: without this, the query would only begin here.
        self.progress(name, False)
        return result


class _QuickList(list[Any]):
    """A list that knows its members by hash: pyshacl asks it a million times, at 30 comparisons each."""

    def __init__(self, members: Iterable[Any]) -> None:
        super().__init__(members)
        self._members = frozenset(self)

    def __contains__(self, member: object) -> bool:
        return member in self._members


def run_pyshacl(data: bytes, shapes: Iterable[ox.Triple], progress: Progress = no_progress) -> Iterator[ox.Triple]:
    """Yield the validation report of pyshacl (SHACL Core and SHACL-SPARQL).

    Arguments:
        data: the triples to check, as N-Triples.
        shapes: the shapes graph.
        progress: gets the name of each SPARQL constraint that begins (True) and ends (False).

    Raises:
        SourceError: pyshacl cannot use the shapes.

    """
    logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)
    pyshacl.shape.module.CONSTRAINT_PARAMS = (  # type: ignore[attr-defined]
        _QuickList(ALL_CONSTRAINT_PARAMETERS),
        CONSTRAINT_PARAMETERS_MAP,
    )
    rules = list(shapes)
    graph = _Watched()
    graph.progress, graph.names = progress, _namer(rules)
    rdflib.NORMALIZE_LITERALS = False
    to_rdflib(ox.parse(data, format=ox.RdfFormat.N_TRIPLES), graph)
    try:
        _, report, _ = pyshacl.validate(graph, shacl_graph=to_rdflib(rules), inference="none", inplace=True)
    except (ReportableRuntimeError, ShapeLoadError, ConstraintLoadError, NotImplementedError) as error:
        raise SourceError(str(error), where="shapes", hint="mend the shapes") from error
    finally:
        rdflib.NORMALIZE_LITERALS = False
    if not isinstance(report, rdflib.Graph):
        raise SourceError(str(report), where="shapes", hint="mend the shapes")
    text = report.serialize(format="nt", encoding="utf-8")
    yield from (quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES))


def _namer(rules: Iterable[ox.Triple]) -> Callable[[str], str]:
    """Return what names the SPARQL constraint to which a query text belongs; pyshacl adds prefixes and fills $PATH."""
    patterns = [
        (
            re.compile(r".+?".join(map(re.escape, re.split(r"[?$]PATH\b", triple.object.value.strip()))), re.DOTALL),
            triple,
        )
        for triple in rules
        if triple.predicate.value in SPARQL_TEXTS and isinstance(triple.object, ox.Literal)
    ]

    def name(text: str) -> str:
        return next((term_key(triple.subject) for pattern, triple in patterns if pattern.search(text)), "")

    return name
