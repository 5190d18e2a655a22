"""What a query sees of a back end: our graphs, whatever else it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Pairs = list[tuple[str, str]]
NOTHING: Final = "urn:x-kg:nothing"  # No graph is called so: a dataset of it is empty.


@dataclass(frozen=True)
class GraphSelection:
    """Which graphs of a back end a query sees.

    Attributes:
        graphs: ours.
        union: parameters that make all its graphs the default graph; None where it holds others beside ours, or has no
            such way, so that each query names our graphs.

    """

    graphs: tuple[str, ...]
    union: tuple[tuple[str, str], ...] | None = None

    def parameters(self, default: Sequence[str] = (), named: Sequence[str] = (), *, graph: bool = True) -> Pairs:
        """Return the parameters for a dataset (SPARQL 1.1 Protocol, section 2.1.4).

        Arguments:
            default: graphs that make up its default graph; those that are not ours are left out, as if empty.
            named: graphs that GRAPH can see, likewise. Without any, default and named are all of ours.
            graph: whether the query looks into named graphs; engines are faster, and make fewer mistakes, without them.

        """
        if not (default or named):
            if self.union is not None:
                return list(self.union)
            default = named = self.graphs
        parameters = [("default-graph-uri", name) for name in self._ours(default)]
        return parameters + [("named-graph-uri", name) for name in self._ours(named) if graph]

    def _ours(self, names: Sequence[str]) -> Sequence[str]:
        return [name for name in names if name in self.graphs] or [NOTHING]
