"""What a query sees of a back end: our graphs, whatever else it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kg.namespaces import GRAPH

Pairs = list[tuple[str, str]]
NOTHING: Final = "urn:x-kg:nothing"  # No graph is called so: a dataset of it is empty.
# The merge of our graphs, as a graph of the back end that no query sees by this name. The union that engines make of
# graphs is a bag: a triple that two graphs hold counts twice.
MERGE: Final = GRAPH + "merge"


@dataclass(frozen=True)
class GraphSelection:
    """Which graphs of a back end a query sees.

    Attributes:
        graphs: ours.

    """

    graphs: tuple[str, ...]

    def parameters(self, default: Sequence[str] = (), named: Sequence[str] = (), *, graph: bool = True) -> Pairs:
        """Return the parameters for a dataset (SPARQL 1.1 Protocol, section 2.1.4).

        Arguments:
            default: graphs that make up its default graph; those that are not ours are left out, as if empty.
            named: graphs that GRAPH can see, likewise. Without any, the default graph is our merge, and all of ours
                are named.
            graph: whether the query looks into named graphs; engines are faster, and make fewer mistakes, without them.

        """
        merged = not (default or named)
        defaults = [MERGE] if merged else self._ours(default)
        names = self.graphs if merged else self._ours(named)
        parameters = [("default-graph-uri", name) for name in defaults]
        return parameters + [("named-graph-uri", name) for name in names if graph]

    def _ours(self, names: Sequence[str]) -> Sequence[str]:
        return [name for name in names if name in self.graphs] or [NOTHING]
