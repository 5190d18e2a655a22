"""The child process that draws: Vega-Lite specifications to SVG, SVG to PNG. Run by `kg.tables.charts.draw`."""

from __future__ import annotations

import resource
from base64 import b64encode
from typing import Any, Final

from kg import child_process

_CPU: Final = 60  # Seconds of the processor: a line behind the time that the parent allows.


def _draw(request: dict[str, Any], _: object) -> list[str]:
    """Return the SVGs, or an SVG as PNG in base64. Nothing is fetched: data stand in the specifications."""
    import vl_convert

    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    if "svg" in request:
        return [b64encode(vl_convert.svg_to_png(request["svg"], scale=request["scale"])).decode()]
    locale = request["locale"]
    return [vl_convert.vegalite_to_svg(spec, format_locale=locale, allowed_base_urls=[]) for spec in request["specs"]]


if __name__ == "__main__":
    child_process.main(_draw)
