"""Settings of a project: `[validate]` in `kg.toml`, or `[tool.kg.validate]` in `pyproject.toml`, where it works."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.files import read_text

FILES: Final[Mapping[str, tuple[str, ...]]] = {"kg.toml": ("validate",), "pyproject.toml": ("tool", "kg", "validate")}


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
        engine: `pyshacl` or `shacl`.
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
    engine: str = "pyshacl"
    lang: str = "en"
    time_limit: float = 60.0
    max_size: int = 150
    file: str = ""


_CHOICES: Final = {
    "fail_on": ("violation", "warning", "info"),
    "engine": ("pyshacl", "shacl"),
    "lang": ("en", "nl"),
}


def read_settings(folder: Path) -> Settings:
    """Return the settings of a folder; the defaults where it has none.

    Raises:
        SourceError: a file is no TOML, or a setting is unknown or of the wrong kind.

    """
    for name, tables in FILES.items():
        path = folder / name
        if path.is_file() and (held := _table(path, tables)) is not None:
            return Settings(file=name, **dict(_checked(path, held)))
    return Settings()


def _table(path: Path, tables: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        held: Any = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(str(error), where=str(path), hint="mend the TOML") from error
    for table in tables:
        held = held.get(table) if isinstance(held, dict) else None
    if held is not None and not isinstance(held, dict):
        raise SourceError(f"{'.'.join(tables)} is no table", where=str(path), hint=f"write [{'.'.join(tables)}]")
    return held


def _checked(path: Path, held: Mapping[str, Any]) -> list[tuple[str, Any]]:
    known = {one.name.replace("_", "-"): one for one in fields(Settings) if one.name != "file"}
    found = []
    for name, value in held.items():
        if name not in known:
            raise SourceError(f"unknown setting {name}", where=str(path), hint=f"one of: {', '.join(known)}")
        attribute = known[name].name
        default = getattr(Settings, attribute)
        if isinstance(default, tuple):
            value = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
            right = isinstance(value, tuple) and all(isinstance(one, str) for one in value)
        else:
            right = isinstance(value, (int, float) if isinstance(default, float) else type(default))
        allowed = _CHOICES.get(attribute)
        if not right or (allowed and value not in allowed):
            hint = f"one of: {', '.join(allowed)}" if allowed else f"for example {name} = {_example(default)}"
            raise SourceError(f"{name} cannot be {value!r}", where=str(path), hint=hint)
        found.append((attribute, value))
    return found


def _example(default: Any) -> str:
    return '["a", "b"]' if isinstance(default, tuple) else repr(default)
