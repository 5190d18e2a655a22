"""ESCO as a whole in one SQLite file in the user's cache: labels by their words, skills of occupations, hierarchy.

It is made at first use, under a key of its sources and of the code that makes it, in memory and then copied beside its
place and renamed: several processes may do so at once, and one that ends early leaves nothing that is read.
"""

from __future__ import annotations

import hashlib
import logging
import lzma
import re
import shutil
import sqlite3
import sys
import time
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import pyoxigraph as ox

from kg import dutch, fingerprint, grammar
from kg.errors import SourceError
from kg.files import replacing
from kg.languages import best_tag
from kg.linking import compounds, entries, esco, label_table
from kg.linking.csv_reader import Progress, silent
from kg.linking.entries import Entry, Label
from kg.linking.esco import (
    ALT,
    BROADER,
    COLLECTIONS,
    ESSENTIAL,
    HIDDEN,
    IN_ISCO,
    IN_SCHEME,
    ISCO,
    MODEL,
    NOTATION,
    OPTIONAL,
    PREF,
    SCHEME,
    TYPE,
)
from kg.linking.imported import load
from kg.linking.index import Index
from kg.linking.label_table import LabelTable

_FOLDER: Final = Path("data") / "imported"
_OURS: Final = "data/esco-*/editorial/*.ttl"
_VERSION: Final = re.compile(r"esco-(\d[\d.]*\d)")
_MAKERS: Final = (compounds, dutch, entries, esco, grammar, label_table, sys.modules[__name__])
_STALE: Final = 3_600
_KEPT: Final = 3  # Of other projects and versions that are in use beside this one.
_LABELS: Final = dict(zip((one.value for one in (PREF, ALT, HIDDEN, NOTATION)), label_table.KINDS, strict=True))
_SKILLS: Final = {ESSENTIAL.value: "essential", OPTIONAL.value: "optional"}
_FLAGS: Final = {SCHEME + scheme: name for name, scheme in zip(("green", "digital"), COLLECTIONS.values(), strict=True)}
_SCHEMA: Final = """
    CREATE TABLE concept (thing INTEGER PRIMARY KEY, broader TEXT, versions TEXT);
    CREATE TABLE skills (thing INTEGER, relation TEXT, numbers BLOB);
    CREATE TABLE flag (name TEXT, thing INTEGER);
    CREATE TABLE whole (yes INTEGER);
"""


@dataclass(frozen=True)
class Database:
    """ESCO as a whole.

    Attributes:
        table: labels of occupations, skills, skill groups and ISCO groups.

    """

    table: LabelTable

    @classmethod
    def open(cls, project: Path, imported: Path | None = None, progress: Progress = silent) -> Self:
        """Return the database from the user's cache, or make it; where it cannot be kept, it is in memory.

        Arguments:
            project: its `data/imported/` holds ESCO, and `data/esco-*/editorial/` our names of skills.
            imported: what `kg import esco` wrote; its names and relations come before those of the project.
            progress: hears what is read, and how many concepts there are so far.

        Raises:
            SourceError: a source is missing or broken.

        """
        path = place(project, imported)
        connection = _opened(path)
        if connection is None:
            connection = _made(project, imported, progress)
            _keep(connection, path)
        return cls(LabelTable(connection))

    @classmethod
    def kept(cls, project: Path, imported: Path | None = None) -> Self | None:
        """Return the database from the user's cache, or None where it has still to be made."""
        connection = _opened(place(project, imported))
        return cls(LabelTable(connection)) if connection else None

    @cached_property
    def index(self) -> Index:
        """Its labels, to search in."""
        return Index(self.table)

    @cached_property
    def iris(self) -> list[str]:
        """The IRIs of all concepts, each at its number."""
        return [iri for (iri,) in self.table.rows("SELECT iri FROM thing ORDER BY number")]

    @cached_property
    def essential(self) -> Mapping[str, frozenset[str]]:
        """Occupation to the skills that are essential to it, all by IRI."""
        return self._skills("essential")

    @cached_property
    def optional(self) -> Mapping[str, frozenset[str]]:
        """Occupation to the skills that are optional to it, all by IRI."""
        return self._skills("optional")

    def _skills(self, relation: str) -> Mapping[str, frozenset[str]]:
        rows = self.table.rows("SELECT thing, numbers FROM skills WHERE relation = ?", relation)
        iris = self.iris
        return {iris[thing]: frozenset(map(iris.__getitem__, array("I", numbers))) for thing, numbers in rows}

    def flagged(self, scheme: str) -> frozenset[str]:
        """Return the IRIs of the skills that ESCO calls `green` or `digital`."""
        rows = self.table.rows("SELECT iri FROM flag JOIN thing ON number = thing WHERE name = ?", scheme)
        return frozenset(iri for (iri,) in rows)

    def name(self, iri: str, lang: str) -> tuple[str, str]:
        """Return the preferred label of a concept and its language; two empty texts where it is unknown."""
        entry = self.get(iri)
        labels = entry.labels if entry else ()
        names = {label.lang: label.text for label in labels if label.kind == "prefLabel"}
        tag = best_tag(names, lang)
        return ("", "") if tag is None else (names[tag], tag)

    def get(self, iri: str) -> Entry | None:
        """Return a concept, or None."""
        number = self.table.number(iri)
        return None if number is None else self.table.entry(number)

    def broader(self, iri: str) -> tuple[str, ...]:
        """Return the IRIs of what is broader."""
        return self._concept("broader", iri)

    def versions(self, iri: str) -> frozenset[str]:
        """Return the versions of ESCO that have a concept."""
        return frozenset(self._concept("versions", iri))

    def isco(self, iri: str) -> str:
        """Return the ISCO-08 code of the group of an occupation, or an empty text."""
        entry = self.get(iri)
        return next(iter(entry.isco), "") if entry else ""

    def _concept(self, column: str, iri: str) -> tuple[str, ...]:
        query = f"SELECT {column} FROM concept JOIN thing ON number = thing WHERE iri = ?"  # noqa: S608
        return tuple(text for (row,) in self.table.rows(query, iri) for text in row.split())


