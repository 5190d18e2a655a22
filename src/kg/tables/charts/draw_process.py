"""The process that draws: specifications on standard input, SVG on standard output, both JSON."""

from __future__ import annotations

import json
import resource
import sys
from typing import Final

_CPU: Final = 60  # Seconds of the processor: a line behind the time that the parent allows.


def main() -> None:
    """Draw what standard input holds. Nothing is fetched: data stand in the specifications."""
    import vl_convert

    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    told = json.load(sys.stdin)
    drawn = [
        vl_convert.vegalite_to_svg(spec, format_locale=told["locale"], allowed_base_urls=[]) for spec in told["specs"]
    ]
    json.dump(drawn, sys.stdout)


if __name__ == "__main__":
    main()
