"""The labels of things in a SQLite database: as they stand, by their words, and by the parts of Dutch compounds.

Labels stand in the order of class and language, so that those of one class in one language are one run of numbers.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final

from kg.dutch import stem
from kg.linking.candidates import Wanted
from kg.linking.compounds import Splitter, folded, telling
from kg.linking.entries import Entry, Label
from kg.linking.esco import ISCO

KINDS: Final = ("prefLabel", "altLabel", "hiddenLabel", "notation")
_SCHEMA: Final = """
    CREATE TABLE thing (number INTEGER PRIMARY KEY, iri TEXT, types TEXT, isco TEXT, groups TEXT);
    CREATE TABLE label (number INTEGER PRIMARY KEY, thing INTEGER, kind INTEGER, text TEXT, folded TEXT);
    CREATE TABLE run (types TEXT, lang TEXT, first INTEGER, after INTEGER);
    CREATE TABLE word (word TEXT PRIMARY KEY, stem TEXT, parts TEXT) WITHOUT ROWID;
    CREATE TABLE posting (part TEXT PRIMARY KEY, things INTEGER, numbers BLOB) WITHOUT ROWID;
    CREATE TABLE thing_of_label (things BLOB);
    CREATE TABLE name (thing INTEGER, lang TEXT, parts TEXT, PRIMARY KEY (thing, lang)) WITHOUT ROWID;
    CREATE TABLE name_part (
        types TEXT, lang TEXT, part TEXT, things INTEGER, PRIMARY KEY (part, lang, types)
    ) WITHOUT ROWID;
"""
_INDEXES: Final = """
    CREATE UNIQUE INDEX thing_iri ON thing (iri);
    CREATE INDEX label_thing ON label (thing);
    CREATE INDEX label_folded ON label (folded);
