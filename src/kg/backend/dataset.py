"""What a query sees of a back end: our graphs, whatever else it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Pairs = list[tuple[str, str]]
NOTHING: Final = "urn:x-kg:nothing"  # No graph is called so: a dataset of it is empty.


@dataclass(frozen=True)
class Ways:
    """How a back end is told which graphs a query sees.

    Attributes:
        graphs: ours.
        union: parameters that make all its graphs the default graph; None where it holds others beside ours, or has no
            such way, so that each query names our graphs.

    """

    graphs: tuple[str, ...]
    union: tuple[tuple[str, str], ...] | None = None

    def everything(self) -> Pairs:
        """Return the parameters for the union of our graphs, and each of them by name."""
        return list(self.union) if self.union is not None else _named(self.graphs, self.graphs)

    def only(self, default: Sequence[str], named: Sequence[str]) -> Pairs:
        """Return the parameters for a dataset; graphs that are not ours are left out, as if empty."""
        return _named([one for one in default if one in self.graphs], [one for one in named if one in self.graphs])


def _named(default: Sequence[str], named: Sequence[str]) -> Pairs:
    """Return a dataset by SPARQL 1.1 Protocol, section 2.1.4."""
    found = [("default-graph-uri", name) for name in default or [NOTHING]]
    return found + [("named-graph-uri", name) for name in named or [NOTHING]]
