"""RDF 1.1 and SPARQL 1.1: the default graph is a set of triples."""

import gzip
import json
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import rdflib

GRAPH = "https://w3id.org/klimaatbanen/graph/"
COUNT = "SELECT (COUNT(*) AS ?n) {} {{ ?s ?p ?o }}"
TRIPLES = rdflib.URIRef("http://rdfs.org/ns/void#triples")
DEFAULT = rdflib.URIRef("http://www.w3.org/ns/sparql-service-description#defaultGraph")
DATASET = rdflib.URIRef("https://w3id.org/klimaatbanen/dataset")


def get(url: str, accept: str) -> bytes:
    """Return what a server answers."""
    with urlopen(Request(url, headers={"Accept": accept})) as answer:
        return answer.read()


def count(address: str, clauses: str) -> int:
    """Return how many solutions the endpoint counts."""
    url = f"{address}/sparql?{urlencode({'query': COUNT.format(clauses)})}"
    return int(json.loads(get(url, "application/sparql-results+json"))["results"]["bindings"][0]["n"]["value"])


def said(figures: dict[str, int]) -> str:
    """Return figures that should be one, in thousands so that the page outlives a correction."""
    names = ", ".join(figures)
    same = len(set(figures.values())) == 1
    return f"{names}: equal ({min(figures.values()) // 1000} thousand)" if same else f"not equal: {figures}"


release, address = Path(sys.argv[1]), sys.argv[2]
quads = rdflib.Dataset()
quads.parse(gzip.decompress((release / "klimaatbanen.nq.gz").read_bytes()), format="nquads")
union = {(s, p, o) for s, p, o, _ in quads.quads()}
void = rdflib.Graph().parse(release / "void.ttl")
service = rdflib.Graph().parse(get(f"{address}/sparql", "text/turtle"), format="turtle")
TOOL = f"rdflib {rdflib.__version__}"
figures = {
    "`klimaatbanen.nq.gz`": len(union),
    "`void.ttl`": int(void.value(DATASET, TRIPLES)),
    "service description": int(service.value(next(service.objects(None, DEFAULT)), TRIPLES)),
    "`SELECT (COUNT(*) AS ?n) { ?s ?p ?o }`": count(address, ""),
}
print(TOOL, "triples of the default graph", said(figures), sep="\t")
two = [rdflib.URIRef(GRAPH + name) for name in ("gebouwde-omgeving-2022", "gebouwde-omgeving-2022-biind")]
figures = {
    "`klimaatbanen.nq.gz`": len({(s, p, o) for s, p, o, graph in quads.quads() if graph in two}),
    "`FROM <...> FROM <...>`": count(address, " ".join(f"FROM <{one}>" for one in two)),
}
print(TOOL, "triples of two graphs that share some", said(figures), sep="\t")
