"""What changed between two states of the graph: resources by kind, breaking changes first."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kg.release.compare import Difference, compare
from kg.release.diff_report import FORMATS, Report
from kg.release.states import load_side

__all__ = ["FORMATS", "Difference", "Report", "compare", "diff", "load_side", "sides"]

_RANGE: Final = ".."


def sides(old: str, new: str | None, project: Path) -> tuple[str, str]:
    """Return the names of both sides; `REV1..REV2` names two, and one alone is compared with the project as it is."""
    if new is not None:
        return old, new
    first, dots, second = old.partition(_RANGE)
    if dots and first and not Path(old).exists():
        return first, second or str(project)
    return old, str(project)


def diff(old: str, new: str, project: Path) -> Difference:
    """Return what differs between two sides.

    Arguments:
        old: a project, release, folder, dump or git revision.
        new: likewise.
        project: the checkout whose revisions are meant.

    Raises:
        SourceError: a side does not exist or cannot be read.

    """
    return compare(load_side(old, project), load_side(new, project))
