"""`kg export`: whole, valid in every format, byte-identical twice; the server sends the same bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

import pandas
import pyoxigraph as ox
import pytest
import rdflib
from conftest import ROOT
from live import Answer, patient, request, served
from rdflib.compare import isomorphic
from rdflib.namespace import DCAT, DCTERMS, RDF, SH, VOID
from rocrate.rocrate import ROCrate

from kg.errors import SourceError
from kg.graph.build import Graph, fill_store
from kg.graph.mappings import find_mappings
from kg.graph.sources import Source, parse
from kg.namespaces import BASE, KB
from kg.queries.engine import answer
from kg.queries.question import find_questions
from kg.release import background
from kg.release.build import build_release, published_iris, write_release
from kg.release.changes import read_changes
from kg.release.dumps import canonical
from kg.release.files import CRATE, SUMS, Edition, Owner, Release
from kg.tables.csv import safe

pytestmark = pytest.mark.slow

OWNER = Owner("Example Foundation", "https://example.org/foundation", "info@example.org")
FORMATS = {".ttl": ox.RdfFormat.TURTLE, ".nq": ox.RdfFormat.N_QUADS, ".jsonld": ox.RdfFormat.JSON_LD}
PARSERS = {".ttl": "turtle", ".nq": "nquads", ".jsonld": "json-ld"}
UNION_SIZE = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }"
DATASET = rdflib.URIRef(BASE + "dataset")
RDFLIB_WARNS_OF_ITSELF = pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning")

SSSOM = rdflib.Namespace("https://w3id.org/sssom/")
DECLARE = ox.NamedNode("http://www.w3.org/ns/shacl#declare")


@pytest.fixture(scope="module")
def named() -> list[str]:
    """Names of the files of `made`, as they were made."""
    return []


@pytest.fixture(scope="module")
def made(graph: Graph, project: Path, named: list[str]) -> Release:
    return build_release(graph, project, OWNER, made=lambda file: named.append(file.name))


@pytest.fixture(scope="module")
def bare(graph: Graph, project: Path) -> Release:
    """A release whose owner said nothing."""
    return build_release(graph, project)


@pytest.fixture(scope="module")
def small() -> Graph:
    """A graph with an ontology alone, for what does not depend on the facts."""
    return Graph(fill_store([Source(ROOT / "ontology" / "ontology.ttl", BASE + "graph/ontology")]), ())


@pytest.fixture(scope="module")
def folder(made: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("export") / "release"
    write_release(made, written)
    return written


def text(made: Release, name: str) -> str:
    data = made.files[name].data
    return (gzip.decompress(data) if name.endswith(".gz") else data).decode()


def turtle(made: Release, name: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text(made, name), format="turtle")


def kg(*arguments: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, env=os.environ | more)
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run


@pytest.mark.check
def test_another_export_is_byte_identical_and_its_sums_hold(folder: Path, tmp_path: Path) -> None:
    owner = ("--publisher", OWNER.publisher, "--publisher-iri", OWNER.publisher_iri, "--contact", OWNER.contact)
    kg("export", str(tmp_path / "second"), *owner, PYTHONHASHSEED="5", TZ="Asia/Tokyo")
    first, second = (sorted(path.rglob("*")) for path in (folder, tmp_path / "second"))
    assert [path.relative_to(folder) for path in first] == [path.relative_to(tmp_path / "second") for path in second]
    assert all(
        one.read_bytes() == other.read_bytes() for one, other in zip(first, second, strict=True) if one.is_file()
    )
    listed = dict(reversed(line.split("  ")) for line in (folder / SUMS).read_text("utf-8").splitlines())
    found = {path.relative_to(folder).as_posix(): path for path in first if path.is_file()}
    assert set(listed) == set(found) - {SUMS}
    assert all(hashlib.sha256(found[name].read_bytes()).hexdigest() == digest for name, digest in listed.items())
    assert [path.name for path in tmp_path.iterdir()] == ["second"]


def test_gzip_headers_hold_no_time_and_no_name(made: Release) -> None:
    packed = [file for file in made.files.values() if file.compression == "application/gzip"]
    assert len(packed) > 10
    assert all(file.data[3] == 0 and file.data[4:8] == bytes(4) for file in packed)


def dump_names(project_graphs: list[str]) -> list[str]:
    return [f"{stem}{suffix}.gz" for stem in project_graphs for suffix in FORMATS]


def test_each_graph_has_its_dumps(made: Release, graph: Graph) -> None:
    stems = [
        "klimaatbanen",
        *(f"graphs/{node.value.removeprefix(BASE + 'graph/')}" for node in graph.store.named_graphs()),
    ]
    assert set(dump_names(stems)) == {name for name in made.files if name.endswith(".gz")}


def test_imported_graphs_are_in_it_as_they_stand_in_the_project(made: Release, graph: Graph) -> None:
    described, catalogue = turtle(made, "void.ttl"), turtle(made, "dataset.ttl")
    assert len(graph.packed) == 2
    for source in graph.packed:
        name = source.graph.removeprefix(BASE)
        file = made.files[f"{name.replace('graph/', 'graphs/')}.ttl.xz"]
        assert file.data == source.path.read_bytes()
        assert (file.media_type, file.compression) == ("text/turtle", "application/x-xz")
        node, iri = rdflib.URIRef(source.graph), rdflib.URIRef(file.iri)
        size = sum(1 for _ in parse(source.path))
        assert [int(value) for value in described.objects(node, VOID.triples)] == [size]
        assert set(described.objects(node, VOID.dataDump)) == {iri}
        assert any("outside the default graph" in title for title in described.objects(node, DCTERMS.title))
        assert not list(described.subjects(VOID.subset, node)), "it is no part of the default graph"
        assert (rdflib.URIRef(BASE + "dataset"), DCAT.distribution, iri) in catalogue
        assert any("European Commission" in text for text in catalogue.objects(iri, DCTERMS.description))


def counts(made: Release, name: str) -> tuple[int, int]:
    """Statements of a dump as Oxigraph and as rdflib read it."""
    suffix = Path(name.removesuffix(".gz")).suffix
    store = ox.Store()
    store.bulk_extend(ox.parse(text(made, name).encode(), format=FORMATS[suffix]))
    rdflib.NORMALIZE_LITERALS = False
    dataset = rdflib.Dataset()
    dataset.parse(data=text(made, name), format=PARSERS[suffix])
    return len(store), sum(1 for _ in dataset.quads())


@RDFLIB_WARNS_OF_ITSELF
def test_small_dumps_load_in_oxigraph_and_rdflib_with_equal_counts(made: Release, graph: Graph) -> None:
    for node in graph.store.named_graphs():
        size = len(list(graph.store.quads_for_pattern(None, None, None, node)))
        if size < 500:
            for name in dump_names([f"graphs/{node.value.removeprefix(BASE + 'graph/')}"]):
                assert counts(made, name) == (size, size), name


@pytest.mark.check
@RDFLIB_WARNS_OF_ITSELF
def test_all_dumps_load_in_oxigraph_and_rdflib_with_equal_counts(made: Release, graph: Graph) -> None:
    union = len({quad.triple for quad in graph.store})
    for name in (name for name in made.files if name.endswith(".gz")):
        in_oxigraph, in_rdflib = counts(made, name)
        assert in_oxigraph == in_rdflib, name
        if name.startswith("klimaatbanen."):
            assert in_oxigraph == (union if name.endswith(".ttl.gz") else len(graph.store)), name


def test_the_whole_is_what_the_graph_holds(made: Release, graph: Graph) -> None:
    store = ox.Store()
    store.bulk_extend(ox.parse(text(made, "klimaatbanen.nq.gz").encode(), format=ox.RdfFormat.N_QUADS))
    assert set(store) == set(graph.store)


def test_blank_nodes_are_labelled_by_what_is_said_of_them() -> None:
    def turtle_of(first: str, second: str) -> list[ox.Quad]:
        data = f"<urn:a> <urn:p> _:{first} . _:{first} <urn:q> 1 . <urn:a> <urn:p> _:{second} . _:{second} <urn:q> 2 ."
        return canonical(ox.parse(data, format=ox.RdfFormat.TURTLE))

    assert turtle_of("x", "y") == turtle_of("y", "x")
    assert {quad.subject.value for quad in turtle_of("x", "y")} == {"urn:a", "c14n0", "c14n1"}


def test_ontology_and_shapes_are_whole(made: Release, project: Path) -> None:
    assert (rdflib.URIRef(BASE + "def"), RDF.type, rdflib.OWL.Ontology) in turtle(made, "ontology.ttl")
    shapes = rdflib.Graph()
    for path in project.glob("shapes/*.ttl"):
        shapes.parse(path)
    assert isomorphic(shapes, turtle(made, "shapes.ttl"))
    checks = {path.name: path.read_bytes() for path in project.glob("shapes/checks/*.rq")}
    assert checks == {name[7:]: file.data for name, file in made.files.items() if name.startswith("checks/")}


def test_each_kind_has_a_table_with_a_row_a_thing(made: Release, graph: Graph) -> None:
    query = f"""
        SELECT ?c (COUNT(DISTINCT ?s) AS ?n) {{
          GRAPH ?g {{ ?s a ?c FILTER(STRSTARTS(STR(?s), "{BASE}id/")) }}
          FILTER(?g != <{BASE}graph/inferred/rdfs>)
        }} GROUP BY ?c"""
    rows = graph.store.query(query, use_default_graph_as_union=True)
    expected = sorted(int(row["n"].value) for row in rows)
    tables = {name: pandas.read_csv(io.BytesIO(made.files[name].data)) for name in made.files if name.endswith(".csv")}
    assert sorted(len(table) for table in tables.values()) == expected
    for name, table in tables.items():
        assert list(table.columns[:3]) == ["iri", "label_nl", "label_en"], name
        assert table["iri"].is_unique
    pillars = tables["csv/Pillar.csv"].set_index("label_en")
    assert pillars.loc["clean", "label_nl"] == "schoon"
    assert pillars.loc["clean", "skos:inScheme_label"]


def test_tables_have_every_number(made: Release, graph: Graph) -> None:
    """Numbers say most in tables: none may be missing because its property is used by few."""
    query = """
        PREFIX qb: <http://purl.org/linked-data/cube#>
        SELECT DISTINCT ?s ?p ?n { ?s ?p ?n ; a qb:Observation FILTER(ISNUMERIC(?n)) ?p a qb:MeasureProperty }"""
    numbers = graph.store.query(query, use_default_graph_as_union=True)
    wanted = {(row["s"].value, row["p"].value.replace(KB, "kb:"), row["n"].value) for row in numbers}
    rows = csv.DictReader(io.StringIO(made.files["csv/qb-Observation.csv"].data.decode("utf-8"), newline=""))
    found = {(row["iri"], head, value) for row in rows for head, value in row.items() if head}
    assert len(wanted) > 30
    assert wanted <= found


def test_no_cell_is_a_formula(made: Release) -> None:
    for name, file in made.files.items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(file.data.decode("utf-8"), newline="")):
                assert all(safe(cell) == cell for cell in row), name
    hostile = ["=1+1", "+cmd", "-cmd", "@x", "\t=1", "\r=1", "-2+3", "+31 6"]
    assert all(safe(cell) == "'" + cell for cell in hostile)
    assert [safe(cell) for cell in ("-62", "+1.5", "a=b", "")] == ["-62", "+1.5", "a=b", ""]


def test_void_counts_what_the_endpoint_counts(made: Release, graph: Graph) -> None:
    description = turtle(made, "void.ttl")
    count = next(iter(graph.store.query(UNION_SIZE, use_default_graph_as_union=True)))["n"]
    assert int(description.value(DATASET, VOID.triples)) == int(count.value)
    parts = description.objects(DATASET, VOID.propertyPartition)
    assert sum(int(description.value(part, VOID.triples)) for part in parts) == int(count.value)
    pillar = next(description.subjects(VOID["class"], rdflib.URIRef(BASE + "def#Pillar")))
    assert int(description.value(pillar, VOID.entities)) == 3
    assert list(description.objects(pillar, VOID.propertyPartition))
    for predicate in (DCTERMS.title, DCTERMS.license, VOID.dataDump, VOID.sparqlEndpoint, VOID.exampleResource):
        assert description.value(DATASET, predicate, any=True), predicate
    linksets = {str(linkset) for linkset in description.subjects(RDF.type, VOID.Linkset)}
    subsets = {str(subset) for subset in description.objects(DATASET, VOID.subset)} - linksets
    assert subsets == {node.value for node in graph.store.named_graphs()}
    assert all(description.value(rdflib.URIRef(name), VOID.triples) for name in subsets)


def test_void_counts_links_datatypes_and_values_of_classes_as_the_endpoint_does(made: Release, graph: Graph) -> None:
    description = turtle(made, "void.ttl")
    for linkset in description.subjects(RDF.type, VOID.Linkset):
        mappings, relation = (description.value(linkset, name) for name in (DCTERMS.source, VOID.linkPredicate))
        links = graph.store.quads_for_pattern(None, ox.NamedNode(relation), None, ox.NamedNode(mappings))
        assert int(description.value(linkset, VOID.triples)) == len(list(links)) > 0
        assert description.value(linkset, VOID.objectsTarget)
    sets = {file.graph.value for file in find_mappings(ROOT)}
    assert {str(name) for name in description.objects(None, DCTERMS.source)} == sets
    counted = description.query(
        """PREFIX void: <http://rdfs.org/ns/void#> PREFIX ext: <http://ldf.fi/void-ext#>
        SELECT ?class ?property ?datatype ?n { ?c void:class ?class ; void:propertyPartition ?p .
          ?p void:property ?property ; ext:datatypePartition [ ext:datatype ?datatype ; void:triples ?n ] }"""
    )
    told = {tuple(map(str, row[:3])): int(row.n) for row in counted}
    asked = answer(
        graph.dataset,
        """SELECT ?class ?property ?datatype (COUNT(*) AS ?n) { ?s a ?class ; ?property ?o FILTER(isLiteral(?o))
        BIND(DATATYPE(?o) AS ?datatype) } GROUP BY ?class ?property ?datatype""",
    )
    names = ("class", "property", "datatype")
    assert told == {tuple(row[name].value for name in names): int(row["n"].value) for row in asked}


MANDATORY = {
    DCAT.Catalog: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.contactPoint, DCAT.dataset),
    DCAT.Dataset: (
        *(DCTERMS.title, DCTERMS.description, DCTERMS.identifier, DCTERMS.accessRights, DCTERMS.creator),
        *(DCTERMS.publisher, DCAT.contactPoint, DCAT.theme, DCAT.distribution),
    ),
    DCAT.DataService: (
        *(DCTERMS.title, DCTERMS.description, DCTERMS.identifier, DCTERMS.accessRights, DCTERMS.license),
        *(DCTERMS.publisher, DCAT.contactPoint, DCAT.theme, DCAT.endpointURL, DCAT.endpointDescription),
    ),
    DCAT.Distribution: (DCAT.accessURL, DCTERMS.license, DCTERMS["format"]),
}


@RDFLIB_WARNS_OF_ITSELF
def test_dcat_has_what_dcat_ap_nl_3_asks_for(made: Release) -> None:
    catalogue = turtle(made, "dataset.ttl")
    for kind, predicates in MANDATORY.items():
        found = list(catalogue.subjects(RDF.type, kind))
        assert found, kind
        for node in found:
            for predicate in predicates:
                assert catalogue.value(node, predicate, any=True) is not None, f"{node} {predicate}"
    tree = rdflib.Graph().parse(data=text(made, "dataset.jsonld"), format="json-ld")
    assert isomorphic(tree, catalogue)


def test_dcat_describes_each_file_as_it_is(made: Release) -> None:
    catalogue = turtle(made, "dataset.ttl")
    for node in catalogue.objects(DATASET, DCAT.distribution):
        file = made.files[str(node).removeprefix(BASE + "download/")]
        assert int(catalogue.value(node, DCAT.byteSize)) == len(file.data)
        checksum = catalogue.value(node, rdflib.URIRef("http://spdx.org/rdf/terms#checksum"))
        assert str(catalogue.value(checksum, rdflib.URIRef("http://spdx.org/rdf/terms#checksumValue"))) == file.sha256
    licences = {str(name): str(terms) for name, terms in catalogue.subject_objects(DCTERMS.license)}
    assert licences[BASE + "download/graphs/industrie-2023.ttl.gz"] == BASE + "download/LICENSE"
    assert "creativecommons" in licences[BASE + "download/graphs/industrie-2023/editorial.ttl.gz"]
    stated = rdflib.URIRef(BASE + "download/graphs/industrie-2023.ttl.gz")
    assert any("UWV" in str(rights) for rights in catalogue.objects(stated, DCTERMS.description))


RANGES = {
    "http://data.europa.eu/r5r/availability": "http://www.w3.org/2004/02/skos/core#Concept",
    "http://spdx.org/rdf/terms#algorithm": "http://spdx.org/rdf/terms#ChecksumAlgorithm",
    "http://spdx.org/rdf/terms#checksum": "http://spdx.org/rdf/terms#Checksum",
    f"{DCAT}compressFormat": f"{DCTERMS}MediaType",
    f"{DCAT}landingPage": "http://xmlns.com/foaf/0.1/Document",
    f"{DCAT}mediaType": f"{DCTERMS}MediaType",
    f"{DCAT}theme": "http://www.w3.org/2004/02/skos/core#Concept",
    f"{DCTERMS}accessRights": f"{DCTERMS}RightsStatement",
    f"{DCTERMS}conformsTo": f"{DCTERMS}Standard",
    f"{DCTERMS}format": f"{DCTERMS}MediaTypeOrExtent",
    f"{DCTERMS}language": f"{DCTERMS}LinguisticSystem",
    f"{DCTERMS}license": f"{DCTERMS}LicenseDocument",
    f"{DCTERMS}publisher": "http://xmlns.com/foaf/0.1/Agent",
    f"{DCTERMS}spatial": f"{DCTERMS}Location",
    "http://xmlns.com/foaf/0.1/homepage": "http://xmlns.com/foaf/0.1/Document",
}


def test_dcat_types_what_it_names_so_that_no_vocabulary_has_to_be_loaded(made: Release) -> None:
    """The ranges of DCAT-AP 3.0.1."""
    described = turtle(made, "dataset.ttl")
    for name, kind in RANGES.items():
        values = set(described.objects(None, rdflib.URIRef(name)))
        assert values, name
        assert values <= set(described.subjects(RDF.type, rdflib.URIRef(kind))), name


def test_the_ontology_alone_has_a_version_iri_and_the_dataset_its_own(made: Release, graph: Graph) -> None:
    everything = [turtle(made, name) for name in ("dataset.ttl", "void.ttl", "ontology.ttl")]
    stated = {pair for one in everything for pair in one.subject_objects(rdflib.OWL.versionIRI)}
    ontology, dataset = rdflib.URIRef(BASE + "def"), rdflib.URIRef(BASE + "dataset")
    assert stated == {(ontology, ontology + f"/{graph.version}")}
    for one in everything[:2]:
        assert list(one.objects(dataset, rdflib.URIRef(f"{DCAT}hasCurrentVersion"))) == [dataset + f"/{graph.version}"]


def test_the_owner_publishes_the_ontology_too(made: Release, small: Graph, project: Path) -> None:
    ontology = rdflib.URIRef(BASE + "def")
    said = list(turtle(made, "ontology.ttl").objects(ontology, DCTERMS.publisher))
    assert said == [rdflib.URIRef(OWNER.publisher_iri)]
    assert not list(turtle(build_release(small, project), "ontology.ttl").objects(ontology, DCTERMS.publisher))


def test_no_name_in_turtle_has_an_escape(made: Release) -> None:
    """Older parsers misread them without a word."""
    strings = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|<[^>]*>', re.DOTALL)
    for name in made.files:
        if ".ttl" in name and not name.endswith(".xz"):
            assert "\\" not in strings.sub("", text(made, name)), name


def test_mapping_sets_are_there_as_edited_and_in_the_rdf_of_sssom(made: Release, project: Path) -> None:
    files = sorted((project / "data" / "mappings").glob("*.sssom.tsv"))
    assert files
    for file in files:
        assert made.files[f"mappings/{file.name}"].data == file.read_bytes()
        rdf = turtle(made, f"mappings/{file.stem}.ttl")
        [one] = rdf.subjects(RDF.type, SSSOM.MappingSet)
        mappings = set(rdf.objects(one, SSSOM.mappings))
        assert mappings == set(rdf.subjects(RDF.type, rdflib.OWL.Axiom))
        assert len(mappings) == sum(not line.startswith("#") for line in file.read_text("utf-8").splitlines()) - 1


@pytest.mark.check
def test_what_the_owner_did_not_say_is_left_out_with_a_warning(bare: Release) -> None:
    assert len(bare.warnings) == 2
    catalogue = turtle(bare, "dataset.ttl")
    assert not list(catalogue.triples((None, DCTERMS.publisher, None)))
    assert not list(catalogue.triples((None, DCAT.contactPoint, None)))


def test_the_crate_is_read_by_rocrate(folder: Path) -> None:
    crate = ROCrate(folder)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {entity.id for entity in crate.data_entities} == names - {CRATE}
    assert crate.root_dataset["datePublished"] == Edition.from_project(ROOT).date
    assert crate.name
    assert crate.description
    assert crate.root_dataset["license"].id == "LICENSE"
    assert crate.dereference("graphs/industrie-2023/editorial.nq.gz")["license"].id.endswith("by/4.0/")
    assert crate.root_dataset["publisher"]["name"] == OWNER.publisher
    entities = json.loads((folder / CRATE).read_text("utf-8"))["@graph"]
    ids = [entity["@id"] for entity in entities]
    assert len(ids) == len(set(ids))


def test_examples_hold_each_saved_question_as_it_is(made: Release, project: Path) -> None:
    examples = turtle(made, "examples.ttl")
    questions = find_questions(project / "queries")
    executables = set(examples.subjects(RDF.type, SH.SPARQLExecutable))
    assert executables == {rdflib.URIRef(f"{BASE}questions/{name}") for name in questions}
    for name, question in questions.items():
        node = rdflib.URIRef(f"{BASE}questions/{name}")
        texts = [str(query) for form in (SH.select, SH.ask, SH.construct) for query in examples.objects(node, form)]
        assert texts == [question.query]
        assert {label.language for label in examples.objects(node, rdflib.RDFS.label)} == {"nl", "en"}


ATOM = "{http://www.w3.org/2005/Atom}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def test_the_feed_is_atom_and_has_each_release(made: Release) -> None:
    feed = ElementTree.fromstring(text(made, "feed.xml"))  # noqa: S314
    releases = read_changes(ROOT)
    assert releases
    assert [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")] == [
        release.version for release in releases
    ]
    for part in (feed, *feed.iter(f"{ATOM}entry")):
        assert all(part.findtext(ATOM + name) for name in ("id", "title", "updated")), (
            "RFC 4287, sections 4.1.1 and 4.1.2"
        )
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    assert feed.find(f"{ATOM}link[@rel='self']") is not None
    ids = [node.text for node in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))


def test_the_feed_has_each_change_in_both_languages(made: Release) -> None:
    feed = ElementTree.fromstring(text(made, "feed.xml"))  # noqa: S314
    for lang in ("nl", "en"):
        lists = feed.findall(f".//{XHTML}ul[@{{http://www.w3.org/XML/1998/namespace}}lang='{lang}']")
        items = [item.text for listed in lists for item in listed.findall(f"{XHTML}li")]
        assert items == [change.text[lang] for release in read_changes(ROOT) for change in release.changes]


@pytest.mark.check
def test_a_project_without_papers_leaves_date_and_authors_out(small: Graph, tmp_path: Path) -> None:
    for name in ("shapes", "queries"):
        (tmp_path / name).mkdir()
    made = build_release(small, tmp_path)
    assert any("CITATION.cff" in warning for warning in made.warnings)
    assert "datePublished" not in text(made, CRATE)
    (tmp_path / "CITATION.cff").write_text("[", "utf-8")
    with pytest.raises(SourceError, match="not YAML"):
        build_release(small, tmp_path)
    (tmp_path / "CITATION.cff").write_text("- x", "utf-8")
    with pytest.raises(SourceError, match="no mapping"):
        build_release(small, tmp_path)
    (tmp_path / "CITATION.cff").write_text("authors: [{given-names: A, family-names: B}]", "utf-8")
    assert Edition.from_project(tmp_path).authors == ("A B",)


def test_an_existing_folder_is_refused_unless_it_is_a_release(made: Release, tmp_path: Path) -> None:
    folder = tmp_path / "release"
    write_release(made, folder)
    (folder / "stale.txt").write_text("x")
    with pytest.raises(SourceError, match="it exists"):
        write_release(made, folder)
    write_release(made, folder, force=True)
    assert not (folder / "stale.txt").exists()
    for other in (tmp_path, Path("/")):
        with pytest.raises(SourceError, match="it is no release"):
            write_release(made, other, force=True)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(SourceError, match="it is no release"):
        write_release(made, tmp_path / "link", force=True)
    write_release(made, tmp_path / "new" / "below" / "release")
    (tmp_path / "file").write_text("x")
    with pytest.raises(SourceError, match="cannot be written"):
        write_release(made, tmp_path / "file" / "release")


@pytest.mark.parametrize("earlier", [False, True])
def test_a_full_disk_leaves_nothing_half_written(
    made: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    folder = tmp_path / "release"
    if earlier:
        write_release(made, folder)
    before = sorted(path for path in tmp_path.rglob("*"))
    whole, written = Path.write_bytes, []

    def full(path: Path, data: bytes) -> int:
        written.append(path)
        if len(written) > 20:
            raise OSError(28, "No space left on device")
        return whole(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SourceError, match="No space left on device"):
        write_release(made, folder, force=True)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_settings_are_documented_as_they_are() -> None:
    page = (ROOT / "docs" / "release.md").read_text("utf-8")
    named = {"KG_PUBLISHER": "a", "KG_PUBLISHER_IRI": "https://example.org/a", "KG_CONTACT": "a@example.org"}
    assert Owner.from_env(named) == Owner(*named.values())
    assert all(f"| `{name}` | `--{name[3:].lower().replace('_', '-')}` |" in page for name in named)


def test_progress_names_each_file(made: Release, named: list[str]) -> None:
    assert set(named) == made.files.keys() - {CRATE, SUMS}


def test_no_published_iri_disappears(graph: Graph) -> None:
    """The rule of docs/release.md: what a release described is described for ever, if only as deprecated."""
    last = (ROOT / "docs" / "published.txt").read_text("utf-8").splitlines()
    assert last == sorted(set(last))
    gone = sorted(set(last) - set(published_iris(graph)))
    assert not gone, f"keep these, with owl:deprecated true and dct:isReplacedBy <successor>: {gone[:10]}"


def test_later_releases_name_the_one_before(graph: Graph) -> None:
    versions = [release.version for release in read_changes(ROOT)]
    stated = {
        quad.object.value.rpartition("/")[2]
        for quad in graph.store.quads_for_pattern(
            ox.NamedNode(BASE + "def"), ox.NamedNode(str(rdflib.OWL.priorVersion)), None, None
        )
    }
    assert stated == set(versions[1:2]), "state owl:priorVersion of the release before in ontology/ontology.ttl"


def test_what_the_build_makes_is_not_published(graph: Graph) -> None:
    assert not [iri for iri in published_iris(graph) if "/derived-" in iri or "/inference/" in iri]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of its own, so that the downloads are made."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@dataclass(frozen=True)
class Meanwhile:
    """What a server answers while it makes its downloads: asked in one go at its start, in whatever order tests run."""

    url: str
    first: Answer
    seconds: float
    page: Answer
    english: Answer
    there: dict[str, int]
    made: dict[str, int]
    instead: Answer


@pytest.fixture(scope="module")
def meanwhile(cache: Path) -> Iterator[Meanwhile]:
    with served() as url:
        person = {"Accept": "text/html", "Accept_Language": "en"}
        begin = time.perf_counter()
        first = get(f"{url}/download/SHA256SUMS")
        yield Meanwhile(
            url,
            first,
            time.perf_counter() - begin,
            get(f"{url}/download/?lang=nl", Accept="text/html"),
            get(f"{url}/download/?lang=en&refresh=no", Accept="text/html"),
            {path: get(f"{url}/{path}").status for path in ("download/CHANGELOG.md", "download/LICENSE", "feed.xml")},
            {path: get(f"{url}/{path}").status for path in ("download/", "download/klimaatbanen.ttl.gz")},
            get(urljoin(url, get(f"{url}/download/klimaatbanen.ttl.gz", **person).headers["Location"]), **person),
        )


@pytest.fixture(scope="module")
def base(meanwhile: Meanwhile) -> str:
    patient(f"{meanwhile.url}/download/SHA256SUMS")
    return meanwhile.url


def get(url: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    parts = urlsplit(url)
    return request(url, parts._replace(scheme="", netloc="").geturl(), "GET", None, named)


def test_nobody_waits_while_the_downloads_are_made(meanwhile: Meanwhile) -> None:
    first = meanwhile.first
    assert (first.status, first.headers["Retry-After"]) == (503, "5")
    assert "being made" in str(first.problem["detail"])
    assert meanwhile.seconds < 15  # Making them takes as long on a machine with nothing else to do, and answering 0.2.


def test_a_person_sees_what_is_made_and_what_is_there(meanwhile: Meanwhile) -> None:
    answer, plain = meanwhile.page, "text/html; charset=utf-8"
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (200, plain, "no-store")
    page = answer.text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "De downloads worden gemaakt." in page
    assert "klimaatbanen.ttl.gz: wordt gemaakt" in page
    assert 'href="/download/CHANGELOG.md"' in page
    assert set(meanwhile.there.values()) == {200}
    english = meanwhile.english.text
    assert "The downloads are being made." in english
    assert "http-equiv" not in english
    assert set(meanwhile.made.values()) == {503}
    paths = json.loads(get(f"{meanwhile.url}/openapi.json").text)["paths"]
    assert all("503" in paths[path]["get"]["responses"] for path in ("/download/", "/download/{name}"))
    assert "The downloads are being made." in meanwhile.instead.text


def test_the_page_turns_into_the_list(base: str) -> None:
    answer = get(f"{base}/download/?lang=en", Accept="text/html")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, None)
    assert "http-equiv" not in answer.text
    assert "being made" not in answer.text
    assert 'href="/download/klimaatbanen.ttl.gz"' in answer.text
    assert 'href="/download/SHA256SUMS"' in answer.text
    assert get(f"{base}/download/nothing").status == 404


def test_the_downloads_are_kept_by_the_version_of_the_data(
    base: str, cache: Path, graph: Graph, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(background.child_process, "run", lambda *_, **__: pytest.fail("they are made again"))
    again = background.BackgroundBuild(graph, project, Owner.from_env(), graph.data_version).files(300)
    assert again["feed.xml"].data == get(f"{base}/feed.xml").body
    assert again["csv/Occupation.csv"].title["nl"]
    assert [path.name[0] for path in (cache / "klimaatbanen-kg" / "releases").iterdir()].count(".") == 0
    monkeypatch.undo()
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(SourceError, match="no downloads"):
        background.BackgroundBuild(graph, project, Owner.from_env(), graph.data_version).files(300)


@pytest.mark.check
def test_the_server_sends_the_bytes_that_export_writes(base: str, bare: Release) -> None:
    for name, file in bare.files.items():
        answer = get(f"{base}/download/{name}")
        assert (answer.status, answer.body == file.data) == (200, True), name
        kind = file.compression or file.media_type
        assert answer.headers["Content-Type"].split(";")[0] == kind, name
        assert answer.headers["Etag"] == f'"{file.sha256}"'
    assert get(f"{base}/dataset", Accept="text/turtle").body == bare.files["dataset.ttl"].data
    assert get(f"{base}/dataset.jsonld").body == bare.files["dataset.jsonld"].data
    assert get(f"{base}/.well-known/void").body == bare.files["void.ttl"].data
    assert get(f"{base}/feed.xml").body == bare.files["feed.xml"].data


def test_descriptions_are_negotiated(base: str) -> None:
    page = get(f"{base}/dataset", Accept="text/html")
    assert page.headers["Content-Location"] == "/dataset.html"
    assert page.body.startswith(b"<!doctype html>")
    for path in ("/dataset", "/.well-known/void"):
        answer = get(base + path, Accept="application/n-triples")
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/n-triples")
        assert len(list(ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES))) > 50
        assert get(base + path, Accept="image/png").status == 406
    assert get(f"{base}/dataset.exe").status == 404
    led = request(f"{base}", "/.well-known/void", "GET", None, {"Accept": "text/html"})
    assert (led.status, led.headers["Location"]) == (303, "/dataset?lang=nl")
    (file,) = re.findall(r'href="(/.well-known/void[^"]*)"', page.text)
    assert get(f"{base}{file}", Accept="text/html").headers["Content-Type"].startswith("text/turtle")


def test_downloads_have_a_page_in_both_languages(base: str, graph: Graph) -> None:
    dutch, english = (get(f"{base}/download/?lang={tag}", Accept="text/html").text for tag in ("nl", "en"))
    assert "Tabel" in dutch
    assert "Everything" in english
    for name in ("klimaatbanen.nq.gz", "graphs/industrie-2023/editorial.ttl.gz", "csv/Occupation.csv", SUMS):
        assert f'href="/download/{name}"' in english
    assert f'href="/download/?lang=nl"' in get(f"{base}/?lang=nl", Accept="text/html").text  # noqa: F541


def test_downloads_that_are_not_there_and_those_known_already(base: str) -> None:
    for name in ("nowhere.ttl", "../pyproject.toml", "%2e%2e/pyproject.toml", "csv/"):
        assert get(f"{base}/download/{name}").status == 404
    tag = get(f"{base}/download/feed.xml").headers["Etag"]
    assert get(f"{base}/download/feed.xml", If_None_Match=tag).status == 304


def test_a_withdrawn_resource_leads_to_its_successor_or_says_why_there_is_none(project: Path, tmp_path: Path) -> None:
    from kg.web.app import create_app

    file = tmp_path / "a.ttl"
    file.write_text(
        "@prefix id: <https://w3id.org/klimaatbanen/id/measure/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix dct: <http://purl.org/dc/terms/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        "id:old owl:deprecated true ; dct:isReplacedBy id:new .\n"
        "id:both owl:deprecated true ; dct:isReplacedBy id:new , id:other .\n"
        'id:gone owl:deprecated true ; skos:changeNote "nergens voor nodig"@nl , "not needed"@en ;\n'
        "  dct:isReplacedBy <https://w3id.org/klimaatbanen/questions/climate/measures> .\n"
        'id:new skos:prefLabel "nieuw"@nl . id:other skos:prefLabel "ander"@nl .\n'
        '<https://w3id.org/klimaatbanen/def> owl:versionInfo "0" .\n',
        "utf-8",
    )
    source = Source(file, BASE + "graph/x")
    store = fill_store([source])
    client = create_app(Graph(store, (source,)), find_questions(project / "queries")).test_client()
    html = {"Accept": "text/html"}
    moved = client.get("/id/measure/old?lang=en", headers=html)
    assert (moved.status_code, moved.headers["Location"]) == (308, "/id/measure/new?lang=en")
    assert '</id/measure/new>; rel="successor-version"' in moved.headers.getlist("Link")
    assert client.get("/id/measure/old.ttl").headers["Location"] == "/id/measure/new.ttl"
    assert "measure/old> <http://purl.org/dc/terms/isReplacedBy>" in client.get("/id/measure/new.nt").text
    several = client.get("/id/measure/both", headers=html)
    assert several.status_code == 300
    assert 'href="/id/measure/new?lang=nl">nieuw</a>' in several.text
    assert len([one for one in several.headers.getlist("Link") if "successor-version" in one]) == 2
    for accept, reason in (
        ("text/html", "nergens voor nodig"),
        ("text/turtle", "not needed"),
        ("application/json", "not needed"),
    ):
        gone = client.get("/id/measure/gone", headers={"Accept": accept})
        assert gone.status_code == 410
        assert reason in gone.text
    assert "Welke maatregelen" in client.get("/id/measure/gone", headers=html).text
    assert client.get("/id/measure/new").status_code == 200


def test_the_ontology_answers_at_its_version(project: Path, graph: Graph) -> None:
    from kg.web.app import create_app

    client = create_app(graph, find_questions(project / "queries")).test_client()
    path = f"/def/{graph.version}"
    assert client.get(path, headers={"Accept": "text/html"}).status_code == 200
    assert client.get(f"{path}.ttl").text == client.get("/def.ttl").text
    assert client.get("/def/0.0.1").status_code == 404
    assert client.get(f"/dataset/{graph.version}", headers={"Accept": "text/html"}).status_code == 200
    assert client.get("/dataset/0.0.1").status_code == 404
    for iri in {quad.object.value for quad in graph.store.quads_for_pattern(None, DECLARE, None, None)}:
        assert client.get(f"/{iri.removeprefix(BASE)}", headers={"Accept": "text/turtle"}).status_code == 200, iri


@pytest.mark.check
def test_another_project_with_part_of_what_its_owner_says(tmp_path: Path) -> None:
    for name in ("ontology", "data", "shapes", "queries"):
        shutil.copytree(ROOT / name, tmp_path / "project" / name)
    export = ("export", "--project", str(tmp_path / "project"))
    said = kg(*export, str(tmp_path / "out"), "--publisher", "Example", KG_CONTACT="").stderr.splitlines()
    assert [line.partition(":")[2].strip().partition(":")[0] for line in said] == ["warning", "warning"]
    assert sum("CITATION.cff" in line for line in said) == 1
    assert sum("no contact point: " in line and "--contact ADDRESS" in line for line in said) == 1
    assert (tmp_path / "out" / "klimaatbanen.nq.gz").is_file()
    assert "no IRI or address" in kg(*export, str(tmp_path / "c"), "--contact", "a b", code=2).stderr
