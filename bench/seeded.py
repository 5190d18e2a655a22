"""What `kg evidence` finds of twenty seeded changes: ten numbers changed, ten pairs of ends swapped inside one line.

python bench/seeded.py TEXT [SEED] prints a table; each change is made alone, in a copy of the data.
"""

from __future__ import annotations

import random
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from kg.files import project_folder
from kg.graph.build import build
from kg.graph.evidence import Evidence, Relation
from kg.graph.sources import read
from kg.publications.passages import find_passages
from kg.publications.text_check import check
from kg.publications.texts import Text
from kg.queries.question import find_questions
from kg.rdf_terms import local_name

EACH = 10
SEED = 2023
NUMBER = re.compile(
    r"^    kb:(?:value|openVacancies|employees|share|students|emission) (\d+)(?:\.\d+)? [;.]$", re.MULTILINE
)
PREFIX = re.compile(r"^@prefix ([\w-]*): <([^>]*)> \.$", re.MULTILINE)
BLOCK = re.compile(r"^(\S+)\n(?:    .*\n)+", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """New texts of files of the data, and what was done to them."""

    what: str
    texts: tuple[tuple[Path, str], ...]


def main() -> None:
    text_file, seed = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    with tempfile.TemporaryDirectory() as folder:
        for name in ("ontology", "data", "shapes"):
            shutil.copytree(project_folder() / name, Path(folder) / name)
        print_table(Path(folder), text_file, random.Random(seed))  # noqa: S311


def print_table(copy: Path, text_file: Path, chance: random.Random) -> None:
    numbers = chance.sample(sorted(changed_numbers(copy), key=lambda change: change.what), EACH)
    swaps = possible(copy, chance)
    before = findings(copy, text_file)
    print("| # | change | `kg evidence` finds it | `kg validate` finds it |\n| --- | --- | --- | --- |")
    for number, change in enumerate([*numbers, *swaps], 1):
        after = changed(copy, change, text_file)
        found = ["yes" if now - then else "no" for now, then in zip(after, before, strict=True)]
        print(f"| {number} | {change.what} | {' | '.join(found)} |")


def data_files(copy: Path) -> list[Path]:
    return sorted((copy / "data" / "industrie-2023").glob("*.ttl"))


def changed_numbers(copy: Path) -> Iterator[Change]:
    """Yield every number of the data with its last two digits swapped, or one more where they are the same."""
    for path in data_files(copy):
        text = path.read_text("utf-8")
        for match in NUMBER.finditer(text):
            digits = match.group(1)
            other = digits[:-2] + digits[-2:][::-1] if len(set(digits[-2:])) > 1 else str(int(digits) + 1)
            other = other if not other.startswith("0") else str(int(digits) + 1)
            subject = re.findall(r"^(\S+)$", text[: match.start()], re.MULTILINE)[-1]
            new = text[: match.start(1)] + other + text[match.end(1) :]
            yield Change(f"{subject}: {digits} becomes {other}", ((path, new),))


def possible(copy: Path, chance: random.Random) -> list[Change]:
    """Return swaps of two objects of one predicate where all four ends rest on one line; each of another kind."""
    store = build(copy).store
    evidence, passages = Evidence(store), find_passages(store)
    lines = {
        node: {span.line for iri in found if iri in passages for span in passages[iri].spans}
        for node, found in evidence.sources.items()
    }
    pairs = [pair for pair in combinations(evidence.relations, 2) if swappable(*pair, evidence, lines)]
    chance.shuffle(pairs)
    swaps, seen = [], set()
    for one, other in pairs:
        kind = (one.triple[1], one.triple[0].split("/")[5])
        change = swap(copy, one, other) if kind not in seen else None
        if change:
            seen.add(kind)
            swaps.append(change)
        if len(swaps) == EACH:
            break
    return swaps


def swappable(one: Relation, other: Relation, evidence: Evidence, lines: dict[str, set[int]]) -> bool:
    """Return whether two triples of one predicate can exchange their objects inside one line, and become two others."""
    (subject, predicate, obj), (subject2, predicate2, obj2) = one.triple, other.triple
    if predicate != predicate2 or subject == subject2 or obj == obj2 or obj.split("/")[4:6] != obj2.split("/")[4:6]:
        return False
    stated = {(subject, predicate, obj2), (subject2, predicate, obj)} & evidence.stated.keys()
    none: set[int] = set()
    return not stated and bool(set.intersection(*(lines.get(end, none) for end in (subject, subject2, obj, obj2))))


def swap(copy: Path, one: Relation, other: Relation) -> Change | None:
    """Return a change that exchanges the objects of two triples, or None where they cannot be told in the files."""
    texts = {path: path.read_text("utf-8") for path in data_files(copy)}
    for (subject, predicate, obj), new in ((one.triple, other.triple[2]), (other.triple, one.triple[2])):
        for path, text in texts.items():
            texts[path] = replaced(text, subject, predicate, obj, new)
            if texts[path] != text:
                break
        else:
            return None
    what = (
        f"{' and '.join(short(relation.triple[0]) for relation in (one, other))} swap kb:{local_name(one.triple[1])} "
    )
    what += " and ".join(short(relation.triple[2]) for relation in (one, other))
    return Change(what, tuple(texts.items()))


def replaced(text: str, subject: str, predicate: str, obj: str, new: str) -> str:
    """Return a file with one object of a subject and predicate replaced; the new one is written in full."""
    names = dict(PREFIX.findall(text))

    def full(name: str) -> str:
        prefix, _, local = name.partition(":")
        return names.get(prefix, "?") + local

    def block(match: re.Match[str]) -> str:
        return match.group() if full(match.group(1)) != subject else "".join(map(line, match.group().splitlines(True)))

    def line(one: str) -> str:
        parts = one.split()
        if len(parts) < 3 or full(parts[0]) != predicate:
            return one
        return re.sub(r"[\w-]+:[\w-]+", lambda name: f"<{new}>" if full(name.group()) == obj else name.group(), one)

    return BLOCK.sub(block, text)


def short(iri: str) -> str:
    return iri.split("/id/")[-1].replace("industrie-2023/", "")


def changed(copy: Path, change: Change, text_file: Path) -> tuple[set[str], set[str]]:
    """Return the findings in the copy with one change, which is taken back."""
    before = {path: path.read_text("utf-8") for path, _ in change.texts}
    for path, text in change.texts:
        path.write_text(text, encoding="utf-8")
    try:
        return findings(copy, text_file)
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


def findings(copy: Path, text_file: Path) -> tuple[set[str], set[str]]:
    """Return what `kg evidence`, and what the check queries of `kg validate`, say of a copy of the data."""
    graph = build(copy)
    report = check(graph.store, read(graph.sources), Text.read(text_file, graph.store))
    checked = {f"{failure.subject} {failure.predicate} {failure.what}" for _, failure in report.failures}
    checks = [one for name, one in find_questions(copy / "shapes").items() if name.startswith("checks/")]
    rows = {
        f"{one.name} {row}" for one in checks for row in graph.store.query(one.query, use_default_graph_as_union=True)
    }
    return checked, rows


if __name__ == "__main__":
    main()
