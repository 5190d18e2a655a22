"""Results kept by the content that they came from: what did not change is not checked again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from kg.findings import Finding, Report, Rule

_KEPT: Final = 64
_ENGINES: Final = ("klimaatbanen-kg", "pyoxigraph", "pyshacl", "rdflib", "shacl")


def folder() -> Path:
    """Return the folder of the cache (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "klimaatbanen-kg" / "validate"


def key_of(files: Iterable[Path], settings: Iterable[str]) -> str:
    """Return a hash of files, names and contents, of settings, and of the program itself."""
    digest = hashlib.sha256()
    for text in (*settings, *(f"{name} {_version(name)}" for name in _ENGINES)):
        digest.update(text.encode() + b"\0")
    program = sorted(Path(__file__).parent.rglob("*.py"))
    for path in (*program, *files):
        digest.update(str(path).encode() + b"\0")
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            digest.update(repr(error).encode())
    return digest.hexdigest()


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def load(key: str) -> Report | None:
    """Return the report kept under a key, or None."""
    path = folder() / f"{key}.json"
    try:
        held: dict[str, Any] = json.loads(path.read_text("utf-8"))
        path.touch()
        findings = tuple(Finding(**one) for one in held.pop("findings"))
        rules = tuple(Rule(**one) for one in held.pop("rules"))
        files, notes = tuple(held.pop("files")), tuple(held.pop("notes"))
        return Report(findings=findings, rules=rules, files=files, notes=notes, **held)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(key: str, report: Report) -> None:
    """Keep a report under a key, and the newest ones before it; where the folder is not writable, do nothing."""
    path = folder() / f"{key}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(asdict(report), ensure_ascii=False), "utf-8")
        part.replace(path)
        kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
