"""What need not be typed: prefixes, class and scheme, added to the Turtle of a publication as other data have them.

Lines are added and none is changed, so that the files stay plain Turtle, which any parser reads and a person reviews.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import own_project, read_text, write_whole
from kg.namespaces import ID, RDF_TYPE, SKOS
from kg.rdf_terms import prefixed_name

_EDITORIAL: Final = "editorial"
_IN_SCHEME: Final = SKOS + "inScheme"
_DECLARED: Final = re.compile(r"^@prefix\s+([\w-]*):\s*<([^>]*)>\s*\.\s*$", re.MULTILINE)
_SUBJECT: Final = re.compile(r"(?:([\w-]*):([\w-]+)|<([^>\s]+)>)\s*$")
_CLASS: Final = re.compile(r"^\s+a\s", re.MULTILINE)
_SCHEME: Final = re.compile(r"^\s+skos:inScheme\s", re.MULTILINE)
# What is no name with a prefix is passed over: texts, IRIs, comments, and the declarations themselves.
_NAMES: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"|<[^>\s]*>|#[^\n]*|@[\w-]+(?:\s+[\w-]*:\s*<[^>]*>)?|([\w-]*):(?=[\w%\\-])',
    re.DOTALL,
)


@dataclass
class _Known:
    """What the data of a project have in common.

    Attributes:
        prefixes: prefix to namespaces; that of a publication stands for that of the one to fill.
        classes, schemes: of each kind of IRI (`id/<kind>/`), those that its things have, as sets.
        typed: IRIs that have a class.

    """

    prefixes: dict[str, set[str]] = field(default_factory=dict)
    classes: dict[str, set[frozenset[str]]] = field(default_factory=dict)
    schemes: dict[str, set[frozenset[str]]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)

    def prefix_of(self, prefix: str) -> str:
        """Return the one namespace of a prefix, or an empty text where there is none or are several."""
        spaces = self.prefixes.get(prefix, set())
        return next(iter(spaces)) if len(spaces) == 1 else ""

    def names(self) -> dict[str, str]:
        """Return the prefixes that have one namespace."""
        return {prefix: space for prefix in self.prefixes if (space := self.prefix_of(prefix))}


@dataclass(frozen=True)
class Filled:
    """What was added.

    Attributes:
        added: file to number of lines.
        left: prefixes that stay undeclared, with their file.

    """

    added: Mapping[Path, int]
    left: tuple[tuple[Path, str], ...]


def fill(project: Path, name: str) -> Filled:
    """Add to the files of a publication the prefixes, classes and schemes that they lack.

    Arguments:
        project: the project to write in.
        name: folder below `data/`.

    Raises:
        SourceError: there is no such folder, or a file of another publication is no Turtle.

    """
    data = own_project(project) / "data"
    folder = data / name
    if not name or not folder.is_dir():
        raise SourceError("no such publication", where=str(folder), hint="begin one with kg new")
    files = sorted(folder.rglob("*.ttl"), key=lambda path: (_EDITORIAL in path.parts, path))
    known = _learn(data, folder)
    texts = {path: read_text(path) for path in files}
    filled = {path: _with_prefixes(_with_classes(text, path, known), known) for path, text in texts.items()}
    for path in files:
        if filled[path] != texts[path]:
            write_whole(path, filled[path])
    return Filled(
        {path: filled[path].count("\n") - texts[path].count("\n") for path in files if filled[path] != texts[path]},
        tuple((path, prefix) for path in files for prefix in sorted(_undeclared(filled[path]))),
    )


def _learn(data: Path, folder: Path) -> _Known:
    """Read all files of data; those of the folder to fill may be unfinished."""
    known = _Known()
    publications = {path.name for path in data.iterdir() if path.is_dir()}
    classes: dict[str, set[str]] = {}
    schemes: dict[str, set[str]] = {}
    for path in sorted(data.rglob("*.ttl")):
        if any(part.startswith("_") for part in path.relative_to(data).parts):
            continue
        for prefix, space in _DECLARED.findall(read_text(path)):
            owner = space.rstrip("/").rpartition("/")[2]
            shared = f"{space.removesuffix(f'{owner}/')}{folder.name}/" if owner in publications else space
            known.prefixes.setdefault(prefix, set()).add(shared)
        for quad in _quads(path, unfinished=path.is_relative_to(folder)):
            for predicate, values in ((RDF_TYPE, classes), (_IN_SCHEME, schemes)):
                if quad.predicate.value == predicate:
                    values.setdefault(_iri(quad.subject), set()).add(_iri(quad.object))
    known.typed = set(classes)
    for iri, types in classes.items():
        known.classes.setdefault(_kind(iri), set()).add(frozenset(types))
        known.schemes.setdefault(_kind(iri), set()).add(frozenset(schemes.get(iri, ())))
    return known


def _quads(path: Path, *, unfinished: bool) -> Iterator[ox.Quad]:
    try:
        yield from ox.parse(path=str(path), format=ox.RdfFormat.TURTLE)
    except SyntaxError as error:
        if not unfinished:
            raise SourceError(error.msg, where=str(path), line=error.lineno, hint="mend it first") from error


def _iri(term: object) -> str:
    return term.value if isinstance(term, ox.NamedNode) else ""


def _kind(iri: str) -> str:
    return iri.removeprefix(ID).partition("/")[0] if iri.startswith(ID) else ""


def _with_classes(text: str, path: Path, known: _Known) -> str:
    """Add class and scheme to each block of a stated file, and to what has no class anywhere in an editorial one."""
    prefixes = known.names() | dict(_DECLARED.findall(text))
    return "\n\n".join(_completed(block, prefixes, path, known) for block in text.split("\n\n"))


def _completed(block: str, prefixes: Mapping[str, str], path: Path, known: _Known) -> str:
    lines = block.split("\n")
    at = next((number for number, line in enumerate(lines) if line and not line.startswith("#")), len(lines))
    subject = _SUBJECT.fullmatch(lines[at]) if at < len(lines) else None
    iri = (subject[3] or prefixes.get(subject[1], "") + subject[2]) if subject else ""
    kind = _kind(iri)
    if not kind or (_EDITORIAL in path.parts and iri in known.typed):
        return block
    added = []
    if not _CLASS.search(block) and (types := _only(known.classes.get(kind))):
        added.append(f"    a {_listed(types, prefixes)} ;")
        known.typed.add(iri)
    if not _SCHEME.search(block) and (schemes := _only(known.schemes.get(kind))):
        added.append(f"    skos:inScheme {_listed(schemes, prefixes)} ;")
    below = at + 1 + (not added or not added[0].startswith("    a ")) * bool(_CLASS.match(f"{lines[at + 1]} "))
    return "\n".join([*lines[:below], *added, *lines[below:]])


def _only(sets: set[frozenset[str]] | None) -> frozenset[str]:
    """Return what all things of a kind have, where it is the same for each; else nothing."""
    return next(iter(sets)) if sets and len(sets) == 1 else frozenset()


def _listed(iris: frozenset[str], prefixes: Mapping[str, str]) -> str:
    return " , ".join(prefixed_name(iri, prefixes) or f"<{iri}>" for iri in sorted(iris))


def _undeclared(text: str) -> set[str]:
    used = {match[1] for match in _NAMES.finditer(text) if match[1] is not None}
    return used - {prefix for prefix, _ in _DECLARED.findall(text)}


def _with_prefixes(text: str, known: _Known) -> str:
    """Add the declarations that are lacking, each at its place among the others, or below the comment at the top."""
    lines = text.split("\n")
    new = {prefix: space for prefix in sorted(_undeclared(text)) if (space := known.prefix_of(prefix))}
    begins = 0
    if new and not _DECLARED.search(text):
        comments = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        blocks = next((number for number, line in enumerate(lines) if number >= comments and line), len(lines))
        lines[comments:blocks] = [""] * (2 if comments else 1)
        begins = comments + bool(comments)
    for prefix, space in new.items():
        declared = [(match[1], number) for number, line in enumerate(lines) if (match := _DECLARED.match(line))]
        after = [number for other, number in declared if other < prefix]
        before = [number for other, number in declared if other > prefix]
        at = max(after) + 1 if after else min(before) if before else begins
        lines.insert(at, f"@prefix {prefix}: <{space}> .")
    return "\n".join(lines)
