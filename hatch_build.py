"""Puts the SPARQL editor into wheel and source archive; see `src/editor/build.py` and docs/editor.md."""

from __future__ import annotations

import importlib.util
import platform
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class EditorHook(BuildHookInterface[Any]):
    """Builds the editor before files are packed; an editable install leaves it to `make editor`."""

    def dependencies(self) -> list[str]:
        """Ask for Node as a Python package, where the bundle has to be built and nothing else can."""
        editor = _editor(self.root)
        have = editor is None or editor.mode() == "no" or editor.is_fresh() or editor.npm() is not None
        return [] if have or not _has_wheel() else [editor.NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle and add it, though Git ignores it."""
        editor = _editor(self.root)
        if editor is None or version == "editable" or editor.mode() == "no":
            return
        try:
            if not editor.is_fresh():
                editor.build()
        except editor.NotBuilt as error:
            if editor.mode() == "require":
                raise
            self.app.display_warning(f"editor not built, so /sparql is the plain form: {error}")
            return
        build_data["artifacts"].append("/src/kg/web/static/editor/*")


def _editor(root: str) -> ModuleType | None:
    """Return the module `src/editor/build.py`."""
    path = Path(root) / "src" / "editor" / "build.py"
    spec = importlib.util.spec_from_file_location("kg_editor_build", path)
    if not path.is_file() or spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _has_wheel() -> bool:
    """Return whether PyPI has Node for this machine, so that asking for it does not stop an install."""
    machine = platform.machine().lower()
    return sys.platform in {"linux", "darwin", "win32"} and machine in {"x86_64", "amd64", "aarch64", "arm64"}
