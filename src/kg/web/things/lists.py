"""`/id/<kind>`: the things of one kind, with facets made from the properties that its view declares for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Response, render_template, request

from kg.errors import NotFound, QueryError
from kg.graph.facts import Fact, Term
from kg.namespaces import BASE, ID, SKOS
from kg.queries.formats import GRAPHS, serialise_triples
from kg.web.layout import TermView, language, site
from kg.web.negotiation import choose, wants_html
from kg.web.site import Site
from kg.web.terms import show
from kg.web.views import Field

blueprint = Blueprint("lists", __name__)
_PAGE: Final = 50
_NOTES: Final = 3  # Key facts beside a thing in a list.
_FACET: Final = 40  # Values of a facet that are offered.
_IN_SCHEME: Final = ox.NamedNode(SKOS + "inScheme")


@dataclass(frozen=True)
class Choice:
    """A value of a facet: how many things have it, and the address that takes it or lets it go."""

    term: TermView
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A property by which the list can be narrowed."""

    name: str
    choices: tuple[Choice, ...]
    open: bool


@dataclass(frozen=True)
class Item:
    """A thing in the list: its name, its definition or nothing, and a few of its facts."""

    term: TermView
    definition: str
    notes: tuple[tuple[str, tuple[TermView, ...]], ...]


@dataclass
class Listing:
    """The things of one kind, narrowed by what the address asks.

    Attributes:
        site: what is served.
        lang: language of the page.
        kind: the kind.
        asked: facet to value, as in the address.
        q: words that names must hold.

    """

    site: Site
    lang: str
    kind: str
    asked: Mapping[str, str]
    q: str = ""
    _values: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """The facets of the view by slug."""
        view = self.site.kinds.view(self.kind)
        fields = sorted(view.fields, key=lambda one: (one.group.order, one.order)) if view else []
        return {one.slug: one for one in fields if one.facet}

    @cached_property
    def named(self) -> list[str]:
        """All things of the kind whose names hold the words, in order."""
        members = self.site.kinds.members[self.kind]
        words = self.q.casefold().split()
        kept = [iri for iri in members if all(word in self.site.labels.words(iri) for word in words)]
        facts = [Fact(ox.NamedNode(iri), ()) for iri in kept]
        return [
            fact.value.value for fact in self.site.in_order(facts, self.lang) if isinstance(fact.value, ox.NamedNode)
        ]

    def narrowed(self, without: str = "") -> list[str]:
        """Return the things that have all that is asked, one facet left out."""
        asked = {slug: value for slug, value in self.asked.items() if slug != without}
        return [iri for iri in self.named if all(asked[slug] in self._held(iri, slug) for slug in asked)]

    def _held(self, iri: str, slug: str) -> frozenset[str]:
        if (iri, slug) not in self._values:
            one = self.fields[slug]
            facts = self.site.facts.along(iri, one.path, one.of_class)
            self._values[iri, slug] = frozenset(short(fact.value) for fact in facts)
        return self._values[iri, slug]

    def check(self) -> None:
        """Refuse what the kind does not have.

        Raises:
            QueryError: a facet or a value that is not there; the hint names those that are.

        """
        for slug, value in self.asked.items():
            if slug not in self.fields:
                hint = f"one of: {', '.join(self.fields) or 'none'}"
                raise QueryError(f"{self.kind} cannot be narrowed by {slug[:80]}", where=slug[:80], hint=hint)
            values = sorted({one for iri in self.site.kinds.members[self.kind] for one in self._held(iri, slug)})
            if value not in values:
                hint = f"one of: {', '.join(values[:_FACET])}"
                raise QueryError(f"no {self.kind} has {value[:200]}", where=slug, hint=hint)

    def facets(self) -> list[Facet]:
        """Return the facets that part the things, with counts under the other facets."""
        found = [self._facet(slug) for slug in self.fields]
        kept = [facet for facet in found if len(facet.choices) > 1 or any(one.chosen for one in facet.choices)]
        return [replace(facet, open=facet.open or place == 0) for place, facet in enumerate(kept)]

    def _facet(self, slug: str) -> Facet:
        counts = Counter(value for iri in self.narrowed(slug) for value in self._held(iri, slug))
        choices = [
            Choice(self._shown(value), count, self._href(slug, value), self.asked.get(slug) == value)
            for value, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_FACET]
        ]
        one = self.fields[slug]
        name = one.name.get(self.lang) or self.site.labels.get(one.path[0][-1].predicate, self.lang)[0]
        return Facet(name, tuple(choices), slug in self.asked)

    def chosen(self) -> list[tuple[str, TermView, str]]:
        """Return what is asked: the name of the facet, the value, and the address without it."""
        return [(facet.name, one.term, one.href) for facet in self.facets() for one in facet.choices if one.chosen]

    def _shown(self, value: str) -> TermView:
        return show(self.site, self.lang, ox.NamedNode(long(value)) if "/" in value else ox.Literal(value))

    def _href(self, slug: str, value: str) -> str:
        asked = {one: held for one, held in self.asked.items() if (one, held) != (slug, value)}
        if self.asked.get(slug) != value:
            asked[slug] = value
        return self.address(asked)

    def address(self, asked: Mapping[str, str], **more: str) -> str:
        """Return the address of this list, narrowed in another way."""
        told = {"q": self.q, **asked, **more, "lang": self.lang}
        return f"/id/{self.kind}?" + urlencode({name: value for name, value in told.items() if value})

    def item(self, iri: str) -> Item:
        """Return a thing as the list shows it."""
        notes = []
        for one, facts in self.site.key_facts(ox.NamedNode(iri))[:_NOTES]:
            name = one.name.get(self.lang, "")
            values = [show(self.site, self.lang, fact.value) for fact in self.site.in_order(facts, self.lang)[:_NOTES]]
            notes.append((name, tuple(values)))
        return Item(show(self.site, self.lang, ox.NamedNode(iri)), self.site.definition(iri, self.lang), tuple(notes))

    @property
    def comment(self) -> str:
        """What the view says of these things."""
        view = self.site.kinds.view(self.kind)
        return view.comment.get(self.lang, "") if view else ""

    def schemes(self) -> list[TermView]:
        """Return the concept schemes of these things, which are shown as trees."""
        store = self.site.graph.store
        found = {
            quad.object
            for iri in self.site.kinds.members[self.kind]
            for quad in store.quads_for_pattern(ox.NamedNode(iri), _IN_SCHEME, None, None)
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(BASE)
        }
        return [show(self.site, self.lang, one) for one in sorted(found, key=str)]


