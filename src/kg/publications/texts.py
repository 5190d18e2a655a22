"""The source texts that a reader has, each passage of them proven by its hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.publications.alignment import Rendition
from kg.publications.passages import Passage, Publication, Span, find_publications, normal_form, sha256
from kg.publications.renditions import read_pages, without_running_heads

_LEAST_SHARE: Final = 1 / 3  # Of the passages of a publication, below which a file is not its text.


@dataclass(frozen=True)
class Text:
    """The source text of a publication, every passage that is found in it proven by its hash.

    Attributes:
        path: the file that holds it.
        publication: what the graph says of it.
        quotes: IRI of a passage to its text in normal form, in the order of the text.
        on_their_lines: how many of these stand on the lines that the graph says.

    """

    path: Path
    publication: Publication
    quotes: Mapping[str, str]
    on_their_lines: int

    @classmethod
    def read(cls, path: Path, store: ox.Store) -> Text:
        """Read the file and prove that it is the text of a publication in the store, or a rendition of it.

        In a rendition, whose lines break elsewhere, passages are found by their normal form; some may be missing. Where
        most passages stand on their lines, or no others are found, the file is no rendition, and must hold them all.

        Arguments:
            path: plain text, HTML or PDF.
            store: the graph with the passages.

        Raises:
            SourceError: the file is not the text of any publication; says which line and passage differ first, of the
                publication of which it holds most, or how many passages it holds.
            Unavailable: it is a PDF, and the package that reads it is not installed.

        """
        pages = read_pages(path)
        publications = find_publications(store)
        if not publications:
            raise SourceError("no publication has a kb:textSha256", where=str(path), hint="state it in publication.ttl")
        lines = [normal_form(line) for page in pages for line in page]
        attempts = [(publication, _cut_all(path, lines, publication)) for publication in publications]
        publication, (cuts, problems) = max(attempts, key=_likeness)
        if not problems:
            return cls(path, publication, cuts, len(cuts))
        rendition = Rendition(without_running_heads(pages))
        likest = max(publications, key=lambda one: rendition.count(one.passages.values()) / max(1, len(one.passages)))
        quotes = _aligned(rendition, likest)
        if len(quotes) < len(likest.passages):
            if cuts and (quotes.keys() <= cuts.keys() or 2 * len(cuts) >= len(publication.passages)):
                raise problems[0]
            _check_share(path, likest, len(quotes))
        elif sha256("\n".join(quotes.values())) != likest.sha256:
            raise problems[0]
        return cls(path, likest, quotes, len(cuts) if likest == publication else 0)

    @cached_property
    def missing(self) -> tuple[Passage, ...]:
        """The passages that were not found, in the order of the text."""
        return tuple(passage for iri, passage in self.publication.passages.items() if iri not in self.quotes)

    def quote(self, iri: str) -> str:
        """Return the text of a passage, or nothing where the passage is of another publication."""
        return self.quotes.get(iri, "")

    @cached_property
    def words(self) -> str:
        """The whole text as its passages, joined by line feeds."""
        return "\n".join(self.quotes.values())


@dataclass(frozen=True)
class Texts:
    """The source texts that a reader has, at most one of each publication."""

    texts: tuple[Text, ...] = ()

    @classmethod
    def read(cls, paths: Iterable[Path], store: ox.Store) -> Texts:
        """Read files and match each to its publication.

        Raises:
            SourceError: as `Text.read`, or two files are the text of one publication.

        """
        files: dict[str, Text] = {}
        for path in paths:
            text = Text.read(path, store)
            iri = text.publication.iri
            if iri in files:
                what = f"this is the text of {iri}, as {files[iri].path} is"
                raise SourceError(what, where=str(path), hint="give one file for each publication")
            files[iri] = text
        return cls(tuple(files.values()))

    @property
    def quotable(self) -> Texts:
        """Those whose sentences may be shown to others, by the terms of reuse of their publications."""
        return Texts(tuple(text for text in self.texts if text.publication.quotable))

    def of(self, publication: str) -> Text | None:
        """Return the text of a publication, if it is at hand."""
        return next((text for text in self.texts if text.publication.iri == publication), None)

    def quote(self, iri: str) -> str:
        """Return the text of a passage, or nothing where no text holds it."""
        return next((quote for text in self.texts if (quote := text.quote(iri))), "")


def _aligned(rendition: Rendition, publication: Publication) -> dict[str, str]:
    """Return the passages that a rendition holds, in the order of the text."""
    found = rendition.find(publication.passages.values())
    line = {iri: publication.passages[iri].spans[0].line for iri in found}
    return {iri: found[iri][1] for iri in sorted(found, key=lambda iri: (line[iri], found[iri][0]))}


def _check_share(path: Path, publication: Publication, found: int) -> None:
    if found < _LEAST_SHARE * len(publication.passages):
        raise SourceError(
            f"not the text of a publication: {found} of {len(publication.passages)} passages of {publication.iri}",
            where=str(path),
            hint="give the whole text of one that the graph holds, as plain text, HTML or PDF",
        )


def _likeness(attempt: tuple[Publication, tuple[Mapping[str, str], Sequence[SourceError]]]) -> tuple[bool, int, int]:
    """Return how much a file is like the text of a publication: all of it, passages that are there, first fault."""
    _, (cuts, problems) = attempt
    return not problems, len(cuts), max((problem.line or 0 for problem in problems[:1]), default=0)


def _cut_all(path: Path, lines: list[str], publication: Publication) -> tuple[dict[str, str], list[SourceError]]:
    """Return the passages that a text holds, in its order, and what is wrong with the others."""
    cuts: dict[str, str] = {}
    places: dict[str, tuple[int, int]] = {}
    differing: dict[str, str] = {}
    problems: list[SourceError] = []
    for iri, passage in publication.passages.items():
        pieces = [piece for span in passage.spans if (piece := _cut(lines, span))]
        if len(pieces) < len(passage.spans):
            problems.append(_differs(path, passage, "is not there"))
            continue
        cut = " ".join(text for _, text in pieces)
        places[iri] = (passage.spans[0].line, pieces[0][0])
        (cuts if sha256(cut) == passage.sha256 else differing)[iri] = cut
    hashes = {sha256(cut): publication.passages[iri] for iri, cut in (cuts | differing).items()}
    for iri in differing:
        passage = publication.passages[iri]
        other = hashes.get(passage.sha256)
        problems.append(_misplaced(passage, other) if other else _differs(path, passage, "differs from its hash"))
    ordered = {iri: cuts[iri] for iri in sorted(cuts, key=lambda iri: places[iri])}
    if not problems and sha256("\n".join(ordered.values())) != publication.sha256:
        what = f"the passages together differ from kb:textSha256 of {publication.iri}"
        problems.append(SourceError(what, where=str(path)))
    return ordered, sorted(problems, key=lambda problem: problem.line or 0)


def _misplaced(passage: Passage, other: Passage) -> SourceError:
    """Return the error for a passage that has the hash of another one: the graph is wrong there, not the text."""
    place, other_place = (f"passage {one.slug} (line {one.lines})" for one in (passage, other))
    return SourceError(
        f"kb:sha256 of {place} is that of {other_place}",
        where=passage.iri,
        hint="put the hash of the passage itself there in passages.ttl; the text is right",
    )


def _cut(lines: list[str], span: Span) -> tuple[int, str] | None:
    """Return where in its line a span begins, and its text; nothing where it is not there."""
    line = lines[span.line - 1] if 0 < span.line <= len(lines) else ""
    begin = line.find(span.first_words)
    end = line.find(span.last_words, begin) if begin >= 0 else -1
    while 0 <= end < begin + len(span.first_words) - len(span.last_words):
        end = line.find(span.last_words, end + 1)
    if not line or begin < 0 or end < 0:
        return None
    return begin, line[begin : end + len(span.last_words)] if span.last_words else line


def _differs(path: Path, passage: Passage, what: str) -> SourceError:
    return SourceError(
        f"passage {passage.slug} {what}",
        where=str(path),
        line=passage.spans[0].line,
        hint="this is not the text from which the passages were cut; give that file, unchanged",
    )
