"""Reports kept by the content that they came from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from kg.errors import SourceError
from kg.files import write_whole
from kg.fingerprint import folder, mark_used, older
from kg.validation.findings import Finding, Report, Rule

_KEPT: Final = 64


def load(key: str) -> Report | None:
    """Return the report kept under a key, or None."""
    path = folder("validate") / f"{key}.json"
    try:
        payload: dict[str, Any] = json.loads(path.read_text("utf-8"))
        mark_used(path)
        findings = tuple(Finding(**item) for item in payload.pop("findings"))
        rules = tuple(Rule(**item) for item in payload.pop("rules"))
        files, notes = tuple(payload.pop("files")), tuple(payload.pop("notes"))
        return Report(findings=findings, rules=rules, files=files, notes=notes, **payload)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def save(key: str, report: Report) -> None:
    """Keep a report under a key, and the newest ones before it; where the folder is not writable, do nothing."""
    path = folder("validate") / f"{key}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(asdict(report), ensure_ascii=False))
        for old in older(path.parent.glob("*.json"), _KEPT):
            old.unlink(missing_ok=True)
    except (OSError, SourceError):
        return
