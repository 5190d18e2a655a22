"""How much of a publication a machine drafts, against what people wrote of it; writes the tables of `docs/draft.md`.

    KG_SHARED=../shared python bench/draft.py [--print] [NAME ...]

Each text is drafted by `kg draft` in a copy of the project. "As it is" leaves the graph whole, with what the
publication itself states, so that its own names are known; "without it" takes the folder of the publication away. The
factsheet is drafted with the three short texts only: without its folder, and without mappings and the extracts of ESCO
and code lists, which were made around what it names; ESCO is given as downloaded.

What is drafted is then compared with the folder that people wrote. A thing is found where its IRI is proposed, or a new
one under one of its names, and then perhaps with another class; a figure where its value is proposed on its line; a
signal where one of its kind is. A relation is a triple of `kb:` between two IRIs, its ends so matched. Lines are
triples, `dct:source` by line of the text; what `kg new` writes is left out.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pages
import pyoxigraph as ox
from click.testing import CliRunner

from kg.cli import main as kg
from kg.files import project_folder
from kg.graph.build import build
from kg.namespaces import DCT, ID, KB, RDF, RDF_TYPE, SKOS
from kg.publications.draft.turtle import confirmed
from kg.publications.surroundings import Names, grammar_of
from kg.rdf_terms import local_name, term_key

DOC = Path(__file__).parents[1] / "docs" / "draft.md"
FACTSHEET = "industrie-2023"
SHORT = ("gebouwde-omgeving-2022", "gebouwde-omgeving-2022-biind", "energiesysteem-2022-anp")
EXTRACTS = (
    "mappings",
    "esco-1.1.1",
    "esco-1.2.0",
    "brc-2014",
    "crebo-2015",
    "sbi-2008",
    "oeo-2.12.0",
    "envo-2025-10-20",
)
CASES = [(FACTSHEET, "three short texts"), *((name, way) for name in SHORT for way in ("without it", "as it is"))]
ESCO = "esco-1.2.0-nl-en"
BEGUN = ("passages.ttl", "catalogue.ttl", "publication.ttl")
MEASURES = {KB + name for name in ("value", "openVacancies", "employees", "share", "students", "emission")}
ABOUT_NUMBERS = ("unit", "qualifier", "period")
NO_RELATION = {
    KB + name for name in (*ABOUT_NUMBERS, "quantityKind", "basePeriod", "direction", "signalKind", "method")
}
FIGURES, SIGNALS, STATEMENTS = ("figure", "observation"), ("signal",), ("statement",)

Line = tuple[str, str, str]


@dataclass
class Side:
    """What a folder says, subject by subject: property to values, and the lines of the text on which each rests."""

    said: dict[str, dict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    lines: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, *, drafted: bool) -> Side:
        side = cls()
        for path in sorted(folder.rglob("*.ttl")):
            text = path.read_text("utf-8")
            for quad in ox.parse(confirmed(text) if drafted else text, format=ox.RdfFormat.TURTLE):
                subject, predicate = term_key(quad.subject), quad.predicate.value
                if path.name == "passages.ttl" and predicate == KB + "firstLine":
                    side.lines[subject] = str(quad.object).split('"')[1]
                if path.name not in BEGUN:
                    side.said[subject][predicate].add(term_key(quad.object))
        return side

    def sources(self, subject: str) -> set[str]:
        return {self.lines.get(passage, passage) for passage in self.said[subject].get(DCT + "source", ())}

    def things(self) -> list[str]:
        """Return what publications share and that has a class; periods are no thing of a text."""
        return sorted(iri for iri in self.said if self._kind(iri) and iri.removeprefix(ID).count("/") == 1)

    def _kind(self, iri: str) -> bool:
        return iri.startswith(ID) and kind_of(iri) != "period" and any(one.startswith(KB) for one in self.classes(iri))

    def classes(self, iri: str) -> set[str]:
        return self.said[iri].get(RDF_TYPE, set())

    def of_kind(self, *kinds: str) -> list[str]:
        return sorted(iri for iri in self.said if kind_of(iri) in kinds)

    def numbers(self, iri: str) -> set[Decimal]:
        values = (value.split('"')[1] for name in MEASURES for value in self.said[iri].get(name, ()) if '"' in value)
        return {number for value in values if (number := decimal(value)) is not None}

    def triples(self, names: dict[str, str]) -> set[Line]:
        """Return all lines, with names of the other side for what it has too, and sources as lines of the text."""
        told: set[Line] = set()
        for subject, properties in self.said.items():
            for predicate, values in properties.items():
                source = predicate == DCT + "source"
                for value in values:
                    shown = f"line {self.lines.get(value, value)}" if source else number_key(names.get(value, value))
                    told.add((names.get(subject, subject), predicate, shown))
        return told


def decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def number_key(term: str) -> str:
    """Return a term so that 46000 and 46000.0 are one."""
    number = decimal(term.split('"')[1]) if term.startswith('"') and "XMLSchema#" in term else None
    return term if number is None else f"{number.normalize():f}"


def kind_of(iri: str) -> str:
    return iri.removeprefix(ID).partition("/")[0] if iri.startswith(ID) else ""


def reduced(folder: Path, name: str, way: str) -> Path:
    """Copy the project with the graph of a case; ontology and template are whole."""
    for part in ("ontology", "data", "shapes", "queries", "views"):
        shutil.copytree(project_folder() / part, folder / part)
    for rule in (folder / "ontology" / "rules").glob("*.rq"):
        rule.unlink()  # A rule that derives nothing from what is left would stop the build.
    gone = (name, *EXTRACTS) if name == FACTSHEET else (name,)
    kept = folder / "kept"
    if way == "as it is":
        # The name is taken there, so the folder that says the same has another; its graph keeps its IRI's meaning.
        shutil.copytree(folder / "data" / name, kept)
    for one in gone:
        shutil.rmtree(folder / "data" / one)
    return folder


def align(people: Side, machine: Side, names: Names) -> dict[str, str]:
    """Return IRI that is drafted to the one that people gave to the same thing, figure, signal or statement."""
    grammar = grammar_of("nl")
    called: defaultdict[str, list[str]] = defaultdict(list)
    for iri in people.things():
        for name in names.get(iri):
            called[grammar.key(name)].append(iri)
    found = {}
    for iri in machine.things():
        labels = [
            value.split('"')[1]
            for name in (SKOS + "prefLabel", KB + "asPrinted")
            for value in machine.said[iri].get(name, ())
        ]
        same = [one for label in labels for one in called[grammar.key(label)]]
        same.sort(key=lambda one: people.classes(one).isdisjoint(machine.classes(iri)))
        found[iri] = iri if iri in people.said else next(iter(same), iri)
    taken: set[str] = set()
    for kinds, key in (
        (FIGURES, Side.numbers),
        (SIGNALS, lambda side, iri: side.said[iri].get(KB + "signalKind", set())),
    ):
        for iri in machine.of_kind(*kinds):
            for one in people.of_kind(*kinds):
                alike = key(machine, iri) & key(people, one) and machine.sources(iri) & people.sources(one)
                if alike and one not in taken and iri not in found:
                    taken.add(one)
                    found[iri] = one
    ends = {ends_of(people, one, {}): one for one in people.of_kind(*STATEMENTS)}
    for iri in machine.of_kind(*STATEMENTS):
        found[iri] = ends.get(ends_of(machine, iri, found), iri)
    return found


def ends_of(side: Side, statement: str, names: dict[str, str]) -> tuple[str, ...]:
    values = (next(iter(side.said[statement].get(RDF + name, ("",)))) for name in ("subject", "predicate", "object"))
    return tuple(names.get(value, value) for value in values)


@dataclass(frozen=True)
class Share:
    """How many are right, proposed and wanted."""

    right: int
    proposed: int
    wanted: int

    def __str__(self) -> str:
        precision = f"{self.right / self.proposed:.2f}" if self.proposed else "-"
        recall = f"{self.right / self.wanted:.2f}" if self.wanted else "-"
        return f"{precision} | {recall} | {self.right} of {self.proposed} and {self.wanted}"


@dataclass(frozen=True)
class Outcome:
    shares: dict[str, Share]
    lines: dict[str, Counter[str]]
    wrong: dict[str, list[str]]
    missed: dict[str, list[str]]


def compare(people: Side, machine: Side, names: dict[str, str]) -> Outcome:
    wanted, proposed = set(people.things()), {names.get(iri, iri) for iri in machine.things()}
    shares = {"things": Share(len(wanted & proposed), len(proposed), len(wanted))}
    alike = [iri for iri in machine.things() if names.get(iri, iri) in wanted]
    same = sum(not machine.classes(iri).isdisjoint(people.classes(names.get(iri, iri))) for iri in alike)
    shares["class of a thing found"] = Share(same, len(alike), len(alike))
    wrong, missed = {"things": sorted(proposed - wanted)}, {"things": sorted(wanted - proposed)}
    for title, kinds in (("figures", FIGURES), ("signals", SIGNALS)):
        have = people.of_kind(*kinds)
        drafted = machine.of_kind(*kinds)
        right = {names[iri] for iri in drafted if iri in names}
        shares[title] = Share(len(right), len(drafted), len(have))
        wrong[title] = [iri for iri in drafted if iri not in names]
        missed[title] = sorted(set(have) - right)
    figures = {iri: names[iri] for iri in machine.of_kind(*FIGURES) if iri in names}
    for name in ABOUT_NUMBERS:
        given = {(one, value) for iri, one in figures.items() for value in machine.said[iri].get(KB + name, ())}
        right_ones = {(one, value) for one in figures.values() for value in people.said[one].get(KB + name, ())}
        if name == "unit":  # That of an observation lies in its property, such as kb:openVacancies.
            given = {pair for pair in given if people.said[pair[0]].get(KB + name)}
        shares[f"{name} of a figure found"] = Share(len(given & right_ones), len(given), len(right_ones))
    relations = [set(filter(is_relation, side.triples(known))) for side, known in ((people, {}), (machine, names))]
    shares["relations"] = Share(len(relations[0] & relations[1]), len(relations[1]), len(relations[0]))
    shared = [{one for one in side if not bound(one[0]) and not bound(one[2])} for side in relations]
    shares["of these, between shared things"] = Share(len(shared[0] & shared[1]), len(shared[1]), len(shared[0]))
    wrong["relations"] = [" ".join(map(local_name, one)) for one in sorted(relations[1] - relations[0])]
    missed["relations"] = [" ".join(map(local_name, one)) for one in sorted(relations[0] - relations[1])]
    return Outcome(shares, changes(people.triples({}), machine.triples(names)), wrong, missed)


def is_relation(line: Line) -> bool:
    subject, predicate, value = line
    return (
        predicate.startswith(KB)
        and predicate not in NO_RELATION
        and value.startswith(ID)
        and kind_of(subject) != "statement"
    )


def bound(iri: str) -> bool:
    """Return whether a thing belongs to one publication."""
    return iri.removeprefix(ID).count("/") > 1


def changes(wanted: set[Line], drafted: set[Line]) -> dict[str, Counter[str]]:
    """Return group of subjects to how many of its lines are confirmed, changed, typed and deleted."""
    counts: dict[str, Counter[str]] = {group: Counter() for group in GROUPS}
    loose: Counter[tuple[str, str]] = Counter((subject, predicate) for subject, predicate, _ in drafted - wanted)
    for line in sorted(wanted):
        what = "confirmed" if line in drafted else "changed" if loose[line[:2]] else "typed"
        loose[line[:2]] -= what == "changed"
        counts[group_of(line[0])][what] += 1
    for (subject, _), number in loose.items():
        counts[group_of(subject)]["deleted"] += max(number, 0)
    return counts


GROUPS = ("things", "figures", "signals", "statements", "claims, tasks and the rest")


def group_of(iri: str) -> str:
    kind = kind_of(iri)
    for group, kinds in (("figures", FIGURES), ("signals", SIGNALS), ("statements", STATEMENTS)):
        if kind in kinds:
            return group
    return "things" if iri.removeprefix(ID).count("/") == 1 else GROUPS[-1]


def measure(name: str, way: str, shared: Path) -> tuple[Outcome, Side]:
    texts = {FACTSHEET: shared / "source" / "klimaatbanen-industrie-2023.txt"}
    text = texts.get(name, shared / "source" / "other" / f"{name}.txt")
    with tempfile.TemporaryDirectory() as folder:
        project = reduced(Path(folder), name, way)
        if way == "as it is":
            # kg draft refuses a name that is taken: what the publication states is known under another folder name.
            (project / "kept").rename(project / "data" / f"{name}-itself")
            graph_of(project / "data" / f"{name}-itself", name)
        arguments = [
            "draft",
            name,
            "--text",
            str(text),
            "--esco",
            str(shared / "vocab" / ESCO),
            "--project",
            str(project),
        ]
        run = CliRunner().invoke(kg, arguments)
        if run.exit_code:
            raise SystemExit(f"{name}, {way}: {run.output}{run.exception or ''}")
        machine = Side.read(project / "data" / f"_{name}", drafted=True)
    people = Side.read(project_folder() / "data" / name, drafted=False)
    names = Names(build(project_folder()).store, "", "nl")
    return compare(people, machine, align(people, machine, names)), people


def graph_of(folder: Path, name: str) -> None:
    """Let the catalogue of a folder that was renamed name the graphs of its new name."""
    catalogue = folder / "catalogue.ttl"
    text = catalogue.read_text("utf-8").replace(f"graph:{name}", f"graph:{folder.name}")
    catalogue.write_text(text.replace(f"graph/{name}/", f"graph/{folder.name}/"), "utf-8")


def tables(outcomes: Iterable[tuple[str, str, Outcome, Side]]) -> Iterator[str]:
    measured = list(outcomes)
    yield "| text | graph | what | precision | recall | right, of proposed and wanted |"
    yield "| --- | --- | --- | ---: | ---: | --- |"
    for name, way, outcome, _ in measured:
        yield from (f"| {name} | {way} | {what} | {share} |" for what, share in outcome.shares.items())
    yield ""
    yield "| text | graph | lines of | confirmed | changed | typed | deleted | per thing: confirmed, changed, typed |"
    yield "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |"
    for name, way, outcome, people in measured:
        subjects = Counter(group_of(iri) for iri in people.said)
        for group, counts in outcome.lines.items():
            number = subjects[group] or 1
            each = ", ".join(f"{counts[what] / number:.1f}" for what in ("confirmed", "changed", "typed"))
            cells = " | ".join(str(counts[what]) for what in ("confirmed", "changed", "typed", "deleted"))
            yield f"| {name} | {way} | {subjects[group]} {group} | {cells} | {each} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="texts to measure; all by default")
    parser.add_argument("--print", action="store_true", help="print, with what is wrong and missed; write nothing")
    given = parser.parse_args()
    shared = os.environ.get("KG_SHARED")
    if not shared:
        parser.error("set KG_SHARED to the folder with the texts (source/) and vocabularies (vocab/)")
    measured = []
    for name, way in CASES:
        if not given.names or name in given.names:
            print(f"{name}, {way}", file=sys.stderr)
            measured.append((name, way, *measure(name, way, Path(shared))))
    table = "\n".join(tables(measured))
    print(table)
    if not given.print:
        pages.write_between(DOC, "draft", table + "\n")
        return 0
    for name, way, outcome, _ in measured:
        for title, found in (("wrong", outcome.wrong), ("missed", outcome.missed)):
            for what, iris in found.items():
                print(f"\n{name}, {way}: {what} {title}: {len(iris)}")
                print("  " + "\n  ".join(one.removeprefix(ID) for one in iris))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
