"""Settings of a project: a table such as `[validate]` in `kg.toml`, or `[tool.kg.validate]` in `pyproject.toml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.files import read_toml

FILES: Final[Mapping[str, tuple[str, ...]]] = {"kg.toml": (), "pyproject.toml": ("tool", "kg")}


@dataclass(frozen=True)
class Settings:
    """What a project says of its validation; each has an option of the same name that wins.

    Attributes:
        data: files and folders to check.
        shapes: folders or files with shapes; of a folder also `checks/*.rq`.
        context: files and folders that complete the graph and are not checked themselves, such as an ontology.
        namespaces: IRIs that begin so must be described in the data or the context.
        only, skip: rules.
        fail_on: `violation`, `warning` or `info`.
        baseline: file of known findings.
        engine: `auto`, `pyshacl` or `shacl`.
        lang: `en` or `nl`.
        time_limit: seconds for one query or SPARQL constraint.
        max_size: megabytes that a file may have.
        file: where the settings stand; empty without any.

    """

    data: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    fail_on: str = "warning"
    baseline: str = ""
    engine: str = "auto"
    lang: str = "en"
    time_limit: float = 60.0
    max_size: int = 150
    file: str = ""


_CHOICES: Final = {
    "fail_on": ("violation", "warning", "info"),
    "engine": ("auto", "pyshacl", "shacl"),
    "lang": ("en", "nl"),
}


def read_settings(folder: Path) -> Settings:
    """Return the settings of a folder; the defaults where it has none.

    Raises:
        SourceError: a file is no TOML, or a setting is unknown or of the wrong kind.

    """
    path, values = read_table(folder, "validate")
    return Settings(file=path.name, **dict(_checked(path, values))) if path else Settings()


def read_table(place: Path, table: str) -> tuple[Path | None, dict[str, Any]]:
    """Return the file that holds a table of settings, and the table; nothing where there is none.

    Arguments:
        place: a folder, of which the files are looked at; or a file, which must hold the table.
        table: its name.

    Raises:
        SourceError: a file cannot be read, is no TOML, or should hold the table and does not.

    """
    if not place.is_dir():
        for above in FILES.values():
            if (values := _table(place, (*above, table))) is not None:
                return place, values
        raise SourceError("no settings here", where=str(place), hint=f"begin with [{table}]")
    for name, above in FILES.items():
        path = place / name
        if path.is_file() and (values := _table(path, (*above, table))) is not None:
            return path, values
    return None, {}


def unknown(name: str, known: Collection[str], where: Path) -> SourceError:
    """Return the error for a setting that there is not, with the nearest that there is."""
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"one of: {', '.join(known)}"
    return SourceError(f"unknown setting {name}", where=str(where), hint=hint)


def _table(path: Path, tables: tuple[str, ...]) -> dict[str, Any] | None:
    values: Any = read_toml(path)
    for table in tables:
        values = values.get(table) if isinstance(values, dict) else None
    if values is not None and not isinstance(values, dict):
        raise SourceError(f"{'.'.join(tables)} is no table", where=str(path), hint=f"write [{'.'.join(tables)}]")
    return values


def _checked(path: Path, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    known = {setting.name.replace("_", "-"): setting for setting in fields(Settings) if setting.name != "file"}
    for name, value in values.items():
        if name not in known:
            raise unknown(name, known, path)
        attribute = known[name].name
        default = getattr(Settings, attribute)
        if isinstance(default, tuple):
            value = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
            right = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
        else:
            right = isinstance(value, (int, float) if isinstance(default, float) else type(default))
        allowed = _CHOICES.get(attribute)
        if not right or (allowed and value not in allowed):
            hint = f"one of: {', '.join(allowed)}" if allowed else f"for example {name} = {_example(default)}"
            raise SourceError(f"{name} cannot be {value!r}", where=str(path), hint=hint)
        yield attribute, value


def _example(default: Any) -> str:
    return '["a", "b"]' if isinstance(default, tuple) else repr(default)
