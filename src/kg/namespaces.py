"""The IRIs that the code itself must know; everything else is data."""

from __future__ import annotations

from typing import Final

BASE: Final = "https://w3id.org/klimaatbanen/"
ONTOLOGY: Final = BASE + "def"
KB: Final = ONTOLOGY + "#"
ID: Final = BASE + "id/"
GRAPH: Final = BASE + "graph/"
PREFIX: Final = BASE + "prefix/"

CATALOGUE: Final = GRAPH + "catalogue"
ENTAILED_GRAPH: Final = GRAPH + "inferred/rdfs"
ONTOLOGY_GRAPH: Final = GRAPH + "ontology"

DCAT: Final = "http://www.w3.org/ns/dcat#"
DCT: Final = "http://purl.org/dc/terms/"
PROV: Final = "http://www.w3.org/ns/prov#"
QB: Final = "http://purl.org/linked-data/cube#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
RDF_TYPE: Final = RDF + "type"
RDFS_LABEL: Final = "http://www.w3.org/2000/01/rdf-schema#label"
SCHEMA: Final = "https://schema.org/"
SD_NAMED_GRAPH: Final = "http://www.w3.org/ns/sparql-service-description#NamedGraph"
SD_FUNCTION: Final = "http://www.w3.org/ns/sparql-service-description#Function"
SH: Final = "http://www.w3.org/ns/shacl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
SSSOM: Final = "https://w3id.org/sssom/"
VOID_TRIPLES: Final = "http://rdfs.org/ns/void#triples"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
