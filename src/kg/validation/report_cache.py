"""Reports kept by the content that they came from."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any, Final

from kg.fingerprint import folder
from kg.validation.findings import Finding, Report, Rule

_KEPT: Final = 64


def load(key: str) -> Report | None:
    """Return the report kept under a key, or None."""
    path = folder() / f"{key}.json"
    try:
        held: dict[str, Any] = json.loads(path.read_text("utf-8"))
        path.touch()
        findings = tuple(Finding(**one) for one in held.pop("findings"))
        rules = tuple(Rule(**one) for one in held.pop("rules"))
        files, notes = tuple(held.pop("files")), tuple(held.pop("notes"))
        return Report(findings=findings, rules=rules, files=files, notes=notes, **held)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(key: str, report: Report) -> None:
    """Keep a report under a key, and the newest ones before it; where the folder is not writable, do nothing."""
    path = folder() / f"{key}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(asdict(report), ensure_ascii=False), "utf-8")
        part.replace(path)
        kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
