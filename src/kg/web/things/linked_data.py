"""Linked data: `/id/...`, `/def` and `/graph/...` show the IRIs of the graph, as a page or as RDF."""

from __future__ import annotations

from typing import Any, Final

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.errors import NotFound
from kg.graph.resource import Resource, find_ontology, find_resource
from kg.namespaces import BASE, GRAPH, ID, KB, ONTOLOGY, ONTOLOGY_GRAPH, PREFIX, RDF_TYPE
from kg.queries.formats import GRAPHS, Format
from kg.rdf_terms import is_iri, local_name
from kg.release.metadata import licence_of
from kg.web.context import Context
from kg.web.layout import local_path, message
from kg.web.negotiation import page_or_graph
from kg.web.responses import JSON_LD_CONTEXT, send_data, send_page, send_triples
from kg.web.signposting import ABOUT_PAGE, TERMS, in_forms, link, signpost, within_dataset
from kg.web.site import Site
from kg.web.things.citation import citation
from kg.web.things.diagram_pages import diagram_of
from kg.web.things.page import Thing
from kg.web.things.reading import getting

_HTML: Final = "html"
_SUFFIXES: Final = (_HTML, *(form.name for form in GRAPHS))
_DEFINITION: Final = "http://www.w3.org/2004/02/skos/core#definition"


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("resources", __name__)

    @blueprint.get("/id/<path:path>")
    def thing(path: str) -> Response:
        """Show a thing; `.html .ttl .jsonld .nt .rdf` behind its path choose the form."""
        return _show(Context.from_request(site, request), ID, path)

    @blueprint.get("/graph/<path:path>")
    def graph(path: str) -> Response:
        """Show what the catalogue says of a named graph."""
        return _show(Context.from_request(site, request), GRAPH, path)

    @blueprint.get("/prefix/<name>")
    def prefix(name: str) -> Response:
        """Show the declaration of a prefix."""
        return _show(Context.from_request(site, request), PREFIX, name)

    @blueprint.get("/def/<version>")
    def of_version(version: str) -> Response:
        """Show the ontology of a version: only that which is served (`owl:versionIRI`; OWL 2, section 3.1)."""
        number, suffix = _split(version)
        if number != site.graph.version:
            served = f"{ONTOLOGY}/{site.graph.version}"
            raise NotFound(f"version {number[:20]} of the ontology is not served here", hint=f"here is <{served}>")
        return ontology(suffix)

    @blueprint.get("/def", defaults={"suffix": ""})
    @blueprint.get("/def.<suffix>")
    def ontology(suffix: str) -> Response:
        """Show the ontology, all its terms on one page."""
        context, resource = Context.from_request(site, request), find_ontology(site.graph.store, ONTOLOGY_GRAPH)
        form = page_or_graph(request, suffix)
        if form is None:
            return _page(context, "ontology.html", ONTOLOGY, terms=_terms(resource, context.lang))
        return _rdf(context, resource, form, ONTOLOGY)

    @blueprint.get(JSON_LD_CONTEXT)
    def context() -> Response:
        """Send the context of our JSON-LD."""
        if site.json_ld is None:
            raise NotFound("this project has no context for JSON-LD", hint="write ontology/context.jsonld")
        return send_data(site.json_ld.data, "application/ld+json")

    app.register_blueprint(blueprint)


def _show(context: Context, base: str, path: str) -> Response:
    """Return the page or the RDF of a resource, or of what replaces it (RFC 9110, section 15.4.9; RFC 5829, 3.5)."""
    site, (stem, suffix) = context.site, _split(path)
    iri = base + stem
    resource = find_resource(site.graph.store, iri) if is_iri(iri) else None
    if resource is None:
        nearest = site.labels.nearest(local_name(iri), context.lang)
        near = ", ".join(f"{label} <{other}>" for other, label in nearest)
        raise NotFound(f"nothing is said of {iri}", hint=f"nearest: {near}" if near else "search for it with SPARQL")
    form = page_or_graph(context.request, suffix)
    if not resource.deprecated:
        return _rdf(context, resource, form, iri) if form else _thing(context, resource, iri)
    store = site.graph.store
    known = [one for one in resource.successors if any(store.quads_for_pattern(ox.NamedNode(one), None, None, None))]
    if len(known) == 1:
        response = Response(status=308, headers={"Location": _in_form(known[0], suffix, context)})
    else:
        response = _rdf(context, resource, form, iri) if form else _thing(context, resource, iri)
        response.status_code = 300 if known else 410
    for successor in resource.successors:
        link(response, local_path(successor), "successor-version")
    return response


def _split(path: str) -> tuple[str, str]:
    """Return a path and the suffix that chooses a form; a suffix that names none belongs to the path."""
    stem, _, suffix = path.rpartition(".")
    return (stem, suffix) if stem and suffix in _SUFFIXES else (path, "")


def _in_form(iri: str, suffix: str, context: Context) -> str:
    """Return the address of a resource in the form and language that were asked."""
    query = context.request.query_string.decode("ascii", "ignore")
    return local_path(iri) + (f".{suffix}" if suffix else "") + (f"?{query}" if query else "")


def _thing(context: Context, resource: Resource, iri: str) -> Response:
    site, thing = context.site, Thing(context.site, context.lang, iri)
    name, head = thing.name().text, thing.head()
    response = _page(
        context,
        "gone.html" if resource.deprecated else "resource.html",
        iri,
        resource=resource,
        reason=resource.reason(context.lang),
        questions={f"{BASE}questions/{name}": question for name, question in site.questions.items()},
        head=head,
        leading=thing.leading(),
        source=getting(site, context.lang, iri),
        sections=thing.sections(resource),
        diagram=diagram_of(context, iri),
        cite=citation(site, iri, head.title or name, context.lang),
        report=site.address.report_link(iri, name, message("report_body", context.lang)),
    )
    signpost(response, iri, local_path(iri), _licence(site, resource), (ABOUT_PAGE, *_types(resource)))
    return within_dataset(response)


def _licence(site: Site, resource: Resource) -> str:
    """Return the licence of all that is said of a thing, or our list of licences where there are several."""
    names = {quad.graph_name.value for quad in resource.statements if isinstance(quad.graph_name, ox.NamedNode)}
    licences = {licence_of(site.graph, name) for name in names}
    return licences.pop() if len(licences) == 1 else TERMS


def _types(resource: Resource) -> list[str]:
    types = {quad.object for quad in resource.statements if quad.predicate.value == RDF_TYPE}
    return sorted(term.value for term in types if isinstance(term, ox.NamedNode))


def _terms(resource: Resource, lang: str) -> dict[str, list[str]]:
    """Return the definitions, in the language of the page, of each term of the ontology."""
    terms: dict[str, list[str]] = {}
    for quad in resource.statements:
        if isinstance(quad.subject, ox.NamedNode) and quad.subject.value.startswith(KB):
            definitions = terms.setdefault(quad.subject.value, [])
            if quad.predicate.value == _DEFINITION and isinstance(quad.object, ox.Literal):
                definitions += [quad.object.value] if quad.object.language == lang else []
    return terms


def _page(context: Context, template: str, iri: str, **values: Any) -> Response:
    path = local_path(iri)
    return in_forms(send_page(context, template, iri=iri, path=path, **values), path, _HTML)


def _rdf(context: Context, resource: Resource, form: Format, iri: str) -> Response:
    root = iri if resource.iri == iri else ""
    return in_forms(send_triples(context, resource.triples, form, root), local_path(iri), form.name)
