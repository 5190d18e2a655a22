"""The SHACL engines, each a function from data and shapes to a validation report.

pyshacl over a plain in-memory rdflib graph is the reference. `shacl` is compiled and 10 to 50 times faster; tests prove
that both say the same. `auto` is `shacl` where it is installed and takes the shapes, and else the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import pyoxigraph as ox

from kg.errors import SourceError, Unavailable
from kg.validation.engines.progress import Progress, no_progress
from kg.validation.engines.shacl_rs import blank_nodes, run_shacl, uses_sparql

__all__ = ["ENGINES", "no_progress"]


def _run_reference(data: bytes, shapes: Iterable[ox.Triple], progress: Progress = no_progress) -> Iterator[ox.Triple]:
    from kg.validation.engines.pyshacl import (
        run_pyshacl,  # rdflib and pyshacl take most of a second, and shacl needs neither
    )

    return run_pyshacl(data, shapes, progress)


def run_auto(data: bytes, shapes: Iterable[ox.Triple], progress: Progress = no_progress) -> Iterator[ox.Triple]:
    """Yield the validation report of `shacl`, or of `pyshacl` where that is not installed or refuses the shapes.

    SPARQL in shapes over data with blank nodes is left to `pyshacl`: what tells their names in `shacl` is data too.

    Raises:
        SourceError: neither can use the shapes.

    """
    rules = list(shapes)
    if uses_sparql(rules) and blank_nodes(data):
        yield from _run_reference(data, rules, progress)
        return
    try:
        report = list(run_shacl(data, rules, progress))
    except (Unavailable, SourceError):
        report = list(_run_reference(data, rules, progress))
    yield from report


Engine = Callable[[bytes, Iterable[ox.Triple], Progress], Iterator[ox.Triple]]

ENGINES: Final[Mapping[str, Engine]] = {
    "auto": run_auto,
    "pyshacl": _run_reference,
    "shacl": run_shacl,
}
