"""Specifications to SVG in a process of its own: it takes 0.5 s and 230 MB, and ends when its work or its time does."""

from __future__ import annotations

import threading
from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

from kg import child_process
from kg.errors import KgError, Unavailable

_SECONDS: Final = 20.0
_WAIT: Final = 30.0
_LOCALES: Final = {"nl": "nl-NL", "en": "en-GB"}


class ChartRenderer:
    """Draws charts, one process at a time.

    Arguments:
        seconds: for one process; after it the charts are given up, and the table beside them stays.

    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._turn = threading.Lock()

    def render(self, specs: Sequence[dict[str, Any]], lang: str) -> list[str]:
        """Return an SVG for each specification, with numbers in the way of a language.

        Raises:
            Unavailable: the process failed, took too long, or others wait for it.

        """
        return self._run({"specs": list(specs), "locale": _LOCALES[lang]})

    def render_png(self, svg: str, scale: float) -> bytes:
        """Return an SVG as PNG, at a multiple of its size.

        Raises:
            Unavailable: as `render`.

        """
        return b64decode(self._run({"svg": svg, "scale": scale})[0])

    def _run(self, request: dict[str, Any]) -> list[str]:
        if not self._turn.acquire(timeout=_WAIT):
            raise Unavailable("other charts are being drawn", hint="the table has the same data", retry=10)
        try:
            module = "kg.tables.charts.draw_process"
            results: list[str] = child_process.run(module, request, seconds=self._seconds, isolated=True)
        except (KgError, OSError) as error:
            raise Unavailable("the chart could not be drawn", hint="the table has the same data", retry=10) from error
        finally:
            self._turn.release()
        return results
