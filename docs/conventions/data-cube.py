"""RDF Data Cube: the integrity constraints IC-1 to IC-21 of well-formed cubes (section 11), as queries of our own."""

import gzip
import sys
from pathlib import Path

import pyoxigraph as ox

PREFIXES = """PREFIX qb: <http://purl.org/linked-data/cube#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""
COMPONENT = "?cube qb:structure/qb:component"
BROKEN = {
    "IC-1": "?x a qb:Observation OPTIONAL { ?x qb:dataSet ?one } OPTIONAL { ?x qb:dataSet ?two FILTER(?two != ?one) } "
    "FILTER(!BOUND(?one) || BOUND(?two))",
    "IC-2": "?x a qb:DataSet OPTIONAL { ?x qb:structure ?one } OPTIONAL { ?x qb:structure ?two FILTER(?two != ?one) } "
    "FILTER(!BOUND(?one) || BOUND(?two))",
    "IC-3": "?x a qb:DataStructureDefinition FILTER NOT EXISTS { ?x qb:component/qb:measure ?measure }",
    "IC-4": "?x a qb:DimensionProperty FILTER NOT EXISTS { ?x rdfs:range ?range }",
    "IC-5": "?x a qb:DimensionProperty ; rdfs:range/rdfs:subClassOf* skos:Concept "
    "FILTER NOT EXISTS { ?x qb:codeList ?list }",
    "IC-6": "?x qb:componentRequired false FILTER NOT EXISTS { ?x qb:attribute ?attribute }",
    "IC-7 to IC-10, IC-18 (slices)": "{ ?x a qb:Slice } UNION { ?x a qb:SliceKey } UNION { ?y qb:slice ?x }",
    "IC-11": f"?x qb:dataSet ?cube . {COMPONENT}/qb:dimension ?dimension FILTER NOT EXISTS {{ ?x ?dimension ?any }}",
    "IC-12": f"""?x qb:dataSet ?cube . ?y qb:dataSet ?cube FILTER(STR(?x) < STR(?y)) FILTER NOT EXISTS {{
        {COMPONENT}/qb:dimension ?dimension . ?x ?dimension ?one . ?y ?dimension ?two FILTER(?one != ?two) }}""",
    "IC-13": f"?x qb:dataSet ?cube . {COMPONENT} ?part . ?part qb:componentRequired true ; qb:attribute ?attribute "
    "FILTER NOT EXISTS { ?x ?attribute ?any }",
    "IC-14": f"?x qb:dataSet ?cube . {COMPONENT}/qb:measure ?measure "
    f"FILTER NOT EXISTS {{ {COMPONENT}/qb:dimension qb:measureType }} FILTER NOT EXISTS {{ ?x ?measure ?any }}",
    "IC-15": f"?x qb:dataSet ?cube ; qb:measureType ?measure . {COMPONENT}/qb:dimension qb:measureType "
    "FILTER NOT EXISTS { ?x ?measure ?any }",
    "IC-16": f"?x qb:dataSet ?cube ; qb:measureType ?measure . {COMPONENT}/qb:dimension qb:measureType . "
    f"{COMPONENT}/qb:measure ?other FILTER(?other != ?measure) ?x ?other ?any",
    "IC-17": f"""?x qb:dataSet ?cube . {COMPONENT}/qb:dimension qb:measureType . {COMPONENT}/qb:measure ?measure
        FILTER NOT EXISTS {{ ?y qb:dataSet ?cube ; qb:measureType ?measure FILTER NOT EXISTS {{
            {COMPONENT}/qb:dimension ?dimension FILTER(?dimension != qb:measureType)
            ?x ?dimension ?one . ?y ?dimension ?two FILTER(?one != ?two) }} }}""",
    "IC-19": f"?x qb:dataSet ?cube ; ?dimension ?code . {COMPONENT}/qb:dimension ?dimension . "
    "?dimension qb:codeList ?list FILTER NOT EXISTS { ?code a skos:Concept ; skos:inScheme ?list }",
    "IC-20, IC-21 (hierarchies)": "?x a qb:HierarchicalCodeList",
}
KEPT = {
    "IC-17": "a publication prints an emission, or its reduction, or the share: not all three; a number that is not "
    "printed is not made up",
}

store = ox.Store()
store.bulk_load(gzip.decompress(Path(sys.argv[1], "klimaatbanen.ttl.gz").read_bytes()), format=ox.RdfFormat.TURTLE)
tool = f"Oxigraph {ox.__version__}"
held, rows = [], []
for name, pattern in BROKEN.items():
    [found] = store.query(f"{PREFIXES}SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {pattern} }}")
    count = int(found["n"].value)
    if count:
        rows.append((tool, name, f"broken by {count}", KEPT.get(name, "")))
    else:
        held.append(name)
for row in ((tool, ", ".join(held), "hold"), *rows):
    print(*row, sep="\t")
