"""Real clients get right answers from a live server; with `-s` each shows what it asked and got."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pandas
import pytest
import rdflib
from conftest import ROOT
from elsewhere import environment
from live import patient, served
from rdflib.plugins.stores.sparqlconnector import SPARQLConnector
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, XML, SPARQLWrapper

from kg.graph.build import Graph
from kg.queries.engine import answer

pytestmark = pytest.mark.check
COMUNICA = "@comunica/query-sparql@4.4.1"
KB = "https://w3id.org/klimaatbanen/def#"
LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
SELECT = (
    f"SELECT ?s ?label WHERE {{ ?s a <{KB}Occupation> ; <{LABEL}> ?label FILTER(LANG(?label) = 'nl') }} ORDER BY ?s"
)
CONSTRUCT = f"CONSTRUCT {{ ?s <{LABEL}> ?label }} WHERE {{ ?s a <{KB}Occupation> ; <{LABEL}> ?label }}"
ASK = f"ASK {{ ?s a <{KB}Occupation> }}"
COUNT = f"SELECT (COUNT(?s) AS ?n) WHERE {{ ?s a <{KB}Occupation> }}"
Pairs = list[tuple[str, str]]
OPENAPI_TOOLS = ROOT / "tests" / "openapi-tools.txt"
UNREAD = ["Unsupported content type application/sparql-query"]  # The other body of POST /sparql is enough.
CLIENT = """import json, sys
from client import Client
from client.api.climate import climate_measures, climate_measures_per_pillar_svg
from client.api.sparql import sparql_chart_post, sparql_post, sparql_xlsx
from client.models import SparqlChartPostBody, SparqlChartPostBodyMark, SparqlPostDataBody

client = Client(sys.argv[1])
rows = "SELECT ?x ?y { VALUES (?x ?y) { (1 2) (3 4) } }"
chart = SparqlChartPostBody(query=rows, mark=SparqlChartPostBodyMark.POINT, x="x", y="y")
print(json.dumps({
    "question": climate_measures.sync(client=client).question,
    "post": sparql_post.sync(client=client, body=SparqlPostDataBody(query="ASK {}")).boolean,
    "svg": climate_measures_per_pillar_svg.sync(client=client)[:4],
    "xlsx": sparql_xlsx.sync(client=client, query=rows).payload.read(2).decode(),
    "chart": sparql_chart_post.sync(client=client, body=chart)[:4],
}))
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with served() as url:
        yield f"{url}/sparql"


@pytest.fixture(scope="module")
def occupations(graph: Graph) -> Pairs:
    """IRI and Dutch label of each occupation, as the engine gives them."""
    pairs = sorted((row["s"].value, row["label"].value) for row in answer(graph.dataset, SELECT))  # type: ignore[union-attr]
    assert len(pairs) > 20
    return pairs


@pytest.fixture(scope="module")
def labels(graph: Graph) -> set[tuple[str, str]]:
    return {(triple.subject.value, triple.object.value) for triple in answer(graph.dataset, CONSTRUCT)}  # type: ignore[union-attr]


def show(what: str, result: object) -> None:
    print(f"\n$ {what}\n{str(result)[:300]}")


@pytest.mark.parametrize("method", ["GET", POST])
@pytest.mark.parametrize("form", [JSON, XML, CSV, TSV])
def test_sparqlwrapper_tables(endpoint: str, occupations: Pairs, form: str, method: str) -> None:
    client = SPARQLWrapper(endpoint, returnFormat=form)
    client.setMethod(method)
    client.setRequestMethod(POSTDIRECTLY if method == POST else "urlencoded")
    client.setQuery(SELECT)
    result = client.queryAndConvert()
    show(f"SPARQLWrapper {method} {form}", result if isinstance(result, (str, bytes, dict)) else result.toxml())
    if form == JSON:
        pairs = [(row["s"]["value"], row["label"]["value"]) for row in result["results"]["bindings"]]
    elif form == XML:
        bindings = [node.firstChild.data for node in result.getElementsByTagName("uri")]
        labels = [node.firstChild.data for node in result.getElementsByTagName("literal")]
        pairs = list(zip(bindings, labels, strict=True))
    else:
        rows = list(csv.reader(io.StringIO(result.decode()), delimiter="," if form == CSV else "\t"))[1:]
        pairs = [(iri.strip("<>"), label.removesuffix("@nl").strip('"')) for iri, label in rows]
    assert pairs == occupations


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # SPARQLWrapper uses it.
@pytest.mark.parametrize("form", [TURTLE, N3, RDFXML, JSONLD])
def test_sparqlwrapper_graphs(endpoint: str, labels: set[tuple[str, str]], form: str) -> None:
    client = SPARQLWrapper(endpoint, returnFormat=form)
    client.setQuery(CONSTRUCT)
    result = client.queryAndConvert()
    graph = rdflib.Graph().parse(data=result, format="turtle") if isinstance(result, bytes) else result
    show(f"SPARQLWrapper {form}", f"{len(graph)} triples")
    assert {(str(s), str(o)) for s, _, o in graph} == labels