def place(project: Path, imported: Path | None = None) -> Path:
    """Return where the database of some sources is kept: its name changes with them and with the code."""
    digest = hashlib.sha256(sqlite3.sqlite_version.encode())
    code = (Path(module.__file__ or "") for module in _MAKERS)
    for path in (*code, *_packed(project), *_editorial(project)):
        digest.update(path.read_bytes())
    for path in _files(imported) if imported else ():
        stat = path.stat()
        digest.update(f"{path.absolute()} {stat.st_size} {stat.st_mtime_ns}".encode())
    return fingerprint.folder("esco") / f"{digest.hexdigest()[:32]}.sqlite"


def _packed(project: Path) -> list[Path]:
    """Return the packed vocabularies of a project, the newest version first: of two names the newer counts."""
    return sorted((project / _FOLDER).glob("esco-*.ttl.xz"), key=lambda path: _numbers(path.name), reverse=True)


def _numbers(name: str) -> list[int]:
    return [int(part) for part in _version(name).split(".") if part]


def _version(name: str) -> str:
    return next(iter(_VERSION.findall(name)), "")


def _editorial(project: Path) -> list[Path]:
    return sorted(path for path in project.glob(_OURS) if path.name != "catalogue.ttl")


def _files(imported: Path) -> list[Path]:
    return sorted(path for path in imported.rglob("*") if path.is_file()) if imported.is_dir() else [imported]


def _opened(path: Path) -> sqlite3.Connection | None:
    """Return a database that is there and whole; one that is broken is as good as none."""
    if not path.is_file():
        return None
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        try:
            if connection.execute("SELECT yes FROM whole").fetchall() and _is_sound(connection):
                fingerprint.mark_used(path)
                return connection
        except (sqlite3.Error, OSError):
            pass
        connection.close()
    except sqlite3.Error:
        pass
    return None


def _is_sound(connection: sqlite3.Connection) -> bool:
    return list(connection.execute("PRAGMA quick_check")) == [("ok",)]


def _keep(connection: sqlite3.Connection, path: Path) -> None:
    """Copy a database to its place, and delete those of long ago; where that fails, say so."""
    try:
        with replacing(path, parents=True) as fresh, closing(sqlite3.connect(fresh)) as copy:
            copy.execute("PRAGMA synchronous = OFF")
            connection.backup(copy)
        others = (other for other in path.parent.glob("*.sqlite") if other != path)
        for old in fingerprint.older(others, _KEPT):
            old.unlink(missing_ok=True)
        for part in path.parent.glob(".*"):  # Of a process that ended while it wrote.
            if part.stat().st_mtime < time.time() - _STALE:
                shutil.rmtree(part, ignore_errors=True)
    except (SourceError, sqlite3.Error, OSError) as error:
        logging.getLogger("kg").warning("ESCO is kept in memory, since its cache %s: %s", path, error)


