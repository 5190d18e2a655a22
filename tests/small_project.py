"""A small project with a file of every format, which is checked in a fraction of a second."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox

from kg.files import project_folder

ONTOLOGY = """@prefix kb: <https://w3id.org/klimaatbanen/def#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
<https://w3id.org/klimaatbanen/def> a owl:Ontology ; owl:versionInfo "1.0.0" .
kb:Cluster a owl:Class . kb:Region a owl:Class . kb:inRegion a owl:ObjectProperty . kb:inCluster a owl:ObjectProperty .
kb:uses a owl:ObjectProperty . kb:appliesMeasure a owl:ObjectProperty .
<https://w3id.org/klimaatbanen/id/graph-kind/mapping> a owl:NamedIndividual .
"""
FACTS = """@prefix kb: <https://w3id.org/klimaatbanen/def#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix cluster: <https://w3id.org/klimaatbanen/id/cluster/> .
cluster:noord
    a kb:Cluster ;
    skos:prefLabel "Noord é"@nl , \"\"\"North
and more\"\"\"@en ;
    kb:inRegion <https://w3id.org/klimaatbanen/id/region/groningen> ;
    skos:related [ skos:notation 12.5 , true , '1'^^kb:code ] .
<https://w3id.org/klimaatbanen/id/region/groningen> a kb:Region ; skos:prefLabel "Groningen"@nl .
"""
QUESTION = """#+ title:
#+   nl: Welke clusters zijn er?
#+   en: Which clusters are there?
#+ description:
#+   nl: Met hun regio.
#+   en: With their region.
#+ parameters:
#+   cluster:
#+     nl: Cluster
#+     en: Cluster
#+ chart:
#+   mark: bar
#+   x: n
#+   y: cluster
#+ ordered: true
PREFIX kb: <https://w3id.org/klimaatbanen/def#>
SELECT ?cluster (COUNT(?region) AS ?n) { VALUES ?cluster { UNDEF } ?cluster kb:inRegion ?region } GROUP BY ?cluster
"""
MAPPINGS = """# mapping_set_id: https://w3id.org/klimaatbanen/graph/mappings/x
# license: https://creativecommons.org/licenses/by/4.0/
# curie_map:
#   cluster: https://w3id.org/klimaatbanen/id/cluster/
#   ex: https://example.org/
subject_id\tsubject_label\tpredicate_id\tobject_id\tobject_label\tmapping_justification\tconfidence
cluster:noord\tNoord\tskos:exactMatch\tex:n\tNorth\tsemapv:ManualMappingCuration\t0.9
"""
FORMATS = {
    "data/small/facts.trig": ox.RdfFormat.TRIG,
    "data/small/facts.nt": ox.RdfFormat.N_TRIPLES,
    "data/small/facts.nq": ox.RdfFormat.N_QUADS,
    "data/small/facts.jsonld": ox.RdfFormat.JSON_LD,
    "data/small/facts.rdf": ox.RdfFormat.RDF_XML,
}


def write(folder: Path) -> None:
    """Write the project into a folder."""
    shapes = project_folder() / "shapes"
    triples = [quad.triple for quad in ox.parse(FACTS, format=ox.RdfFormat.TURTLE)]
    texts = {
        "ontology/ontology.ttl": ONTOLOGY,
        "data/small/facts.ttl": FACTS,
        "data/mappings/x.sssom.tsv": MAPPINGS,
        "queries/places/clusters.rq": QUESTION,
        "queries/places/clusters.csv": "cluster,n\nhttps://w3id.org/klimaatbanen/id/cluster/noord,1\n",
        "queries/themes.toml": '[places]\nnl = "Plaatsen"\nen = "Places"\n',
        "queries/columns.toml": '[cluster]\nnl = "cluster"\nen = "cluster"\n\n[n]\nnl = "aantal"\nen = "number"\n',
        "views/view.ttl": (shapes / "cases" / "views" / "valid-view.ttl").read_text("utf-8"),
        "shapes/views.ttl": (shapes / "views.ttl").read_text("utf-8"),
        "shapes/checks/same-as.rq": (shapes / "checks" / "same-as.rq").read_text("utf-8"),
    }
    for name, form in FORMATS.items():
        texts[name] = (ox.serialize(triples, format=form) or b"").decode()
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