def test_sparqlwrapper_asks_and_hears_errors(endpoint: str) -> None:
    client = SPARQLWrapper(endpoint, returnFormat=JSON)
    client.setQuery(ASK)
    assert client.queryAndConvert()["boolean"] is True
    client.setQuery("SELECT * {")
    with pytest.raises(Exception, match="line") as caught:
        client.query()
    show("SPARQLWrapper, a syntax error", caught.value)


def test_rdflib_sparqlstore(endpoint: str, occupations: Pairs, labels: set[tuple[str, str]]) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint))
    pairs = [(str(row.s), str(row.label)) for row in graph.query(SELECT)]
    show("rdflib SPARQLStore", pairs)
    assert pairs == occupations
    subject, predicate = rdflib.URIRef(occupations[0][0]), rdflib.URIRef(LABEL)
    assert {(str(subject), str(label)) for label in graph.objects(subject, predicate)} <= labels
    assert (subject, rdflib.RDF.type, rdflib.URIRef(KB + "Occupation")) in graph
    assert bool(graph.query(ASK))
    assert len(list(graph.triples((subject, None, None)))) > 3


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("form", ["json", "xml", "csv"])
def test_rdflib_sparqlconnector(endpoint: str, occupations: Pairs, form: str, method: str) -> None:
    rows = SPARQLConnector(endpoint, returnFormat=form, method=method).query(SELECT)
    show(f"rdflib SPARQLConnector {method} {form}", list(rows))
    assert [(str(occupation), str(label)) for occupation, label in rows] == occupations


def test_pandas_reads_a_url(endpoint: str, occupations: Pairs) -> None:
    frame = pandas.read_csv(f"{endpoint}?{urlencode({'query': SELECT, 'format': 'csv'})}")
    show("pandas.read_csv(URL)", frame.head(3))
    assert list(frame.itertuples(index=False, name=None)) == occupations


def curl(*words: str) -> str:
    command = ["curl", "--silent", "--show-error", "--fail", *words]
    output = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    show(" ".join(command), output)
    return output


def test_curl_as_r_sends_it(endpoint: str, occupations: Pairs) -> None:
    """The requests of R: package SPARQL (getURL with an XML type), httr's GET and POST, read.csv of a URL."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    agent = ("-A", "libcurl/8.5.0 r-curl/5.2.1 httr/1.4.7", "-H", "Accept-Encoding: deflate, gzip", "--compressed")
    query = ("--data-urlencode", f"query={SELECT}")
    old = curl("--get", "-H", "Accept: application/sparql-results+xml", *query, endpoint)
    assert old.count("<result>") == len(occupations)
    got = curl(*agent, "--get", "-H", "Accept: application/json, text/xml, application/xml, */*", *query, endpoint)
    assert len(json.loads(got)["results"]["bindings"]) == len(occupations)
    posted = curl(*agent, "-H", "Accept: text/csv", *query, endpoint)
    plain = curl("-A", "R (4.3.2 x86_64-pc-linux-gnu)", f"{endpoint}?{urlencode({'format': 'csv', 'query': SELECT})}")
    for text in (posted, plain):
        assert [tuple(row) for row in csv.reader(io.StringIO(text))][1:] == occupations


def test_comunica(endpoint: str, occupations: Pairs, labels: set[tuple[str, str]], tmp_path: Path) -> None:
    """Comunica (npm) asks whole queries, and joins what it gets for their parts."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(tmp_path), COMUNICA]
    subprocess.run(install, check=True, capture_output=True, timeout=400)
    command = str(tmp_path / "node_modules" / ".bin" / "comunica-sparql")

    def ask(source: str, query: str, form: str) -> str:
        words = [command, source, query, "-t", form]
        run = subprocess.run(words, capture_output=True, text=True, timeout=120)
        assert run.returncode == 0, run.stderr
        show(f"comunica-sparql {source} '{query}' -t {form}", run.stdout)
        return run.stdout

    for source in (f"sparql@{endpoint}", endpoint):
        payload = json.loads(ask(source, SELECT, "application/sparql-results+json"))
        pairs = [(row["s"]["value"], row["label"]["value"]) for row in payload["results"]["bindings"]]
        assert sorted(pairs) == occupations
    count = json.loads(ask(f"sparql@{endpoint}", COUNT, "application/sparql-results+json"))
    assert int(count["results"]["bindings"][0]["n"]["value"]) == len(occupations)
    graph = rdflib.Graph().parse(data=ask(f"sparql@{endpoint}", CONSTRUCT, "text/turtle"), format="turtle")
    assert {(str(s), str(o)) for s, _, o in graph} == labels


