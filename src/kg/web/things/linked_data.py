"""Linked data: `/id/...`, `/def` and `/graph/...` show the IRIs of the graph, as a page or as RDF."""

from __future__ import annotations

from typing import Final

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from kg.errors import NotFound
from kg.graph.resource import Resource, find_ontology, find_resource
from kg.namespaces import BASE, GRAPH, KB, ONTOLOGY, ONTOLOGY_GRAPH, RDF_TYPE
from kg.queries.formats import GRAPHS, Format, serialise_triples
from kg.rdf_terms import local_name
from kg.release.metadata import licence_of
from kg.web.layout import language, local_path, site, word
from kg.web.negotiation import choose, wants_html
from kg.web.signposting import ABOUT_PAGE, TERMS, signpost, within_dataset
from kg.web.things.citation import citation
from kg.web.things.page import Thing

blueprint = Blueprint("resources", __name__)
_HTML: Final = "html"
_DEFINITION: Final = "http://www.w3.org/2004/02/skos/core#definition"


@blueprint.get("/id/<path:path>")
def thing(path: str) -> Response:
    """Show a thing; `.html .ttl .jsonld .nt .rdf` behind its path choose the form."""
    return _show(f"{BASE}id/", path)


@blueprint.get("/graph/<path:path>")
def graph(path: str) -> Response:
    """Show what the catalogue says of a named graph."""
    return _show(GRAPH, path)


@blueprint.get("/def", defaults={"suffix": ""})
@blueprint.get("/def.<suffix>")
def ontology(suffix: str) -> Response:
    """Show the ontology, all its terms on one page."""
    found = find_ontology(site().graph.store, ONTOLOGY_GRAPH)
    if suffix == _HTML or (not suffix and wants_html(request)):
        return _page("ontology.html", ONTOLOGY, terms=_terms(found))
    form = _by_suffix(suffix) if suffix else choose(request, GRAPHS)
    if form is None:
        raise NotFound(f"no form called .{suffix}", hint="use .html .ttl .jsonld .nt or .rdf")
    return _rdf(found, form, ONTOLOGY)


def _show(base: str, path: str) -> Response:
    stem, _, suffix = path.rpartition(".")
    form = _by_suffix(suffix)
    if not stem or (form is None and suffix != _HTML):
        stem, suffix = path, ""
    iri = base + stem
    found = find_resource(site().graph.store, iri) if _is_iri(iri) else None
    if found is None:
        near = ", ".join(f"{label} <{near}>" for near, label in site().labels.nearest(local_name(iri), language()))
        raise NotFound(f"nothing is said of {iri}", hint=f"nearest: {near}" if near else "search for it with SPARQL")
    if suffix == _HTML or (not suffix and wants_html(request)):
        page = "gone.html" if found.deprecated else "resource.html"
        response = _page(page, iri, resource=found, **_shown(iri, found))
        signpost(response, iri, local_path(iri), _licence(found), (ABOUT_PAGE, *_types(found)))
        within_dataset(response)
        return _lasting(response, found)
    return _lasting(_rdf(found, form if suffix and form else choose(request, GRAPHS), iri), found)


def _shown(iri: str, found: Resource) -> dict[str, object]:
    """Return what the page of a thing shows."""
    thing = Thing(site(), language(), iri)
    name = thing.name().text
    return {
        "head": thing.head(),
        "sections": thing.sections(found),
        "cite": citation(site(), iri, name, language()),
        "report": site().address.report_link(iri, name, word("report_body", language())),
    }


def _lasting(response: Response, found: Resource) -> Response:
    """Turn the answer into 410 where the IRI is deprecated; its successors are links (RFC 5829, section 3.5)."""
    if found.deprecated:
        response.status_code = 410
        for iri in found.successors:
            response.headers.add("Link", f'<{local_path(iri)}>; rel="successor-version"')
    return response


def _licence(found: Resource) -> str:
    """Return the licence of all that is said of a thing, or our list of licences where there are several."""
    names = {quad.graph_name.value for quad in found.statements if isinstance(quad.graph_name, ox.NamedNode)}
    licences = {licence_of(site().graph, name) for name in names}
    return licences.pop() if len(licences) == 1 else TERMS


def _types(found: Resource) -> list[str]:
    types = {quad.object for quad in found.statements if quad.predicate.value == RDF_TYPE}
    return sorted(one.value for one in types if isinstance(one, ox.NamedNode))


def _is_iri(text: str) -> bool:
    return not any(character in '<>"{}|^`\\' or ord(character) <= 32 for character in text)


def _by_suffix(suffix: str) -> Format | None:
    return next((one for one in GRAPHS if one.name == suffix), None)


def _terms(found: Resource) -> dict[str, list[str]]:
    """Return the definitions, in the language of the page, of each term of the ontology."""
    terms: dict[str, list[str]] = {}
    for quad in found.statements:
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(KB):
            definitions = terms.setdefault(quad.subject.value, [])
            if quad.predicate.value == _DEFINITION and isinstance(quad.object, ox.Literal):
                definitions += [quad.object.value] if quad.object.language == language() else []
    return terms


def _page(template: str, iri: str, **values: object) -> Response:
    page = render_template(template, iri=iri, path=local_path(iri), **values)
    return _located(Response(page, content_type="text/html; charset=utf-8"), iri, _HTML)


def _rdf(found: Resource, form: Format, iri: str) -> Response:
    data = serialise_triples(found.triples, form, site().graph.prefixes)
    return _located(Response(data, content_type=form.content_type), iri, form.name)


def _located(response: Response, iri: str, suffix: str) -> Response:
    path = local_path(iri)
    response.headers["Content-Location"] = f"{path}.{suffix}"
    for form in GRAPHS:
        response.headers.add("Link", f'<{path}.{form.name}>; rel="alternate"; type="{form.media_type}"')
    return response
