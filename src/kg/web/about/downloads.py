"""`/download/`, `/dataset`, `/.well-known/void`, `/feed.xml`: the release, the same bytes as `kg export` writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, current_app, render_template, request

from kg.errors import NotFound
from kg.files import project_folder
from kg.graph.build import Graph
from kg.namespaces import GRAPH
from kg.queries.formats import GRAPHS, Format, named, serialise_triples
from kg.release.background import BackgroundBuild
from kg.release.dumps import WHOLE
from kg.release.files import DATASET, File, Owner
from kg.web.layout import language, site
from kg.web.negotiation import choose, wants_html
from kg.web.signposting import A_DATASET, ABOUT_PAGE, TERMS, link, signpost, within_dataset
from kg.web.things.citation import dataset_citation

blueprint = Blueprint("downloads", __name__)
_SHELF: Final = "kg.shelf"
_TURTLE: Final = "ttl"
_HTML: Final = "html"
_DUMPS: Final = ("ttl.gz", "nq.gz", "jsonld.gz")
_WHOLE: Final = tuple(f"{WHOLE}.{suffix}" for suffix in _DUMPS)
_WITH_CHARSET: Final = ("text/", "application/sparql-query")


def init_app(app: Flask, graph: Graph, data_version: str, owner: Owner | None = None) -> None:
    """Register the routes; nothing is made until somebody asks, or `begin` is called.

    Arguments:
        app: the application.
        graph: the graph that it serves.
        data_version: changes with the data.
        owner: publisher and contact point; by default those of the environment.

    """
    app.extensions[_SHELF] = BackgroundBuild(graph, project_folder(), owner or Owner.from_env(), data_version)
    app.register_blueprint(blueprint)


def begin(app: Flask) -> None:
    """Begin to make the downloads, so that they are there when somebody asks."""
    shelf: BackgroundBuild = app.extensions[_SHELF]
    shelf.begin()


def wait(app: Flask, seconds: float) -> None:
    """Wait until the downloads are there.

    Raises:
        Unavailable: they are not, in that time.

    """
    shelf: BackgroundBuild = app.extensions[_SHELF]
    shelf.files(seconds)


def _files() -> Mapping[str, File]:
    shelf: BackgroundBuild = current_app.extensions[_SHELF]
    return shelf.files()


@blueprint.get("/download/")
def index() -> Response:
    """Show what can be downloaded, under which terms."""
    return _page()


@blueprint.get("/download/<path:name>")
def download(name: str) -> Response:
    """Send one file of the release."""
    file = _files().get(name)
    if file is None:
        raise NotFound(f"no download called {name[:200]}", hint="see /download/ for all of them")
    response = _send(file)
    within_dataset(response)
    return response


@blueprint.get("/feed.xml")
def feed() -> Response:
    """Send the releases as an Atom feed."""
    return _send(_files()["feed.xml"])


@blueprint.get("/dataset", defaults={"suffix": ""})
@blueprint.get("/dataset.<suffix>")
def dataset(suffix: str) -> Response:
    """Describe the dataset: a page, or DCAT in the RDF syntax asked for."""
    if suffix == _HTML or (not suffix and wants_html(request)):
        return _signposted(_located(_landing(), "/dataset", _HTML))
    return _described("dataset", "/dataset", suffix)


@blueprint.get("/.well-known/void")
def void() -> Response:
    """Describe the dataset in VoID (section 7.2), in the RDF syntax asked for."""
    return _described("void", "/.well-known/void", "")


def _described(stem: str, path: str, suffix: str) -> Response:
    form = named(suffix, GRAPHS) if suffix else choose(request, GRAPHS)
    if form is None:
        raise NotFound(f"no form called .{suffix[:200]}", hint="use .html .ttl .jsonld .nt or .rdf")
    made = _files().get(f"{stem}.{form.name}")
    response = _send(made) if made else _converted(_files()[f"{stem}.{_TURTLE}"], form)
    response.headers["Content-Type"] = form.content_type
    return _located(response, path, form.name) if stem == "dataset" else response


def _converted(file: File, form: Format) -> Response:
    triples = [quad.triple for quad in ox.parse(file.data, format=ox.RdfFormat.TURTLE)]
    return Response(serialise_triples(triples, form, site().graph.prefixes))


def _signposted(response: Response) -> Response:
    """Add the links of the dataset: how to cite it, what it is, its terms, descriptions and dumps."""
    signpost(response, DATASET, "/dataset", TERMS, (ABOUT_PAGE, A_DATASET))
    for name in _WHOLE:
        link(response, f"/download/{name}", "item", "application/gzip")
    return response


def _located(response: Response, path: str, suffix: str) -> Response:
    response.headers["Content-Location"] = f"{path}.{suffix}"
    return response


def _send(file: File) -> Response:
    kind = "application/gzip" if file.packed else file.media_type
    charset = "; charset=utf-8" if kind.startswith(_WITH_CHARSET) else ""
    response = Response(file.data, content_type=kind + charset)
    response.set_etag(file.sha256)
    response.make_conditional(request)
    return response


def _landing() -> Response:
    """Show what the dataset is; nothing of the release is made for it."""
    page = render_template("dataset.html", whole=_WHOLE, cite=dataset_citation(site(), language()))
    return Response(page, content_type="text/html; charset=utf-8")


def _page() -> Response:
    files = _files()
    graphs = sorted({file.graph for file in files.values() if file.graph})
    page = render_template(
        "downloads.html",
        whole=_dumps(WHOLE),
        graphs=[(graph, _dumps(f"graphs/{graph.removeprefix(GRAPH)}")) for graph in graphs],
        tables=[file for name, file in files.items() if name.startswith("csv/")],
        others=[file for name, file in files.items() if "/" not in name and not name.startswith(f"{WHOLE}.")],
    )
    return Response(page, content_type="text/html; charset=utf-8")


def _dumps(stem: str) -> list[tuple[str, File]]:
    return [(suffix.removesuffix(".gz"), _files()[f"{stem}.{suffix}"]) for suffix in _DUMPS]
