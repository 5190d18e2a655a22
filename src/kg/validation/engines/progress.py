"""What an engine tells while it works: which SPARQL constraint begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kg.namespaces import SH

Tell = Callable[[str, bool], None]
SPARQL_TEXTS: Final = (SH + "select", SH + "ask")


def silent(_name: str, _begins: bool) -> None:
    """Tell nobody which query begins or ends."""
