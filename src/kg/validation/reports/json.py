"""JSON: all that is known of each finding."""

from __future__ import annotations

import json
from dataclasses import asdict

from kg.validation.findings import Report, fingerprints


def render(report: Report) -> str:
    """Return a report as one JSON object: `files`, `counts`, `known`, `failed`, `notes`, `findings`."""
    findings = [
        asdict(finding) | {"fingerprint": mark, "docs": finding.docs}
        for finding, mark in zip(report.findings, fingerprints(report.findings), strict=True)
    ]
    whole = {
        "files": list(report.files),
        "counts": dict(report.counts),
        "known": report.known,
        "failed": report.failed,
        "notes": list(report.notes),
        "findings": findings,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"
