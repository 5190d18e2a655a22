"""A new publication: a folder below `data/`, copied from `data/_template` and filled with the passages of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import own_project, read_text, replacing
from kg.languages import LANGUAGES
from kg.publications.passages import DUTCH
from kg.publications.renditions import read_paragraphs
from kg.publications.revision import Revision, find_edition, propose
from kg.publications.segmentation import Cut, Section, Segment, cut

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TEMPLATE: Final = "_template"
_SUFFIX: Final = ".template"
_TAKEN: Final = ("catalogue", "given", "inferred", "mappings", "ontology")
_LONGEST_NAME: Final = 12
_LANGUAGE_NAMES: Final = {"nl": "Dutch", "en": "English"}


@dataclass(frozen=True)
class Scaffold:
    """A new publication.

    Attributes:
        folder: where it stands.
        passages: how its text was cut.
        to_write: what a person still has to write, a line each.
        revision: what it keeps of an older edition, where it revises one.

    """

    folder: Path
    passages: Cut
    to_write: tuple[str, ...]
    revision: Revision | None = None


def make(
    project: Path,
    name: str,
    title: str,
    text: Path,
    translation: str = "",
    language: str = DUTCH,
    revises: str = "",
) -> Scaffold:
    """Make the folder of a publication; the text itself is not copied.

    Arguments:
        project: the project to write in, with `data/_template`.
        name: slug, which becomes folder, graph and part of IRIs.
        title: as printed, in the language of the text.
        text: UTF-8 file with the whole text, one paragraph a line, or HTML.
        translation: the title in the other of our languages.
        language: of the text, `nl` or `en`.
        revises: slug of the older edition, if it is a newer one.

    Raises:
        NotFound: the project has no such older edition.
        SourceError: the project is an installed package, the name is no slug or is taken, the text is missing or
            empty, or the folder cannot be written.

    """
    project = own_project(project)
    folder = free_folder(project, name)
    passages = cut_file(text, language)
    if not title.strip():
        raise SourceError("the title is empty", where="--title", hint="give the title as printed")
    revision = propose(project, find_edition(project, revises), name, passages) if revises else None
    titles = {language: title, other_language(language): translation}
    write_folder(folder, filled(project, name, titles, passages, language, revises))
    to_write = tuple(_to_write(folder, translation, passages, other_language(language)))
    return Scaffold(folder, passages, to_write, revision)


def cut_file(text: Path, language: str) -> Cut:
    """Return the text of a file in passages.

    Raises:
        SourceError: it is missing or empty.

    """
    passages = cut(read_paragraphs(text), language)
    if not passages.segments:
        raise SourceError("the text is empty", where=str(text), hint="give a UTF-8 text, one paragraph a line")
    return passages


def free_folder(project: Path, name: str) -> Path:
    """Return the folder of a new publication.

    Raises:
        SourceError: the name is no slug or is taken, also by a draft, or the project has no template.

    """
    if not _SLUG.fullmatch(name):
        hint = "use a-z, 0-9 and single hyphens: mobiliteit-2024"
        raise SourceError(f"no slug: {name[:200]}", where="NAME", hint=hint)
    if name in _TAKEN:
        raise SourceError(f"graph/{name} has another meaning", where=name, hint="choose another name")
    for folder in (project / "data" / name, draft_folder(project, name)):
        if folder.exists():
            raise SourceError("it exists", where=str(folder), hint="choose another name, or edit its files")
    if not (project / "data" / TEMPLATE).is_dir():
        raise SourceError("no data/_template in it", where=str(project), hint="work in a clone, which has one")
    return project / "data" / name


def draft_folder(project: Path, name: str) -> Path:
    """Return the folder of the draft of a publication, which is not loaded."""
    return project / "data" / f"_{name}"


def filled(
    project: Path, name: str, titles: Mapping[str, str], text: Cut, language: str, revises: str = ""
) -> dict[str, str]:
    """Return the files of a new publication: path below its folder to content, as the template has them.

    Arguments:
        project: it holds the template.
        name: slug of the publication.
        titles: language to title, empty where there is none.
        text: its passages.
        language: of the text.
        revises: slug of the older edition, if it is a newer one.

    """
    template = project / "data" / TEMPLATE
    values = _values(name, {tag: title.strip() for tag, title in titles.items()}, text, language)
    values["revises"] = f"    prov:wasRevisionOf publication:{revises} ;\n" if revises else ""
    return {
        path.relative_to(template).with_suffix("").as_posix(): Template(read_text(path)).substitute(values)
        for path in sorted(template.rglob(f"*{_SUFFIX}"))
    }


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write files under a name that is not loaded, and move them to their place when they are whole."""
    with replacing(folder, prefix="_") as fresh:
        for name, content in files.items():
            target = fresh / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")


