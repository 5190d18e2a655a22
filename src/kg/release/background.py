"""The release of a served graph: made once, in a child process, and kept on disk by the version of the data.

What needs no graph is there at once; each other file is there as soon as the child process has written it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg import child_process, fingerprint
from kg.errors import KgError, SourceError, Unavailable
from kg.graph.build import Graph
from kg.graph.sources import find_packed
from kg.release.build import build_release, papers
from kg.release.changes import CHANGES
from kg.release.files import CHANGELOG, CITATION, LICENCE, File, Owner

_KEPT: Final = 4
_STALE: Final = 3_600
_RETRY: Final = 5
_GRACE: Final = 0.2
_INDEX: Final = "index.json"
_PROGRESS: Final = "progress.jsonl"
_FILES: Final = "files"


class BackgroundBuild:
    """The files of a release, or the answer that they are being made.

    Arguments:
        graph: the graph that is served.
        project: folder with shapes, queries and papers.
        owner: publisher and contact point.
        data_version: changes with the data.

    """

    def __init__(self, graph: Graph, project: Path, owner: Owner, data_version: str) -> None:
        self._graph, self._project, self._owner, self._version = graph, project, owner, data_version
        self._lock, self._done = threading.Lock(), threading.Event()
        self._begun = False
        self._files: Mapping[str, File] = {}
        self._part: Path | None = None
        self._error: KgError | None = None

    def begin(self) -> None:
        """Begin to make or to load the release, unless that has begun; nobody waits for it."""
        with self._lock:
            if not self._begun:
                self._begun = True
                threading.Thread(target=self._get, name="release", daemon=True).start()

    def files(self, wait: float = _GRACE) -> Mapping[str, File]:
        """Return all files by name.

        Arguments:
            wait: seconds to wait for them at most; those of an earlier start are soon there.

        Raises:
            Unavailable: they are being made; it says when to ask again.
            SourceError: they cannot be made.

        """
        if not self.done(wait):
            raise Unavailable("the downloads are being made", hint="ask again in some seconds", retry=_RETRY)
        return self._files

    def done(self, wait: float = _GRACE) -> bool:
        """Return whether all files are there, after so many seconds at most.

        Raises:
            SourceError: they cannot be made.

        """
        self.begin()
        done = self._done.wait(wait)
        if self._error:
            raise self._error
        return done

    def made(self) -> Mapping[str, File]:
        """Return all files where they are there; nothing is begun, and without them there are none."""
        return self._files if self._done.is_set() and not self._error else {}

    def ready(self, wait: float = _GRACE) -> Mapping[str, File]:
        """Return the files that are there, while others may still be in the making; errors as in `done`."""
        if self.done(wait):
            return self._files
        return self._at_once | _read_part(self._part)

    @cached_property
    def _at_once(self) -> dict[str, File]:
        """The files that are made from others than the graph."""
        return {file.name: file for file in papers(self._project)}

    def _get(self) -> None:
        try:
            folder = _folder() / self._key()
            if not (folder / _INDEX).is_file():
                folder = self._make(folder)
            self._files = load(folder)
        except KgError as error:
            self._error = error
        except OSError as error:
            self._error = SourceError(f"no downloads: {error.strerror}", where=str(_folder()), hint="make room there")
        finally:
            self._done.set()

    def _key(self) -> str:
        papers = [self._project / name for name in (CHANGELOG, CHANGES, CITATION, LICENCE)]
        rules = [path for name in ("shapes", "queries") for path in sorted((self._project / name).rglob("*.*"))]
        files = [*papers, *rules, *(source.path for source in find_packed(self._project))]
        return fingerprint.key_of(files, [self._version, repr(self._owner), str(len(self._graph.store))])

    def _make(self, folder: Path) -> Path:
        """Have a child process make the release, and return its place on disk; it outlives a server that ends early."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = self._part = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        try:
            self._graph.store.dump(str(part / "graph.nq"), format=ox.RdfFormat.N_QUADS)
            owner = asdict(self._owner)
            request = {"part": str(part), "folder": str(folder), "project": str(self._project), "owner": owner}
            child_process.run("kg.release.background_process", request)
        except KgError as error:
            raise SourceError(f"no downloads: {error.what}", where=error.where, hint="see kg export") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
        _forget(folder.parent, keep=folder)
        return folder


def _folder() -> Path:
    """Where releases are kept (XDG Base Directory Specification)."""
    return fingerprint.folder("releases")


def _forget(folder: Path, keep: Path) -> None:
    """Delete the oldest releases, and what a process that ended early has left."""
    for part in folder.glob(".making-*"):
        if part.stat().st_mtime < time.time() - _STALE:
            shutil.rmtree(part, ignore_errors=True)
    for old in fingerprint.older((path for path in folder.glob("[!.]*") if path != keep), _KEPT - 1):
        shutil.rmtree(old, ignore_errors=True)


def build_files(part: Path, folder: Path, project: Path, owner: Owner) -> None:
    """Build the release of a dumped graph, and move it to its place when it is whole.

    Arguments:
        part: holds `graph.nq`; beside it come the files and their index.
        folder: where `part` goes, unless another process was first.
        project: folder with shapes, queries and papers.
        owner: publisher and contact point.

    Raises:
        SourceError: a shape, question or paper is broken.

    """
    store = ox.Store()
    store.bulk_load(path=str(part / "graph.nq"), format=ox.RdfFormat.N_QUADS)
    with (part / _PROGRESS).open("w", encoding="utf-8") as progress:

        def keep(file: File) -> None:
            _write(part, file)
            progress.write(json.dumps(_entry(file), ensure_ascii=False) + "\n")
            progress.flush()

        release = build_release(Graph(store, ()), project, owner, keep)
    for file in release.files.values():
        if not (part / _FILES / file.name).exists():
            _write(part, file)
    (part / _INDEX).write_text(json.dumps([*map(_entry, release.files.values())], ensure_ascii=False), "utf-8")
    (part / _PROGRESS).unlink()
    (part / "graph.nq").unlink()
    if not (folder / _INDEX).is_file():
        part.rename(folder)


def _write(part: Path, file: File) -> None:
    path = part / _FILES / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)


def _entry(file: File) -> Mapping[str, Any]:
    return {"name": file.name, "title": dict(file.title), "graph": file.graph, "free": file.free}


def _read_part(part: Path | None) -> dict[str, File]:
    """Return the files that a child process has written; none where it has not begun, or is just done."""
    if part is None:
        return {}
    try:
        lines = (part / _PROGRESS).read_text("utf-8").splitlines(keepends=True)
        return _read(part, [json.loads(line) for line in lines if line.endswith("\n")])
    except OSError:
        return {}


def _read(folder: Path, entries: Iterable[Mapping[str, Any]]) -> dict[str, File]:
    return {entry["name"]: File(data=(folder / _FILES / entry["name"]).read_bytes(), **entry) for entry in entries}


def load(folder: Path) -> Mapping[str, File]:
    """Return the files of a release that was made before.

    Raises:
        SourceError: the index is broken.

    """
    try:
        index = json.loads((folder / _INDEX).read_text("utf-8"))
    except ValueError as error:
        raise SourceError("broken index", where=str(folder), hint="delete that folder") from error
    return _read(folder, index)
