"""What a machine proposes for a text: things, figures and relations, each line with the passages that say it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg.languages import LANGUAGES, format_number, in_language
from kg.namespaces import ID, KB, RDF, RDF_TYPE, RDFS_LABEL, SCHEMA, SKOS, XSD
from kg.publications.draft.figures import Figure, Figures
from kg.publications.draft.lexicon import Lexicon, Mention, Thing, known_things
from kg.publications.draft.relations import Proposed, Relation, Relations, topics
from kg.publications.draft.words import Words
from kg.publications.segmentation import FOOTNOTE, HEADING, SOURCE_LINE, TABLE_ROW, Cut, Segment
from kg.publications.surroundings import grammar_of
from kg.rdf_terms import local_name, objects, texts_by_language

_NAME: Final = re.compile(
    r"(?:[A-ZÀ-Þ][\w&'\u2019-]*[^\W_]|[A-Z])"
    r"(?:\s+(?:(?:van|de|het|der|den|voor|of the|for)\s+){0,2}[A-ZÀ-Þ][\w&'\u2019-]+)*"
)
_CLASSES: Final = {"Organisation": KB + "Organisation", "Place": KB + "Place"}
_SLUG_GAP: Final = re.compile(r"[^a-z0-9]+")
_YEAR: Final = re.compile(r"(?<![\d.,\w-])(?:19|20)\d\d(?![\d\w]|[.,]\d)")
_LONGEST_SLUG, _LONGEST_PATH = 60, 240
_KINDS: Final = {
    KB + "ClimateMeasure": "measure",
    KB + "LabourMarketSignal": "signal",
    KB + "PolicyInstrument": "instrument",
}
_BOUND: Final = frozenset({"signal"})  # Kinds of new things that belong to one publication.
_BESIDE: Final = (HEADING, FOOTNOTE, SOURCE_LINE)
_MATCHES: Final = 3
_STATUS: Final = {"nl": ("nieuw", "bekend"), "en": ("new", "known")}

Value = str  # A term as Turtle and N-Triples write it: <IRI>, "text"@nl, 12.
Candidate = tuple[str, str, float]  # IRI, label, score.
Suggest = Callable[[str, str], Sequence[Candidate]]  # Of a text and the IRI of a class.


@dataclass
class Proposal:
    """What is proposed of one thing.

    Attributes:
        subject: its IRI.
        lines: property and value to the slugs of the passages that say so.
        ours: names that are not in the text, for the editorial file.
        why: remarks, such as what was found and how sure that is.
        sources: slugs of its passages.

    """

    subject: str
    lines: dict[tuple[str, Value], dict[str, None]] = field(default_factory=dict)
    ours: dict[tuple[str, Value], None] = field(default_factory=dict)
    why: dict[str, None] = field(default_factory=dict)
    sources: dict[str, None] = field(default_factory=dict)

    def say(self, predicate: str, value: Value, passage: str = "") -> None:
        """Propose a line, and note the passage that says so."""
        passages = self.lines.setdefault((predicate, value), {})
        if passage:
            passages[passage] = None
            self.sources[passage] = None

    @property
    def kind(self) -> str:
        """The kind of thing, which names its file: `occupation`."""
        return self.subject.removeprefix(ID).partition("/")[0]


@dataclass(frozen=True)
class Draft:
    """The proposals for a text.

    Attributes:
        proposals: IRI to what is proposed of it.
        text: the text in its passages.
        found: slug of a passage to what was found in it, in words.

    """

    proposals: Mapping[str, Proposal]
    text: Cut
    found: Mapping[str, Sequence[str]]


class Drafter:
    """Reads texts.

    Arguments:
        store: the graph.
        words: patterns and words of the language of the texts.
        vocabulary: concepts that the graph does not have, with their names.
        suggest: gives candidates of the vocabularies for a name.
        progress: hears which step it is at, and how many of its parts are done.

    """

    def __init__(
        self,
        store: ox.Store,
        words: Words,
        vocabulary: Iterable[tuple[Thing, Sequence[str]]] = (),
        suggest: Suggest = lambda _text, _kind: (),
        progress: Callable[[str, int], None] = lambda _step, _done: None,
    ) -> None:
        self.store, self.words, self.suggest, self.progress = store, words, suggest, progress
        self.language, self.grammar = words.language, grammar_of(words.language)
        self.lexicon = Lexicon(self.grammar, words)
        for thing, names in (*known_things(store, words), *vocabulary):
            self.lexicon.add(thing, names)
            if thing.kind == KB + "Occupation":
                self.lexicon.add_occupation(thing.label)
        self.figures = Figures(store, self.grammar, words)
        self.relations = Relations(store, words)

    def draft(self, name: str, text: Cut) -> Draft:
        """Return what is proposed for a text.

        Arguments:
            name: slug of the publication.
            text: its passages.

        """
        return _Reading(self, name, text).draft()


class _Reading:
    """One text as it is read."""

    def __init__(self, drafter: Drafter, name: str, text: Cut) -> None:
        self._by, self._name, self._text = drafter, name, text
        self._all: dict[str, Proposal] = {}
        self._found: dict[str, list[str]] = {}
        self._small = {word for passage in text.texts for word in re.findall(r"(?<!\w)[a-zà-þ]\w*", passage)}
        self._new: dict[str, Thing] = {}
        self._first: dict[str, str] = {}  # Thing to the slug of the passage that names it first.

    def draft(self) -> Draft:
        passages = list(zip(self._text.segments, self._text.texts, strict=True))
        for segment, text in passages:
            self._periods(text, segment)
        mentions = {segment.slug: self._mentions(text) for segment, text in passages}
        for where, found in mentions.items():
            for mention in found:
                self._first.setdefault(mention.thing.iri, where)
        most = topics(mention for found in mentions.values() for mention in found)
        above = ("", "")
        for number, (segment, text) in enumerate(passages, 1):
            self._by.progress("passages", number)
            found = mentions[segment.slug]
            for mention in found:
                self._thing(mention, segment)
            row = segment.kind == TABLE_ROW or text[-1] not in ".!?:;"
            for figure in self._by.figures.find(text, above[1] if row and above[0] == segment.section else ""):
                if figure.sure or segment.kind not in _BESIDE:
                    self._figure(figure, segment, text, found)
            above = (segment.section, text) if not row else above
            for relation in self._by.relations.find(text, found, most):
                if segment.kind not in _BESIDE or not isinstance(relation.subject, Proposed):
                    self._relation(relation, segment, {mention.thing.iri for mention in found})
        self._match()
        return Draft(self._all, self._text, self._found)

    # What a passage names.

    def _mentions(self, text: str) -> list[Mention]:
        mentions = self._by.lexicon.find(text)
        for begin, end, singular in self._by.lexicon.occupations(text, mentions):
            mentions.append(Mention(begin, end, self._newly(singular, KB + "Occupation"), text[begin:end]))
        return sorted([*mentions, *self._proper(text, mentions)])

    def _newly(self, label: str, kind: str) -> Thing:
        iri = f"{ID}{_kind(kind)}/{slug(label)}"
        return self._new.setdefault(iri, Thing(iri, kind, label, known=False, score=0.0))

    def _proper(self, text: str, mentions: Sequence[Mention]) -> Iterator[Mention]:
        """Yield names of their own that nothing known holds: of several words, or after a word that precedes names."""
        lists = self._by.words.lists
        cues = lists["before_name"] | lists["place"]
        for match in _NAME.finditer(text):
            printed, before = match.group(), self._by.grammar.words(text[: match.start()])
            first, _, rest = printed.partition(" ")
            if rest and (
                first.casefold() in cues or (_begins(text, match.start()) and first.casefold() in self._small)
            ):
                printed, before = rest, [*before, first.casefold()]
            begin = match.end() - len(printed)
            if any(mention.begin < match.end() and begin < mention.end for mention in mentions):
                continue
            place = bool(before) and before[-1] in lists["place"] and not printed.isupper()
            cued = bool(before) and before[-1] in cues
            plain = printed.casefold() in self._small or printed.casefold() in lists["months"]
            if plain or printed.casefold().endswith(tuple(sorted(lists["adjectives"]))):
                continue
            if slug(printed) and (" " in printed or (cued and not _begins(text, begin))):
                kind = _CLASSES["Place" if place else "Organisation"]
                yield Mention(begin, match.end(), self._newly(printed, kind), printed)

    # What is proposed.

    def _of(self, iri: str) -> Proposal:
        return self._all.setdefault(iri, Proposal(iri))

    def _note(self, segment: Segment, what: str) -> None:
        found = self._found.setdefault(segment.slug, [])
        if what not in found:
            found.append(what)

    def _called(self, iri: str) -> str:
        """Return the name of a term or code in the language of the text, for the report."""
        node = ox.NamedNode(iri)
        names = [*objects(self._by.store, node, SKOS + "prefLabel"), *objects(self._by.store, node, RDFS_LABEL)]
        return in_language(texts_by_language(names), self._by.language) or local_name(iri)

    def _said(self, *, known: bool) -> str:
        return _STATUS[self._by.language][known]

    def _iri(self, thing: Thing) -> str:
        """Return the IRI that a thing has here; a concept of a vocabulary gets one of ours."""
        return thing.iri if thing.known or thing.iri in self._new else f"{ID}{_kind(thing.kind)}/{slug(thing.label)}"

    def _thing(self, mention: Mention, segment: Segment) -> None:
        thing, printed = mention.thing, mention.printed
        iri = self._iri(thing)
        proposal = self._of(iri)
        self._class(proposal, thing.kind)
        proposal.sources[segment.slug] = None
        label = "" if _same(printed, thing.label) else f"{thing.label}, "
        self._note(segment, f"{printed}: {label}{self._called(thing.kind)} ({self._said(known=thing.known)})")
        same = _same(printed, thing.label)
        if thing.known:
            if not same:
                proposal.say(KB + "asPrinted", _text(printed), segment.slug)
            if "- " in printed:  # "Zonne- en windenergie": half of the name stands there.
                proposal.ours[(KB + "method", f"<{ID}method/elliptical>")] = None
            return
        language, other = self._by.language, _other(self._by.language)
        proposal.why[f"new: no thing of the graph is called so{_from(thing)}"] = None
        if same:
            proposal.say(SKOS + "prefLabel", _text(printed, language), segment.slug)
        else:
            proposal.say(KB + "asPrinted", _text(printed), segment.slug)
            proposal.ours[(SKOS + "prefLabel", _text(thing.label, language))] = None
            proposal.ours[(KB + "method", f"<{ID}method/elliptical>")] = None
        if thing.other:
            proposal.ours[(SKOS + "prefLabel", _text(thing.other, other))] = None

    def _class(self, proposal: Proposal, kind: str) -> None:
        proposal.say(RDF_TYPE, f"<{kind}>")
        if self._by.relations.narrows(kind, SKOS + "Concept"):
            proposal.say(SKOS + "inScheme", f"<{ID}scheme/{proposal.kind}>")

    def _figure(self, figure: Figure, segment: Segment, text: str, mentions: Sequence[Mention]) -> None:
        first = f"{ID}figure/{self._name}/{slug(figure.printed)}-{segment.slug}"
        same = sum(iri == first or iri.startswith(f"{first}-") for iri in self._all)
        proposal = self._of(f"{first}-{same + 1}" if same else first)
        self._class(proposal, KB + "Figure")
        where = segment.slug
        proposal.say(SKOS + "prefLabel", _text(figure.printed, self._by.language), where)
        about = self._about(figure, text, mentions)
        for thing in about:
            proposal.say(KB + "about", f"<{self._iri(thing)}>", where)
        if not about:
            proposal.why["to write: kb:about, what it is a number of"] = None
        proposal.say(KB + "quantityKind", f"<{figure.quantity}>", where)
        value = figure.value
        proposal.say(KB + "value", figure.literal, where)
        named = {"unit": figure.unit, "qualifier": figure.qualifier, "period": figure.period}
        for name, iri in (named | {"basePeriod": figure.base, "direction": figure.direction}).items():
            if iri:
                proposal.say(KB + name, f"<{iri}>", where)
        if not figure.sure:
            proposal.why["no unit stands beside the number: check what is counted"] = None
        proposal.say(KB + "asPrinted", _text(figure.printed), where)
        around = [self._called(iri) for iri in (figure.unit, figure.qualifier, figure.period, figure.base) if iri]
        number = format_number(value.to_integral() if value == value.to_integral() else value, self._by.language)
        self._note(segment, f"{figure.printed}: {number} ({', '.join(around)})")

    def _about(self, figure: Figure, text: str, mentions: Sequence[Mention]) -> list[Thing]:
        """Return what a number is of: named right behind it after a word such as "voor", or before it in brackets."""
        gap = r"\W*(?:\w+\W+){0,2}?(?:" + "|".join(sorted(self._by.words.lists["about"])) + r")\W+(?:\w+\W+)?"
        for mention in mentions:
            if mention.begin >= figure.end and re.fullmatch(gap, text[figure.end : mention.begin]):
                return [mention.thing]
        bracket = [mention for mention in mentions if mention.end <= figure.begin and text[figure.begin - 1] == "("]
        return [bracket[-1].thing] if bracket and text[bracket[-1].end : figure.begin].strip() == "(" else []

    def _relation(self, relation: Relation, segment: Segment, named: set[str]) -> None:
        one = relation.subject
        subject = self._proposed(one, segment) if isinstance(one, Proposed) else self._iri(one)
        if relation.object is None:
            self._note(segment, f"{relation.words}: {self._called(one.kind)}")
            return
        value = self._iri(relation.object)
        predicate = relation.predicate
        if value == subject:
            return
        self._of(subject).say(predicate, f"<{value}>", segment.slug)
        name = one.printed if isinstance(one, Proposed) else one.label
        self._note(segment, f"{name} - {self._called(predicate)} - {relation.object.label}")
        if not isinstance(one, Proposed):
            path = slug(_path(subject, predicate, value), _LONGEST_PATH)
            statement = self._of(f"{ID}statement/{self._name}/{path}")
            statement.say(RDF_TYPE, f"<{KB}Statement>")
            for name, iri in (("subject", subject), ("predicate", predicate), ("object", value)):
                statement.say(RDF + name, f"<{iri}>")
            if one.iri not in named:
                statement.sources.setdefault(self._first[one.iri])
            statement.sources.setdefault(segment.slug)

    def _proposed(self, one: Proposed, segment: Segment) -> str:
        kind, name = _kind(one.kind), slug(one.printed)
        iri = f"{ID}{kind}/{self._name}/{name}-{segment.slug}" if kind in _BOUND else f"{ID}{kind}/{name}"
        proposal = self._of(iri)
        self._class(proposal, one.kind)
        proposal.say(SKOS + "prefLabel", _text(one.printed, self._by.language), segment.slug)
        for predicate, value in one.fixed:
            proposal.say(predicate, f"<{value}>", segment.slug)
        return iri

    def _periods(self, text: str, segment: Segment) -> None:
        """Propose years that are no period yet; they are ours, for the text only prints them."""
        for year in _YEAR.findall(text):
            period = ox.NamedNode(f"{ID}period/{year}")
            if next(objects(self._by.store, period, RDF_TYPE), None) is None:
                self._by.figures.add_year(year)
                proposal = self._of(period.value)
                proposal.why[f"new: the graph has no period {year}"] = None
                for tag in sorted(LANGUAGES):
                    proposal.ours[(SKOS + "prefLabel", _text(year, tag))] = None
                proposal.ours[(RDF_TYPE, f"<{KB}Period>")] = None
                proposal.ours[(SKOS + "notation", _text(year))] = None
                for name, day in (("startDate", "01-01"), ("endDate", "12-31")):
                    proposal.ours[(SCHEMA + name, f'"{year}-{day}"^^<{XSD}date>')] = None
                self._note(segment, f"{year}: {self._called(KB + 'Period')} ({self._said(known=False)})")

    def _match(self) -> None:
        """Note the nearest concepts of vocabularies of what could have one."""
        targets = set(self._by.words.vocabularies.values())
        mapped = [iri for iri, one in sorted(self._all.items()) if targets & _classes(one)]
        for number, iri in enumerate(mapped, 1):
            self._by.progress("candidates", number)
            proposal = self._all[iri]
            for candidate, label, score in self._by.suggest(_label(proposal, iri), min(targets & _classes(proposal)))[
                :_MATCHES
            ]:
                proposal.why[f"candidate {score:.0f}: <{candidate}> {label}"] = None


def _begins(text: str, place: int) -> bool:
    """Return whether a sentence, or what stands in quotation marks or a cell, begins at a place."""
    return not text[:place].strip() or re.search(r"[.!?:|]['\"\u2019)(]*\s*$", text[:place]) is not None


def _classes(proposal: Proposal) -> set[str]:
    return {value[1:-1] for predicate, value in proposal.lines if predicate == RDF_TYPE}


def _label(proposal: Proposal, iri: str) -> str:
    """Return the name of what is proposed, for a search: ours, as printed, or from its slug."""
    ours = [value for predicate, value in (*proposal.ours, *proposal.lines) if predicate == SKOS + "prefLabel"]
    return ours[0].split('"')[1] if ours else local_name(iri).replace("-", " ")


def _from(thing: Thing) -> str:
    return f"; {thing.score:.0f} by the label of <{thing.iri}>" if thing.score else "; by its form alone"


def _same(printed: str, label: str) -> bool:
    """Return whether a name is printed as it is; the case of its first letter is free."""
    return printed == label or printed[:1].swapcase() + printed[1:] == label


def _other(language: str) -> str:
    return next(tag for tag in LANGUAGES if tag != language)


def _text(text: str, language: str | None = None) -> Value:
    return str(ox.Literal(text, language=language) if language else ox.Literal(text))


def _kind(kind: str) -> str:
    """Return the part of an IRI that says of which class a thing is."""
    if kind in _KINDS:
        return _KINDS[kind]
    return re.sub(r"(?<!^)(?=[A-Z])", "-", local_name(kind)).lower()


def _path(subject: str, predicate: str, value: str) -> str:
    return f"{local_name(subject)} {local_name(predicate)} {local_name(value)}"


def slug(text: str, longest: int = _LONGEST_SLUG) -> str:
    """Return a name as the last part of an IRI.

    >>> slug("Ruim 2,5 Mton CO₂")
    'ruim-2-5-mton-co2'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _SLUG_GAP.sub("-", plain).strip("-")[:longest].strip("-")
