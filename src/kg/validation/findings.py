"""What a check found, and all that a report says of one run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kg.rdf_terms import local_name

SEVERITIES: Final = ("violation", "warning", "info")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that does not hold.

    Attributes:
        file: file concerned; empty when no file says anything of the focus node.
        line: line of the triple concerned, from 1; where something is missing, of the block of its subject; 0 unknown.
        column: column of the object in that line, from 1; 0 unknown.
        severity: `violation`, `warning` or `info`.
        focus: IRI of the node concerned, and its `label`.
        path: property concerned, and `value` when one is wrong.
        message: what is wrong and what to do; `hint` says why.
        shape: the rule: IRI of the shape, name of the check query, or name of a built-in rule.
        width: how many characters are concerned, and `excerpt`, the line itself.

    """

    file: str
    line: int
    column: int
    severity: str
    focus: str
    label: str
    path: str
    value: str
    message: str
    hint: str
    shape: str
    width: int = field(default=1, compare=False)
    excerpt: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What stays the same when lines move, severities change and blank nodes are named anew."""
        return (self.shape, self.file, _stable(self.focus), _stable(self.path), _stable(self.value))

    @property
    def docs(self) -> str:
        """Address of the documentation of the rule; empty where it has none."""
        return self.shape if self.shape.startswith(("http://", "https://")) else ""


def _stable(text: str) -> str:
    return "_:" if text.startswith("_:") else text


@dataclass(frozen=True)
class Rule:
    """One rule: its name, how severe a breach is, and in words what holds, why, and how to mend it.

    Attributes:
        name: IRI of a shape, name of a check query, or name of a built-in rule.
        kind: `built-in`, `shape` or `check`.
        file: where it is written; empty for a built-in rule.

    """

    name: str
    severity: str
    title: str
    why: str = ""
    mend: str = ""
    kind: str = "built-in"
    file: str = ""

    @property
    def short(self) -> str:
        """The name as people type it: of an IRI, what follows the last `#` or `/`."""
        return local_name(self.name) if "://" in self.name else self.name


@dataclass(frozen=True)
class Report:
    """The outcome of one run.

    Attributes:
        findings: sorted by place; what a baseline knows is left out and counted in `known`.
        files: the files that were checked.
        rules: the rules that were applied.
        fail_on: the least severity that fails.
        notes: what was not done, and why.
        verbose: in the report for people each info stands for itself, not only a count a rule.

    """

    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    rules: tuple[Rule, ...]
    fail_on: str = "warning"
    known: int = 0
    notes: tuple[str, ...] = ()
    lang: str = "en"
    verbose: bool = False

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each severity."""
        counts = Counter(finding.severity for finding in self.findings)
        return {severity: counts[severity] for severity in SEVERITIES}

    @property
    def failed(self) -> bool:
        """Whether a finding is as severe as `fail_on`, or more."""
        fatal = SEVERITIES[: SEVERITIES.index(self.fail_on) + 1]
        return any(finding.severity in fatal for finding in self.findings)

    @property
    def summary(self) -> str:
        """One line: files, and findings by severity."""
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        known = f" ({self.known} known from the baseline)" if self.known else ""
        return f"{len(self.files)} files checked: {counts}{known}"


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings with violations first, then by place."""
    return sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding))


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Return for each finding a hash that stays the same over unrelated edits; equal ones are numbered."""
    seen: Counter[Any] = Counter()
    hashes = []
    for finding in findings:
        text = "\n".join((*finding.key, str(seen[finding.key])))
        seen[finding.key] += 1
        hashes.append(hashlib.sha256(text.encode()).hexdigest()[:32])
    return hashes