def test_the_lines_of_javascript_on_the_site_run(endpoint: str, graph: Graph) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here")
    url = f"{endpoint.removesuffix('/sparql')}/docs?lang=en"
    with urlopen(Request(url, headers={"Accept": "text/html"})) as page:
        text = unescape(page.read().decode())
    lines = text.partition('<code id="json-ld-lines">')[2].partition("</code>")[0]
    run = subprocess.run([node, "--input-type=module"], input=lines, capture_output=True, text=True, timeout=60)
    show(lines, run.stdout)
    assert run.returncode == 0, run.stderr
    query = f"""
        SELECT ?label {{
          <https://w3id.org/klimaatbanen/id/measure/waterstof> <{KB}involves>?/<{LABEL}> ?label
          FILTER(LANG(?label) = "en")
        }}"""
    expected = {row["label"].value for row in answer(graph.dataset, query)}  # type: ignore[union-attr]
    assert len(expected) > 1
    assert {line.removeprefix("- ") for line in run.stdout.splitlines()} == expected


@pytest.fixture(scope="module")
def document(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the OpenAPI document of the live server, with one of the saved questions, which are all alike."""
    told = json.loads(fetch(endpoint, "/openapi.json?lang=en"))
    kept = ("/api/climate/measures", "/questions/climate/measures-per-pillar.")
    apart = (path for path in told["paths"] if path.startswith(("/api/", "/questions/")) and not path.startswith(kept))
    for path in list(apart):
        del told["paths"][path]
    file = tmp_path_factory.mktemp("openapi") / "openapi.json"
    file.write_text(json.dumps(told), "utf-8")
    return file


def fetch(endpoint: str, path: str) -> bytes:
    return subprocess.run(
        ["curl", "-sfL", endpoint.removesuffix("/sparql") + path], capture_output=True, check=True, timeout=120
    ).stdout


def test_schemathesis_finds_nothing_that_the_document_does_not_say(endpoint: str, document: Path) -> None:
    """Each operation at the edges of its schema.

    That what fits the schema is taken is left out: no schema says what SPARQL or the JSON of a reconciliation is.
    """
    host = endpoint.removesuffix("/sparql")
    patient(f"{host}/download/SHA256SUMS")
    options = ["--seed", "1", "--phases", "examples,coverage", "--no-shrink", "--request-timeout", "100"]
    options += ["--exclude-checks", "positive_data_acceptance"]
    options += ["--exclude-path-regex", "^/reconcile/{language}|^/openapi"]
    command = [environment(OPENAPI_TOOLS) / "schemathesis", "run", document, "--url", host]
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(OPENAPI_TOOLS.parent)}
    run = subprocess.run(
        [*command, *options], capture_output=True, text=True, timeout=500, cwd=document.parent, env=os.environ | hooks
    )
    show("schemathesis run", run.stdout[-300:])
    assert run.returncode == 0, run.stdout[-6000:]


def test_a_generated_client_asks_by_post_and_gets_rows_svg_and_xlsx(endpoint: str, document: Path) -> None:
    tools = environment(OPENAPI_TOOLS)
    config = ["--config", ROOT / "docs" / "openapi-python-client.yaml", "--meta", "none"]
    command = [tools / "openapi-python-client", "generate", "--path", document, "--output-path", "client", *config]
    made = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=document.parent)
    assert made.returncode == 0, made.stdout[-3000:]
    assert re.findall("^Unsupported.*|^Cannot.*", made.stdout + made.stderr, re.MULTILINE) == UNREAD
    use = document.parent / "use.py"
    use.write_text(CLIENT, "utf-8")
    run = subprocess.run(
        [tools / "python", use, endpoint.removesuffix("/sparql")], capture_output=True, text=True, timeout=100
    )
    assert (run.returncode, run.stderr) == (0, "")
    told = json.loads(run.stdout)
    assert told == {"question": "climate/measures", "post": True, "svg": "<svg", "xlsx": "PK", "chart": "<svg"}
