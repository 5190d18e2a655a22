"""Make docs/model.md from the ontology, the data, the saved questions and the prose in docs/model/.

One prose file is one theme. Its front matter (YAML):

    title      heading of the section
    ontology   files below ontology/ whose properties the picture draws
    boxes      classes that the picture shows as boxes; other classes of these files become rows in a box
    edges      more arrows, "class property class", which must be in use: other vocabularies and other files
    not_drawn  properties, or "class property class", that would clutter the picture; the line below it names them
    query      name of a saved question

What stands before the first `###` comes before the picture, the rest after the question.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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
from kg.rdf_terms import asserted, prefixed_name

DOCS = Path(__file__).parent
PAGE = DOCS / "model.md"
FIRST = "industrie-2023"
"""The publication whose passages stand without its name."""
LONG = 40
"""Letters of a text that an example shows."""
MOST = 5
"""Classes shown at an end of a property."""
ROWS = 3
"""Rows shown of the answer to a pattern."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_BESIDE = {SKOS + "Concept", "http://www.w3.org/ns/sparql-service-description#NamedGraph"}
"""Classes that say nothing beside another class of a thing."""
_INCLUDES = "https://schema.org/domainIncludes", "https://schema.org/rangeIncludes"

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


def read_themes(folder: Path = DOCS / "model") -> list[Theme]:
    """Return the themes of a folder in the order of their file names; index.md and patterns.md are no themes."""
    return [_read_theme(path) for path in sorted(folder.glob("*.md")) if path.name not in ("index.md", "patterns.md")]


def _read_theme(path: Path) -> Theme:
    _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
    before, mark, after = text.strip().partition("\n### ")
    return Theme(path, yaml.safe_load(head), before.strip(), (mark + after).strip())


@dataclass(frozen=True)
class Names:
    """Prefixed names, with the prefixes that the graph declares."""

    prefixes: Mapping[str, str]

    def short(self, iri: str) -> str:
        """Return an IRI as a prefixed name where Turtle allows one, or else below BASE or in full."""
        return prefixed_name(iri, self.prefixes) or f"<{iri.removeprefix(BASE)}>"

    def full(self, name: str) -> str:
        """Return the IRI of a name in a prose file: `kb:Term` or `kind/slug`."""
        prefix, colon, local = name.partition(":")
        if colon:
            return self.prefixes[prefix] + local
        return (BASE if name.startswith("graph/") else ID) + name

    @property
    def block(self) -> str:
        """The prefixes of the graph, as SPARQL."""
        lines = "".join(f"PREFIX {name}: <{iri.replace(ID, 'id/')}>\n" for name, iri in self.prefixes.items())
        return (
            f"What belongs to a publication has its name in the IRI: the prefixes with `{FIRST}` are for that one.\n\n"
            f"```sparql\nBASE <{BASE}>\n{lines}```\n"
        )