def other_language(language: str) -> str:
    """Return the language of names that are ours, where the text is in another."""
    return next(tag for tag in LANGUAGES if tag != language)


def _values(name: str, titles: Mapping[str, str], text: Cut, language: str) -> dict[str, str]:
    english, dutch = (titles[tag] or titles[language] for tag in ("en", "nl"))
    literals = [str(ox.Literal(titles[tag], language=tag)) for tag in sorted(titles) if titles[tag]]
    other = _LANGUAGE_NAMES[other_language(language)]
    return {
        "name": name,
        "language": language,
        "other": other,
        "titles": " , ".join(literals),
        "about_stated": _both(f"{english}: what the text says", f"{dutch}: wat de tekst zegt"),
        "about_editorial": _both(f"{english}: what we add", f"{dutch}: wat wij toevoegen"),
        "about_evidence": _both(
            f"{english}: which passage backs which statement", f"{dutch}: welke passage welke uitspraak onderbouwt"
        ),
        "sha256": text.sha256,
        "first": text.segments[0].slug,
        "sections": "\n\n".join(_section(name, section, language) for section in text.sections),
        "section_names": "\n\n".join(_section_name(section, language) for section in text.sections),
        "passages": "\n\n".join(map(_passage, text.segments)),
    }


def _both(english: str, dutch: str) -> str:
    return f"{ox.Literal(english, language='en')} , {ox.Literal(dutch, language='nl')}"


def _block(subject: str, *pairs: tuple[str, str]) -> str:
    return f"{subject}\n    " + " ;\n    ".join(f"{name} {value}" for name, value in pairs) + " ."


def _section(publication: str, section: Section, language: str) -> str:
    pairs = [("a", "kb:Section")]
    if _is_name(section.title):
        pairs.append(("skos:prefLabel", str(ox.Literal(section.title, language=language))))
    pairs.append(("dct:isPartOf", f"publication:{publication}"))
    if section.parent:
        pairs.append(("kb:partOfSection", f"section:{section.parent}"))
    pairs.append(("kb:ordinal", str(section.ordinal)))
    if section.heading:
        pairs.append(("dct:source", f"passage:{section.heading}"))
    return _block(f"section:{section.slug}", *pairs)


def _is_name(title: str) -> bool:
    """Return whether a heading is short enough to be taken over."""
    return 0 < len(title.split()) <= _LONGEST_NAME


def _section_name(section: Section, language: str) -> str:
    """Return, as a comment to be filled in, the names that the section still needs."""
    names = f'"..."@{other_language(language)}' if _is_name(section.title) else '"..."@en , "..."@nl'
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


def _to_write(folder: Path, translation: str, text: Cut, other: str) -> Iterator[str]:
    editorial = folder / "editorial" / "publication.ttl"
    yield f"{folder / 'publication.ttl'}: publisher, date, creators, as far as the text states them"
    yield f"{folder / 'catalogue.ttl'} and {editorial}: dct:rights, the terms of the publisher"
    yield f"{editorial}: dct:subject, the climate table, and kb:reuseTerms, which terms of reuse it states"
    if not translation:
        yield f"{editorial}: the {_LANGUAGE_NAMES[other]} title"
    yield f"{editorial}: {_LANGUAGE_NAMES[other]} names of {len(text.sections)} sections"
    unnamed = [section.slug for section in text.sections if not _is_name(section.title)]
    if unnamed:
        yield f"{editorial}: a short {_LANGUAGE_NAMES[other_language(other)]} name of section {', '.join(unnamed)}"
