"""`/read`: the publications of the graph, and each beside the facts drawn from it."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, redirect, request

from kg.errors import NotFound
from kg.namespaces import ID
from kg.publications.outline import Outline
from kg.web.context import Context
from kg.web.responses import send_page
from kg.web.site import Site
from kg.web.terms import read_link
from kg.web.things.reading import Reading, getting


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("read", __name__)

    @blueprint.get("/read")
    def index() -> Response:
        """List the publications, and how to get each."""
        context = Context.from_request(site, request)
        sources = [getting(site, context.lang, iri) for iri in site.outlines]
        return send_page(context, "read_index.html", publications=sources)

    @blueprint.get("/read/<name>")
    def publication(name: str) -> Response:
        """Show a publication beside its facts; of a long one its contents, and which passages carry facts."""
        return _show(Context.from_request(site, request), name, "")

    @blueprint.get("/read/<name>/<part>")
    def part(name: str, part: str) -> Response:
        """Show a section of a publication beside its facts; a passage leads to the section that holds it."""
        return _show(Context.from_request(site, request), name, part)

    app.register_blueprint(blueprint)


def _show(context: Context, name: str, slug: str) -> Response:
    site, lang = context.site, context.lang
    iri = f"{ID}publication/{name}"
    outline = site.outlines.get(iri)
    if outline is None:
        raise NotFound(f"no publication called {name[:80]}", hint="see /read for all of them")
    reading, parts = Reading(site, lang, outline), outline.parts
    slugs = [one.slug for one in parts]
    if slug not in slugs and slug:
        return _to_passage(context, outline, name, slug)
    contents = reading.contents()
    place = slugs.index(slug) if slug in slugs else None
    return send_page(
        context,
        "read.html",
        source=getting(site, lang, iri),
        path=name,
        language=outline.publication.language,
        contents=contents,
        lines=reading.lines(parts[place]) if place is not None else None,
        place=place,
    )


def _to_passage(context: Context, outline: Outline, name: str, slug: str) -> Response:
    """Return the way to a passage, by its slug."""
    passage = f"{ID}passage/{name}/{slug}"
    if passage not in outline.part_of:
        raise NotFound(
            f"{name[:80]} has no section or passage {slug[:80]}", hint=f"see /read/{name[:80]} for all of them"
        )
    return redirect(read_link(context.site, context.lang, passage))  # type: ignore[return-value]