@dataclass(frozen=True)
class Way:
    """A kind of thing as a way in: its list, what it is called, how many there are, and what they are."""

    href: str
    name: str
    count: int
    comment: str


def ways(site: Site, lang: str, kinds: Iterable[str]) -> list[Way]:
    """Return kinds as ways in."""
    views = {kind: site.kinds.view(kind) for kind in kinds}
    return [
        Way(
            f"/id/{kind}?lang={lang}",
            site.kind_name(kind, lang),
            len(site.kinds.members[kind]),
            view.comment.get(lang, "") if view else site.definition(site.kinds.classes[kind], lang),
        )
        for kind, view in views.items()
    ]


def short(value: Term) -> str:
    """Return a value as addresses hold it: `kind/slug` for a thing of ours, else the IRI or text."""
    return value.value.removeprefix(ID) if isinstance(value, ox.NamedNode | ox.Literal) else str(value)


def long(value: str) -> str:
    """Return the IRI that an address holds."""
    return value if "://" in value else ID + value


@blueprint.get("/id/")
def kinds() -> Response:
    """Show all kinds of things: those of the menu first, then the others by name."""
    lang, first = language(), [kind for kind, _ in site().kinds.menu]
    others = ways(site(), lang, [kind for kind in site().kinds.members if kind not in first])
    page = render_template(
        "kinds.html",
        groups=[("ways_in", ways(site(), lang, first)), ("other_kinds", sorted(others, key=lambda way: way.name))],
    )
    return Response(page, content_type="text/html; charset=utf-8")


@blueprint.get("/id/<kind>")
def kind(kind: str) -> Response:
    """Show the things of a kind; facets and `q=` narrow, `page=` turns; RDF for who asks for it."""
    if kind not in site().kinds.members:
        offered = ", ".join(site().kinds.members)
        raise NotFound(f"no kind of things called {kind[:80]}", hint=f"one of: {offered}")
    told = {
        name: value for name, value in request.args.items() if name not in ("lang", "page", "q", "format") and value
    }
    listing = Listing(site(), language(), kind, told, request.args.get("q", "").strip()[:200])
    listing.check()
    found = listing.narrowed()
    if request.args.get("format") or not wants_html(request):
        return _rdf(found)
    page = min(max(request.args.get("page", 1, type=int), 1), max(1, -(-len(found) // _PAGE)))
    return _page(listing, found, page)


def _page(listing: Listing, found: Sequence[str], page: int) -> Response:
    shown = found[(page - 1) * _PAGE : page * _PAGE]
    turned = {
        word: listing.address(listing.asked, page=str(number))
        for word, number in (("previous", page - 1), ("next", page + 1))
        if 0 < number <= -(-len(found) // _PAGE)
    }
    html = render_template(
        "list.html",
        listing=listing,
        name=site().kind_name(listing.kind, listing.lang),
        total=len(found),
        items=[listing.item(iri) for iri in shown],
        first=(page - 1) * _PAGE + 1,
        turned=turned,
    )
    return Response(html, content_type="text/html; charset=utf-8")


def _rdf(found: Sequence[str]) -> Response:
    """Return what is said of the things, without what refers to them."""
    form = choose(request, GRAPHS)
    store = site().graph.store
    triples = {quad.triple for iri in found for quad in store.quads_for_pattern(ox.NamedNode(iri), None, None, None)}
    data = serialise_triples(sorted(triples, key=str), form, site().graph.prefixes)
    return Response(data, content_type=form.content_type)
