"""The page of a thing: its facts under the headings of its view, each with what it rests on; the rest in lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import pyoxigraph as ox
from markupsafe import Markup

from kg.graph.facts import Fact, Step
from kg.graph.resource import Resource
from kg.languages import lang_attribute
from kg.namespaces import RDF_TYPE
from kg.rdf_terms import Term, asserted, term_key
from kg.web.kinds import kind_of
from kg.web.layout import TermView
from kg.web.site import Site
from kg.web.terms import show
from kg.web.things.map import draw_places
from kg.web.things.sentences import Teller, Told
from kg.web.things.support import MODALITY, Chip, PassageView, SupportView, chips, passage_view, support_view
from kg.web.things.value_table import Table, make_table
from kg.web.views import Field, Group, View

_MOST: Final = 60  # Values of one property on a page; the rest is a query away.
_BOTH: Final = "names"  # The heading under which texts stand in all languages.
_PUBLICATIONS, _PARTED = "PublicationRole", "ByPublicationRole"
_MANY: Final = 8
_LEADING: Final = 5
_PASSAGES: Final = (
    (10, 3),
    (40, 1),
)  # A list of up to so many values shows so many passages of each; a longer one none.
_TRAIL: Final = 6


@dataclass(frozen=True)
class Value:
    """One value: the term, what it rests on where its neighbours rest on something else, and its own facts."""

    term: TermView
    support: SupportView | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Block:
    """Values of one property that are of one kind of statement.

    Attributes:
        support: where all rest on the same.
        elsewhere: whether they rest on passages that their own pages show, since there are too many for this one.

    """

    values: tuple[Value, ...]
    kinds: SupportView
    support: SupportView | None = None
    elsewhere: bool = False

    @property
    def many(self) -> bool:
        """Whether they need columns."""
        return len(self.values) > _MANY and not any(value.rows for value in self.values)

    @property
    def supported(self) -> list[tuple[TermView, SupportView]]:
        """The values that rest on something else than their neighbours, each with what it rests on."""
        return [(value.term, value.support) for value in self.values if value.support]


@dataclass(frozen=True)
class Branch:
    """A node of a tree."""

    term: TermView
    below: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Row:
    """One property of a thing.

    Attributes:
        name: what it is called here, in the language `tag` where that is not the language of the page.
        more: how many values are not shown.
        note: what a view says of the values.

    """

    name: str
    blocks: tuple[Block, ...] = ()
    tables: tuple[Table, ...] = ()
    tree: tuple[Branch, ...] = ()
    passages: tuple[PassageView, ...] = ()
    map: Markup = Markup()  # noqa: RUF009  (a text, and texts do not change)
    more: int = 0
    tag: str = ""
    note: str = ""

    @property
    def filled(self) -> bool:
        """Whether there is something to show."""
        return bool(self.blocks or self.tables or self.tree or self.passages or self.map)

    @property
    def size(self) -> int:
        """How many values it has; what has none says at least that."""
        listed = sum(len(block.values) for block in self.blocks) + sum(len(table.rows) for table in self.tables)
        return max(1, listed + len(self.tree) + len(self.passages) + self.more)


@dataclass(frozen=True)
class Part:
    """What one publication says of a thing; a row is not filled where it says nothing of it."""

    publication: TermView
    attribution: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Section:
    """A heading with properties, or with a part for each publication.

    Attributes:
        unknown: the properties of which nothing is known yet, where no publication is about the thing.

    """

    slug: str
    name: str
    rows: tuple[Row, ...]
    parts: tuple[Part, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def _all(self) -> tuple[Row, ...]:
        return (*self.rows, *(row for part in self.parts for row in part.rows))

    @property
    def properties(self) -> int:
        """How many properties it shows."""
        return len(self._all)

    @property
    def size(self) -> int:
        """How many values it shows."""
        return sum(row.size for row in self._all)


@dataclass(frozen=True)
class Head:
    """What stands above the facts.

    Attributes:
        name: what the thing is called; its class and slug where nothing names it.
        kinds: its classes.
        other: its name in the other language, where that differs.
        definition: in the language of the page.
        trail: what is above it, the highest first.
        list_of: the list of its kind.
        passage: the thing itself, where it is a passage.
        opening: what it is, in sentences; `kinds_of_opening` says what those rest on.
        open_points: what publications leave open, and `onward`, where to go from here.
        publications: what states something of it, each with who published it and when.
        title: what it says in words, where its name says too little; else nothing.

    """

    name: TermView
    kinds: tuple[TermView, ...]
    other: TermView | None
    definition: TermView | None
    trail: tuple[TermView, ...]
    list_of: TermView | None
    passage: PassageView | None
    opening: tuple[Told, ...] = ()
    kinds_of_opening: tuple[Chip, ...] = ()
    open_points: tuple[Told, ...] = ()
    onward: tuple[Told, ...] = ()
    publications: tuple[tuple[TermView, str], ...] = ()
    title: str = ""

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        """The way to the thing: text, address and language of what is above it, then of itself."""
        above = [view for view in (self.list_of, *self.trail) if view and view.text != self.name.text]
        return [*((view.text, view.href, view.tag) for view in above), (self.name.text, "", self.name.tag)]

    @property
    def summary(self) -> str:
        """The thing in a few words: how its page begins, or else its kinds and its name."""
        if self.opening:
            return " ".join(told.text for told in self.opening)
        return f"{', '.join(kind.text for kind in self.kinds)}: {self.name.text}"


@dataclass
class Thing:
    """One thing under presentation.

    Attributes:
        site: what is served.
        lang: language of the page.
        iri: the thing.

    """

    site: Site
    lang: str
    iri: str

    @cached_property
    def view(self) -> View | None:
        """What is shown of its class, or None."""
        return self.site.views.find(self.site.facts.classes(self.iri))

    def head(self) -> Head:
        """Return what stands above the facts."""
        other = next((tag for tag in ("nl", "en") if tag != self.lang), "")
        name, tag = self.site.labels.get(self.iri, other)
        differs = tag == other and name != self.site.labels.get(self.iri, self.lang)[0]
        definition = self.site.definition(self.iri, self.lang)
        return Head(
            self.name(),
            tuple(self._view_of(ox.NamedNode(iri)) for iri in self._kinds()),
            TermView(name, tag) if differs else None,
            TermView(definition) if definition else None,
            tuple(self._trail()),
            self._list(),
            passage_view(self.site, self.lang, self.iri) if self.iri in self.site.passages else None,
            **self._sentences(),
        )

    @cached_property
    def _teller(self) -> Teller:
        return Teller(self.site, self.lang, self.iri, self.view)

    def _sentences(self) -> dict[str, Any]:
        """Return what the head says in sentences, by the names of its attributes."""
        teller = self._teller
        opening = teller.tell("opening")
        quads = [quad for told in opening for quad in told.quads]
        headings = self.view.having(_PUBLICATIONS) if self.view else ()
        about = {term_key(fact.value) for heading in headings for fact in self.site.values(self.iri, heading)}
        stating = [one for one in self.site.publications if one.iri in about] if headings else teller.publications
        return {
            "opening": tuple(opening),
            "kinds_of_opening": tuple(one for one in self._chips(quads) if one.slug != MODALITY),
            "open_points": tuple(teller.tell("leavesOpen")),
            "onward": tuple(teller.tell("onward")),
            "publications": tuple(
                (self._view_of(ox.NamedNode(one.iri)), self.site.attribution(one, self.lang))
                for one in stating
                if opening
            ),
            "title": teller.title,
        }

    def _chips(self, quads: Iterable[ox.Quad]) -> tuple[Chip, ...]:
        return chips(self.site, self.lang, [self.site.facts.support(quad) for quad in quads])

    def name(self) -> TermView:
        """Return what the thing is called: its label, or else its class and the last part of its IRI."""
        view = self._view_of(ox.NamedNode(self.iri))
        named = self.site.labels.known(self.iri) or self.iri in self.site.reified or self.iri in self.site.passages
        kinds = [] if named else self._kinds()
        return replace(view, text=f"{self.site.labels.get(kinds[0], self.lang)[0]} {view.text}") if kinds else view

    def _kinds(self) -> list[str]:
        node, kind = ox.NamedNode(self.iri), ox.NamedNode(RDF_TYPE)
        quads = asserted(self.site.graph.store.quads_for_pattern(node, kind, None, None))
        return sorted({quad.object.value for quad in quads if isinstance(quad.object, ox.NamedNode)})

    def _list(self) -> TermView | None:
        kind = kind_of(self.iri)
        if kind not in self.site.kinds.members:
            return None
        return TermView(self.site.kind_name(kind, self.lang), "", f"/id/{kind}?lang={self.lang}")

    def _trail(self) -> Iterable[TermView]:
        """Yield what is above the thing, the highest first."""
        chain: list[str] = []
        here, view = self.iri, self.view
        while len(chain) < _TRAIL:
            above = _parent(self.site, here, view, {self.iri, *chain})
            if above is None:
                break
            chain.append(above)
            here, view = above, self.site.views.find(self.site.facts.classes(above))
        return [self._view_of(ox.NamedNode(iri)) for iri in reversed(chain)]

    def sections(self, resource: Resource) -> list[Section]:
        """Return the facts of a resource by heading: those of its view, the others, and what refers to it."""
        common = self.site.views.common
        fields = [*(self.view.fields if self.view else ()), *common.fields]
        hidden = {field.single for field in fields if field.hidden}
        covered = {quad for _, facts in self._leading for fact in facts for quad in fact.quads}
        first = {field.slug for field, _ in self._leading}
        rows: dict[Group, list[Row]] = {}
        sections = []
        if self.view and self.view.having(_PUBLICATIONS):
            section, shown = self._by_publication(self.view)
            sections.append(section)
            covered.update(shown)
        for field in fields:
            if field.roles & {_PUBLICATIONS, _PARTED} or field.slug in first:
                continue
            if field.hidden or (field in common.fields and field.single and field.single.inverse):
                continue
            facts = self.site.values(self.iri, field)
            if field in common.fields:
                facts = [fact for fact in facts if not covered.issuperset(fact.quads)]
            covered.update(quad for fact in facts for quad in fact.quads)
            facts = facts if field.group.slug == _BOTH else self._readable(facts)
            if facts and (row := self._noted(field, facts)).filled:
                rows.setdefault(field.group, []).append(row)
        ordered = sorted(rows.items(), key=lambda pair: pair[0].order)
        sections += [self._section(group, those) for group, those in ordered]
        for slug, quads, inverse in (("facts", resource.statements, False), ("mentions", resource.incoming, True)):
            rest = self._rest([quad for quad in asserted(quads) if quad not in covered], inverse, hidden)
            if rest:
                sections.append(self._section(self.site.views.groups[slug], rest))
        return sorted(sections, key=lambda section: self.site.views.groups[section.slug].order)

    @cached_property
    def _leading(self) -> list[tuple[Field, list[Fact]]]:
        """The first few of the leading fields of the view that have values."""
        pairs = ((field, self.site.values(self.iri, field)) for field in (self.view.leading if self.view else ()))
        return [(field, self._readable(facts)) for field, facts in pairs if facts][:_LEADING]

    def leading(self) -> list[Row]:
        """Return the facts that stand first; their evidence too, unless each publication shows its own below."""
        most = 0 if self.view and self.view.having(_PUBLICATIONS) else None
        return [self._noted(field, facts, most) for field, facts in self._leading]

    def _noted(self, field: Field, facts: Sequence[Fact], most: int | None = None) -> Row:
        return replace(self._row(self._name(field), facts, field.viewer, most), note=field.note.get(self.lang, ""))

    def _by_publication(self, view: View) -> tuple[Section, set[ox.Quad]]:
        """Return a part for each publication: of those about the thing all fields, of others what they say of it."""
        [heading] = view.having(_PUBLICATIONS)
        about = self.site.values(self.iri, heading)
        facts: dict[tuple[str, str], list[Fact]] = {}
        for field in view.having(_PARTED):
            facts.setdefault((self._name(field), field.viewer), []).extend(self.site.values(self.iri, field))
        parts = []
        for publication in self.site.publications:
            node = ox.NamedNode(publication.iri)
            rows = [
                self._row(name, stated_in(publication.graph, values), viewer)
                for (name, viewer), values in facts.items()
            ]
            shown = [row for row in rows if row.filled or node in {fact.value for fact in about}]
            if shown:
                parts.append(Part(self._view_of(node), self.site.attribution(publication, self.lang), tuple(shown)))
        names = () if about else tuple(name for name, _ in facts)
        section = replace(self._section(heading.group, ()), parts=tuple(parts), unknown=names)
        return section, {quad for values in (about, *facts.values()) for fact in values for quad in fact.quads}

    def _readable(self, facts: list[Fact]) -> list[Fact]:
        """Return the facts, texts only in the language of the page where they are said in it."""
        here = [fact for fact in facts if isinstance(fact.value, ox.Literal) and fact.value.language == self.lang]
        others = [fact for fact in facts if not isinstance(fact.value, ox.Literal) or not fact.value.language]
        return [*here, *others] if here else facts

    def _section(self, group: Group, rows: Iterable[Row]) -> Section:
        return Section(group.slug, group.label.get(self.lang, group.slug), tuple(rows))

    def _rest(self, quads: Sequence[ox.Quad], inverse: bool, hidden: set[Step | None]) -> list[Row]:
        """Return what no view names, by property."""
        by_property: dict[str, dict[Term, list[ox.Quad]]] = {}
        for quad in quads:
            if Step(quad.predicate.value, inverse) not in hidden:
                values = by_property.setdefault(quad.predicate.value, {})
                values.setdefault(quad.subject if inverse else quad.object, []).append(quad)
        rows = []
        for predicate, values in by_property.items():
            name = self._step_name(Step(predicate, inverse))
            facts = [Fact(value, tuple(about)) for value, about in values.items()]
            rows.append(replace(self._row(name.text, facts, ""), tag=name.tag))
        return sorted(rows, key=lambda row: row.name)

    def _name(self, field: Field) -> str:
        return field.name.get(self.lang) or self._step_name(field.path[0][-1]).text

    def _step_name(self, step: Step) -> TermView:
        text, tag = self.site.labels.get(step.predicate, self.lang)
        if not step.inverse:
            return TermView(text, lang_attribute(tag, self.lang))
        named = self.site.views.backwards.get(step.predicate, {}).get(self.lang)
        return TermView(named) if named else TermView(f"← {text}", lang_attribute(tag, self.lang))

    def _row(self, name: str, facts: Sequence[Fact], viewer: str, most: int | None = None) -> Row:
        ordered = self.site.in_order(facts, self.lang)
        listed, more = ordered[:_MOST], max(0, len(ordered) - _MOST)
        if viewer == "PassageViewer":
            iris = [fact.value.value for fact in ordered if isinstance(fact.value, ox.NamedNode)]
            shown = tuple(passage_view(self.site, self.lang, iri) for iri in iris[: _MOST // 2])
            return Row(name, passages=shown, more=len(iris) - len(shown))
        if viewer == "TreeViewer":
            return Row(name, tree=tree(self.site, self.lang, [fact.value for fact in ordered]))
        if viewer == "MapViewer":
            places = [fact for fact in listed if isinstance(fact.value, ox.NamedNode)]
            svg = draw_places(self.site, self.lang, self.iri, [fact.value for fact in ordered])
            return Row(name, self._blocks(places, False), map=svg, more=more)
        if viewer == "ValueTableViewer":
            by_view: dict[str, list[Fact]] = {}
            for fact in listed:
                view = self.site.views.find(self.site.facts.classes(term_key(fact.value)))
                by_view.setdefault(view.target if view else "", []).append(fact)
            return Row(name, tables=tuple(self._table(those) for those in by_view.values()), more=more)
        return Row(name, self._blocks(listed, viewer == "DetailsViewer", most), more=more)

    def _table(self, facts: Sequence[Fact]) -> Table:
        return make_table(self.site, self.lang, self.iri, facts, _passages_of_each(len(facts)))

    def _blocks(self, facts: Sequence[Fact], nested: bool, most: int | None = None) -> tuple[Block, ...]:
        """Return the values by kind of statement; evidence stands at the block where it is the same for all."""
        most = _passages_of_each(len(facts)) if most is None else most
        groups: dict[tuple[object, ...], list[tuple[Fact, SupportView]]] = {}
        for fact in facts:
            support = support_view(self.site, self.lang, fact.quads, most)
            groups.setdefault(support.chips, []).append((fact, support))
        return tuple(self._block(group, nested) for group in sorted(groups.values(), key=len, reverse=True))

    def _block(self, group: Sequence[tuple[Fact, SupportView]], nested: bool) -> Block:
        first = group[0][1]
        same = all(support == first for _, support in group)
        values = (
            Value(
                self._view_of(fact.value),
                support if support.has_details and not same else None,
                self.nested(fact.value) if nested else (),
            )
            for fact, support in group
        )
        elsewhere = any(each.more and not each.passages for _, support in group for each in support.publications)
        return Block(tuple(values), first, first if same and first.has_details else None, elsewhere)

    def nested(self, value: Term) -> tuple[Row, ...]:
        """Return the key facts of a value, without what leads back here."""
        rows = []
        for field, facts in self.site.key_facts(value):
            others = [fact for fact in self._readable(facts) if fact.value != ox.NamedNode(self.iri)]
            if others:
                rows.append(self._row(self._name(field), others, ""))
        return tuple(rows)

    def _view_of(self, value: Term) -> TermView:
        return show(self.site, self.lang, value)


def _passages_of_each(values: int) -> int:
    return next((passages for most, passages in _PASSAGES if values <= most), 0)


def stated_in(graph: str, facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts that a graph or one below it states, each with its statements there and the way to it."""
    stated = []
    for fact in facts:
        last = [quad for quad in fact.quads if fact.value in (quad.subject, quad.object)]
        own = [quad for quad in last if f"{term_key(quad.graph_name)}/".startswith(f"{graph}/")]
        if own:
            stated.append(Fact(fact.value, tuple(quad for quad in fact.quads if quad not in last or quad in own)))
    return stated


