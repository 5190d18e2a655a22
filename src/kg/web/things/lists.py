"""`/id/<kind>`: the things of one kind, with facets made from the properties that its view declares for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Blueprint, Flask, Response, request

from kg.errors import NotFound, QueryError
from kg.graph.facts import Fact
from kg.namespaces import BASE, ID, SKOS
from kg.queries.formats import GRAPHS
from kg.rdf_terms import Term, objects, term_key
from kg.web.context import Context
from kg.web.layout import TermView
from kg.web.negotiation import choose, wants_page
from kg.web.responses import send_page, send_triples
from kg.web.site import Site
from kg.web.terms import show
from kg.web.things.sentences import titled
from kg.web.views import Field

_PAGE: Final = 50
_NOTES: Final = 3  # Key facts beside a thing in a list.
_FACET: Final = 40  # Values of a facet that are offered.
_NO_FACETS: Final = ("lang", "page", "q", "format")
_LONGEST: Final = 200  # Characters of words that names must hold.


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
    """A thing in the list: its name, its definition or nothing, and a few of its facts with the number of others."""

    term: TermView
    definition: str
    notes: tuple[tuple[str, tuple[TermView, ...], int], ...]


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
        fields = sorted(view.fields, key=lambda field: (field.group.order, field.order)) if view else []
        return {field.slug: field for field in fields if field.facet}

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
            facts = self.site.values(iri, self.fields[slug])
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
            members = self.site.kinds.members[self.kind]
            values = sorted({held for iri in members for held in self._held(iri, slug)})
            if value not in values:
                hint = f"one of: {', '.join(values[:_FACET])}"
                raise QueryError(f"no {self.kind} has {value[:200]}", where=slug, hint=hint)

    def facets(self) -> list[Facet]:
        """Return the facets that part the things, with counts under the other facets."""
        facets = [self._facet(slug) for slug in self.fields]
        kept = [facet for facet in facets if len(facet.choices) > 1 or any(choice.chosen for choice in facet.choices)]
        return [replace(facet, open=facet.open or position == 0) for position, facet in enumerate(kept)]

    def _facet(self, slug: str) -> Facet:
        counts = Counter(value for iri in self.narrowed(slug) for value in self._held(iri, slug))
        choices = [
            Choice(self._view(value), count, self._href(slug, value), self.asked.get(slug) == value)
            for value, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_FACET]
        ]
        field = self.fields[slug]
        name = field.name.get(self.lang) or self.site.labels.get(field.path[0][-1].predicate, self.lang)[0]
        return Facet(name, tuple(choices), slug in self.asked)

    def chosen(self) -> list[tuple[str, TermView, str]]:
        """Return what is asked: the name of the facet, the value, and the address without it."""
        choices = ((facet.name, choice) for facet in self.facets() for choice in facet.choices)
        return [(name, choice.term, choice.href) for name, choice in choices if choice.chosen]

    def _view(self, value: str) -> TermView:
        return show(self.site, self.lang, ox.NamedNode(long(value)) if "/" in value else ox.Literal(value))

    def _href(self, slug: str, value: str) -> str:
        asked = {facet: held for facet, held in self.asked.items() if (facet, held) != (slug, value)}
        if self.asked.get(slug) != value:
            asked[slug] = value
        return self.address(asked)

    def address(self, asked: Mapping[str, str], **more: str) -> str:
        """Return the address of this list, narrowed in another way."""
        pairs = {"q": self.q, **asked, **more, "lang": self.lang}
        return f"/id/{self.kind}?" + urlencode({name: value for name, value in pairs.items() if value})

    def item(self, iri: str) -> Item:
        """Return a thing as the list shows it."""
        notes = []
        for key_field, facts in self.site.key_facts(ox.NamedNode(iri))[:_NOTES]:
            name = key_field.name.get(self.lang, "")
            ordered = self.site.in_order(facts, self.lang)
            ordered.sort(key=lambda fact: short(fact.value) not in self.asked.values())  # What was asked for is shown.
            values = [show(self.site, self.lang, fact.value) for fact in ordered[:_NOTES]]
            notes.append((name, tuple(values), max(len(ordered) - _NOTES, 0)))
        view = show(self.site, self.lang, ox.NamedNode(iri))
        title = titled(self.site, self.lang, iri)
        return Item(
            replace(view, text=title, tag="") if title else view, self.site.definition(iri, self.lang), tuple(notes)
        )

    @property
    def comment(self) -> str:
        """What these things are."""
        return self.site.kind_comment(self.kind, self.lang)

    def schemes(self) -> list[TermView]:
        """Return the concept schemes of these things, which are shown as trees."""
        store, members = self.site.graph.store, self.site.kinds.members[self.kind]
        schemes = {term for iri in members for term in objects(store, ox.NamedNode(iri), SKOS + "inScheme")}
        ours = sorted(scheme for scheme in map(term_key, schemes) if scheme.startswith(BASE))
        return [show(self.site, self.lang, ox.NamedNode(iri)) for iri in ours]


@dataclass(frozen=True)
class Summary:
    """A kind of thing: its list, what it is called, how many there are, and what they are."""

    href: str
    name: str
    count: int
    comment: str


def summaries(site: Site, lang: str, kinds: Iterable[str]) -> list[Summary]:
    """Return kinds in a few words."""
    return [
        Summary(
            f"/id/{kind}?lang={lang}",
            site.kind_name(kind, lang),
            len(site.kinds.members[kind]),
            site.kind_comment(kind, lang),
        )
        for kind in kinds
    ]


def short(value: Term) -> str:
    """Return a value as addresses hold it: `kind/slug` for a thing of ours, else the IRI or text."""
    return value.value.removeprefix(ID) if isinstance(value, ox.NamedNode | ox.Literal) else str(value)


def long(value: str) -> str:
    """Return the IRI that an address holds."""
    return value if "://" in value else ID + value


def init_app(app: Flask, site: Site) -> None:
    """Register the routes."""
    blueprint = Blueprint("lists", __name__)

    @blueprint.get("/id/")
    def kinds() -> Response:
        """Show all kinds of things: those of the menu first, then the others by name."""
        context = Context.from_request(site, request)
        first = [kind for kind, _ in site.kinds.menu]
        others = summaries(site, context.lang, [kind for kind in site.kinds.members if kind not in first])
        groups = [
            ("ways_in", summaries(site, context.lang, first)),
            ("other_kinds", sorted(others, key=lambda summary: summary.name)),
        ]
        return send_page(context, "kinds.html", groups=groups)

    @blueprint.get("/id/<kind>")
    def kind(kind: str) -> Response:
        """Show the things of a kind; facets and `q=` narrow, `page=` turns; RDF for who asks for it."""
        context = Context.from_request(site, request)
        listing = _listing(context, kind)
        listing.check()
        iris = listing.narrowed()
        if not wants_page(request):
            return _rdf(context, iris)
        return _page(context, listing, iris)

    app.register_blueprint(blueprint)


def _listing(context: Context, kind: str) -> Listing:
    site, arguments = context.site, context.request.args
    if kind not in site.kinds.members:
        offered = ", ".join(site.kinds.members)
        raise NotFound(f"no kind of things called {kind[:80]}", hint=f"one of: {offered}")
    asked = {name: value for name, value in arguments.items() if name not in _NO_FACETS and value}
    return Listing(site, context.lang, kind, asked, arguments.get("q", "").strip()[:_LONGEST])


def _page(context: Context, listing: Listing, iris: Sequence[str]) -> Response:
    last = max(1, -(-len(iris) // _PAGE))
    page = min(max(context.request.args.get("page", 1, type=int), 1), last)
    turned = {
        key: listing.address(listing.asked, page=str(number))
        for key, number in (("previous", page - 1), ("next", page + 1))
        if 0 < number <= last
    }
    return send_page(
        context,
        "list.html",
        listing=listing,
        name=context.site.kind_name(listing.kind, listing.lang),
        total=len(iris),
        items=[listing.item(iri) for iri in iris[(page - 1) * _PAGE : page * _PAGE]],
        first=(page - 1) * _PAGE + 1,
        turned=turned,
        asked=[question for question, _ in context.site.questions_of([context.site.kinds.classes[listing.kind]])],
    )


def _rdf(context: Context, iris: Sequence[str]) -> Response:
    """Return what is said of the things, without what refers to them."""
    form, graph = choose(context.request, GRAPHS), context.site.graph
    nodes = map(ox.NamedNode, iris)
    triples = {quad.triple for node in nodes for quad in graph.store.quads_for_pattern(node, None, None, None)}
    return send_triples(context, sorted(triples, key=str), form)
