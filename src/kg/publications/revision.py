"""A newer edition of a publication: what of the older one its text still says, what changed, and what it dropped.

What stands is written into a folder that is not loaded, with passages of the newer text; a person reads and moves it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Final, TypeGuard

import pyoxigraph as ox

from kg.errors import NotFound, SourceError
from kg.files import replacing
from kg.graph.build import fill_store
from kg.graph.evidence import REIFICATION, Evidence
from kg.graph.sources import CATALOGUE_FILE, find_sources, parse
from kg.namespaces import DCT, ID, KB, RDF_TYPE, SCHEMA, SKOS
from kg.publications.alignment import Rendition
from kg.publications.passages import Passage, Publication, find_publications
from kg.publications.segmentation import Cut
from kg.publications.surroundings import grammar_of, prints
from kg.rdf_terms import local_name, prefixed_name, term_key

_WRITTEN_ANEW: Final = ("publication.ttl", "passages.ttl", CATALOGUE_FILE)
_SOURCE: Final = DCT + "source"
_PREFIX: Final = re.compile(r"^@prefix\s+([\w-]*):\s*<([^>]*)>\s*\.\s*$", re.MULTILINE)
_NAMES: Final = (SKOS + "prefLabel", SKOS + "altLabel")
_PRINTED: Final = (KB + "asPrinted", KB + "abbreviation", *_NAMES)
_NUMBERS: Final = ("integer", "decimal", "double")


@dataclass(frozen=True)
class Change:
    """Something that the older edition states of a passage that the newer one prints otherwise.

    Attributes:
        thing: its name in the file, such as `figure:vacatures`.
        before: its numbers and printed words.
        passage: of the older edition.
        now: slug and line of the passage in its place.
        numbers: those that it prints, in ascending order.

    """

    thing: str
    before: tuple[str, ...]
    passage: Passage
    now: tuple[str, int]
    numbers: tuple[Decimal, ...]


@dataclass
class Revision:
    """What a newer edition keeps of an older one.

    Attributes:
        folder: what is proposed, not loaded.
        older: IRI of the older edition.
        standing: how many statements stand, with passages of the newer text.
        unsure: statements of things of which some passages stand: a person says whether these do.
        changes: what rests on passages that are printed otherwise.
        dropped: things whose passages have no counterpart.
        fresh: slugs of passages that the older edition does not have.

    """

    folder: Path
    older: str
    standing: int = 0
    unsure: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    fresh: tuple[str, ...] = ()


def find_edition(project: Path, name: str) -> tuple[ox.Store, Publication]:
    """Return the graph of a project as it is written, and a publication of it by its slug.

    Raises:
        NotFound: the project has no publication of that name with a text.

    """
    store = fill_store(find_sources(project))
    publications = {local_name(publication.iri): publication for publication in find_publications(store)}
    if name not in publications:
        raise NotFound(f"no publication {name}", where="--revises", hint=f"give one of {', '.join(publications)}")
    return store, publications[name]


def propose(project: Path, edition: tuple[ox.Store, Publication], name: str, text: Cut) -> Revision:
    """Write what stands of an older edition, and as comments what changed, beside the newer one; nothing is loaded.

    Arguments:
        project: with the older edition.
        edition: its graph, and the older edition.
        name: slug of the newer one.
        text: the newer text in passages.

    Raises:
        SourceError: the folder is there, for someone may be at work in it, or cannot be written.

    """
    store, older = edition
    old_name = local_name(older.iri)
    folder = project / "data" / f"_{name}-from-{old_name}"
    if folder.exists():
        raise SourceError("it exists", where=str(folder), hint="move what is of use in it, and delete it")
    editing = _Editing(store, older, name, text)
    revision = Revision(folder, older.iri, fresh=editing.fresh)
    files = [path for path in sorted((project / "data" / old_name).rglob("*.ttl")) if path.name not in _WRITTEN_ANEW]
    with replacing(folder) as fresh:
        for path in files:
            target = fresh / path.relative_to(project / "data" / old_name)
            content = _File(editing, path, editorial=target.parent != fresh).render(revision)
            if content:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content, "utf-8")
        fresh.mkdir(exist_ok=True)
    return revision


class _Editing:
    """What of the older edition stands in the newer text."""

    def __init__(self, store: ox.Store, older: Publication, name: str, text: Cut) -> None:
        self.older, self.name, self.old_name, self._text = older, name, local_name(older.iri), text
        self._evidence = Evidence(store)
        self._numbers = grammar_of(older.language).numbers
        self._order = sorted(older.passages.values(), key=_in_text)
        self._quads: dict[str, list[ox.Quad]] = {}
        for quad in store.quads_for_pattern(None, None, None, ox.NamedNode(older.graph)):
            self._quads.setdefault(term_key(quad.subject), []).append(quad)
        domain = store.quads_for_pattern(ox.NamedNode(KB + "restates"), ox.NamedNode(SCHEMA + "domainIncludes"), None)
        self._restating = {term_key(quad.object) for quad in domain}

    # Passages.

    @cached_property
    def kept(self) -> dict[str, list[int]]:
        """Passage of the older edition to the passages of the newer text, by number, that are the same words."""
        numbers: dict[str, list[int]] = {}
        for number, segment in enumerate(self._text.segments):
            numbers.setdefault(segment.sha256, []).append(number)
        kept: dict[str, list[int]] = {}
        for passage in self._order:
            if same := numbers.get(passage.sha256):
                kept[passage.iri] = [same.pop(0) if len(same) > 1 else same[0]]
        lacking = [passage for passage in self._order if passage.iri not in kept]
        found = Rendition([self._text.texts]).find(lacking)
        return kept | {iri: held for iri, (_, words) in found.items() if (held := self._holding(words))}

    def _holding(self, words: str) -> list[int]:
        """Return the passages of the newer text, cut otherwise, that hold words or are most of them."""
        texts = self._text.texts
        whole = [number for number, text in enumerate(texts) if words in text]
        return (
            whole[:1]
            or [number for number, text in enumerate(texts) if text in words and 2 * len(text) > len(words)][:1]
        )

    @cached_property
    def counterparts(self) -> dict[str, int]:
        """Passage of the older edition that does not stand to the passage of the newer text in its place."""
        old, new = [passage.sha256 for passage in self._order], [segment.sha256 for segment in self._text.segments]
        found: dict[str, int] = {}
        for tag, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            for number in range(begin, end) if tag == "replace" else ():
                passage = self._order[number]
                scored = [
                    (self._alike(passage, other), -abs(other - first - number + begin), other)
                    for other in range(first, last)
                ]
                alike, _, other = max(scored)
                if passage.iri not in self.kept and (alike or end - begin == last - first):
                    found[passage.iri] = other
        return found

    def _alike(self, passage: Passage, number: int) -> int:
        text, (first, last) = self._text.texts[number], passage.ends
        return bool(first and text.startswith(first)) + bool(last and text.endswith(last))

    @cached_property
    def fresh(self) -> tuple[str, ...]:
        held = {number for numbers in self.kept.values() for number in numbers}
        return tuple(segment.slug for number, segment in enumerate(self._text.segments) if number not in held)

    def sources(self, subject: str) -> list[Passage]:
        """Return the passages of the older edition on which a thing rests, in the order of the text."""
        own = self._evidence.sources_of(self.older.graph, subject)
        return [passage for passage in self._order if passage.iri in own]

    def now(self, passage: Passage) -> tuple[str, int, str]:
        """Return slug, line and words of what stands in the place of a passage."""
        number = self.counterparts[passage.iri]
        segment = self._text.segments[number]
        return segment.slug, segment.line, self._text.texts[number]

    def numbers(self, words: str) -> tuple[Decimal, ...]:
        """Return the numbers that words print."""
        return tuple(sorted(self._numbers(words)))

    # Statements.

    @cached_property
    def standing(self) -> set[str]:
        """The things of which something stands; not what is said of a statement whose ends do not."""
        structure = self._evidence.structure
        standing = {subject for subject in self._quads if subject not in structure and self._kept_of(subject)}
        there = standing | self.parts.keys()
        return {subject for subject in standing if self._ends(subject) <= there}

    @cached_property
    def parts(self) -> dict[str, str]:
        """Passages and sections of the older edition that stand, and the publication, to those of the newer one."""
        headings = {section.heading: section.slug for section in self._text.sections if section.heading}
        parts = {self.older.iri: f"{ID}publication/{self.name}"}
        for passage in self._order:
            if places := self.places([passage]):
                parts[passage.iri] = places[0]
        for section in self.older.sections:
            heading = next((local_name(parts[one.iri]) for one in self.sources(section) if one.iri in parts), "")
            if heading in headings:
                parts[section] = f"{ID}section/{self.name}/{headings[heading]}"
        return parts

    def _ends(self, subject: str) -> set[str]:
        quads = self._quads[subject]
        return {
            term_key(quad.object)
            for quad in quads
            if quad.predicate.value in REIFICATION and self.is_bound(quad.object)
        }

    def _kept_of(self, subject: str) -> list[Passage]:
        return [passage for passage in self.sources(subject) if passage.iri in self.kept]

    def stands(self, quad: ox.Quad) -> bool:
        """Return whether the newer text says a statement too: its passages stand, or one of them prints it."""
        subject, value = term_key(quad.subject), quad.object
        if subject not in self.standing or (
            self.is_bound(value) and term_key(value) not in self.standing | self.kept.keys()
        ):
            return False
        kept = self._kept_of(subject)
        if len(kept) == len(self.sources(subject)):
            return True
        relation = self._evidence.by_statement.get((self.older.graph, (subject, quad.predicate.value, term_key(value))))
        if relation:
            return bool(relation.passages) and all(iri in self.kept for iri in relation.passages)
        words = [self._text.texts[number] for passage in kept for number in self.kept[passage.iri]]
        if is_number(value):
            return any(Decimal(value.value) in self._numbers(text) for text in words)
        if isinstance(value, ox.Literal):
            return any(prints(text, value.value) for text in words)
        return not any(map(is_number, (one.object for one in self._quads[subject])))

    def _is_there(self, iri: str) -> bool:
        return iri in self.standing or iri in self.parts

    def is_bound(self, term: object) -> bool:
        """Return whether a thing belongs to the older edition, as its passages and sections do."""
        return isinstance(term, ox.NamedNode) and re.match(rf"{ID}[a-z-]+/{self.old_name}/", term.value) is not None

    def is_name_elsewhere(self, quad: ox.Quad) -> bool:
        """Return whether a statement is the name of a shared thing, which stands once, in the older edition."""
        return quad.predicate.value in _NAMES and not self.is_bound(quad.subject)

    def restates(self, subject: str) -> bool:
        """Return whether a thing of the newer edition says again what one of the older says."""
        kinds = {term_key(quad.object) for quad in self._quads.get(subject, ()) if quad.predicate.value == RDF_TYPE}
        return subject in self.standing and bool(kinds & self._restating)

    def renamed(self, iri: str) -> str:
        """Return the IRI in the newer edition of what belongs to the older; a passage that is gone keeps its own."""
        of_text = iri in self.older.passages or iri in self.older.sections
        return self.parts.get(iri) or (iri if of_text else self.namespace(iri))

    def namespace(self, iri: str) -> str:
        """Return an IRI with the name of the newer edition where it has that of the older."""
        return re.sub(rf"^({re.escape(ID)}[a-z-]+)/{self.old_name}/", rf"\1/{self.name}/", iri)

    def places(self, passages: Iterable[Passage]) -> list[str]:
        """Return the IRIs of the passages of the newer text that are the same words as those of the older."""
        numbers = dict.fromkeys(number for passage in passages for number in self.kept.get(passage.iri, ()))
        return [f"{ID}passage/{self.name}/{self._text.segments[number].slug}" for number in sorted(numbers)]


class _File:
    """A file of the older edition, as a proposal for the newer one."""

    def __init__(self, editing: _Editing, path: Path, *, editorial: bool) -> None:
        self._editing, self._editorial = editing, editorial
        text = path.read_text("utf-8")
        self._head = re.match(r"(?:#.*\n)*", text)
        self._prefixes = {prefix: editing.namespace(space) for prefix, space in _PREFIX.findall(text)}
        self._prefixes.setdefault("kb", KB)
        self._subjects: dict[str, list[ox.Quad]] = {}
        for quad in parse(path):
            self._subjects.setdefault(term_key(quad.subject), []).append(quad)

    def render(self, revision: Revision) -> str:
        """Return the file, empty where nothing of it is of use, and count in what it says."""
        blocks = [
            block for subject, quads in self._subjects.items() for block in self._blocks(subject, quads, revision)
        ]
        body = "\n\n".join(blocks)
        if not blocks:
            return ""
        used = [f"@prefix {prefix}: <{space}> ." for prefix, space in self._prefixes.items() if f"{prefix}:" in body]
        head = self._head[0] if self._head else ""
        older = self._editing.old_name
        note = f"# From {older}: read each against the newer text, then move this file to data/{self._editing.name}.\n"
        return f"{head}{note}\n" + "\n".join(used) + f"\n\n{body}\n"

    def _blocks(self, subject: str, quads: Sequence[ox.Quad], revision: Revision) -> Iterator[str]:
        if self._editorial:
            yield from self._ours(subject, quads)
            return
        quads = [
            quad for quad in quads if quad.predicate.value != _SOURCE and not self._editing.is_name_elsewhere(quad)
        ]
        stands = [quad for quad in quads if self._editing.stands(quad)]
        rest = [quad for quad in quads if quad not in stands]
        if subject in self._editing.standing:
            revision.standing += len(stands)
            revision.unsure += [self._line(quad) for quad in rest]
            yield self._block(subject, stands)
            if rest:
                yield "# To confirm: not all on which this rests stands.\n" + _commented(self._block(subject, rest))
        elif changed := [
            passage for passage in self._editing.sources(subject) if passage.iri in self._editing.counterparts
        ]:
            yield self._changed(subject, quads, changed, revision)
        else:
            revision.dropped.append(self._name(subject))
            yield f"# Dropped, the newer text has no passage in its place: {self._name(subject)}"

    def _ours(self, subject: str, quads: Sequence[ox.Quad]) -> Iterator[str]:
        """Yield what editors say of a thing that belongs to the edition and stands."""
        node = ox.NamedNode(subject)
        if not (self._editing.is_bound(node) and subject in self._editing.standing):
            return
        more = [ox.Quad(node, ox.NamedNode(KB + "restates"), node)] if self._editing.restates(subject) else []
        kept = [quad for quad in quads if quad.predicate.value not in (_SOURCE, KB + "restates")]
        yield self._block(subject, [*kept, *more], sources=any(quad.predicate.value == _SOURCE for quad in quads))

    def _changed(self, subject: str, quads: Sequence[ox.Quad], changed: Sequence[Passage], revision: Revision) -> str:
        before = [self._line(quad) for quad in quads if is_number(quad.object) or quad.predicate.value in _PRINTED]
        slug, line, words = self._editing.now(changed[0])
        numbers = self._editing.numbers(words)
        change = Change(self._name(subject), tuple(before), changed[0], (slug, line), numbers)
        revision.changes.append(change)
        was, printed = "; ".join(before) or "no number", ", ".join(f"{number:f}" for number in numbers) or "no number"
        return (
            f"# Changed: was {was}, passage {changed[0].slug} of {self._editing.old_name}.\n"
            f"# Now passage {slug}, line {line}, prints {printed}. Fill in what is open, or delete this.\n"
            + _commented(self._block(subject, quads, passages=[f"{ID}passage/{self._editing.name}/{slug}"], fill=True))
        )

    def _block(
        self,
        subject: str,
        quads: Sequence[ox.Quad],
        *,
        sources: bool = True,
        passages: Sequence[str] = (),
        fill: bool = False,
    ) -> str:
        """Return a block of Turtle as people write it: one predicate a line, its passages last."""
        values: dict[str, list[str]] = {}
        for quad in quads:
            open_ = fill and (is_number(quad.object) or quad.predicate.value in _PRINTED)
            restated = quad.predicate.value == KB + "restates" and self._editorial
            value = "..." if open_ else f"<{subject}>" if restated else self._term(quad.object)
            values.setdefault(self._term(quad.predicate), []).append(value)
        places = passages or self._editing.places(self._editing.sources(subject))
        if sources and places:
            values[self._term(ox.NamedNode(_SOURCE))] = [self._term(ox.NamedNode(place)) for place in places]
        rows = [
            f"{'a' if name == self._term(ox.NamedNode(RDF_TYPE)) else name} {' , '.join(terms)}"
            for name, terms in values.items()
        ]
        return f"{self._name(subject)}\n    " + " ;\n    ".join(rows) + " ."

    def _line(self, quad: ox.Quad) -> str:
        return f"{self._term(quad.predicate)} {self._term(quad.object)}"

    def _name(self, subject: str) -> str:
        return self._term(ox.NamedNode(subject))

    def _term(self, term: object) -> str:
        """Return a term in Turtle, with the prefixes of the file, as a term of the newer edition."""
        if is_number(term):
            return term.value
        if not isinstance(term, ox.NamedNode):
            return str(term)
        iri = self._editing.renamed(term.value)
        return prefixed_name(iri, self._prefixes) or f"<{iri}>"


def is_number(term: object) -> TypeGuard[ox.Literal]:
    """Return whether a term is a number of XML Schema."""
    return isinstance(term, ox.Literal) and local_name(term.datatype.value) in _NUMBERS


def _in_text(passage: Passage) -> tuple[int, list[int]]:
    return passage.spans[0].line, [int(digits) for digits in re.findall(r"\d+", passage.slug)]


def _commented(block: str) -> str:
    return "\n".join(f"# {line}" for line in block.split("\n"))