"""
_LABEL: Final = "SELECT number, thing, kind, text, folded FROM label"
_MANY: Final = 4096
_LAST: Final = "\U0010ffff"
_LONG: Final = 6  # Letters: of shorter words another form is often another word.
Words = dict[str, tuple[str, tuple[str, ...]]]  # Word to its stem, and to the stems of its parts.


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
    groups = (" ".join(str(numbers[ISCO + code]) for code in one.isco if ISCO + code in numbers) for one in things)
    rows = (
        (number, one.iri, " ".join(one.types), " ".join(one.isco), those)
        for number, (one, those) in enumerate(zip(things, groups, strict=True))
    )
    connection.executemany("INSERT INTO thing VALUES (?, ?, ?, ?, ?)", rows)
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
    connection.execute("INSERT INTO thing_of_label VALUES (?)", (array("I", [row[2] for row in labels]).tobytes(),))
    splitter = Splitter(text for text, row in zip(texts, labels, strict=True) if row[1] != "en")
    words = _fill_words(connection, texts, [row[2] for row in labels], splitter)
    names = [(row, text) for row, text in zip(labels, texts, strict=True) if KINDS[row[3]] == "prefLabel"]
    _fill_names(connection, [(*row[:3], _parts(text, words)) for row, text in names])
    connection.executescript(_INDEXES)
    return numbers


def _runs(ordered: Sequence[tuple[tuple[str, ...], str]]) -> Iterator[tuple[str, str, int, int]]:
    first = 0
    for number, here in enumerate(ordered):
        if number + 1 == len(ordered) or ordered[number + 1] != here:
            yield " ".join(here[0]), here[1], first, number + 1
            first = number + 1


def _parts(text: str, words: Words) -> tuple[str, ...]:
    return tuple(part for word in telling(text) for part in words[word][1])


def _fill_names(
    connection: sqlite3.Connection, names: Sequence[tuple[tuple[str, ...], str, int, tuple[str, ...]]]
) -> None:
    rows = ((thing, lang, " ".join(parts)) for _, lang, thing, parts in names)
    connection.executemany("INSERT OR IGNORE INTO name VALUES (?, ?, ?)", rows)
    counts = Counter((" ".join(types), lang, part) for types, lang, _, parts in names for part in set(parts))
    connection.executemany(
        "INSERT INTO name_part VALUES (?, ?, ?, ?)", ((*key, count) for key, count in counts.items())
    )


def _fill_words(
    connection: sqlite3.Connection, texts: Iterable[str], things: Sequence[int], splitter: Splitter
) -> Words:
    words: Words = {}
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
    listed = (
        (part, len({things[number] for number in numbers}), numbers.tobytes()) for part, numbers in postings.items()
    )
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?)", listed)
    return words


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
        self.size = sum(count for (count,) in self.rows("SELECT count(*) FROM thing"))
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

    def iris(self) -> list[tuple[str, int]]:
        """Return the IRI and number of each thing."""
        return self.rows("SELECT iri, number FROM thing")

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

    def words_with_parts(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return all words of the labels, but those that only frame them, each with the stems of its parts."""
        return [(word, tuple(parts.split())) for word, parts in self.rows("SELECT word, parts FROM word")]

    def words(self, words: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Return the stem of each word and the stems of its parts, also of words that no label has."""
        asked = set(words)
        query = "SELECT word, stem, parts FROM word WHERE word IN (SELECT value FROM json_each(?))"
        known = {word: (own, tuple(parts.split())) for word, own, parts in self.rows(query, json.dumps(list(asked)))}
        return known | {word: (stem(word), self._splitter.stems(word)) for word in asked - known.keys()}

    def _is_known(self, word: str) -> bool:
        """Return whether a label has a word, in this form or another."""
        if self.rows("SELECT 1 FROM word WHERE word = ?", word):
            return True
        return len(word) >= _LONG and bool(self.rows("SELECT 1 FROM posting WHERE part = ?", stem(word)))

    def is_begin(self, text: str) -> bool:
        """Return whether a word begins so."""
        return bool(self.rows("SELECT 1 FROM word WHERE word >= ? AND word < ? LIMIT 1", text, text + _LAST))

    @cached_property
    def _thing_of_label(self) -> array[int]:
        things: array[int] = array("I")
        for (stored,) in self.rows("SELECT things FROM thing_of_label"):
            things.frombytes(stored)
        return things

    def things(self, part: str, spans: Sequence[tuple[int, int]]) -> set[int]:
        """Return the things with a label, in some runs, that holds a part."""
        return {self._thing_of_label[number] for number in self.posting(part, spans)}

    def labels_of(self, things: Iterable[int], spans: Sequence[tuple[int, int]]) -> list[Found]:
        """Return the labels of things in some runs."""
        query = f"{_LABEL} WHERE thing IN (SELECT value FROM json_each(?)) ORDER BY number"  # noqa: S608
        return [self._found(row) for row in self.rows(query, json.dumps(list(things))) if _within(row[0], spans)]

    def names(self, things: Iterable[int], lang: str = "") -> dict[int, frozenset[str]]:
        """Return the parts of the names of things, in a language or in all."""
        query = "SELECT thing, parts FROM name WHERE thing IN (SELECT value FROM json_each(?)) AND ? IN (lang, '')"
        parts: defaultdict[int, set[str]] = defaultdict(set)
        for thing, those in self.rows(query, json.dumps(list(things)), lang):
            parts[thing].update(those.split())
        return {thing: frozenset(those) for thing, those in parts.items()}

    def names_holding(self, parts: Iterable[str], lang: str, wanted: Wanted) -> dict[str, int]:
        """Return how many things of wanted classes have a part in their name in a language."""
        query = "SELECT types, part, things FROM name_part WHERE part IN (SELECT value FROM json_each(?)) AND lang = ?"
        counts: Counter[str] = Counter()
        for types, part, things in self.rows(query, json.dumps(list(parts)), lang):
            counts[part] += things if wanted.has(types.split()) else 0
        return counts

    def groups(self, things: Iterable[int]) -> dict[int, list[int]]:
        """Return the ISCO groups of things, by number."""
        query = "SELECT number, groups FROM thing WHERE number IN (SELECT value FROM json_each(?))"
        return {thing: list(map(int, those.split())) for thing, those in self.rows(query, json.dumps(list(things)))}

    def beginning(self, text: str) -> list[str]:
        """Return the parts that begin so."""
        return [
            part for (part,) in self.rows("SELECT part FROM posting WHERE part >= ? AND part < ?", text, text + _LAST)
        ]

    def counted(self, parts: Iterable[str]) -> dict[str, int]:
        """Return how many things have a label that holds a part."""
        query = "SELECT part, things FROM posting WHERE part IN (SELECT value FROM json_each(?))"
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
