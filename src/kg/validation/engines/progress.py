"""What an engine reports while it works: which SPARQL constraint begins and ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from kg.namespaces import SH

Progress = Callable[[str, bool], None]
SPARQL_TEXTS: Final = (SH + "select", SH + "ask")


def no_progress(_name: str, _begins: bool) -> None:
    """Leave aside which query begins or ends."""
