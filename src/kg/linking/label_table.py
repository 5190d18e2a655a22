"""The labels of things in a SQLite database: as they stand, by their words, and by the parts of Dutch compounds.

Labels stand in the order of class and language, so that those of one class in one language are one run of numbers.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from kg.dutch import stem
from kg.linking.candidates import Wanted
from kg.linking.compounds import Splitter, folded, telling
from kg.linking.entries import Entry, Label

KINDS: Final = ("prefLabel", "altLabel", "hiddenLabel", "notation")
_SCHEMA: Final = """
    CREATE TABLE thing (number INTEGER PRIMARY KEY, iri TEXT, types TEXT, isco TEXT);
    CREATE TABLE label (number INTEGER PRIMARY KEY, thing INTEGER, kind INTEGER, text TEXT, folded TEXT);
    CREATE TABLE run (types TEXT, lang TEXT, first INTEGER, after INTEGER);
    CREATE TABLE word (word TEXT PRIMARY KEY, stem TEXT, parts TEXT) WITHOUT ROWID;
    CREATE TABLE posting (part TEXT PRIMARY KEY, labels INTEGER, numbers BLOB) WITHOUT ROWID;
"""
_INDEXES: Final = """
    CREATE UNIQUE INDEX thing_iri ON thing (iri);
    CREATE INDEX label_thing ON label (thing);
    CREATE INDEX label_folded ON label (folded);
