"""The files with which validation begins in a repository: a workflow for GitHub, and settings."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.validation.settings import read_settings

_TEMPLATES: Final = Path(__file__).parent / "templates"
_VARIABLE: Final = "${{ vars.KG_PACKAGE }}"


def first_files(folder: Path, package: str = "") -> list[tuple[Path, str]]:
    """Return path and text of a workflow for GitHub, and of settings where a repository has none.

    Arguments:
        folder: the repository.
        package: what pip installs there; by default what was installed here, or else a variable of the repository.

    Raises:
        SourceError: a file is there already.

    """
    workflow = folder / ".github" / "workflows" / "kg-validate.yml"
    if workflow.exists():
        raise SourceError("the workflow is there already", where=str(workflow), hint="edit it, or delete it first")
    text = (_TEMPLATES / "kg-validate.yml").read_text("utf-8")
    files = [(workflow, text.replace("{package}", json.dumps(package or installed_from() or _VARIABLE)))]
    if not read_settings(folder).file:
        shapes = next((name for name in ("shapes", "shacl") if (folder / name).is_dir()), "shapes")
        data = next((name for name in ("data", "rdf", "ontology") if (folder / name).is_dir()), ".")
        text = (_TEMPLATES / "kg.toml").read_text("utf-8").replace("{data}", data).replace("{shapes}", shapes)
        files.append((folder / "kg.toml", text))
    return files


def installed_from() -> str:
    """Return the address and revision, or hash, that this package was installed from (PEP 610); empty for a folder."""
    told: dict[str, Any] = json.loads(metadata.distribution("klimaatbanen-kg").read_text("direct_url.json") or "{}")
    url: str = told.get("url", "")
    if not url.startswith("https://"):
        return ""
    if "vcs_info" in told:
        return f"{told['vcs_info']['vcs']}+{url}@{told['vcs_info']['commit_id']}"
    hashes = told.get("archive_info", {}).get("hashes", {})
    return f"{url}#sha256={hashes['sha256']}" if "sha256" in hashes else ""
