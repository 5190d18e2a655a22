"""A difference for people (text, Markdown, which becomes the changelog of a release) and for programs (JSON)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pyoxigraph as ox

from kg.namespaces import BASE
from kg.rdf_terms import Term, prefixed_name
from kg.release.compare import DATATYPE, DEPRECATED, MEANING, REMOVED, TYPE, Breaking, Change, Difference, Kind

FORMATS: Final = ("text", "markdown", "json")
_WHAT: Final = {
    REMOVED: "removed",
    DEPRECATED: "deprecated",
    MEANING: "meaning changed",
    TYPE: "class changed",
    DATATYPE: "datatype changed",
}


class Report:
    """Writes one difference.

    Arguments:
        difference: what differs.
        old: name of the old side.
        new: name of the new side.
        lang: language of labels, `nl` or `en`.

    """

    def __init__(self, difference: Difference, old: str, new: str, lang: str = "en") -> None:
        self._all, self._old, self._new, self._lang = difference, old, new, lang

    def render(self, form: str) -> str:
        """Return the report in one of the formats."""
        renderers: dict[str, Callable[[], str]] = {"text": self.text, "markdown": self.markdown, "json": self.json}
        return renderers[form]()

    def text(self) -> str:
        """Return the report as plain text."""
        lines = [f"{self._old} -> {self._new}: {self._summary()}"]
        for title, items in self._sections():
            lines += ["", title, *(f"  {item}" for item in items)]
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """Return the report as Markdown."""
        lines = [f"# {_escape(self._old)} to {_escape(self._new)}", "", f"{self._summary()}."]
        for title, items in self._sections():
            lines += ["", f"## {_escape(title)}", ""]
            for item in items:
                indent = "  " if item.startswith(" ") else ""
                lines.append(f"{indent}- {_escape(_spelled(item.strip()))}")
        return "\n".join(lines) + "\n"

    def _sections(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the title and lines of each part that is not empty."""
        if self._all.breaking:
            yield "Breaking for consumers", [self._broken(change) for change in self._all.breaking]
        for kind in self._all.kinds:
            yield self._kind_name(kind), list(self._kind_lines(kind))
        if self._all.made:
            yield "Made by the build, counted only", list(self._made())

    def json(self) -> str:
        """Return the report as JSON, with full IRIs."""
        added, removed, changed = self._all.counts
        whole = {
            "old": self._old,
            "new": self._new,
            "counts": {"added": added, "removed": removed, "changed": changed, "breaking": len(self._all.breaking)},
            "breaking": [self._broken_json(change) for change in self._all.breaking],
            "kinds": [self._kind_json(kind) for kind in self._all.kinds],
            "made": [{"graph": graph, "added": new, "removed": old} for graph, (new, old) in self._all.made.items()],
        }
        return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"

    def _summary(self) -> str:
        if not self._all:
            return "no difference"
        added, removed, changed = self._all.counts
        return f"{added} added, {removed} removed, {changed} changed; {len(self._all.breaking)} breaking"

    def _kind_name(self, kind: Kind) -> str:
        return f"{self._label(kind.iri)} ({self._short(kind.iri)})" if kind.iri else "without a class"

    def _kind_lines(self, kind: Kind) -> Iterator[str]:
        for sign, group in (("+", kind.added), ("-", kind.removed)):
            yield from (f"{sign} {self._named(iri)}" for iri in group)
        for changed in kind.changed:
            yield f"~ {self._named(changed.iri)}"
            yield from (f"    {line}" for change in changed.changes for line in self._change_lines(change))

    def _change_lines(self, change: Change) -> Iterator[str]:
        place = f" in {self._short(change.graph)}" if change.graph else ""
        for sign, values in (("-", change.removed), ("+", change.added)):
            if values:
                yield f"{sign} {self._short(change.property)}{place}: {', '.join(map(self._value, values))}"

    def _made(self) -> Iterator[str]:
        for graph, (added, removed) in self._all.made.items():
            yield f"{self._short(graph)}: {added} added, {removed} removed"

    def _broken(self, change: Breaking) -> str:
        head = f"{_WHAT[change.what]}: {self._named(change.iri)}"
        if change.what == REMOVED:
            return head
        if change.what == DEPRECATED:
            return f"{head}; replaced by {', '.join(map(self._value, change.after)) or 'nothing'}"
        before, after = (", ".join(map(self._value, values)) or "nothing" for values in (change.before, change.after))
        name = f" {self._short(change.property)}" if change.property else ""
        return f"{head}:{name} {before} -> {after}"

    def _broken_json(self, change: Breaking) -> dict[str, Any]:
        return {
            "what": change.what,
            **self._json_name(change.iri),
            "property": change.property or None,
            "before": [str(value) for value in change.before],
            "after": [str(value) for value in change.after],
        }

    def _kind_json(self, kind: Kind) -> dict[str, Any]:
        return {
            "class": kind.iri or None,
            "label": self._label(kind.iri) if kind.iri else None,
            "added": [self._json_name(iri) for iri in kind.added],
            "removed": [self._json_name(iri) for iri in kind.removed],
            "changed": [
                {**self._json_name(changed.iri), "changes": [_change_json(change) for change in changed.changes]}
                for changed in kind.changed
            ],
        }

    def _json_name(self, iri: str) -> dict[str, Any]:
        return {"iri": iri, "label": self._label(iri)}

    def _label(self, iri: str) -> str:
        return self._all.labels.get(iri, self._lang)[0]

    def _named(self, iri: str) -> str:
        return f"{self._label(iri)} <{self._short(iri)}>" if not iri.startswith("_:") else iri

    def _short(self, iri: str) -> str:
        return prefixed_name(iri, self._all.prefixes) or iri.removeprefix(BASE)

    def _value(self, node: Term) -> str:
        if isinstance(node, ox.NamedNode):
            return self._short(node.value)
        if isinstance(node, ox.Literal) and not node.language and not node.datatype.value.endswith("#string"):
            return f'"{node.value}"^^{self._short(node.datatype.value)}'
        return str(node)


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "property": change.property,
        "graph": change.graph or None,
        "removed": [str(value) for value in change.removed],
        "added": [str(value) for value in change.added],
    }


def _spelled(line: str) -> str:
    """Return a line with its sign in words, which Markdown would take for a list."""
    words = {"+ ": "added", "- ": "removed", "~ ": "changed"}
    return f"{words[line[:2]]}: {line[2:]}" if line[:2] in words else line


def _escape(text: str) -> str:
    """Return a text in which Markdown sees no markup."""
    for mark in "\\`*_[]<>#|":
        text = text.replace(mark, f"\\{mark}")
    return text
