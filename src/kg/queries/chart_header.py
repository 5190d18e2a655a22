"""Charts as the header of a question declares them: which mark, and which column goes where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError

MARKS: Final = ("bar", "point", "rect", "map", "links", "timeline", "panels")
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "bar": ("x", "y"),
    "point": ("x", "y"),
    "rect": ("x", "y"),
    "map": ("latitude", "longitude", "label"),
    "links": ("x", "y"),
    "timeline": ("x", "y"),
    "panels": ("y", "panels"),
}
_INFERRED: Final = "inferred"
_LISTS: Final = ("detail", "label", "panels")


@dataclass(frozen=True)
class Plot:
    """The `chart:` entry of a header; the values are names of columns.

    Attributes:
        mark: `bar` (lying, from zero), `point` (never joined by a line), `rect` (a matrix), `map`,
            `links` (a line for each row), `timeline` (a bar from date to date), `panels` (bars by column of numbers).
        x, y: what goes right and up; a column of numbers is a scale, any other is a list in the order of the answer.
        colour: parts the marks, or for `rect` shades them by a number or writes a text in them.
        detail: columns that are written below the name of a row, and part rows of one name.
        label: columns that are written beside each mark, parted by a space.
        reference: a column with one number, drawn as a line to compare with; of `panels`, in the first one.
        latitude, longitude: of `map`, in degrees (WGS 84).
        basis: of `links`, `inferred` where a rule derives all its lines, which are dashed then, with a legend.
        hedge: of `links`, the column with how a publication restrains itself: such lines are dotted, with a legend.
        end: of `timeline`, the date at which a bar ends; it begins at `x`.
        panels: the columns of numbers of `panels`, each with its own scale, so that units are never mixed; counts
            share one.
        chosen: IRIs of the things that were asked for beside others, of which `panels` stand out; no part of a header.

    """

    mark: str
    x: str = ""
    y: str = ""
    colour: str = ""
    detail: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    reference: str = ""
    latitude: str = ""
    longitude: str = ""
    basis: str = ""
    hedge: str = ""
    end: str = ""
    panels: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the chart reads."""
        named = (self.x, self.y, self.colour, self.hedge, self.reference, self.latitude, self.longitude, self.end)
        return tuple(dict.fromkeys(name for name in (*named, *self.detail, *self.label, *self.panels) if name))


def read_plot(path: Path, entry: Any) -> Plot | None:
    """Return the chart of a header, or None where it has none.

    Raises:
        SourceError: the entry is no mapping, a key or mark is unknown, or a column is missing.

    """
    if entry is None:
        return None
    known = {field.name for field in fields(Plot)} - {"chosen"}
    if not isinstance(entry, dict) or not entry.keys() <= known:
        raise SourceError("chart: is not understood", where=str(path), hint=f"its keys: {', '.join(sorted(known))}")
    mark = entry.get("mark")
    if mark not in MARKS:
        raise SourceError(f"chart: mark cannot be {mark!r}", where=str(path), hint=f"one of: {', '.join(MARKS)}")
    if entry.get("basis", _INFERRED) != _INFERRED:
        raise SourceError(f"chart: basis cannot be {entry['basis']!r}", where=str(path), hint=f"{_INFERRED}, or none")
    missing = [key for key in _NEEDED[mark] if not entry.get(key)]
    if missing:
        raise SourceError(f"chart: {', '.join(missing)} is missing", where=str(path), hint="name a column for each")
    columns = {key: _names(value) if key in _LISTS else str(value) for key, value in entry.items()}
    return Plot(**columns)  # type: ignore[arg-type]


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value if isinstance(value, list) else [value] if value else []))