class Reference:
    """Classes and properties as the data use them: how often, between what, and where an example stands.

    Arguments:
        graph: the built graph.
        names: prefixed names.

    """

    def __init__(self, graph: Graph, names: Names) -> None:
        self.graph, self.names = graph, names
        described = {CATALOGUE, GRAPH + "ontology"}
        self.above: dict[str, set[str]] = {}
        self.kinds: dict[Term, set[str]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.triples: dict[str, dict[ox.Triple, str]] = {}
        self.ours: set[str] = set()
        self.places: dict[tuple[Term, str], str] = {}
        for quad in sorted(graph.store, key=str):
            predicate, graph_name = quad.predicate.value, _iri(quad.graph_name)
            if predicate == RDF_TYPE:
                self.kinds.setdefault(quad.subject, set()).add(_iri(quad.object))
            elif predicate == _RDFS + "subClassOf":
                self.above.setdefault(_iri(quad.subject), set()).add(_iri(quad.object))
            elif isinstance(quad.object, ox.Literal) and quad.object.language == "en":
                self.texts.setdefault((_iri(quad.subject), predicate), quad.object.value)
            self.triples.setdefault(predicate, {}).setdefault(quad.triple, graph_name)
            if graph_name not in described or predicate.startswith(KB):
                self.ours.add(predicate)
        self.evidence = self._evidence()

    @cached_property
    def used(self) -> set[str]:
        """The properties that the data use, ours and those of others."""
        return {iri for iri in self.ours if self.triples.get(iri)} - {RDF_TYPE, _RDFS + "isDefinedBy"}

    @cached_property
    def members(self) -> Counter[str]:
        """Class to how many things have it as their closest class."""
        return Counter(kind for node in self.kinds if isinstance(node, ox.NamedNode) for kind in self._closest(node))

    def classes(self, kinds: Iterable[str]) -> str:
        """Return classes as a table."""
        rows = [f"| `{self._name(kind)}` | {self.members[kind]} | {self._meaning(kind)} |" for kind in kinds]
        return "\n".join(["| class | things | what it is |", "| --- | --: | --- |", *rows]) if rows else ""

    def rows(self, properties: Iterable[str]) -> str:
        """Return properties as a table."""
        head = ["| property | triples | from | to | what it says | example |", "| --- | --: | --- | --- | --- | --- |"]
        return "\n".join([*head, *map(self._row, properties)]) + "\n"

    def _row(self, iri: str) -> str:
        triples = self.triples[iri]
        ends = [self._ends([getattr(triple, end) for triple in triples]) for end in ("subject", "object")]
        cells = (f"`{self._name(iri)}`", str(len(triples)), *ends, self._meaning(iri), self._example(iri))
        return "| " + " | ".join(cells) + " |"

    def _ends(self, terms: Iterable[Term]) -> str:
        counts = Counter(kind for term in terms for kind in self._closest(term))
        first = sorted(counts, key=lambda kind: (-counts[kind], kind))
        if len(first) == 1:
            return self._name(first[0])
        more = f" and {len(first) - MOST} more" if len(first) > MOST else ""
        return ", ".join(f"{self._name(kind)} {counts[kind]}" for kind in first[:MOST]) + more

    def _closest(self, term: Term) -> set[str]:
        """Return the classes of a resource without those above or beside them, or the datatype of a literal."""
        if isinstance(term, ox.Literal):
            return {term.datatype.value}
        kinds = self.kinds.get(term, {"something without a class"})
        closest = kinds - {up for kind in kinds for up in self._wider(kind)}
        return closest - _BESIDE or closest

    def _wider(self, kind: str) -> set[str]:
        found: set[str] = set()
        new = self.above.get(kind, set())
        while new := new - found:
            found |= new
            new = {up for one in new for up in self.above.get(one, ())}
        return found

    def _name(self, iri: str) -> str:
        return self.names.short(iri).removeprefix("kb:").removeprefix("xsd:").strip("<>")

    def _meaning(self, iri: str) -> str:
        return self.texts.get((iri, SKOS + "definition")) or self.texts.get((iri, _RDFS + "label"), "")

    def _example(self, iri: str) -> str:
        """Return the triple that a passage backs, or else the first one, with where it stands."""
        triples = self.triples[iri]
        backed = [triple for triple in triples if triple in self.evidence]
        named = [triple for triple in backed or triples if isinstance(triple.subject, ox.NamedNode)]
        one = min(named, key=lambda triple: (len(str(triple)), str(triple)))
        subject, value = (self._term(end) for end in (one.subject, one.object))
        place = (
            self.evidence.get(one) or self.places.get((one.subject, triples[one])) or triples[one].removeprefix(GRAPH)
        )
        return f"`{subject}` → `{value}` ({place})"

    def _term(self, term: Term) -> str:
        if isinstance(term, ox.NamedNode):
            return self.names.short(term.value)
        text = _text(term)
        return (text if len(text) <= LONG else text[:LONG].rpartition(" ")[0] + " ...").replace("|", "/")

    def _evidence(self) -> dict[ox.Triple, str]:
        """Triple to its passage, by the statements of the text and of the build."""
        parts: dict[Term, dict[str, Any]] = {}
        for name in ("subject", "predicate", "object"):
            for triple in self.triples[_RDF + name]:
                parts.setdefault(triple.subject, {})[name] = triple.object
        lines = {triple.subject: _text(triple.object) for triple in self.triples[KB + "firstLine"]}
        found: dict[ox.Triple, str] = {}
        for triple, graph in self.triples[DCT + "source"].items():
            if isinstance(triple.object, ox.NamedNode) and triple.object in lines:
                publication, _, slug = _iri(triple.object).removeprefix(ID + "passage/").partition("/")
                place = f"{'' if publication == FIRST else f'{publication} '}{slug}, line {lines[triple.object]}"
                self.places.setdefault((triple.subject, graph), place)
                if triple.subject in parts:
                    found.setdefault(ox.Triple(**parts[triple.subject]), place)
        return found


def without_entailed(graph: Graph) -> Graph:
    """Return the graph as it is said: what the ontology entails would draw and count all at superclasses too."""
    store = ox.Store()
    store.bulk_extend(asserted(graph.store))
    return replace(graph, store=store)


class Model:
    """The graph as the page shows it.

    Arguments:
        graph: the built graph.
        questions: the saved questions by name.
        folder: the project, for the files of the ontology.

    """

    def __init__(self, graph: Graph, questions: Mapping[str, Question], folder: Path) -> None:
        self.whole, self.questions, self.folder = graph, questions, folder
        self.graph = without_entailed(graph)
        self.names = Names(graph.prefixes)
        self.reference = Reference(self.graph, self.names)

    def page(self, themes: Iterable[Theme], head: str, patterns: str) -> str:
        """Return the whole page."""
        themes = list(themes)
        first = self._patterns(patterns)
        sections = [self._section(theme) for theme in themes]
        own = {term for theme in themes for name in theme.head["ontology"] for term in self._terms(name)}
        rest = "## Other properties\n\n" + self.reference.rows(sorted(self.reference.used - own, key=self.names.short))
        prefixes = f"## Prefixes\n\n{self.names.block}"
        made = "<!-- Made by docs/model.py. Change ontology/, data/, queries/ or docs/model/, then `make docs`. -->"
        page = "\n".join([made, head.strip() + "\n", "@contents\n", first, *sections, rest, prefixes])
        titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
        return page.replace("@contents", "\n".join(f"- [{title}](#{_anchor(title)})" for title in titles))

    def _patterns(self, text: str) -> str:
        """Return the patterns, each query with its first rows, and the terms of code lists."""
        answered = re.sub(r"```sparql\n(.*?)```", self._answered, text.strip(), flags=re.DOTALL)
        return re.sub(r"^@terms (.+)$", self._code_lists, answered, flags=re.MULTILINE) + "\n"

    def _code_lists(self, classes: re.Match[str]) -> str:
        """Return the terms of classes as a table: local names behind their prefix."""
        rows = map(self._code_list, map(self.names.full, classes[1].split()))
        return "\n".join(["| class | prefix | terms |", "| --- | --- | --- |", *rows])

    def _code_list(self, kind: str) -> str:
        terms = sorted(set(self._instances(kind)))
        prefix = self.names.short(terms[0]).partition(":")[0]
        return f"| `{_local(kind)}` | `{prefix}:` | {', '.join(map(_local, terms))} |"

    def _answered(self, block: re.Match[str]) -> str:
        found = answer(self.whole.dataset, with_prefixes(block[1], self.whole.prefixes))
        if not isinstance(found, ox.QuerySolutions):
            raise TypeError("no SELECT")
        names, rows = [name.value for name in found.variables], list(found)
        lines = [" | ".join(self._cell(term) for term in row) for row in rows[:ROWS]]
        head = [" | ".join(names), " | ".join("---" for _ in names)]
        table = "\n".join(f"| {line} |" for line in (*head, *lines))
        return f"{block[0]}\n\n{table}\n\n{len(rows)} rows" + (f"; the first {ROWS}." if len(rows) > ROWS else ".")

    def _cell(self, term: Term | None) -> str:
        if term is None:
            return ""
        return f"`{self.names.short(term.value)}`" if isinstance(term, ox.NamedNode) else _text(term).replace("|", "/")

    def _section(self, theme: Theme) -> str:
        terms = [term for name in theme.head["ontology"] for term in self._terms(name)]
        theme_classes = [term for term in terms if term in self.reference.members]
        own = [term for term in terms if term in self.reference.used]
        parts = [
            f"## {theme.title}",
            theme.before,
            self._picture(theme),
            self.reference.classes(theme_classes),
            self.reference.rows(own),
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

    # The question.

    def _query(self, theme: Theme) -> str:
        question = pick(self.questions, theme.head["query"])
        path = f"../queries/{question.name}.rq"
        return f"A saved question: [`{question.name}`]({path}), {question.title['en'].rstrip('?')}?"

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


def _iri(term: Term | ox.DefaultGraph | None) -> str:
    return term.value if isinstance(term, ox.NamedNode) else str(term)


def _text(term: Term) -> str:
    return term.value if isinstance(term, ox.Literal) else _iri(term)


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
    head, patterns = ((DOCS / "model" / name).read_text(encoding="utf-8") for name in ("index.md", "patterns.md"))
    return model.page(read_themes(), head, patterns)


if __name__ == "__main__":
    PAGE.write_text(make(), encoding="utf-8")
    print(f"{PAGE}: {len(PAGE.read_text(encoding='utf-8').splitlines())} lines", file=sys.stderr)
