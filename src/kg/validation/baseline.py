"""A baseline: findings that a project knows and lives with for now; new ones fail, and so do entries that are gone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kg.errors import SourceError
from kg.files import read_text
from kg.validation.findings import Finding, Report
from kg.validation.rule_texts import built_in_rules

_NAMES: Final = ("rule", "file", "focus", "path", "value")
_VERSION: Final = 1

Key = tuple[str, str, str, str, str]


def write_baseline(findings: Iterable[Finding]) -> str:
    """Return findings as a baseline: without lines, severities and texts, sorted, equal ones counted."""
    counts = Counter(finding.key for finding in findings)
    entries = [dict(zip(_NAMES, key, strict=True)) | {"count": count} for key, count in sorted(counts.items())]
    return json.dumps({"version": _VERSION, "findings": entries}, ensure_ascii=False, indent=1) + "\n"


def read_baseline(path: Path) -> Counter[Key]:
    """Return how often a baseline knows each finding.

    Raises:
        SourceError: the file is missing or no baseline.

    """
    hint = f"kg validate --write-baseline --baseline {path}"
    if not path.is_file():
        raise SourceError("the baseline is missing", where=str(path), hint=hint)
    try:
        payload = json.loads(read_text(path))
        return Counter({_key(entry): int(entry.get("count", 1)) for entry in payload["findings"]})
    except json.JSONDecodeError as error:
        raise SourceError(error.msg, where=str(path), line=error.lineno, column=error.colno, hint=hint) from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SourceError("the file is no baseline", where=str(path), hint=hint) from error


def _key(entry: Mapping[str, Any]) -> Key:
    rule, file, focus, path, value = (str(entry[name]) for name in _NAMES)
    return rule, file, focus, path, value


def apply_baseline(report: Report, known: Counter[Key], path: Path) -> Report:
    """Return a report without what a baseline knows, and with a finding for each of its entries that is gone.

    An entry counts as gone only where its rule was applied and its file was checked.
    """
    left = Counter(known)
    new = []
    for finding in report.findings:
        if left[finding.key]:
            left[finding.key] -= 1
        else:
            new.append(finding)
    rules = {rule.name for rule in report.rules}
    gone = [key for key in left.elements() if key[0] in rules and (key[1] in report.files or not _exists(key[1]))]
    stale = [_stale(path, key, report.lang) for key in gone] if "baseline" in rules else []
    return replace(report, findings=tuple(sorted([*new, *stale])), known=len(report.findings) - len(new))


def _exists(file: str) -> bool:
    return bool(file) and Path(file).exists()


def _stale(path: Path, key: Key, lang: str) -> Finding:
    rule = built_in_rules(lang)["baseline"]
    name, file, focus, prop, value = key
    what = " ".join(text for text in (rule.title, file, name) if text)
    return Finding(str(path), 1, 0, rule.severity, focus, "", prop, value, what, rule.mend, "baseline")
