"""What named rules derive: each rule fills a graph of its own, and sees no other rule's result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox

from kg.errors import SourceError
from kg.namespaces import CATALOGUE, DCT, GRAPH, ID, KB, PROV, RDF_TYPE, SKOS
from kg.queries.engine import construct
from kg.queries.question import Question, find_questions

_LICENCE = ox.NamedNode("https://creativecommons.org/licenses/by/4.0/")
_GENERATED_BY = ox.NamedNode(PROV + "wasGeneratedBy")


def infer(store: ox.Store, folder: Path, kind: str = "inferred") -> list[ox.Quad]:
    """Return what the rules of a folder derive from a store, with their entries in the catalogue (PROV-O, section 3.2).

    Arguments:
        store: stated and editorial graphs; it is only read, so that no rule builds on another.
        folder: `*.rq` files, each a CONSTRUCT with a `#+` header.
        kind: slug of the kind of their graphs: `inferred` for candidates, `entailed` for what the ontology entails.

    Returns:
        Quads of `graph/inferred/<rule>` and of `graph/catalogue`, sorted within each rule.

    Raises:
        SourceError: a rule is no CONSTRUCT, or derives nothing.

    """
    return [quad for rule in find_questions(folder).values() for quad in _apply(store, rule, kind)]


def _apply(store: ox.Store, rule: Question, kind: str) -> list[ox.Quad]:
    triples = construct(store, rule.query, str(rule.path), union=True)
    if not triples:
        raise SourceError("the rule derives nothing", where=str(rule.path), hint="mend it, or take it out")
    graph, generator = ox.NamedNode(f"{GRAPH}inferred/{rule.name}"), ox.NamedNode(f"{ID}rule/{rule.name}")
    inferences = {triple.subject for triple in triples if triple.object == ox.NamedNode(KB + "Inference")}
    return [
        *(ox.Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples),
        *(ox.Quad(inference, _GENERATED_BY, generator, graph) for inference in sorted(inferences, key=str)),
        *_described(graph, generator, rule, kind),
    ]


def _described(graph: ox.NamedNode, generator: ox.NamedNode, rule: Question, kind: str) -> list[ox.Quad]:
    catalogue = ox.NamedNode(CATALOGUE)
    quads: list[tuple[ox.NamedNode, str, ox.NamedNode | ox.Literal]] = [
        (graph, KB + "graphKind", ox.NamedNode(f"{ID}graph-kind/{kind}")),
        (graph, DCT + "license", _LICENCE),
        (graph, PROV + "wasGeneratedBy", generator),
        (generator, RDF_TYPE, ox.NamedNode(KB + "Rule")),
        (generator, RDF_TYPE, ox.NamedNode(PROV + "Activity")),
        *((graph, DCT + "title", text) for text in _literals(rule.title)),
        *((generator, SKOS + "prefLabel", text) for text in _literals(rule.title)),
        *((generator, SKOS + "definition", text) for text in _literals(rule.description)),
    ]
    return [ox.Quad(subject, ox.NamedNode(name), value, catalogue) for subject, name, value in quads]


def _literals(texts: Mapping[str, str]) -> list[ox.Literal]:
    return [ox.Literal(text, language=language) for language, text in texts.items()]