def _made(project: Path, imported: Path | None, progress: Progress) -> sqlite3.Connection:
    if not _packed(project):
        hint = "make it with kg extract esco DIR --part whole"
        raise SourceError("no packed ESCO", where=str(project / _FOLDER), hint=hint)
    concepts = _Concepts()
    for version, triples in _sources(project, imported):
        concepts.read(version, triples)
        progress(f"ESCO {version}", len(concepts.types))
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    concepts.write(connection)
    return connection


def _sources(project: Path, imported: Path | None) -> Iterator[tuple[str, Iterable[ox.Quad | ox.Triple]]]:
    """Yield the version and statements of each source, those first whose names and relations count before others'."""
    if imported:
        store = ox.Store()
        for graph in load(store, imported):
            yield _version(graph), store.quads_for_pattern(None, None, None, ox.NamedNode(graph))
    for path in _packed(project):
        try:
            yield _version(path.name), ox.parse(lzma.decompress(path.read_bytes()), format=ox.RdfFormat.TURTLE)
        except (lzma.LZMAError, SyntaxError, OSError) as error:
            raise SourceError(f"broken: {error}", where=str(path), hint="install it again") from error
    for path in _editorial(project):
        yield "", ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)


@dataclass
class _Concepts:
    """What the sources say, put together; a concept that no ESCO has is left out.

    Of several preferred labels the first counts, and of several sources with skills of occupations the first.
    """

    labels: defaultdict[str, dict[tuple[str, str], str]] = field(default_factory=lambda: defaultdict(dict))
    named: set[tuple[str, str]] = field(default_factory=set)
    types: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    isco: dict[str, str] = field(default_factory=dict)
    broader: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    versions: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    flags: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    skills: dict[str, defaultdict[str, list[str]]] = field(default_factory=dict)

    def read(self, version: str, triples: Iterable[ox.Quad | ox.Triple]) -> None:
        """Take what one source says."""
        skills: dict[str, defaultdict[str, list[str]]] = {name: defaultdict(list) for name in _SKILLS.values()}
        for triple in triples:
            value: Any = triple.object
            iri, predicate = triple.subject.value, triple.predicate.value  # type: ignore[union-attr]
            if predicate in _LABELS:
                self._name(iri, _LABELS[predicate], value.value, value.language or "")
            elif predicate in _SKILLS:
                skills[_SKILLS[predicate]][iri].append(value.value)
            elif predicate == TYPE.value and value.value.startswith(MODEL):
                self.types[iri].add(value.value)
                self.versions[iri].add(version)
            elif predicate == IN_SCHEME.value and value.value in _FLAGS:
                self.flags[_FLAGS[value.value]].add(iri)
            elif predicate == IN_ISCO.value:
                self.isco.setdefault(iri, value.value.removeprefix(ISCO))
            elif predicate == BROADER.value:
                self.broader[iri].add(value.value)
        if any(skills.values()) and not self.skills:
            self.skills = skills

    def _name(self, iri: str, kind: str, text: str, lang: str) -> None:
        if kind == "prefLabel":
            if (iri, lang) in self.named:
                kind = "altLabel"
            else:
                self.named.add((iri, lang))
                self.labels[iri][text, lang] = kind
        self.labels[iri].setdefault((text, lang), kind)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write all to an empty database, `whole` last."""
        numbers = label_table.fill(connection, self._entries())
        connection.executescript(_SCHEMA)
        connection.executemany(
            "INSERT INTO concept VALUES (?, ?, ?)",
            (
                (number, " ".join(sorted(self.broader[iri])), " ".join(sorted(self.versions[iri])))
                for iri, number in numbers.items()
            ),
        )
        connection.executemany(
            "INSERT INTO skills VALUES (?, ?, ?)",
            (
                (numbers[iri], relation, array("I", [numbers[skill] for skill in those if skill in numbers]).tobytes())
                for relation, by_occupation in self.skills.items()
                for iri, those in by_occupation.items()
                if iri in numbers
            ),
        )
        flagged = ((name, numbers[iri]) for name, iris in self.flags.items() for iri in iris if iri in numbers)
        connection.executemany("INSERT INTO flag VALUES (?, ?)", flagged)
        connection.execute("INSERT INTO whole VALUES (1)")
        connection.commit()

    def _entries(self) -> Iterator[Entry]:
        for iri, types in self.types.items():
            labels = tuple(Label(text, lang, kind) for (text, lang), kind in self.labels[iri].items())
            if any(label.kind == "prefLabel" for label in labels):
                yield Entry(iri, tuple(sorted(types)), labels, (self.isco[iri],) if iri in self.isco else ())
