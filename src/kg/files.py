"""Files of a project: where they stand, how they are read, and how one is written whole or not at all.

`project_folder`, `own_project` and `project_around` find the project; `read_text`, `parse_yaml` and `read_toml` name
file and line in their errors; `replacing` and `write_whole` leave what was there until the new file or folder is whole.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from kg.errors import SourceError

_PACKAGE: Final = Path(__file__).parent
_INSTALLED: Final = _PACKAGE / "project"
FOLDERS: Final = ("ontology", "data", "shapes", "queries", "views")
_MARKS: Final = ("ontology", "data")  # What a project has at least.


def own_project(named: Path | None = None) -> Path:
    """Return the project in which a command may write: the nearest folder upwards with `ontology/` and `data/`.

    Arguments:
        named: the folder that `--project` names, which must be one itself; None to look from the current folder.

    Raises:
        SourceError: there is none, or it is the data of an installed package.

    """
    begin = (named or Path.cwd()).absolute()
    hint = "work in a clone of the project, or name one with --project FOLDER"
    folder = project_around(begin)
    if folder is None or (named and folder != begin):
        what = "no ontology/ and data/ in it" if named else "no folder from here upwards has ontology/ and data/"
        raise SourceError(what, where=str(begin), hint=hint)
    if folder.resolve() == _INSTALLED.resolve():
        raise SourceError("this is the data of an installed package", where=str(folder), hint=hint)
    return folder


def project_around(place: Path) -> Path | None:
    """Return the nearest folder upwards from a place, itself among them, with `ontology/` and `data/`."""
    begin = place.absolute()
    folders = (begin, *begin.parents)
    return next((folder for folder in folders if all((folder / name).is_dir() for name in _MARKS)), None)


def project_folder() -> Path:
    """Return the folder that holds `ontology/ data/ shapes/ queries/ views/`.

    Raises:
        SourceError: neither the wheel nor the checkout has them.

    """
    for candidate in (_INSTALLED, _PACKAGE.parents[1]):
        if all((candidate / name).is_dir() for name in FOLDERS):
            return candidate
    raise SourceError(
        f"no folder with {', '.join(FOLDERS)} beside the package",
        where=str(_PACKAGE),
        hint="install klimaatbanen-kg again, or run from a whole checkout",
    )


def read_text(path: Path) -> str:
    """Return a file as text, without a byte order mark.

    Raises:
        SourceError: the file is missing, unreadable or not UTF-8.

    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 (byte {error.start})", where=str(path), hint="save the file as UTF-8") from error
    except OSError as error:
        raise SourceError(
            error.strerror or str(error), where=str(path), hint="check the path and its rights"
        ) from error


def parse_yaml(text: str, where: object, first_line: int = 1) -> Any:
    """Return what a YAML text holds (YAML 1.1, plain data only).

    Arguments:
        text: the YAML.
        where: file that holds it, for the error.
        first_line: line of the file at which the text begins.

    Raises:
        SourceError: it is not YAML, with line and column where they are known.

    """
    import yaml  # Not needed by every command, and slow to import.

    # The C loader is as safe as SafeLoader and ten times faster; some builds of PyYAML lack it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:  # A date such as 2023-99-99 is a ValueError.
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + first_line, mark.column + 1) if mark else (None, None)
        what = getattr(error, "problem", None) or str(error)
        raise SourceError(f"not YAML: {what}", where=str(where), line=line, column=column, hint="mend it") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds (TOML 1.0).

    Raises:
        SourceError: the file cannot be read, or is not TOML; the message says at which line and column.

    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SourceError(f"not TOML: {error}", where=str(path), hint="mend it") from error


@contextmanager
def replacing(path: Path, prefix: str = ".", *, parents: bool = False) -> Iterator[Path]:
    """Yield a place beside a file or folder; what is written there takes its place when the block ends without error.

    Arguments:
        path: what is replaced, if it is there.
        prefix: of the name of the temporary folder, which is deleted in any case.
        parents: make the folder in which it stands, if it is missing.

    Raises:
        SourceError: it cannot be written; what was there is as it was.

    """
    path = path.absolute()
    folder = path.with_name(f"{prefix}{path.name}-{token_hex(4)}")  # Named before it is made: an interrupt leaves none.
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(0o700)
        yield folder / path.name
        if path.is_dir():
            path.rename(folder / f"{path.name}.old")
        (folder / path.name).replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "check the path, its rights and the space"
        raise SourceError(f"cannot be written: {reason}", where=str(path), hint=hint) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; text becomes UTF-8, its line ends as they are.

    Raises:
        SourceError: it cannot be written; what was there is as it was.

    """
    with replacing(path) as fresh:
        fresh.write_bytes(content.encode() if isinstance(content, str) else content)
