"""How a page shows what a fact rests on: the kind of statement, and passages, a rule or a mapping on demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

import pyoxigraph as ox

from kg.graph.facts import Fact, Support
from kg.languages import lang_attribute
from kg.namespaces import ID, SSSOM
from kg.rdf_terms import Term, local_name
from kg.web.layout import TermView, local_path, term_view
from kg.web.site import Site
from kg.web.terms import headings, place, read_link, show

_MOST: Final = 3
_ENGLISH: Final = (SSSOM + "comment", SSSOM + "author_label")
MODALITY: Final = "modality"
IN_PROJECT: Final = ID + "modality/in-project"


@dataclass(frozen=True)
class Chip:
    """A kind of statement or its modality: a slug for its colour, its name, and what it leads to."""

    slug: str
    text: str
    href: str


@dataclass(frozen=True)
class PassageView:
    """A passage as a reader sees it.

    Attributes:
        term, publication: links; `year` is that of the publication.
        headings: chapter and section as printed.
        place: where it stands in its section, as a person counts.
        read: where it stands in the text, beside the facts drawn from it.
        words: the whole sentence where the text is served and may be quoted, else its first and last words, or nothing.
        language: of the words.
        address: where the publication can be read; empty where `words` is the whole of it, or no address is known.

    """

    term: TermView
    publication: TermView | None
    year: str
    headings: tuple[TermView, ...]
    place: str
    read: str
    words: str
    language: str = ""
    address: str = ""

    @property
    def host(self) -> str:
        """The host of the address, as a reader names it."""
        return (urlsplit(self.address).hostname or self.address).removeprefix("www.")


@dataclass(frozen=True)
class PublicationSupport:
    """What the statement of one publication rests on.

    Attributes:
        publication: a link; None where no publication states it.
        how: how the passages were found; a word of the interface is `how_` and this.
        passages: the first few, or the last one.
        more: how many other passages there are.

    """

    publication: TermView | None
    how: str
    passages: tuple[PassageView, ...]
    more: int


@dataclass(frozen=True)
class DerivationView:
    """A derivation as a reader sees it: the rule, what it says, and what lies on the path."""

    rule: TermView
    definition: str
    via: tuple[TermView, ...]


@dataclass(frozen=True)
class SupportView:
    """What a fact rests on.

    Attributes:
        chips: the kinds of its statements.
        publications: for each publication that states it, its own passages.
        derivations: the first few.
        more_derivations: how many others there are.
        mapping: what a mapping says of itself.

    """

    chips: tuple[Chip, ...]
    publications: tuple[PublicationSupport, ...] = ()
    derivations: tuple[DerivationView, ...] = ()
    more_derivations: int = 0
    mapping: tuple[tuple[TermView, TermView], ...] = ()

    @property
    def has_details(self) -> bool:
        """Whether there is more to show than the kind."""
        stated = len(self.publications) > 1 or any(each.passages for each in self.publications)
        return bool(stated or self.derivations or self.mapping)


def support_view(site: Site, lang: str, quads: Iterable[ox.Quad], most: int = _MOST) -> SupportView:
    """Return what some statements together rest on, with at most so many passages of a publication."""
    supports = list(dict.fromkeys(site.facts.support(quad) for quad in quads))
    derivations = list(dict.fromkeys(each for support in supports for each in support.derivations))
    mapping = [pair for support in supports for pair in support.properties]
    return SupportView(
        chips(site, lang, supports),
        tuple(_publication_supports(site, lang, supports, most)),
        tuple(_derivation_view(site, lang, each.rule, each.via) for each in derivations[:_MOST]),
        max(0, len(derivations) - _MOST),
        tuple(
            (term_view(site, ox.NamedNode(name), lang), _of_mapping(site, lang, name, value)) for name, value in mapping
        ),
    )


def _of_mapping(site: Site, lang: str, name: str, value: Term) -> TermView:
    """Return what a mapping says of itself; mapping files are written in English."""
    view = show(site, lang, value)
    return replace(view, tag=lang_attribute("en", lang)) if name in _ENGLISH else view


def _publication_supports(
    site: Site, lang: str, supports: Iterable[Support], most: int
) -> Iterator[PublicationSupport]:
    """Yield one block for each publication that states something, with its own passages."""
    by_graph: dict[str, list[Support]] = {}
    for support in supports:
        if support.passages or support.graph in site.publication_of_graph:
            by_graph.setdefault(support.graph, []).append(support)
    for graph, own in sorted(by_graph.items()):
        passages = list(dict.fromkeys(iri for support in own for iri in support.passages))
        room = most + 1 if len(passages) == most + 1 > 2 else most  # To say that one more is hidden takes its place.
        shown = passages[:room] if most != 1 else passages[-1:]  # Of several the first is often a heading.
        publication = site.publication_of_graph.get(graph)
        yield PublicationSupport(
            term_view(site, ox.NamedNode(publication.iri), lang) if publication else None,
            next((support.how for support in own if support.passages), ""),
            tuple(passage_view(site, lang, iri) for iri in shown),
            len(passages) - len(shown),
        )


def chips(site: Site, lang: str, supports: Iterable[Support]) -> tuple[Chip, ...]:
    """Return one chip for each kind of statement, in their order, then one for each modality."""
    listed = list(supports)
    firsts = {support.kind: support.graph for support in reversed(listed) if support.kind}
    kinds = (
        Chip(local_name(kind), site.labels.get(kind, lang)[0], f"{local_path(graph)}?lang={lang}")
        for kind, graph in sorted(firsts.items())
    )
    return (*kinds, *_modality_chips(site, lang, [each for each in listed if each.kind.endswith("/stated")]))


def hedges(site: Site, lang: str, fact: Fact) -> tuple[str, ...]:
    """Return how a publication restrains itself in saying a value; nothing where one says it plainly."""
    last = [quad for quad in fact.quads if fact.value in (quad.subject, quad.object)]
    said = (chips(site, lang, map(site.facts.support, quads)) for quads in (last, fact.quads))
    found = ([chip.text for chip in some if chip.slug == MODALITY] for some in said)
    return tuple(next(filter(None, found), ()))


def _modality_chips(site: Site, lang: str, stated: Iterable[Support]) -> Iterator[Chip]:
    """Yield the modalities of what is stated, unless a publication says it plainly."""
    hedged = [support.modality for support in stated]
    if not all(modality.codes for modality in hedged):
        return
    for code in sorted({code for modality in hedged for code in modality.codes if code != IN_PROJECT}):
        view = term_view(site, ox.NamedNode(code), lang)
        yield Chip(MODALITY, view.text, view.href)
    for project in sorted({project for modality in hedged for project in modality.projects}):
        view = term_view(site, ox.NamedNode(project), lang)
        yield Chip(MODALITY, f"{site.labels.get(IN_PROJECT, lang)[0]}: {view.text}", view.href)


def passage_view(site: Site, lang: str, iri: str) -> PassageView:
    """Return a passage as a reader sees it."""
    passage = site.passages.get(iri)
    term = term_view(site, ox.NamedNode(iri), lang)
    if passage is None:
        return PassageView(term, None, "", (), "", "", "")
    whole = site.texts.quote(iri)
    words = whole or " … ".join(end for end in passage.ends if end)
    publication = site.publication_of_section.get(passage.section)
    above = headings(site, lang, passage.section)
    here, read = place(site, lang, iri), read_link(site, lang, iri)
    if publication is None:
        return PassageView(term, None, "", above, here, read, words)
    name, year = term_view(site, ox.NamedNode(publication.iri), lang), site.year(publication)
    address = "" if whole else publication.address
    return PassageView(term, name, year, above, here, read, words, publication.language, address)


def _derivation_view(site: Site, lang: str, rule: str, via: Iterable[str]) -> DerivationView:
    return DerivationView(
        term_view(site, ox.NamedNode(rule), lang),
        site.definition(rule, lang),
        tuple(term_view(site, ox.NamedNode(iri), lang) for iri in via),
    )
