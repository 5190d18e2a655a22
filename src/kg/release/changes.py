"""What changes for those who use the data, release by release: `data/changes.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.files import read_toml

CHANGES: Final = "data/changes.toml"
_FORM: Final = "[[release]] has version, date and [[release.change]]; a change has nl, en and, where it helps, see"


@dataclass(frozen=True)
class Change:
    """One change: what it means for a user, by language, and the path of the page that shows it, or nothing."""

    text: Mapping[str, str]
    see: str = ""


@dataclass(frozen=True)
class ReleaseChanges:
    """The changes of one release, the weightiest first; its date is as `2026-11-26`."""

    version: str
    date: str
    changes: tuple[Change, ...]


def read_changes(project: Path) -> tuple[ReleaseChanges, ...]:
    """Return the releases that are out, the newest first; one without a date is not out yet.

    Arguments:
        project: folder that holds `data/changes.toml`; without that file there are no changes to tell.

    Raises:
        SourceError: the file is no TOML, or misses a version or a language.

    """
    path = project / CHANGES
    if not path.is_file():
        return ()
    try:
        return tuple(_release(release) for release in read_toml(path).get("release", []) if "date" in release)
    except (KeyError, TypeError) as error:
        raise SourceError(f"a release or change without {error}", where=str(path), hint=_FORM) from error


def _release(release: Mapping[str, Any]) -> ReleaseChanges:
    changes = tuple(_change(change) for change in release["change"])
    return ReleaseChanges(release["version"], str(release["date"]), changes)


def _change(change: Mapping[str, str]) -> Change:
    return Change({lang: change[lang] for lang in ("nl", "en")}, change.get("see", ""))
