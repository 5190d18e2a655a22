"""The graph of a project as it was built last, under a hash of its files and of the program.

Reading it takes a quarter of the time of building it, which each command that asks one question would spend anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pyoxigraph as ox

from kg import fingerprint
from kg.errors import SourceError
from kg.files import write_whole
from kg.graph.build import Graph, build
from kg.graph.sources import Source, find_packed, find_sources, is_left_out

_KEPT: Final = 3
_FORMAT: Final = ox.RdfFormat.N_QUADS


def read_or_build(project: Path) -> Graph:
    """Return the graph of a project: as it was built before, or built now and kept; where that fails, not kept.

    Raises:
        SourceError: as `build`.

    """
    packed = tuple(find_packed(project))
    kept = fingerprint.folder("graphs") / f"{_key(project, packed)}.nq"
    store = _read(kept)
    if store is None:
        graph = build(project)
        _write(kept, graph.store)
        return graph
    return Graph(store, tuple(find_sources(project)), packed=packed, project=project)


def _key(project: Path, packed: Iterable[Source]) -> str:
    data, beside = project / "data", {source.path for source in packed}
    paths = {path for path in data.rglob("*") if path not in beside and not is_left_out(path, data)}
    paths.update((project / "ontology").rglob("*"))
    return fingerprint.key_of(sorted(path for path in paths if path.is_file()), ["graph"])


def _read(kept: Path) -> ox.Store | None:
    try:
        store = ox.Store()
        store.load(path=str(kept), format=_FORMAT, lenient=True)
        fingerprint.mark_used(kept)
    except (OSError, SyntaxError):
        return None
    return store


def _write(kept: Path, store: ox.Store) -> None:
    with suppress(OSError, SourceError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        lines = (store.dump(format=_FORMAT) or b"").splitlines(keepends=True)
        write_whole(kept, b"".join(reversed(lines)))  # The engine yields last what came first: its order stays so.
        for old in fingerprint.older(kept.parent.glob("*.nq"), _KEPT):
            old.unlink(missing_ok=True)
