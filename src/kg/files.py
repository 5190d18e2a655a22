"""Where ontology, data, shapes and queries stand: in the wheel, or in the checkout."""

from __future__ import annotations

from pathlib import Path

from kg.errors import SourceError

_PACKAGE = Path(__file__).parent
FOLDERS = ("ontology", "data", "shapes", "queries", "views")


def project_folder() -> Path:
    """Return the folder that holds `ontology/ data/ shapes/ queries/ views/`.

    Raises:
        SourceError: neither the wheel nor the checkout has them.

    """
    for candidate in (_PACKAGE / "project", _PACKAGE.parents[1]):
        if all((candidate / name).is_dir() for name in FOLDERS):
            return candidate
    raise SourceError(
        f"no folder with {', '.join(FOLDERS)} beside the package",
        where=str(_PACKAGE),
        hint="install klimaatbanen-kg again, or run from a whole checkout",
    )


def read_text(path: Path) -> str:
    """Return a file as text.

    Raises:
        SourceError: the file is missing, unreadable or not UTF-8.

    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 (byte {error.start})", where=str(path), hint="save the file as UTF-8") from error
    except OSError as error:
        raise SourceError(
            error.strerror or str(error), where=str(path), hint="check the path and its rights"
        ) from error
