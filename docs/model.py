"""Make docs/model.md from the ontology, the data, the saved questions and the prose in docs/model/.

One prose file is one theme. Its front matter (YAML):

    title      heading of the section
    ontology   files below ontology/ whose properties the picture draws
    boxes      classes that the picture shows as boxes; other classes of these files become rows in a box
    edges      more arrows, "class property class", which must be in use: other vocabularies and other files
    not_drawn  properties, or "class property class", that would clutter the picture; the line below it names them
    examples   class: resource ("kind/slug"), a pattern that finds one ("?it ..."), a list of those,
               or {of: resource or pattern, show: [property, ...], all: true}; without show the properties of the
               theme come first, and without all the first resource that fits
    query      name of a saved question

What stands before the first `###` comes before the picture, the rest after the question.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import yaml

from kg.files import project_folder
from kg.graph.build import Graph, build
from kg.graph.sources import parse
from kg.namespaces import BASE, CATALOGUE, DCT, GRAPH, ID, KB, RDF_TYPE, SKOS, XSD
from kg.queries.engine import answer, with_prefixes
from kg.queries.question import Question, find_questions, pick

DOCS = Path(__file__).parent
PAGE = DOCS / "model.md"
TELLING = 3
"""Statements shown of a resource, besides its class."""
VALUES = 4
"""Values shown of a property that the prose file names."""

_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_INCLUDES = "https://schema.org/domainIncludes", "https://schema.org/rangeIncludes"
_NAMES = {SKOS + "prefLabel", SKOS + "altLabel", SKOS + "hiddenLabel", DCT + "title", KB + "asPrinted"}
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[\w.-]*[\w-])?", re.ASCII)
_WIDTH = 110

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple


@dataclass(frozen=True)
class Theme:
    """A prose file of docs/model: its front matter, and its text before and after what is made."""

    path: Path
    head: Mapping[str, Any]
    before: str
    after: str

    @property
    def title(self) -> str:
        """Heading of the section."""
        return str(self.head["title"])

    @property
    def examples(self) -> Mapping[str, Any]:
        """Class to the resource, or resources, that show it."""
        return dict(self.head["examples"])


def read_themes(folder: Path = DOCS / "model") -> list[Theme]:
    """Return the themes of a folder in the order of their file names; index.md is no theme."""
    return [_read_theme(path) for path in sorted(folder.glob("*.md")) if path.name != "index.md"]


def _read_theme(path: Path) -> Theme:
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    before, mark, after = text.strip().partition("\n### ")
    return Theme(path, yaml.safe_load(head), before.strip(), (mark + after).strip())


@dataclass
class Names:
    """Prefixed names: those that the graph declares, and one for each kind of resource that is named."""

    declared: Mapping[str, str]
    made: dict[str, str] = field(default_factory=dict)
    publications: frozenset[str] = frozenset()

    def short(self, iri: str) -> str:
        """Return an IRI as a prefixed name where Turtle allows one, or else in full."""
        for prefix, namespace in (*self.declared.items(), *self._of_kind(iri)):
            local = iri.removeprefix(namespace)
            if local != iri and _LOCAL.fullmatch(local) and self.made.get(prefix, namespace) == namespace:
                if prefix not in self.declared or namespace == GRAPH:
                    self.made[prefix] = namespace
                return f"{prefix}:{local}"
        return f"<{iri}>"

    def _of_kind(self, iri: str) -> Iterator[tuple[str, str]]:
        if iri.startswith(GRAPH):
            yield "graph", GRAPH
        elif iri.startswith(ID):
            kind, _, rest = iri.removeprefix(ID).partition("/")
            owner, slash, _ = rest.partition("/")
            yield kind, f"{ID}{kind}/{owner}/" if slash and owner in self.publications else f"{ID}{kind}/"

    def full(self, name: str) -> str:
        """Return the IRI of a name in a prose file: `kb:Term` or `kind/slug`."""
        prefix, colon, local = name.partition(":")
        if colon:
            return self.declared[prefix] + local
        return (BASE if name.startswith("graph/") else ID) + name

    @property
    def block(self) -> str:
        """The prefixes as Turtle."""
        return "".join(
            f"@prefix {prefix}: <{name}> .\n" for prefix, name in sorted({**self.declared, **self.made}.items())
        )


class Model:
    """The graph as the page shows it.

    Arguments:
        graph: the built graph.
        questions: the saved questions by name.
        folder: the project, for the files of the ontology.

    """

    def __init__(self, graph: Graph, questions: Mapping[str, Question], folder: Path) -> None:
        self.graph, self.questions, self.folder = graph, questions, folder
        slugs = (iri.removeprefix(ID + "publication/") for iri in self._instances(KB + "Publication"))
        self.names = Names(graph.prefixes, publications=frozenset(slugs))

    def page(self, themes: Iterable[Theme], head: str) -> str:
        """Return the whole page."""
        themes = list(themes)
        sections = [self._section(theme) for theme in themes]
        contents = "\n".join(f"- [{theme.title}](#{_anchor(theme.title)})" for theme in themes)
        prefixes = f"## Prefixes\n\nOf all Turtle on this page:\n\n```turtle\n{self.names.block}```\n"
        made = "<!-- Made by docs/model.py. Change ontology/, data/, queries/ or docs/model/, then `make docs`. -->"
        return "\n".join([made, head.strip() + "\n", contents + "\n- [Prefixes](#prefixes)\n", *sections, prefixes])

    def _section(self, theme: Theme) -> str:
        parts = [
            f"## {theme.title}",
            theme.before,
            self._picture(theme),
            self._turtle(theme),
            self._query(theme),
            theme.after,
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    # The picture.

    def _picture(self, theme: Theme) -> str:
        boxes = [self.names.full(name) for name in theme.head["boxes"]]
        own = [term for name in theme.head["ontology"] for term in self._terms(name)]
        apart = [str(name) for name in theme.head.get("not_drawn", ())]
        hidden = {tuple(self.names.full(part) for part in name.split()) for name in apart}
        edges: dict[tuple[str, str], list[str]] = {}
        rows: dict[str, list[str]] = {box: [] for box in boxes}
        for prop in own:
            domains, ranges = (self._values(prop, name) for name in _INCLUDES)
            for box, other in self._joined(prop, boxes, domains, ranges):
                if not hidden & {(prop,), (box, prop, other)}:
                    edges.setdefault((box, other), []).append(self._caption(prop))
            for box in (one for one in boxes if self._above(one) & domains):
                if row := [one for one in sorted(ranges) if self._is_row(box, prop, one, boxes, own)]:
                    rows[box].append(f"{self._caption(prop)} : {' or '.join(_local(one) for one in row)}")
        for subject, prop, value in (map(self.names.full, name.split()) for name in theme.head.get("edges", ())):
            if (subject, prop, value) not in self.used or not {subject, value} <= set(boxes):
                raise SystemExit(
                    f"{theme.path}: edge {subject} {prop} {value}: no such triple in the graph, or no such box"
                )
            edges.setdefault((subject, value), []).append(self._caption(prop))
        for box in boxes:
            rows[box] += [f"{caption} : {self._caption(box)}" for caption in edges.pop((box, box), [])]
        below = f"\n\nNot drawn, or in part: {', '.join(f'`{name}`' for name in apart)}." if apart else ""
        return "```mermaid\nflowchart LR\n" + "".join(self._drawn(boxes, rows, edges)) + "```" + below

    def _drawn(
        self, boxes: list[str], rows: Mapping[str, list[str]], edges: Mapping[tuple[str, str], list[str]]
    ) -> Iterator[str]:
        for box in boxes:
            yield f'    {_local(box)}["{"<br/>".join([f"<b>{self._caption(box)}</b>", *rows[box]])}"]\n'
        for box in boxes:
            ups = [up for up in boxes if up in self._values(box, _RDFS + "subClassOf")]
            yield from (f'    {_local(box)} -. "is a" .-> {_local(up)}\n' for up in ups)
        for (box, other), captions in edges.items():
            yield f'    {_local(box)} -- "{"<br/>".join(captions)}" --> {_local(other)}\n'

    def _joined(self, prop: str, boxes: list[str], domains: set[str], ranges: set[str]) -> list[tuple[str, str]]:
        """Return the boxes that a property joins, by the ontology and in the data; not again what a wider box shows."""
        pairs = [
            (box, other)
            for box in boxes
            for other in boxes
            if self._above(box) & domains and self._above(other) & ranges and (box, prop, other) in self.used
        ]
        wider = {pair: {(a, b) for a in self._above(pair[0]) for b in self._above(pair[1])} - {pair} for pair in pairs}
        return [pair for pair in pairs if not wider[pair] & set(pairs)]

    def _is_row(self, box: str, prop: str, value: str, boxes: list[str], own: list[str]) -> bool:
        """Tell whether a property is drawn inside the box: literals, and classes of these files without a box."""
        if any(value in self._above(one) for one in boxes) or not any(
            (one, prop) in self.described for one in self._below(box)
        ):
            return False
        return value.startswith((XSD, "http://www.w3.org/1999/02/22-rdf-syntax-ns#")) or value in own

    def _caption(self, prop: str) -> str:
        return self.names.short(prop).removeprefix("kb:")

    # The Turtle.

    def _turtle(self, theme: Theme) -> str:
        own = [term for name in theme.head["ontology"] for term in self._terms(name)]
        blocks = [
            block
            for name, given in theme.examples.items()
            for block in self._example(self.names.full(name), given if isinstance(given, list) else [given], own)
        ]
        return "In Turtle:\n\n```turtle\n" + "\n".join(blocks) + "```"

    def _example(self, kind: str, given: list[Any], own: list[str]) -> Iterator[str]:
        label, definition = (self._text(kind, name) for name in (_RDFS + "label", SKOS + "definition"))
        comment = f"{label}: {definition}" if definition else label or self.names.short(kind)
        above = "".join(f"# {line}\n" for line in textwrap.wrap(comment, _WIDTH))
        for one in given:
            spec = one if isinstance(one, dict) else {"of": one}
            show = [self.names.full(name) for name in spec.get("show", ())]
            for iri in self._found(spec["of"], kind)[: None if spec.get("all") else 1]:
                yield above + self._block(iri, kind, show, own)
                above = ""

    def _found(self, name: str, kind: str) -> list[str]:
        """Return the resource of a name, or the resources of a class that fit a pattern."""
        if not name.startswith("?"):
            return [self.names.full(name)]
        found = sorted(it for (it,) in self._ask(f"SELECT DISTINCT ?it {{ ?it a <{kind}> . {name} }}"))
        if not found:
            raise SystemExit(f"docs/model: nothing in the graph fits {name}")
        return found

    def _block(self, iri: str, kind: str, show: list[str], own: list[str]) -> str:
        quads = self._quads(iri)
        if not any(quad.object == ox.NamedNode(kind) for quad in quads):
            raise SystemExit(f"docs/model: {iri} is no {kind}")
        chosen = list(_asked(quads, show) if show else _telling(quads, lambda quad: self._rank(quad, kind, own)))
        lines = [f"{self.names.short(iri)} a {self.names.short(kind)}"]
        notes = [""]
        for predicate, values in chosen:
            terms = [self._term(quad.object) for quad in values]
            wide = sum(len(term) + 3 for term in terms) > _WIDTH - len(predicate)
            lines.append(f"    {self.names.short(predicate)} " + (" ,\n        " if wide else " , ").join(terms))
            notes.append(
                ", ".join(sorted({kind for quad in values if (kind := self._kind(quad.graph_name)) != "stated"}))
            )
        ends = [" ;"] * (len(lines) - 1) + [" ."]
        return "".join(
            f"{line}{end}{'  # ' + note if note else ''}\n" for line, end, note in zip(lines, ends, notes, strict=True)
        )

    def _rank(self, quad: ox.Quad, kind: str, own: list[str]) -> tuple[int, int, str]:
        """Order what is said: the name, then properties of the theme for this class as its file orders them."""
        predicate, value = quad.predicate.value, quad.object
        if predicate == SKOS + "prefLabel":
            return 0, 0, predicate
        if predicate.startswith(KB):
            fits = bool(self._values(predicate, _INCLUDES[0]) & self._above(kind))
            place = own.index(predicate) if predicate in own else len(own)
            return (1 if fits else 3, place, predicate)
        return (2 if isinstance(value, ox.NamedNode) else 4, 0, predicate)

    def _quads(self, iri: str) -> list[ox.Quad]:
        """Return what is said of a resource, each triple once: names in Dutch, other texts in English."""
        found: dict[ox.Triple, ox.Quad] = {}
        for quad in sorted(self.graph.store.quads_for_pattern(ox.NamedNode(iri), None, None, None), key=str):
            left_out = "en" if quad.predicate.value in _NAMES else "nl"
            if not isinstance(quad.object, ox.Literal) or quad.object.language != left_out:
                found.setdefault(quad.triple, quad)
        return list(found.values())

    def _term(self, term: Term) -> str:
        if isinstance(term, ox.NamedNode):
            return self.names.short(term.value)
        if not isinstance(term, ox.Literal):
            return str(term)
        datatype = term.datatype.value
        if datatype == XSD + "integer" or (datatype == XSD + "decimal" and "." in term.value):
            return term.value
        if term.language or datatype == XSD + "string":
            return str(term)
        return str(ox.Literal(term.value)) + "^^" + self.names.short(datatype)

    # The question.

    def _query(self, theme: Theme) -> str:
        question = pick(self.questions, theme.head["query"])
        path = f"../queries/{question.name}.rq"
        return (
            f"**{question.title['en']}** {question.description['en']}\n"
            f"The saved question [`{question.name}`]({path}): `kg query {question.name}`.\n\n"
            f"```sparql\n{question.query}```"
        )

    # The graph.

    def _terms(self, name: str) -> list[str]:
        """Return the kb: terms that a file of the ontology describes, in its order."""
        found = (
            quad.subject.value
            for quad in parse(self.folder / "ontology" / name)
            if isinstance(quad.subject, ox.NamedNode)
        )
        return [iri for iri in dict.fromkeys(found) if iri.startswith(KB)]

    @cached_property
    def used(self) -> set[tuple[str, str, str]]:
        """Class, property, class: what the graph joins."""
        return {(a, p, b) for a, p, b in self._ask("SELECT DISTINCT ?a ?p ?b { ?s ?p ?o . ?s a ?a . ?o a ?b }")}

    @cached_property
    def described(self) -> set[tuple[str, str]]:
        """Class and property: of what the graph says something."""
        return {(a, p) for a, p in self._ask("SELECT DISTINCT ?a ?p { ?s a ?a . ?s ?p ?o }")}

    def _ask(self, query: str) -> Iterator[tuple[str, ...]]:
        found = answer(self.graph.store, with_prefixes(query, self.graph.prefixes))
        if not isinstance(found, ox.QuerySolutions):
            raise TypeError("no SELECT")
        yield from (tuple(_iri(term) for term in row) for row in found)

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """Graph to the name of its kind, by the catalogue."""
        rows = self.graph.store.quads_for_pattern(None, ox.NamedNode(KB + "graphKind"), None, ox.NamedNode(CATALOGUE))
        return {_iri(quad.subject): _local(_iri(quad.object)) for quad in rows}

    def _kind(self, graph: Term | ox.DefaultGraph) -> str:
        return self._kinds[_iri(graph)]

    def _instances(self, kind: str) -> list[str]:
        found = self.graph.store.quads_for_pattern(None, ox.NamedNode(RDF_TYPE), ox.NamedNode(kind), None)
        return sorted(_iri(quad.subject) for quad in found)

    def _values(self, iri: str, predicate: str) -> set[str]:
        found = self.graph.store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(predicate), None, None)
        return {_iri(quad.object) for quad in found}

    def _above(self, kind: str) -> set[str]:
        """Return a class and what it specialises."""
        found, new = {kind}, {kind}
        while new := {up for one in new for up in self._values(one, _RDFS + "subClassOf")} - found:
            found |= new
        return found

    def _below(self, kind: str) -> set[str]:
        return {one for one, _ in self.described if kind in self._above(one)}

    def _text(self, iri: str, predicate: str) -> str:
        found = self.graph.store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(predicate), None, None)
        terms = [quad.object for quad in found if isinstance(quad.object, ox.Literal)]
        return next((term.value for term in terms if term.language == "en"), "")


def _asked(quads: list[ox.Quad], show: list[str]) -> Iterator[tuple[str, list[ox.Quad]]]:
    """Yield the properties that a prose file names, each with its first values."""
    for predicate in show:
        values = [quad for quad in quads if quad.predicate.value == predicate]
        if not values:
            raise SystemExit(f"docs/model: {quads[0].subject} has no {predicate}")
        yield predicate, values[:VALUES]


def _telling(quads: list[ox.Quad], rank: Any) -> Iterator[tuple[str, list[ox.Quad]]]:
    """Yield the first value of the properties with the most to tell."""
    firsts: dict[str, ox.Quad] = {}
    for quad in sorted(
        (quad for quad in quads if quad.predicate.value != RDF_TYPE), key=lambda quad: (rank(quad), str(quad))
    ):
        firsts.setdefault(quad.predicate.value, quad)
    yield from ((predicate, [quad]) for predicate, quad in list(firsts.items())[:TELLING])


def _iri(term: Term | ox.DefaultGraph | None) -> str:
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def _local(iri: str) -> str:
    return re.split(r"[#/]", iri)[-1]


def _anchor(title: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def make(graph: Graph | None = None) -> str:
    """Return the page as it should be now.

    Arguments:
        graph: the built graph, where the caller has it.

    """
    folder = project_folder()
    model = Model(graph or build(folder), find_questions(folder / "queries"), folder)
    return model.page(read_themes(), (DOCS / "model" / "index.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(make(), encoding="utf-8")
    print(f"{PAGE}: {len(PAGE.read_text(encoding='utf-8').splitlines())} lines", file=sys.stderr)
