"""The cases of `bench/protocol.py`: for each the section of the specification, what is asked, and what is right."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote
from xml.etree import ElementTree

import pyoxigraph as ox
from asking import DIRECT, FORM, GRAPHS, Answer, Client, Wrong, good, one_of, same_answer

JSON, XML, CSV, TSV = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
TURTLE, NTRIPLES, RDFXML = "text/turtle", "application/n-triples", "application/rdf+xml"
KB = "https://w3id.org/klimaatbanen/def#"
BASE = "https://w3id.org/klimaatbanen/graph/"
ONE, TWO, THREE = BASE + "klimaattafels", BASE + "ontology", BASE + "industrie-2023"
SELECT = f"SELECT ?s ?label {{ ?s a <{KB}Pillar> ; <http://www.w3.org/2004/02/skos/core#prefLabel> ?label }}"
ASK_YES, ASK_NO = f"ASK {{ ?s a <{KB}Pillar> }}", f"ASK {{ ?s a <{KB}Nothing> }}"
CONSTRUCT = f"CONSTRUCT {{ ?s a ?c }} {{ ?s a ?c VALUES ?c {{ <{KB}Pillar> <{KB}Measure> }} }}"
DESCRIBE = f"DESCRIBE <{KB}Pillar>"
SUBJECTS = "SELECT DISTINCT ?s {{ {} }}"
PLAIN = SUBJECTS.format("?s a ?c")
IN_GRAPH = "SELECT DISTINCT ?g { GRAPH ?g { ?s a ?c } }"
FOREIGN = 'SELECT ?x { VALUES ?x { "é€😀 % & + = ?" } }'
AWKWARD = """SELECT ?a ?b ?c { VALUES (?a ?b ?c) {
  ("quote\\" comma, newline\\n tab\\t back\\\\slash" "twee"@nl UNDEF)
  (<https://example.org/é> 1.5 "<&>") (true "2023-01-01"^^<http://www.w3.org/2001/XMLSchema#date> "") } }"""
HUGE = "SELECT ?x { VALUES ?x { " + " ".join(f'"value {number}"' for number in range(3_000)) + " } }"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
SPECIFIC = 600  # Characters that an error body may have, and still be short.

WAYS: dict[str, tuple[str, Callable[..., Answer]]] = {
    "GET": ("Protocol 2.1.1", Client.get),
    "form POST": ("Protocol 2.1.2", Client.form),
    "direct POST": ("Protocol 2.1.3", Client.direct),
}


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        section: where a specification asks for it.
        name: what is asked.
        run: asks; raises Wrong where the answer is not right.

    """

    section: str
    name: str
    run: Callable[[Client], object]


def cases() -> Iterator[Case]:
    """Yield all cases."""
    for part in (
        _operations,
        _datasets,
        _failures,
        _updates,
        _results,
        _negotiation,
        _http,
        _description,
        _graphs,
        _bad,
    ):
        yield from part()


def _operations() -> Iterator[Case]:
    asked = {"SELECT": (SELECT, JSON), "ASK": (ASK_YES, JSON), "CONSTRUCT": (CONSTRUCT, NTRIPLES)}
    asked |= {
        "characters outside ASCII": (FOREIGN, JSON),
        "line breaks and comments": ("# é\r\n" + SELECT + "\n#", JSON),
    }
    for way, (section, send) in WAYS.items():
        for name, (query, media) in asked.items():
            yield Case(section, f"{name} by {way}", partial(_right, send, query, media))
        yield Case(section, f"DESCRIBE by {way}", partial(_described, send))
        yield Case(
            section, f"a parameter that nobody knows, by {way}", partial(_right, send, SELECT, JSON, unknown="x")
        )
    yield Case("Protocol 2.1.1", "+ is a space, lower-case percent-encoding", _plus)
    yield Case("Protocol 2.1.2", "a query of 60 kB by form POST", partial(_right, Client.form, HUGE, JSON))
    yield Case("Protocol 2.1.2", "form with charset=UTF-8", partial(_typed, Client.form, FORM + "; charset=UTF-8"))
    yield Case("Protocol 2.1.3", "a query of 60 kB by direct POST", partial(_right, Client.direct, HUGE, JSON))
    for kind in (DIRECT + ";charset=utf-8", DIRECT + '; charset="UTF-8"', "Application/SPARQL-Query"):
        yield Case("Protocol 2.1.3", f"direct POST as {kind}", partial(_typed, Client.direct, kind))


def _right(send: Callable[..., Answer], query: str, media: str, client: Client, **more: str) -> None:
    same_answer(send(client, {"query": query, **more}, Accept=media), client.truth, query, media)


def _described(send: Callable[..., Answer], client: Client) -> None:
    answer = good(send(client, {"query": DESCRIBE}, Accept=NTRIPLES), NTRIPLES)
    if not any(quad.subject == ox.NamedNode(KB + "Pillar") for quad in ox.parse(answer.body, format=GRAPHS[NTRIPLES])):
        raise Wrong("not described")


def _typed(send: Callable[..., Answer], kind: str, client: Client) -> None:
    answer = send(client, {"query": FOREIGN}, Accept=JSON, Content_Type=kind)
    same_answer(answer, client.truth, FOREIGN, JSON)


def _plus(client: Client) -> None:
    query = quote(ASK_YES).lower().replace("%20", "+").replace(quote(KB + "Pillar").lower(), quote(KB + "Pillar"))
    same_answer(client.send(f"{client.peer.query}?query={query}", Accept=JSON), client.truth, ASK_YES, JSON)


def _datasets() -> Iterator[Case]:
    chosen = {
        "default-graph-uri": {"default-graph-uri": [ONE]},
        "two default-graph-uri": {"default-graph-uri": [ONE, TWO]},
        "named-graph-uri": {"named-graph-uri": [ONE]},
        "two named-graph-uri": {"named-graph-uri": [ONE, TWO]},
        "default and named graphs": {"default-graph-uri": [ONE], "named-graph-uri": [TWO, THREE]},
    }
    for name, graphs in chosen.items():
        for way, (_, send) in WAYS.items():
            yield Case("Protocol 2.1.4", f"{name} by {way}", partial(_dataset, send, graphs))
    yield Case("Protocol 2.1.4", "the dataset of the request wins over FROM", _over_from)
    yield Case("Protocol 2.1.4", "no default graph where only named ones are given", _only_named)
    yield Case("Query 13.2", "FROM and FROM NAMED", _from)
    yield Case("Query 13.2", "two FROM are merged", _two_from)
    for name, form in {"default-graph-uri": ("{}", True), "FROM": ("FROM <{}> {{", False)}.items():
        yield Case("Protocol 4", f"{name} is never fetched", partial(_unfetched, *form))


def _dataset(send: Callable[..., Answer], graphs: dict[str, list[str]], client: Client) -> None:
    dataset = _nodes(graphs)
    for query in (PLAIN, IN_GRAPH):
        answer = send(client, {"query": query, **graphs}, Accept=JSON)
        same_answer(answer, client.truth, query, JSON, **dataset)


def _nodes(graphs: dict[str, list[str]]) -> dict[str, list[ox.NamedNode]]:
    named = {"default_graph": "default-graph-uri", "named_graphs": "named-graph-uri"}
    return {name: [ox.NamedNode(iri) for iri in graphs.get(key, [])] for name, key in named.items()}


def _over_from(client: Client) -> None:
    query = PLAIN.replace("{", f"FROM <{THREE}> {{", 1)
    answer = client.get({"query": query, "default-graph-uri": ONE}, Accept=JSON)
    same_answer(answer, client.truth, PLAIN, JSON, default_graph=[ox.NamedNode(ONE)])


def _only_named(client: Client) -> None:
    answer = client.get({"query": PLAIN, "named-graph-uri": ONE}, Accept=JSON)
    same_answer(answer, client.truth, PLAIN, JSON, default_graph=[], named_graphs=[ox.NamedNode(ONE)])


def _from(client: Client) -> None:
    clause = f"FROM <{ONE}> FROM NAMED <{TWO}> {{"
    for query in (PLAIN, IN_GRAPH):
        answer = client.get({"query": query.replace("{", clause, 1)}, Accept=JSON)
        dataset = _nodes({"default-graph-uri": [ONE], "named-graph-uri": [TWO]})
        same_answer(answer, client.truth, query, JSON, **dataset)


def _two_from(client: Client) -> None:
    query = PLAIN.replace("{", f"FROM <{ONE}> FROM <{TWO}> {{", 1)
    same_answer(client.get({"query": query}, Accept=JSON), client.truth, query, JSON, use_default_graph_as_union=False)


def _unfetched(clause: str, in_request: bool, client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/graph"
        graphs = {"default-graph-uri": url} if in_request else {}
        query = PLAIN if in_request else PLAIN.replace("{", clause.format(url), 1)
        _trapped(trap, lambda: client.get({"query": query, **graphs}, Accept=JSON))


def _trapped(trap: socket.socket, ask: Callable[[], object]) -> None:
    """Ask while a socket waits for visitors; nobody may come."""
    trap.settimeout(0.3)
    client_error: Exception | None = None
    try:
        ask()
    except (OSError, ConnectionError) as error:
        client_error = error
    try:
        trap.accept()[0].close()
    except TimeoutError:
        if client_error:
            raise Wrong("no answer") from client_error
        return
    raise Wrong("connects to the address")


def _failures() -> Iterator[Case]:
    for way, (_, send) in WAYS.items():
        yield Case("Protocol 2.1.7", f"a syntax error by {way} is 400", partial(_refused, send, "SELECT * {"))
        yield Case(
            "Protocol 2.1.7", f"an undeclared prefix by {way} is 400", partial(_refused, send, "ASK { x:y ?p ?o }")
        )
        yield Case("Protocol 2.1.7", f"an empty query by {way} is 400", partial(_refused, send, ""))
    yield Case("Protocol 2.1.7", "a form without a query is 400", lambda c: one_of(c.form({"unknown": "x"}), 400))
    yield Case("Protocol 2.1.7", "two queries in the URL are 400", partial(_twice, Client.get))
    yield Case("Protocol 2.1.7", "two queries in a form are 400", partial(_twice, Client.form))
    yield Case("Protocol 2.1.7", "a query in URL and form is 400", partial(_both, FORM))
    yield Case("Protocol 2.1.7", "a query in URL and body is 400", partial(_both, DIRECT))
    yield Case("Protocol 2.1.7", "an error says what is wrong", _told)
    yield Case("RFC 9457 3", "an error is application/problem+json", _problem)
    yield Case("Query 18.6", "an unknown function is an error of the client, or unbound", _unknown_function)


def _refused(send: Callable[..., Answer], query: str, client: Client) -> None:
    one_of(send(client, {"query": query}, Accept=JSON), 400)


def _twice(send: Callable[..., Answer], client: Client) -> None:
    one_of(send(client, {"query": [ASK_YES, ASK_NO]}, Accept=JSON), 400)


def _both(kind: str, client: Client) -> None:
    url = f"{client.peer.query}?query={quote(ASK_YES)}"
    body = ASK_NO if kind == DIRECT else "query=" + quote(ASK_NO)
    one_of(client.send(url, "POST", body.encode(), Content_Type=kind, Accept=JSON), 400)


def _told(client: Client) -> None:
    answer = one_of(client.get({"query": "SELECT * {"}, Accept=JSON), 400)
    if not answer.body.strip():
        raise Wrong("empty body")


def _problem(client: Client) -> None:
    answer = one_of(client.get({"query": "SELECT * {"}, Accept=JSON), 400)
    if answer.media != "application/problem+json" or json.loads(answer.body)["status"] != 400:
        raise Wrong(answer.media)


def _unknown_function(client: Client) -> None:
    one_of(client.get({"query": "SELECT (<urn:f>(1) AS ?x) {}"}, Accept=JSON), 200, 400)


def _updates() -> Iterator[Case]:
    insert = "INSERT DATA { <urn:s> <urn:p> <urn:o> }"
    yield Case("Protocol 2.2", "an update by form is refused", lambda c: _unwritten(c, c.form({"update": insert})))
    kind = "application/sparql-update"
    yield Case(
        "Protocol 2.2",
        "an update as body is refused",
        lambda c: _unwritten(c, c.send(c.peer.query, "POST", insert.encode(), Content_Type=kind)),
    )
    yield Case("Protocol 2.2", "an update by GET is refused", lambda c: _unwritten(c, c.get({"update": insert})))
    yield Case("Protocol 2.2", "an update in query= is refused", lambda c: _unwritten(c, c.get({"query": insert})))
    yield Case("Protocol 4", "LOAD connects to nobody", partial(_connects, "LOAD <{}>"))
    yield Case("Protocol 4", "SERVICE connects to nobody", partial(_connects, "ASK {{ SERVICE SILENT <{}> {{}} }}"))


def _unwritten(client: Client, answer: Answer) -> None:
    if not 400 <= answer.status < 500:
        raise Wrong(f"status {answer.status}")
    _right(Client.get, "SELECT ?o { <urn:s> <urn:p> ?o }", JSON, client)


def _connects(query: str, client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        url = f"http://127.0.0.1:{trap.getsockname()[1]}/"
        _trapped(trap, lambda: client.get({"query": query.format(url)}, Accept=JSON))


def _results() -> Iterator[Case]:
    sections = {JSON: "Results JSON", XML: "Results XML", CSV: "Results CSV 3", TSV: "Results TSV 4"}
    for media, section in sections.items():
        yield Case(section, f"SELECT as {media}", partial(_right, Client.get, SELECT, media))
        yield Case(section, f"quotes, line breaks, unbound as {media}", partial(_right, Client.get, AWKWARD, media))
        yield Case(section, f"no rows as {media}", partial(_right, Client.get, SUBJECTS.format("?s <urn:x> ?o"), media))
    for media in (JSON, XML):
        yield Case(sections[media], f"ASK that is true as {media}", partial(_right, Client.get, ASK_YES, media))
        yield Case(sections[media], f"ASK that is false as {media}", partial(_right, Client.get, ASK_NO, media))
    yield Case("Results JSON 3.2.2", "language, datatype, blank node", _json_terms)
    yield Case("Results XML 2.3.1", "language, datatype, blank node", _xml_terms)
    yield Case("Results CSV 3.1", "a header without ?, lines end with CRLF", partial(_lines, CSV, b"s,label\r\n"))
    yield Case("Results TSV 4.1", "a header with ?, terms in Turtle", partial(_lines, TSV, b"?s\t?label\n<"))
    for media in (CSV, TSV):
        yield Case("RFC 9110 8.3.2", f"{media} names its charset, or is ASCII by default", partial(_charset, media))
    for media in GRAPHS:
        yield Case("RDF 1.1", f"CONSTRUCT as {media}", partial(_right, Client.get, CONSTRUCT, media))
    yield Case("RDF 1.1", "CONSTRUCT without triples as text/turtle", _no_triples)


def _terms(client: Client, media: str) -> Answer:
    date = '"2023-01-01"^^<http://www.w3.org/2001/XMLSchema#date>'
    query = f'SELECT ?a ?b ?c {{ BIND("x"@nl AS ?a) BIND({date} AS ?b) BIND(BNODE() AS ?c) }}'
    return good(client.get({"query": query}, Accept=media), media)


def _json_terms(client: Client) -> None:
    (row,) = json.loads(_terms(client, JSON).body)["results"]["bindings"]
    right = row["a"]["xml:lang"] == "nl" and row["b"]["datatype"].endswith("#date") and row["c"]["type"] == "bnode"
    if not right or {row[name]["type"] for name in "ab"} != {"literal"}:
        raise Wrong("terms")


def _xml_terms(client: Client) -> None:
    space = "{http://www.w3.org/2005/sparql-results#}"
    root = ElementTree.fromstring(_terms(client, XML).body)  # noqa: S314
    (row,) = root.iter(space + "result")
    terms = {binding.get("name"): binding[0] for binding in row}
    lang = terms["a"].get("{http://www.w3.org/XML/1998/namespace}lang")
    date = terms["b"].get("datatype") or ""
    if lang != "nl" or not date.endswith("#date") or terms["c"].tag != space + "bnode":
        raise Wrong("terms")


def _lines(media: str, start: bytes, client: Client) -> None:
    answer = good(client.get({"query": SELECT}, Accept=media), media)
    if not answer.body.startswith(start):
        raise Wrong(repr(answer.body[:20].decode("utf-8", "replace")))


def _charset(media: str, client: Client) -> None:
    answer = good(client.get({"query": FOREIGN}, Accept=media), media)
    if "utf-8" not in answer.header("Content-Type").lower():
        raise Wrong(answer.header("Content-Type"))


def _no_triples(client: Client) -> None:
    answer = good(client.get({"query": "CONSTRUCT WHERE { ?s <urn:x> ?o }"}, Accept=TURTLE), TURTLE)
    if list(ox.parse(answer.body, format=ox.RdfFormat.TURTLE)):
        raise Wrong("triples")


def _negotiation() -> Iterator[Case]:
    liked = {
        f"{CSV};q=0.5, {XML}": XML,
        f"{XML};q=0.2, {CSV};q=0.5": CSV,
        f"{CSV};q=0.4, {XML};q=0.400001, {TSV};q=0.9": TSV,
        f"image/png, {CSV};q=0.1": CSV,
        f"{JSON};q=0, {XML}": XML,
        f"{JSON};q=0.1, */*;q=0.01": JSON,
        "Text/CSV": CSV,
        f"  {CSV} ;  q=1.0 , {XML};q=0.9": CSV,
        f'{CSV};header=present;x="a,b", {XML};q=0.5': CSV,
        "text/csv;charset=utf-8": CSV,
    }
    for accept, media in liked.items():
        yield Case("RFC 9110 12.5.1", f"`Accept: {accept}`", partial(_liked, SELECT, accept, media))
    for accept in (
        f"{JSON};q=0, */*",
        f"{JSON};q=0, {XML};q=0, */*;q=0.1",
        "application/*",
        "text/*",
        "*/*",
        "",
        BROWSER,
    ):
        yield Case("RFC 9110 12.5.1", f"`Accept: {accept}` gets what it accepts", partial(_accepted, accept))
    for accept, media in {f"{TURTLE};q=0.4, {RDFXML}": RDFXML, f"{NTRIPLES}, {TURTLE};q=0.9": NTRIPLES}.items():
        yield Case("RFC 9110 12.5.1", f"CONSTRUCT with `Accept: {accept}`", partial(_liked, CONSTRUCT, accept, media))
    mixed = f"{JSON}, {TURTLE}"
    yield Case("RFC 9110 12.5.1", f"CONSTRUCT with `Accept: {mixed}`", partial(_liked, CONSTRUCT, mixed, TURTLE))
    yield Case("RFC 9110 12.5.1", f"SELECT with `Accept: {mixed}`", partial(_liked, SELECT, mixed, JSON))
    for query, accept in ((SELECT, "image/png"), (CONSTRUCT, "image/png"), (SELECT, f"{JSON};q=0")):
        what = query.split()[0]
        yield Case(
            "RFC 9110 15.5.7",
            f"{what} with `Accept: {accept}` is 406, or sent all the same",
            partial(_never, query, accept),
        )
    yield Case("RFC 9110 12.5.5", "Vary names Accept", _vary)


def _liked(query: str, accept: str, media: str, client: Client) -> None:
    same_answer(client.get({"query": query}, Accept=accept), client.truth, query, media)


def _accepted(accept: str, client: Client) -> None:
    answer = good(client.get({"query": SELECT}, Accept=accept))
    refused = {one.split(";")[0].strip() for one in accept.split(",") if "q=0," in one + ","}
    named = [one.split(";")[0].strip() for one in accept.split(",") if one.strip()]
    fits = any(
        one in ("*/*", answer.media) or (one.endswith("/*") and answer.media.startswith(one[:-1])) for one in named
    )
    if answer.media in refused or (named and not fits):
        raise Wrong(answer.media)


def _never(query: str, accept: str, client: Client) -> None:
    answer = one_of(client.get({"query": query}, Accept=accept), 200, 406)
    if answer.status == 200 and answer.media in accept:
        raise Wrong(answer.media)


def _vary(client: Client) -> None:
    header = good(client.get({"query": SELECT}, Accept=CSV), CSV).header("Vary").lower()
    if not {"accept", "*"} & {name.strip() for name in header.split(",")}:
        raise Wrong(header or "no Vary")


def _http() -> Iterator[Case]:
    yield Case("RFC 9110 9.3.2", "HEAD has the status of GET and no body", _head)
    yield Case("RFC 9110 9.3.2", "HEAD has the Content-Type and length of GET", _head_headers)
    yield Case("RFC 9110 9.3.7", "OPTIONS names the methods", _options)
    for method in ("PUT", "DELETE", "PATCH"):
        yield Case("RFC 9110 15.5.6", f"{method} of the endpoint is 405 with Allow", partial(_not_allowed, method))
    yield Case("RFC 9110 15.5.16", "a JSON body is 415", partial(_unsupported, "application/json"))
    yield Case("RFC 9110 15.5.16", "a query in Latin-1 is 415, or read as such", _latin)
    yield Case("RFC 9110 8.8.3", "an ETag, and another for another query and format", _tags)
    for name, asked in {"the tag": "{}", "a list": '"x", {}', "*": "*"}.items():
        yield Case("RFC 9110 13.1.2", f"If-None-Match with {name} is 304", partial(_unchanged, asked))
    yield Case("RFC 9110 13.1.2", "If-None-Match with another tag is 200", _changed)
    yield Case("RFC 9111 5.2", "Cache-Control", lambda c: _has(c.get({"query": SELECT}, Accept=JSON), "Cache-Control"))
    yield Case("RFC 9110 12.5.3", "gzip for who accepts it", _packed)
    yield Case("RFC 9110 12.5.3", "no gzip with gzip;q=0", partial(_plain, "gzip;q=0"))
    yield Case("RFC 9110 12.5.3", "no gzip with identity", partial(_plain, "identity"))
    yield Case("Fetch 3.2", "a page of another origin may read the answer", _origin)
    yield Case("Fetch 3.2", "preflight of a direct POST", _preflight)
    yield Case("Fetch 3.2", "a page of another origin may read an error", _origin_of_error)
    yield Case("RFC 9112 9.3", "two requests on one connection", _kept_alive)
    yield Case("RFC 9112 7.1", "a chunked body", _chunked)
    yield Case("RFC 9112 9.3", "HTTP/1.0", _old)
    yield Case("RFC 9110 10.1.1", "Expect: 100-continue", _expects)
    yield Case(
        "RFC 9112 3.2", "no Host is 400", partial(_status_of, b"GET {path}?query=ASK%7B%7D HTTP/1.1\r\n\r\n", (400,))
    )


def _has(answer: Answer, name: str) -> Answer:
    good(answer)
    if not answer.header(name):
        raise Wrong(f"no {name}")
    return answer


def _head(client: Client) -> None:
    answer = good(client.get({"query": SELECT}, "HEAD", Accept=CSV))
    if answer.body:
        raise Wrong("a body")


def _head_headers(client: Client) -> None:
    get, head = (good(client.get({"query": SELECT}, method, Accept=CSV)) for method in ("GET", "HEAD"))
    if get.media != head.media or (head.header("Content-Length") not in ("", str(len(get.body)))):
        raise Wrong(f"{head.media} {head.header('Content-Length')}")


def _options(client: Client) -> None:
    answer = one_of(client.send(client.peer.query, "OPTIONS"), 200, 204)
    methods = answer.header("Allow") + answer.header("Access-Control-Allow-Methods")
    if not ("GET" in methods and "POST" in methods):
        raise Wrong("no Allow")


def _not_allowed(method: str, client: Client) -> None:
    answer = one_of(client.send(client.peer.query, method, b"", Content_Type=DIRECT), 405)
    if "GET" not in answer.header("Allow"):
        raise Wrong("no Allow")


def _unsupported(kind: str, client: Client) -> None:
    one_of(client.send(client.peer.query, "POST", b'{"query": "ASK {}"}', Content_Type=kind), 415)


def _latin(client: Client) -> None:
    query = 'SELECT ("é" AS ?x) {}'
    body = query.encode("latin-1")
    answer = client.send(client.peer.query, "POST", body, Content_Type=DIRECT + "; charset=iso-8859-1", Accept=JSON)
    if one_of(answer, 200, 400, 415).status == 200:
        same_answer(answer, client.truth, query, JSON)


def _tags(client: Client) -> None:
    asked = ((SELECT, JSON), (SELECT, CSV), (ASK_YES, JSON))
    tags = [_has(client.get({"query": query}, Accept=media), "ETag").header("ETag") for query, media in asked]
    if len(set(tags)) != len(tags):
        raise Wrong("the same tag")


def _unchanged(asked: str, client: Client) -> None:
    tag = _has(client.get({"query": SELECT}, Accept=JSON), "ETag").header("ETag")
    again = client.get({"query": SELECT}, Accept=JSON, If_None_Match=asked.format(tag))
    if one_of(again, 304).body:
        raise Wrong("a body")


def _changed(client: Client) -> None:
    _right(Client.get, SELECT, JSON, client)
    good(client.get({"query": SELECT}, Accept=JSON, If_None_Match='"other"'), JSON)


def _packed(client: Client) -> None:
    query = "SELECT * { ?s a ?c } LIMIT 200"
    answer = good(client.get({"query": query}, Accept=CSV, Accept_Encoding="gzip"))
    if answer.header("Content-Encoding") != "gzip" or b"\n" not in gzip.decompress(answer.body):
        raise Wrong("not packed")


def _plain(accept: str, client: Client) -> None:
    answer = good(client.get({"query": "SELECT * { ?s a ?c } LIMIT 200"}, Accept=CSV, Accept_Encoding=accept))
    if answer.header("Content-Encoding") not in ("", "identity"):
        raise Wrong("packed")


def _origin(client: Client) -> None:
    answer = good(client.get({"query": SELECT}, Accept=JSON, Origin="https://example.org"))
    if answer.header("Access-Control-Allow-Origin") not in ("*", "https://example.org"):
        raise Wrong("no Access-Control-Allow-Origin")


def _origin_of_error(client: Client) -> None:
    answer = client.get({"query": "SELECT * {"}, Accept=JSON, Origin="https://example.org")
    if answer.header("Access-Control-Allow-Origin") not in ("*", "https://example.org"):
        raise Wrong("no Access-Control-Allow-Origin")


def _preflight(client: Client) -> None:
    asked = {"Origin": "https://example.org", "Access_Control_Request_Method": "POST"}
    asked["Access_Control_Request_Headers"] = "content-type"
    answer = one_of(client.send(client.peer.query, "OPTIONS", **asked), 200, 204)
    if answer.header("Access-Control-Allow-Origin") not in ("*", "https://example.org"):
        raise Wrong("no Access-Control-Allow-Origin")
    if not {"*", "content-type"} & set(
        answer.header("Access-Control-Allow-Headers").lower().replace(" ", "").split(",")
    ):
        raise Wrong("Content-Type is not allowed")


def _request(client: Client, head: str, body: bytes = b"") -> bytes:
    return head.format(path=client.path, host=client.peer.netloc).encode() + b"\r\n\r\n" + body


ASK_BY_GET = f"GET {{path}}?query={quote(ASK_YES)} HTTP/1.1\r\nHost: {{host}}\r\nAccept: {JSON}"
POST_HEAD = f"POST {{path}} HTTP/1.1\r\nHost: {{host}}\r\nAccept: {JSON}\r\nContent-Type: {DIRECT}"


def _kept_alive(client: Client) -> None:
    last = _request(client, ASK_BY_GET + "\r\nConnection: close")
    answer = client.raw(_request(client, ASK_BY_GET) + last, until_closed=True)
    if answer.count(b" 200 ") != 2:
        raise Wrong(f"{answer.count(b' 200 ')} answers")


def _chunked(client: Client) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(ASK_YES), ASK_YES.encode())
    _answered(
        client.raw(
            _request(client, POST_HEAD + "\r\nTransfer-Encoding: chunked\r\nConnection: close", body), until_closed=True
        )
    )


def _old(client: Client) -> None:
    _answered(client.raw(_request(client, ASK_BY_GET.replace("HTTP/1.1", "HTTP/1.0")), until_closed=True))


def _expects(client: Client) -> None:
    head = POST_HEAD + f"\r\nExpect: 100-continue\r\nContent-Length: {len(ASK_YES)}\r\nConnection: close"
    answer = client.raw(_request(client, head, ASK_YES.encode()), until_closed=True)
    _answered(answer.partition(b"\r\n\r\n")[2] if b" 100 " in answer[:20] else answer)


def _answered(answer: bytes) -> None:
    if b" 200 " not in answer[:20] or b"true" not in answer:
        raise Wrong(answer.split(b"\r\n")[0].decode("latin-1")[:40] or "nothing")


def _status_of(data: bytes, statuses: tuple[int, ...], client: Client) -> None:
    request = data.replace(b"{path}", client.path.encode()).replace(b"{host}", client.peer.netloc.encode())
    answer = client.raw(request)
    words = answer.split(maxsplit=2)
    if not answer and 0 in statuses:
        return
    if len(words) < 2 or not words[1].isdigit() or int(words[1]) not in statuses:
        raise Wrong(b" ".join(words[:2]).decode("latin-1")[:40] or "nothing")


SD = "http://www.w3.org/ns/sparql-service-description#"


def _description() -> Iterator[Case]:
    for media in (TURTLE, RDFXML):
        yield Case("Service Description 2", f"the description as {media}", partial(_says, media, "?s a sd:Service"))
    said = {
        "3.2.1 (sd:endpoint)": "?s sd:endpoint|sd:url ?e",
        "3.2.5 (sd:supportedLanguage)": "?s sd:supportedLanguage sd:SPARQL11Query",
        "3.2.7 (sd:resultFormat)": "?s sd:resultFormat <http://www.w3.org/ns/formats/SPARQL_Results_JSON>",
        "3.2.8 (sd:defaultDataset)": "?s sd:defaultDataset/sd:defaultGraph ?g",
        "3.4.3 (sd:namedGraph)": f"?d sd:namedGraph/sd:name <{ONE}>",
    }
    for name, pattern in said.items():
        yield Case(
            f"Service Description {name.split()[0]}", f"it says {name.split()[1]}", partial(_says, TURTLE, pattern)
        )


def _says(media: str, pattern: str, client: Client) -> None:
    answer = good(client.send(client.peer.query, Accept=media), media)
    store = ox.Store()
    store.load(answer.body, format=GRAPHS[media], base_iri=client.peer.query)
    if not bool(store.query(f"PREFIX sd: <{SD}> ASK {{ {pattern} }}")):
        raise Wrong("not said")


def _graphs() -> Iterator[Case]:
    for media in GRAPHS:
        yield Case("Graph Store 5.2", f"GET of a graph as {media}", partial(_sent, {"graph": ONE}, media, media))
    yield Case("Graph Store 4.2", "GET of another graph", partial(_sent, {"graph": TWO}, NTRIPLES, NTRIPLES))
    yield Case("Graph Store 4.2", "GET of the default graph", _default_graph)
    yield Case(
        "Graph Store 5.2", "a graph that is not there is 404", lambda c: one_of(c.graph({"graph": "urn:none"}), 404)
    )
    yield Case(
        "Graph Store 4.2",
        "graph and default at once are 400",
        lambda c: one_of(c.graph({"graph": ONE, "default": ""}), 400),
    )
    yield Case("Graph Store 5.7", "HEAD of a graph", _graph_head)
    yield Case(
        "Graph Store 5.7",
        "HEAD of a graph that is not there is 404",
        lambda c: one_of(c.graph({"graph": "urn:none"}, "HEAD"), 404),
    )
    yield Case(
        "Graph Store 5.2",
        "a format that nobody has is 406, or sent all the same",
        lambda c: one_of(c.graph({"graph": ONE}, Accept="image/png"), 200, 406),
    )
    yield Case(
        "Graph Store 5.2",
        "quality values",
        partial(_sent, {"graph": ONE}, NTRIPLES, f"{TURTLE};q=0.3, {NTRIPLES};q=0.8"),
    )
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        yield Case("Graph Store 5", f"{method} is refused: read only", partial(_graph_unwritten, method))
    yield Case("RFC 9110 13.1.2", "a graph has an ETag, and is 304", _graph_tag)


def _sent(graph: dict[str, str], media: str, accept: str, client: Client) -> None:
    answer = good(client.graph(graph, Accept=accept), media)
    triples = {
        ox.Triple(triple.subject, triple.predicate, triple.object)
        for triple in ox.parse(answer.body, format=GRAPHS[media])
    }
    truth = {quad.triple for quad in client.truth.quads_for_pattern(None, None, None, ox.NamedNode(graph["graph"]))}
    if triples != truth:
        raise Wrong("other triples")


def _default_graph(client: Client) -> None:
    answer = good(client.graph({"default": ""}, Accept=NTRIPLES), NTRIPLES)
    list(ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES))


def _graph_head(client: Client) -> None:
    answer = good(client.graph({"graph": ONE}, "HEAD", Accept=NTRIPLES), NTRIPLES)
    if answer.body:
        raise Wrong("a body")


def _graph_unwritten(method: str, client: Client) -> None:
    body = None if method == "DELETE" else b"<urn:s> <urn:p> <urn:o> ."
    answer = client.graph({"graph": ONE}, method, body, Content_Type=TURTLE)
    one_of(answer, 401, 403, 405, 501)


def _graph_tag(client: Client) -> None:
    tag = _has(client.graph({"graph": ONE}, Accept=NTRIPLES), "ETag").header("ETag")
    one_of(client.graph({"graph": ONE}, Accept=NTRIPLES, If_None_Match=tag), 304)


def _bad() -> Iterator[Case]:
    """Bad input: an error of the client each, short, without what is inside, and the next is answered."""
    urls = {
        "bad percent-encoding": "?query=ASK%7B%ZZ%7D",
        "cut percent-encoding": "?query=ASK%7B%7D%2",
        "bad UTF-8 in the URL": "?query=ASK%7B%7D%23%FF",
        "a lone surrogate": "?query=ASK%7B%7D%23%ED%A0%80",
        "NUL": "?query=ASK%7B%7D%00",
        "a graph that is no IRI": "?query=ASK%7B%7D&default-graph-uri=no%20iri",
        "script in the query": "?query=%3Cscript%3Ealert(1)%3C/script%3E",
    }
    for name, tail in urls.items():
        yield Case("bad input", name, partial(_bad_url, tail))
    bodies = {
        "bad UTF-8 in a form": (FORM, b"query=ASK%7B%7D%23%FF"),
        "bad UTF-8 in a body": (DIRECT, b"ASK {} #\xff"),
        "a query of 1 MB": (DIRECT, b"ASK { FILTER(" + b"1+" * 500_000 + b"1 > 0) }"),
        "5,000 nested groups": (DIRECT, b"ASK " + b"{" * 5_000 + b"}" * 5_000),
        "5,000 brackets": (DIRECT, b"ASK { FILTER(" + b"(" * 5_000 + b"1" + b")" * 5_000 + b") }"),
    }
    for name, (kind, body) in bodies.items():
        yield Case("bad input", name, partial(_bad_body, kind, body))
    long = "ASK {} #" + "x" * 1_000_000
    yield Case("bad input", "a URL of 1 MB ends nobody", partial(_ends_nobody, Client.get, long))
    yield Case("bad input", "a body of 20 MB ends nobody", partial(_ends_nobody, Client.direct, long * 20))
    yield Case("bad input", "Accept of nonsense is no error of the server", _nonsense)
    yield Case(
        "bad input", "dots in the path", lambda c: one_of(c.send(f"http://{c.peer.netloc}/../../etc/passwd"), 400, 404)
    )
    raw = {
        "a body of negative length": b"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n",
        "two lengths": b"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "an unknown transfer coding": b"POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: nonsense\r\n\r\n",
        "no HTTP at all": b"\x00\x01\x02\r\n\r\n",
        "a line break in a header": b"GET / HTTP/1.1\r\nHost: {host}\r\nBad\rName: y\r\n\r\n",
    }
    for name, data in raw.items():
        yield Case("RFC 9112 2.2", name, partial(_status_of, data, (0, 400, 501)))
    yield Case("bad input", "after all of this, a query is answered", partial(_right, Client.get, SELECT, JSON))


def _clean(answer: Answer) -> None:
    if not 400 <= answer.status < 500:
        raise Wrong(f"status {answer.status}")
    if len(answer.body) > SPECIFIC + 1_400:
        raise Wrong(f"a body of {len(answer.body)} bytes")
    if b"Traceback" in answer.body or b"site-packages" in answer.body:
        raise Wrong("a trace")
    if b"<script>" in answer.body and answer.media == "text/html":
        raise Wrong("script sent back")


def _bad_url(tail: str, client: Client) -> None:
    _survives(lambda: client.send(client.peer.query + tail, Accept=JSON))


def _bad_body(kind: str, body: bytes, client: Client) -> None:
    _survives(lambda: client.send(client.peer.query, "POST", body, Content_Type=kind, Accept=JSON))


def _survives(ask: Callable[[], Answer]) -> None:
    try:
        _clean(ask())
    except OSError as error:
        raise Wrong("no answer") from error


def _ends_nobody(send: Callable[..., Answer], query: str, client: Client) -> None:
    """Ask what is long and yet valid: who does not answer it says why not."""
    if not 200 <= send(client, {"query": query}, Accept=JSON).status < 500:
        raise Wrong("an error of the server")


def _nonsense(client: Client) -> None:
    one_of(client.get({"query": SELECT}, Accept=";;;q=,/,\xff"), 200, 400, 406)
