"""What a release consists of: its files, who is behind it, and which edition it is."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.files import parse_yaml, read_text
from kg.namespaces import BASE
from kg.rdf_terms import is_iri

DATASET: Final = BASE + "dataset"
DOWNLOAD: Final = BASE + "download/"
LICENCE: Final = "LICENSE"
CITATION: Final = "CITATION.cff"
CHANGELOG: Final = "CHANGELOG.md"
CRATE: Final = "ro-crate-metadata.json"
SUMS: Final = "SHA256SUMS"

_MEDIA_TYPES: Final = {
    ".ttl": "text/turtle",
    ".nq": "application/n-quads",
    ".jsonld": "application/ld+json",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".tsv": "text/tab-separated-values",
    ".rq": "application/sparql-query",
    ".xml": "application/atom+xml",
    ".json": "application/json",
    ".md": "text/markdown",
    ".cff": "application/yaml",
    ".toml": "application/toml",
}
_COMPRESSED: Final = {".gz": "application/gzip", ".xz": "application/x-xz"}
_LEVEL: Final = 9


@dataclass(frozen=True)
class File:
    """One file of a release.

    Attributes:
        name: path below the folder of the release, with `/`.
        title: what it is, in English and Dutch.
        graph: IRI of the named graph whose terms hold for it; empty for the terms of the whole.
        free: whether it holds nothing from a publication, so that our own licence holds for it.

    """

    name: str
    data: bytes
    title: Mapping[str, str]
    graph: str = ""
    free: bool = False

    @property
    def iri(self) -> str:
        """Where it can be fetched."""
        return DOWNLOAD + self.name

    @property
    def compression(self) -> str:
        """The media type of its compression; empty without one."""
        return _COMPRESSED.get(Path(self.name).suffix, "")

    @property
    def media_type(self) -> str:
        """The media type of what it holds, once unpacked."""
        suffixes = (suffix for suffix in Path(self.name).suffixes[::-1] if suffix not in _COMPRESSED)
        return _MEDIA_TYPES.get(next(suffixes, ""), "text/plain")

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of its bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Release:
    """All files of a release by name, sorted, and what the owner still has to set."""

    files: Mapping[str, File]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Owner:
    """What only the owner can say; what is empty is left out of the metadata.

    Attributes:
        publisher: name of the organisation that publishes.
        publisher_iri: its IRI, such as one of TOOI or ROR.
        contact: e-mail address or URL for questions.

    """

    publisher: str = ""
    publisher_iri: str = ""
    contact: str = ""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Owner:
        """Return the owner that `KG_PUBLISHER`, `KG_PUBLISHER_IRI` and `KG_CONTACT` name."""
        return cls(*(environment.get(name, "").strip() for name in ("KG_PUBLISHER", "KG_PUBLISHER_IRI", "KG_CONTACT")))

    def __post_init__(self) -> None:
        for name, value in (("KG_PUBLISHER_IRI", self.publisher_iri), ("KG_CONTACT", self.contact_url)):
            if value and not is_iri(value):
                hint = "give an https: IRI, or name@host"
                raise SourceError(f"no IRI or address: {value[:200]}", where=name, hint=hint)

    @property
    def contact_url(self) -> str:
        """The contact as a URL, `mailto:` for an address."""
        web = self.contact.startswith(("http://", "https://", "mailto:"))
        return self.contact if web or not self.contact else f"mailto:{self.contact}"

    @property
    def warnings(self) -> Iterator[str]:
        """What DCAT-AP-NL asks for and is not set."""
        if not self.publisher:
            yield "no publisher: DCAT-AP-NL asks for one; give --publisher NAME or set KG_PUBLISHER"
        if not self.contact:
            yield "no contact point: DCAT-AP-NL asks for one; give --contact ADDRESS or set KG_CONTACT"


@dataclass(frozen=True)
class Edition:
    """What `CITATION.cff` says: who made it, and when it was released (Citation File Format 1.2).

    Attributes:
        date: the only date in a release, as `2026-11-24`; empty when not stated.

    """

    title: str = "Klimaatbanen"
    date: str = ""
    authors: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @classmethod
    def from_project(cls, project: Path) -> Edition:
        """Read the edition of a project; without the file nothing is stated.

        Raises:
            SourceError: the file is not YAML, or no mapping.

        """
        path = project / CITATION
        if not path.is_file():
            return cls(warnings=(f"no {CITATION} in {project}: date and authors are left out",))
        stated = parse_yaml(read_text(path), path)
        if not isinstance(stated, dict):
            raise SourceError("no mapping", where=str(path), hint="begin with cff-version: 1.2.0")
        authors = tuple(str(author.get("name") or _person(author)) for author in stated.get("authors", []))
        keywords = tuple(str(word) for word in stated.get("keywords", []))
        return cls(str(stated.get("title", "Klimaatbanen")), str(stated.get("date-released", "")), authors, keywords)


def _person(author: Mapping[str, Any]) -> str:
    return f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()


def packed(data: bytes) -> bytes:
    """Return data in gzip without name and time, so that equal data give equal bytes (RFC 1952, section 2.3.1)."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=buffer, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()