def tree(site: Site, lang: str, values: Sequence[Term]) -> tuple[Branch, ...]:
    """Return things as trees, by the first parent of each that is among them."""
    iris = [value.value for value in values if isinstance(value, ox.NamedNode)]
    among = set(iris)
    below: dict[str | None, list[str]] = {}
    for iri in iris:
        view = site.views.find(site.facts.classes(iri))
        above = [parent for parent in _parents(site, iri, view) if parent in among and parent != iri]
        below.setdefault(above[0] if above else None, []).append(iri)
    return _branches(site, lang, below, None, frozenset())


def _branches(
    site: Site, lang: str, below: Mapping[str | None, list[str]], here: str | None, seen: frozenset[str]
) -> tuple[Branch, ...]:
    iris = [iri for iri in below.get(here, ()) if iri not in seen]
    return tuple(
        Branch(show(site, lang, ox.NamedNode(iri)), _branches(site, lang, below, iri, seen | {iri})) for iri in iris
    )


def _parents(site: Site, iri: str, view: View | None) -> Iterable[str]:
    for field in view.having("ParentRole") if view else ():
        for fact in site.values(iri, field):
            if isinstance(fact.value, ox.NamedNode):
                yield fact.value.value


def _parent(site: Site, iri: str, view: View | None, seen: set[str]) -> str | None:
    return next((parent for parent in _parents(site, iri, view) if parent not in seen), None)
