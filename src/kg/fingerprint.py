"""A key that changes with files, settings and the program, and the folder of what is kept under such keys."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

_ENGINES: Final = ("klimaatbanen-kg", "pyoxigraph", "pyshacl", "rdflib", "shacl")
_PROGRAM: Final = (".py", ".toml", ".rq", ".ttl")


def folder(name: str) -> Path:
    """Return a folder of the cache (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "klimaatbanen-kg" / name


def older(paths: Iterable[Path], kept: int) -> list[Path]:
    """Return the files or folders beyond the newest of some, which are kept."""
    return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)[kept:]


def mark_used(path: Path) -> None:
    """Note that what is kept was read, so that it counts as new.

    Where another process has just removed it, it stays away: `Path.touch` would leave an empty file in its place.
    """
    with suppress(OSError):
        os.utime(path)


def key_of(files: Iterable[Path], settings: Iterable[str]) -> str:
    """Return a hash of files, names and contents, of settings, and of the program itself."""
    digest = hashlib.sha256()
    for text in (*settings, *(f"{name} {_version(name)}" for name in _ENGINES)):
        digest.update(text.encode() + b"\0")
    for path in (*_program(Path(__file__).parent), *files):
        digest.update(str(path).encode() + b"\0")
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            digest.update(repr(error).encode())
    return digest.hexdigest()


def _program(package: Path) -> list[Path]:
    """Return the files of the program, with queries and descriptions beside its code, without those of a project."""
    paths = (path for path in package.rglob("*") if path.suffix in _PROGRAM)
    return sorted(path for path in paths if package / "project" not in path.parents)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
