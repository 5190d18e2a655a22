"""`/download/`, `/dataset`, `/.well-known/void`, `/feed.xml`: the release, the same bytes as `kg export` writes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Request, Response, request

from kg.endpoint.protocol import QueryRequest
from kg.errors import NotFound
from kg.namespaces import GRAPH
from kg.queries.formats import Format, serialise_triples
from kg.queries.rows import Rows
from kg.rdf_terms import local_name
from kg.release.dumps import PACKED, WHOLE
from kg.release.files import DATASET, File
from kg.release.table_metadata import CSVW
from kg.web.about.schema_org import dataset_card
from kg.web.context import Context
from kg.web.negotiation import graph_format, page_or_graph, wants_html
from kg.web.responses import ask, send_page
from kg.web.signposting import A_DATASET, ABOUT_PAGE, TERMS, link, signpost, within_dataset
from kg.web.site import Site
from kg.web.things.citation import dataset_citation

_TURTLE: Final = "ttl"
_DUMPS: Final = ("ttl.gz", "nq.gz", "jsonld.gz")
_WHOLE: Final = tuple(f"{WHOLE}.{suffix}" for suffix in _DUMPS)
_GRAPHS: Final = "graph/graphs"
_REFRESH: Final = 5  # Seconds after which the page asks again for what is being made.
_LATER: Final = 10.0  # Seconds after the start of a server.
_WITH_CHARSET: Final = ("text/", "application/sparql-query")


def init_app(app: Flask, site: Site) -> None:
    """Register the routes; nothing is made until somebody asks, or `site.release` begins."""
    blueprint = Blueprint("downloads", __name__)

    @blueprint.get("/download/")
    def index() -> Response:
        """Show what can be downloaded, under which terms; to a person also while it is being made."""
        context = Context.from_request(site, request)
        making = wants_html(request) and not site.release.done()
        return _page(context, site.release.ready() if making else site.release.files(), making=making)

    @blueprint.get("/download/<path:name>")
    def download(name: str) -> Response:
        """Send one file of the release; a person who asks for one that is not made yet sees what there is."""
        file = site.release.ready().get(name)
        if file is None and site.release.done(0):
            raise NotFound(f"no download called {name[:200]}", hint="see /download/ for all of them")
        if file is None and wants_html(request):
            lang = Context.from_request(site, request).lang
            return Response(status=303, headers={"Location": f"/download/?lang={lang}", "Cache-Control": "no-store"})
        return within_dataset(_send(request, file or site.release.files()[name]))

    @blueprint.get("/feed.xml")
    def feed() -> Response:
        """Send the releases as an Atom feed."""
        return _send(request, site.release.ready()["feed.xml"])

    @blueprint.get("/dataset", defaults={"suffix": ""})
    @blueprint.get("/dataset.<suffix>")
    def dataset(suffix: str) -> Response:
        """Describe the dataset: a page, or DCAT in the RDF syntax asked for."""
        form = page_or_graph(request, suffix)
        if form is None:
            response = _landing(Context.from_request(site, request))
        else:
            response = _described(site, request, "dataset", form)
        response.headers["Content-Location"] = f"/dataset.{form.name if form else 'html'}"
        return response

    @blueprint.get("/.well-known/void")
    def void() -> Response:
        """Describe the dataset in VoID (section 7.2), in the RDF syntax asked for; lead to the page of it."""
        if wants_html(request) and not request.args.get("format"):
            return Response(
                status=303,
                headers={"Location": f"/dataset?lang={Context.from_request(site, request).lang}", "Vary": "Accept"},
            )
        return _described(site, request, "void", graph_format(request, ""))

    _add_version(blueprint, site, dataset)
    app.register_blueprint(blueprint)


def _add_version(blueprint: Blueprint, site: Site, dataset: Callable[[str], Response]) -> None:
    @blueprint.get("/dataset/<version>")
    def of_version(version: str) -> Response:
        """Describe a version of the dataset: only that which is served."""
        if version != site.graph.version:
            served = f"{DATASET}/{site.graph.version}"
            raise NotFound(f"version {version[:20]} of the dataset is not served here", hint=f"here is <{served}>")
        return dataset("")


@dataclass(frozen=True)
class Part:
    """A kind of statement: the slug of the kind, its name, what it means, and how many statements it has."""

    slug: str
    name: str
    meaning: str
    statements: int


def begin_later(app: Flask) -> None:
    """Begin to make the downloads of an application soon, so that they are there when somebody asks.

    Not at once: the first pages come first, and a server that ends in some seconds leaves no work half done.
    """
    site: Site = app.extensions["kg"]
    timer = threading.Timer(_LATER, site.release.begin)
    timer.daemon = True
    timer.start()


def _described(site: Site, request: Request, stem: str, form: Format) -> Response:
    """Return a description of the dataset: a file of the release, or its Turtle in another syntax."""
    files = site.release.files()
    if file := files.get(f"{stem}.{form.name}"):
        response = _send(request, file)
    else:
        triples = [quad.triple for quad in ox.parse(files[f"{stem}.{_TURTLE}"].data, format=ox.RdfFormat.TURTLE)]
        response = Response(serialise_triples(triples, form, site.graph.prefixes))
    response.headers["Content-Type"] = form.content_type
    return response


def _send(request: Request, file: File) -> Response:
    media_type = file.compression or file.media_type
    charset = "; charset=utf-8" if media_type.startswith(_WITH_CHARSET) else ""
    response = Response(file.data, content_type=media_type + charset)
    response.set_etag(file.sha256)
    response.make_conditional(request)
    return response


def _landing(context: Context) -> Response:
    """Show what the dataset is, with links to cite it, its terms, descriptions and dumps; nothing is made for it."""
    cite = dataset_citation(context.site, context.lang)
    graph = context.site.graph
    response = send_page(
        context,
        "dataset.html",
        whole=_WHOLE,
        cite=cite,
        card=dataset_card(context),
        asserted=len(graph.store) - graph.entailed,
        entailed=graph.entailed,
        statements=len(graph.store),
        things=sum(map(len, context.site.kinds.members.values())),
        parts=_parts(context),
        news=context.site.news,
    )
    signpost(response, DATASET, "/dataset", TERMS, (ABOUT_PAGE, A_DATASET))
    for name in _WHOLE:
        link(response, f"/download/{name}", "item", "application/gzip")
    return response


def _parts(context: Context) -> list[Part]:
    """Return the kinds of statements, the largest first."""
    question = context.site.questions.get(_GRAPHS)
    counts: Counter[str] = Counter()
    if question is not None:
        answer = ask(context, QueryRequest(question.query, prefixed=True))
        for row in Rows.from_solutions(ox.parse_query_results(answer.data, format=ox.QueryResultsFormat.JSON)):
            if row.get("kind"):
                counts[str(row["kind"])] += int(str(row["statements"]))
    meaning = context.site.definition
    return [
        Part(local_name(kind), context.label(kind), meaning(kind, context.lang), count)
        for kind, count in counts.most_common()
    ]


def _page(context: Context, files: Mapping[str, File], *, making: bool) -> Response:
    """Show the files; while others are being made, the page says so and asks for itself again."""
    graph = context.site.graph
    graphs = sorted({name.value for name in graph.store.named_graphs()} | {source.graph for source in graph.packed})
    response = send_page(
        context,
        "downloads.html",
        making=making,
        refresh=_REFRESH if making and context.request.args.get("refresh") != "no" else 0,
        ready=len(files),
        files=files,
        whole=_WHOLE,
        graphs=[(graph, _dumps(files, f"graphs/{graph.removeprefix(GRAPH)}")) for graph in graphs],
        tables=[(file, _parquet(files, name)) for name, file in files.items() if name.endswith(".csv")],
        others=[file for name, file in files.items() if _is_description(name)],
    )
    if making:
        response.headers["Cache-Control"] = "no-store"
    return response


def _parquet(files: Mapping[str, File], name: str) -> File | None:
    """Return the same table as Parquet, where it is written."""
    return files.get(f"parquet/{Path(name).stem}.parquet")


def _is_description(name: str) -> bool:
    return name == CSVW or ("/" not in name and not name.startswith(f"{WHOLE}."))


def _dumps(files: Mapping[str, File], stem: str) -> list[tuple[str, File]]:
    """Return the dumps of a graph that are there, by the name of their syntax."""
    names = {suffix.removesuffix(".gz"): f"{stem}.{suffix}" for suffix in (*_DUMPS, PACKED)}
    return [(syntax, files[name]) for syntax, name in names.items() if name in files]
