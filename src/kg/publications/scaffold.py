"""A new publication: a folder below `data/`, copied from `data/_template` and filled with the passages of a text."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import read_text
from kg.publications.segmentation import Cut, Section, Segment, cut

_PACKAGE: Final = Path(__file__).parents[1]
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TEMPLATE: Final = "_template"
_SUFFIX: Final = ".template"
_TAKEN: Final = ("catalogue", "given", "inferred", "mappings", "ontology")
_LONGEST_NAME: Final = 12
_FOLDER_MODE: Final = 0o755


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        folder: the new folder.
        text: how the text was cut.
        left: what a person still has to write, a line each.

    """

    folder: Path
    text: Cut
    left: tuple[str, ...]


def make(project: Path, name: str, title: str, text: Path, title_en: str = "") -> Made:
    """Make the folder of a publication; the text itself is not copied.

    Arguments:
        project: the checkout, with `data/_template`.
        name: slug, which becomes folder, graph and part of IRIs.
        title: Dutch title.
        text: UTF-8 file with the whole text, one paragraph a line.
        title_en: English title.

    Raises:
        SourceError: the name is no slug or is taken, the text is missing or empty, or the folder cannot be written.

    """
    _refuse(project, name)
    found = cut(read_text(text).removeprefix("\ufeff").replace("\r\n", "\n"))
    if not found.segments:
        raise SourceError("the text is empty", where=str(text), hint="give a UTF-8 text, one paragraph a line")
    if not title.strip():
        raise SourceError("the title is empty", where="--title", hint="give the title as printed")
    folder = project / "data" / name
    values = _values(name, title.strip(), title_en.strip(), found)
    _copy(project / "data" / _TEMPLATE, folder, values)
    return Made(folder, found, tuple(_left(folder, title_en, found)))


def _refuse(project: Path, name: str) -> None:
    if _PACKAGE in project.parents:
        raise SourceError(
            "this is an installed package", where=str(project), hint="work in a clone, or give --project FOLDER"
        )
    if not _SLUG.fullmatch(name):
        raise SourceError(
            f"no slug: {name[:200]}", where="NAME", hint="use a-z, 0-9 and single hyphens: mobiliteit-2024"
        )
    if name in _TAKEN:
        raise SourceError(f"graph/{name} has another meaning", where=name, hint="choose another name")
    if (project / "data" / name).exists():
        raise SourceError(
            "it exists", where=str(project / "data" / name), hint="choose another name, or edit its files"
        )
    if not (project / "data" / _TEMPLATE).is_dir():
        raise SourceError("no data/_template in it", where=str(project), hint="name a folder with ontology/ and data/")


def _copy(template: Path, folder: Path, values: Mapping[str, str]) -> None:
    """Fill a copy of the template under a name that is not loaded, and move it to its place when it is whole."""
    try:
        temporary = Path(tempfile.mkdtemp(prefix="_new-", dir=folder.parent))
        try:
            for path in sorted(template.rglob(f"*{_SUFFIX}")):
                target = temporary / path.relative_to(template).with_suffix("")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(Template(read_text(path)).substitute(values), encoding="utf-8")
            temporary.chmod(_FOLDER_MODE)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise SourceError(
            error.strerror or str(error), where=str(folder), hint="check the path and its rights"
        ) from error


def _values(name: str, title: str, title_en: str, text: Cut) -> dict[str, str]:
    titles = [ox.Literal(title_en, language="en")] if title_en else []
    return {
        "name": name,
        "title": str(ox.Literal(title, language="nl")),
        "titles": " , ".join(map(str, [*titles, ox.Literal(title, language="nl")])),
        "about_stated": _both(f"{title_en or title}: what the text says", f"{title}: wat de tekst zegt"),
        "about_editorial": _both(f"{title_en or title}: what we add", f"{title}: wat wij toevoegen"),
        "about_evidence": _both(
            f"{title_en or title}: which passage backs which statement",
            f"{title}: welke passage welke uitspraak onderbouwt",
        ),
        "sha256": text.sha256,
        "first": text.segments[0].slug,
        "sections": "\n\n".join(_section(name, section) for section in text.sections),
        "section_names": "\n\n".join(_section_name(section) for section in text.sections),
        "passages": "\n\n".join(map(_passage, text.segments)),
    }


def _both(english: str, dutch: str) -> str:
    return f"{ox.Literal(english, language='en')} , {ox.Literal(dutch, language='nl')}"


def _block(subject: str, *pairs: tuple[str, str]) -> str:
    return f"{subject}\n    " + " ;\n    ".join(f"{name} {value}" for name, value in pairs) + " ."


def _section(publication: str, section: Section) -> str:
    pairs = [("a", "kb:Section")]
    if _is_name(section.title):
        pairs.append(("skos:prefLabel", str(ox.Literal(section.title, language="nl"))))
    pairs.append(("dct:isPartOf", f"publication:{publication}"))
    if section.parent:
        pairs.append(("kb:partOfSection", f"section:{section.parent}"))
    pairs.append(("kb:ordinal", str(section.ordinal)))
    if section.heading:
        pairs.append(("dct:source", f"passage:{section.heading}"))
    return _block(f"section:{section.slug}", *pairs)


def _is_name(title: str) -> bool:
    """Return whether a heading is short enough to be taken over (MODEL M7)."""
    return 0 < len(title.split()) <= _LONGEST_NAME


def _section_name(section: Section) -> str:
    """Return, as a comment to be filled in, the names that the section still needs."""
    names = '"..."@en' if _is_name(section.title) else '"..."@en , "..."@nl'
    return f"# section:{section.slug}\n#     skos:prefLabel {names} ."


def _passage(segment: Segment) -> str:
    pairs = [
        ("a", "kb:Passage"),
        ("kb:inSection", f"section:{segment.section}"),
        ("kb:passageKind", f"passage-kind:{segment.kind}"),
        ("kb:firstLine", str(segment.line)),
        ("kb:lastLine", str(segment.line)),
    ]
    if any(segment.words):
        pairs += zip(("kb:firstWords", "kb:lastWords"), map(str, map(ox.Literal, segment.words)), strict=True)
    return _block(f"passage:{segment.slug}", *pairs, ("kb:sha256", f'"{segment.sha256}"'))


def _left(folder: Path, title_en: str, text: Cut) -> Iterator[str]:
    editorial = folder / "editorial" / "publication.ttl"
    yield f"{folder / 'publication.ttl'}: publisher, date, creators, as far as the text states them"
    yield f"{folder / 'catalogue.ttl'} and {editorial}: dct:rights, the terms of the publisher"
    if not title_en:
        yield f"{editorial}: the English title"
    yield f"{editorial}: English names of {len(text.sections)} sections"
    unnamed = [section.slug for section in text.sections if not _is_name(section.title)]
    if unnamed:
        yield f"{editorial}: a short Dutch name of section {', '.join(unnamed)}"