"""
_LABEL: Final = "SELECT number, thing, kind, text, folded FROM label"
_MANY: Final = 4096
_LAST: Final = "\U0010ffff"


@dataclass(frozen=True)
class Found:
    """A label that was found: its number and that of its thing, and its text as the scorer compares it."""

    number: int
    thing: int
    label: Label
    text: str


@dataclass(frozen=True)
class _Run:
    types: frozenset[str]
    lang: str
    first: int
    after: int


def fill(connection: sqlite3.Connection, entries: Iterable[Entry]) -> dict[str, int]:
    """Write things with their labels into an empty database; return the number of each thing by its IRI."""
    connection.executescript(_SCHEMA)
    things = sorted(entries, key=lambda entry: (entry.types, entry.iri))
    numbers = {entry.iri: number for number, entry in enumerate(things)}
    rows = ((number, one.iri, " ".join(one.types), " ".join(one.isco)) for number, one in enumerate(things))
    connection.executemany("INSERT INTO thing VALUES (?, ?, ?, ?)", rows)
    labels = sorted(
        (
            (entry.types, label.lang, number, KINDS.index(label.kind), label.text)
            for number, entry in enumerate(things)
            for label in entry.labels
        ),
        key=lambda row: row[:3],
    )
    texts = [folded(row[4]) for row in labels]
    numbered = (
        (number, thing, kind, text, plain)
        for number, ((_, _, thing, kind, text), plain) in enumerate(zip(labels, texts, strict=True))
    )
    connection.executemany("INSERT INTO label VALUES (?, ?, ?, ?, ?)", numbered)
    connection.executemany("INSERT INTO run VALUES (?, ?, ?, ?)", _runs([row[:2] for row in labels]))
    _fill_words(connection, texts, Splitter(text for text, row in zip(texts, labels, strict=True) if row[1] != "en"))
    connection.executescript(_INDEXES)
    return numbers


def _runs(ordered: Sequence[tuple[tuple[str, ...], str]]) -> Iterator[tuple[str, str, int, int]]:
    first = 0
    for number, here in enumerate(ordered):
        if number + 1 == len(ordered) or ordered[number + 1] != here:
            yield " ".join(here[0]), here[1], first, number + 1
            first = number + 1


def _fill_words(connection: sqlite3.Connection, texts: Iterable[str], splitter: Splitter) -> None:
    words: dict[str, tuple[str, tuple[str, ...]]] = {}
    postings: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
    for number, text in enumerate(texts):
        parts: set[str] = set()
        for word in telling(text):
            if word not in words:
                words[word] = stem(word), splitter.stems(word)
            own, several = words[word]
            parts.add(own)
            parts.update(several)
        for part in parts:
            postings[part].append(number)
    rows = ((word, own, " ".join(several)) for word, (own, several) in sorted(words.items()))
    connection.executemany("INSERT INTO word VALUES (?, ?, ?)", rows)
    listed = ((part, len(numbers), numbers.tobytes()) for part, numbers in sorted(postings.items()))
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?)", listed)


def _within(number: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first <= number < after for first, after in spans)


class LabelTable:
    """What `fill` has written, to read; threads may share it.

    Arguments:
        connection: the database, opened with `check_same_thread=False`.

    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()
        self._runs = [
            _Run(frozenset(types.split(" ")), lang, first, after)
            for types, lang, first, after in self.rows("SELECT types, lang, first, after FROM run ORDER BY first")
        ]
        self.size = self._runs[-1].after if self._runs else 0
        self._firsts = [run.first for run in self._runs]
        self.entry = lru_cache(_MANY)(self._entry)
        self._splitter = Splitter((), self._is_known)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> LabelTable:
        """Return a table of things, in memory."""
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        fill(connection, entries)
        return cls(connection)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Return all rows of a query in SQL."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def number(self, iri: str) -> int | None:
        """Return the number of a thing, or None."""
        return next((number for (number,) in self.rows("SELECT number FROM thing WHERE iri = ?", iri)), None)

    def _entry(self, number: int) -> Entry:
        ((iri, types, isco),) = self.rows("SELECT iri, types, isco FROM thing WHERE number = ?", number)
        rows = self.rows("SELECT number, kind, text FROM label WHERE thing = ? ORDER BY number", number)
        labels = tuple(Label(text, self._lang(at), KINDS[kind]) for at, kind, text in rows)
        return Entry(iri, tuple(types.split()), labels, tuple(isco.split()))

    def counts(self) -> dict[tuple[str, ...], int]:
        """Return how many things there are of each set of classes."""
        rows = self.rows("SELECT types, count(*) FROM thing GROUP BY 1")
        return {tuple(types.split()): count for types, count in rows}

    def spans(self, wanted: Wanted) -> list[tuple[int, int]]:
        """Return the runs of labels of wanted classes in a wanted language, as first number and that after the last."""
        fit = (run for run in self._runs if wanted.has(run.types) and wanted.speaks(run.lang))
        return [(run.first, run.after) for run in fit]

    def labels(self, numbers: Iterable[int]) -> list[Found]:
        """Return labels by their numbers."""
        wanted = json.dumps(list(numbers))
        query = f"{_LABEL} WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608
        return [self._found(row) for row in self.rows(query, wanted)]

    def _found(self, row: tuple[int, int, int, str, str]) -> Found:
        number, thing, kind, text, plain = row
        return Found(number, thing, Label(text, self._lang(number), KINDS[kind]), plain)

    def _lang(self, number: int) -> str:
        return self._runs[bisect_left(self._firsts, number + 1) - 1].lang

    def exact(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Found]:
        """Return the labels with exactly this folded text."""
        return [self._found(row) for row in self.rows(f"{_LABEL} WHERE folded = ?", text) if _within(row[0], spans)]

    def begins(self, text: str, spans: Sequence[tuple[int, int]], limit: int) -> list[Found]:
        """Return labels that begin with a folded text, or else have words that do, the shortest first."""
        after = text + _LAST
        query = f"{_LABEL} WHERE folded >= ? AND folded < ? ORDER BY length(folded)"
        found = [self._found(row) for row in self.rows(query, text, after) if _within(row[0], spans)][:limit]
        if len(found) < limit:
            query = "SELECT DISTINCT stem FROM word WHERE word >= ? AND word < ?"
            stems = self.rows(query, text.rpartition(" ")[2], after.rpartition(" ")[2])
            numbers = {number for (own,) in stems for number in self.posting(own, spans)}
            there = [each for each in self.labels(numbers) if f" {text}" in each.text]
            found += sorted(there, key=lambda each: len(each.text))[:limit]
        return found

    def stems(self) -> list[tuple[str, str]]:
        """Return all words of the labels, but those that only frame them, each with its stem."""
        return self.rows("SELECT word, stem FROM word")

    def words(self, words: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Return the stem of each word and the stems of its parts, also of words that no label has."""
        asked = set(words)
        query = "SELECT word, stem, parts FROM word WHERE word IN (SELECT value FROM json_each(?))"
        known = {word: (own, tuple(parts.split())) for word, own, parts in self.rows(query, json.dumps(list(asked)))}
        return known | {word: (stem(word), self._splitter.stems(word)) for word in asked - known.keys()}

    def _is_known(self, word: str) -> bool:
        """Return whether a label has a word, in this form or another."""
        query = "SELECT 1 FROM word WHERE word = ? UNION SELECT 1 FROM posting WHERE part = ?"
        return bool(self.rows(query, word, stem(word)))

    def is_begin(self, text: str) -> bool:
        """Return whether a word begins so."""
        return bool(self.rows("SELECT 1 FROM word WHERE word >= ? AND word < ? LIMIT 1", text, text + _LAST))

    def counted(self, parts: Iterable[str]) -> dict[str, int]:
        """Return how many labels hold a part."""
        query = "SELECT part, labels FROM posting WHERE part IN (SELECT value FROM json_each(?))"
        return dict(self.rows(query, json.dumps(list(parts))))

    def posting(self, part: str, spans: Sequence[tuple[int, int]]) -> array[int]:
        """Return the numbers of the labels of some runs that hold a part."""
        numbers: array[int] = array("I")
        for (stored,) in self.rows("SELECT numbers FROM posting WHERE part = ?", part):
            numbers.frombytes(stored)
        fit: array[int] = array("I")
        for first, after in spans:
            fit += numbers[bisect_left(numbers, first) : bisect_left(numbers, after)]
        return fit
