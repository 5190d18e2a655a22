"""What the graph says of itself, in two graphs of their own: its saved questions as examples, and counts of all.

They are outside the default graph, so that no count of the data counts its description: a query sees them that names
them, as it does imported graphs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.namespaces import BASE, GRAPH, ONTOLOGY, RDF_TYPE, SCHEMA, SH
from kg.queries.dataset import in_default_graph
from kg.queries.engine import construct, query_form
from kg.queries.question import Question, find_questions
from kg.rdf_terms import Term

EXAMPLES_GRAPH: Final = GRAPH + "description/examples"
VOID_GRAPH: Final = GRAPH + "description/void"
DESCRIPTION_GRAPHS: Final = frozenset((EXAMPLES_GRAPH, VOID_GRAPH))
_VOID: Final = "http://rdfs.org/ns/void#"
_VOID_EXT: Final = "http://ldf.fi/void-ext#"
_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_DATASET: Final = BASE + "dataset"
_ENDPOINT: Final = ox.NamedNode(BASE + "sparql")
_TYPE: Final = ox.NamedNode(RDF_TYPE)
_PARTS: Final = ("class", "property", "datatype")
_WITH_SPACE: Final = r"\1-\2"
_LAST: Final = re.compile(r"^.*?([^/#]+)[/#]+([^/#]+)[/#]*$")


def description(store: ox.Store, project: Path) -> Iterator[ox.Quad]:
    """Yield the description of a graph, in its two graphs.

    Arguments:
        store: the graph.
        project: folder with its questions.

    """
    questions = find_questions(project / "queries")
    for name, triples in ((EXAMPLES_GRAPH, examples(questions)), (VOID_GRAPH, counts(store))):
        graph = ox.NamedNode(name)
        yield from (ox.Quad(each.subject, each.predicate, each.object, graph) for each in triples)


def examples(questions: Mapping[str, Question]) -> Iterator[ox.Triple]:
    """Yield saved questions as `sh:SPARQLExecutable` (SHACL Advanced Features, section 5.1), with texts and theme."""
    return (triple for question in questions.values() for triple in _example(question))


def _example(question: Question) -> Iterator[ox.Triple]:
    form = query_form(question.query)
    classes = ("SPARQLExecutable", f"SPARQL{form.capitalize()}Executable")
    pairs: list[tuple[str, ox.NamedNode | ox.Literal]] = [
        *((RDF_TYPE, ox.NamedNode(SH + name)) for name in classes),
        *((_RDFS + "label", ox.Literal(text, language=tag)) for tag, text in sorted(question.title.items())),
        *((_RDFS + "comment", ox.Literal(text, language=tag)) for tag, text in sorted(_comments(question).items())),
        (SH + "prefixes", ox.NamedNode(ONTOLOGY)),
        (SH + form, ox.Literal(question.query)),
        (SCHEMA + "keywords", ox.Literal(question.theme)),
        (SCHEMA + "target", _ENDPOINT),
    ]
    yield from (_triple(f"{BASE}questions/{question.name}", *pair) for pair in pairs)


def _comments(question: Question) -> dict[str, str]:
    """Return title and description as one text: who reads examples takes the comment for the question."""
    return {tag: f"{title} {question.description[tag]}".strip() for tag, title in question.title.items()}


def counts(store: ox.Store) -> list[ox.Triple]:
    """Return what is in a graph, counted (VoID, sections 3 to 5): `void.rq`, and the partitions by class."""
    union = ox.Store()
    union.bulk_extend(store)
    union.bulk_extend(in_default_graph(store))
    path = Path(__file__).with_name("void.rq")
    counted = construct(union, path.read_text("utf-8"), str(path), union=False)
    return [*counted, *_partitions(union)]


def _partitions(union: ox.Store) -> Iterator[ox.Triple]:
    """Yield the partitions of a store whose default graph holds each triple once: in one pass, where SPARQL takes many.

    Of each class its properties, and of each of these the datatypes of its values.
    """
    types: defaultdict[Term, tuple[str, ...]] = defaultdict(tuple)
    for quad in union.quads_for_pattern(None, _TYPE, None, ox.DefaultGraph()):
        if isinstance(quad.object, ox.NamedNode):
            types[quad.subject] += (quad.object.value,)
    members = Counter(name for names in types.values() for name in names)
    alike = Counter(
        (types[quad.subject], quad.predicate, quad.object.datatype if isinstance(quad.object, ox.Literal) else None)
        for quad in union.quads_for_pattern(None, None, None, ox.DefaultGraph())
        if quad.subject in types
    )
    uses: Counter[tuple[str, ...]] = Counter()
    for (names, predicate, datatype), count in alike.items():
        for key in ((), (predicate.value,), *([(predicate.value, datatype.value)] if datatype else [])):
            uses.update({(name, *key): count for name in names})
    for key, count in uses.items():
        yield from _partition(key, count)
    for name, count in members.items():
        yield _triple(_node((name,)), _VOID + "entities", ox.Literal(count))


def _partition(key: tuple[str, ...], count: int) -> Iterator[ox.Triple]:
    node = _node(key)
    yield _triple(node, _VOID + "triples", ox.Literal(count))
    if len(key) == 1:
        yield _triple(_DATASET, _VOID + "classPartition", ox.NamedNode(node))
        yield _triple(node, _VOID + "class", ox.NamedNode(key[0]))
    elif len(key) == 2:
        yield _triple(_node(key[:1]), _VOID + "propertyPartition", ox.NamedNode(node))
        yield _triple(node, _VOID + "property", ox.NamedNode(key[1]))
    else:
        yield _triple(_node(key[:2]), _VOID_EXT + "datatypePartition", ox.NamedNode(node))
        yield _triple(node, _VOID_EXT + "datatype", ox.NamedNode(key[2]))


def _node(key: tuple[str, ...]) -> str:
    """Return the IRI of a partition: `#class.a-b.property.c-d.datatype.e-f`."""
    names = (f"{part}.{_LAST.sub(_WITH_SPACE, value)}" for part, value in zip(_PARTS, key, strict=False))
    return f"{_DATASET}#{'.'.join(names)}"


def _triple(subject: str, predicate: str, value: ox.NamedNode | ox.Literal) -> ox.Triple:
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value)
