"""Where measurements are written down: a page of docs, between two marks, with the machine named."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def machine() -> str:
    """Return what the numbers were measured on."""
    model = re.search(r"^model name\s*: (.*)$", _read("/proc/cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal: +(\d+)", _read("/proc/meminfo"), re.MULTILINE)
    size = f", {int(memory.group(1)) >> 20} GiB" if memory else ""
    name = model.group(1).strip() if model else platform.machine()
    return f"{name}, {os.cpu_count()} processors{size}, {platform.system()}, Python {platform.python_version()}"


def write_between(page: Path, mark: str, text: str) -> None:
    """Put text between `<!-- MARK -->` and `<!-- /MARK -->` of a page."""
    begin, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{page}: no {begin.strip()} ... {end}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError:
        return ""
