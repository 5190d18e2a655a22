"""How well a typed job leads to ESCO, and how good the nearest climate occupations are: the tables of docs/switch.md.

    pip install bm25s==0.3.16                   # without it the line of BM25 is left out
    python bench/switch.py                      # coverage, stability, and weights on the judged pairs
    python bench/switch.py --pairs pairs.tsv    # the pairs to judge

`bench/switch-titles.csv` holds 300 everyday Dutch job titles and the ESCO occupations that each names, judged by
someone who had not seen the matcher; none where ESCO has no such occupation. `bench/switch-pairs.tsv` holds starts
drawn from them, with the climate occupations that any weighting puts in its first three, each judged by a reader of
its own: sensible, thin or silly.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from kg.files import project_folder
from kg.graph.build import build
from kg.linking.advice import Advisor, Asked
from kg.linking.career_switch import Switches, targets_of
from kg.linking.compounds import folded
from kg.linking.database import Database
from kg.queries.question import find_questions

HERE = Path(__file__).parent
TITLES, PAIRS = HERE / "switch-titles.csv", HERE / "switch-pairs.tsv"
HEADER = ("start", "target", "startLabel", "targetLabel", "judgement")
VERDICTS = ("sensible", "thin", "silly")
NEAREST, STARTS, SEED = 3, 60, 2026
# The occupations of ESCO, and whether the first is taken without asking.
Finder = Callable[[str], tuple[list[str], bool]]


@dataclass(frozen=True)
class Title:
    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class Weighting:
    """How a score is made: whether rare skills weigh more, the share of an optional skill, whether levels count."""

    name: str
    rarity: bool = True
    optional: float = 0.3
    levels: bool = True


WEIGHTINGS = (
    Weighting("as built: rarity, optional 0.3"),
    Weighting("plain overlap, optional as essential", rarity=False, optional=1.0),
    Weighting("plain overlap, essential twice", rarity=False, optional=0.5),
    Weighting("rarity, optional as essential", optional=1.0),
    Weighting("rarity, essential twice", optional=0.5),
    Weighting("as built, without levels", levels=False),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, help="write the pairs to judge to this file, and measure nothing")
    given = parser.parse_args()
    project = project_folder()
    graph, database = build(project), Database.open(project)
    advisor = Advisor.open(graph, find_questions(project / "queries"))
    titles = read_titles()
    nearest = Nearest(advisor, database, targets_of(graph.store))
    starts = drawn(titles, nearest)
    if given.pairs:
        return write_pairs(given.pairs, nearest, starts)
    cover(titles, {"kg switch": named(advisor), **baselines(database)})
    steady(nearest, sorted(database.essential))
    compare(nearest, starts)


def read_titles() -> list[Title]:
    with TITLES.open(encoding="utf-8", newline="") as file:
        return [Title(row["title"], frozenset(row["right"].split())) for row in csv.DictReader(file)]


def named(advisor: Advisor) -> Finder:
    def find(text: str) -> tuple[list[str], bool]:
        advice = advisor.advise(Asked(text), "nl", 1)
        if advice["from"]:
            return [start["esco"]["id"] for start in advice["from"]], True
        return [job["esco"]["id"] for job in advice["jobs"] if job["named"] or job["relation"]], False

    return find


def sole(found: list[str]) -> tuple[list[str], bool]:
    """Return what labels find; what is found alone is taken without asking."""
    return found, len(found) == 1


def baselines(database: Database) -> dict[str, Finder]:
    """Return what labels alone do: the occupations with exactly this Dutch label, and the first of BM25."""
    entries = [entry for entry in map(database.get, database.essential) if entry]
    pairs = [(folded(label.text), entry.iri) for entry in entries for label in entry.labels if label.lang == "nl"]
    known: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for text, iri in pairs:
        known[text][iri] = None
    finders: dict[str, Finder] = {"exact label": lambda text: sole(list(known.get(folded(text), ())))}
    if util.find_spec("bm25s"):
        finders["BM25, the first"] = by_bm25(pairs)
    return finders


def by_bm25(pairs: list[tuple[str, str]]) -> Finder:
    import bm25s

    ranker = bm25s.BM25()
    ranker.index([text.split() for text, _ in pairs], show_progress=False)

    def find(text: str) -> tuple[list[str], bool]:
        near, scores = ranker.retrieve([folded(text).split()], k=1, show_progress=False)
        return sole([pairs[at][1] for at, score in zip(near[0], scores[0], strict=True) if score > 0])

    return find


def cover(titles: list[Title], finders: Mapping[str, Finder]) -> None:
    """Print which share of titles leads where: to the right occupation at once, among choices, to a wrong one."""
    columns = "right at once | right among choices | choices (median) | wrong at once | wrong choices | none"
    print(f"| {len(titles)} titles | {columns} |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, find in finders.items():
        found = [(title, *find(title.text)) for title in titles]
        ends = Counter(end(title, those, taken) for title, those, taken in found)
        many = sorted(len(those) for _, those, taken in found if those and not taken)
        middle = many[len(many) // 2] if many else 0
        cells = [ends[key] for key in ("at once", "among", "wrong at once", "wrong", "none")]
        print(f"| {name} | {cells[0]} | {cells[1]} | {middle} | {cells[2]} | {cells[3]} | {cells[4]} |")
    print()


def end(title: Title, found: list[str], taken: bool) -> str:
    """Return where a title leads; that ESCO has none and none is named is right."""
    if not found:
        return "none" if title.right else "at once"
    right = bool(title.right & set(found))
    if taken:
        return "at once" if right else "wrong at once"
    return "among" if right else "wrong"


class Nearest:
    """The nearest climate occupations under each weighting; what `kg switch` does is the first."""

    def __init__(self, advisor: Advisor, database: Database, targets: Mapping[str, Mapping[str, bool]]) -> None:
        self.advisor, self.switches = advisor, advisor.switches
        essential, optional = database.essential, database.optional
        self._under = {
            one: Switches(
                essential, optional, targets, advisor.switches.level, rarity=one.rarity, optional_share=one.optional
            )
            for one in WEIGHTINGS
        }

    def of(self, start: str, weighting: Weighting = WEIGHTINGS[0], had: frozenset[str] | None = None) -> list[str]:
        """Return the ESCO occupations that stand for the nearest climate occupations of an ESCO occupation."""
        had = self.switches.skills_of(start) if had is None else had
        level = self.switches.level(start) if weighting.levels else 0
        known = {start, *self.switches.ours_of(start)}
        return [match.via for match in self._under[weighting].nearest(had, level, known)[:NEAREST]]


def drawn(titles: list[Title], nearest: Nearest) -> list[str]:
    """Return starts drawn from what the titles name first."""
    known = sorted({min(title.right) for title in titles if title.right} & nearest.switches.origins)
    return sorted(random.Random(SEED).sample(known, STARTS))  # noqa: S311


def write_pairs(path: Path, nearest: Nearest, starts: Iterable[str]) -> None:
    """Write each start with what any weighting puts in its first three, in an order that says nothing."""
    chance = random.Random(SEED)  # noqa: S311
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(HEADER)
        for start in starts:
            pool = sorted({target for weighting in WEIGHTINGS for target in nearest.of(start, weighting)})
            chance.shuffle(pool)
            name = nearest.advisor.name
            writer.writerows((start, target, name(start, "nl"), name(target, "nl"), "") for target in pool)


def steady(nearest: Nearest, starts: list[str], rounds: int = 3) -> None:
    """Print how much of the nearest stays when a tenth of the skills of a start is left out."""
    chance = random.Random(SEED)  # noqa: S311
    whole = [(start, nearest.of(start)) for start in chance.sample(starts, 300)]
    asked = [(start, those) for start, those in whole if those]
    first, kept = [], []
    for start, before in asked * rounds:
        skills = sorted(nearest.switches.skills_of(start))
        had = frozenset(chance.sample(skills, len(skills) - max(len(skills) // 10, 1)))
        after = nearest.of(start, had=had)
        first.append(after[:1] == before[:1])
        kept.append(len(set(after) & set(before)) / len(before))
    print(f"{len(asked)} starts, {rounds} times each without a tenth of their skills:")
    print(f"the first stays in {share(first)}, of the first three {share(kept)} stay.\n")


def share(values: list[float] | list[bool]) -> str:
    return f"{100 * sum(values) / len(values):.0f} %"


def compare(nearest: Nearest, starts: Iterable[str]) -> None:
    """Print how each weighting does on the judged pairs."""
    with PAIRS.open(encoding="utf-8", newline="") as file:
        verdicts = {(row["start"], row["target"]): row["judgement"] for row in csv.DictReader(file, delimiter="\t")}
    print(f"| weighting | first of {STARTS}: {' / '.join(VERDICTS)} | first three: {' / '.join(VERDICTS)} |")
    print("| --- | --- | --- |")
    for weighting in WEIGHTINGS:
        found = [nearest.of(start, weighting) for start in starts]
        judged = [[verdicts[start, target] for target in those] for start, those in zip(starts, found, strict=True)]
        first, every = [those[0] for those in judged if those], [each for those in judged for each in those]
        counts = [Counter(first), Counter(every)]
        cells = " | ".join(" / ".join(str(count[verdict]) for verdict in VERDICTS) for count in counts)
        print(f"| {weighting.name} | {cells} |")


if __name__ == "__main__":
    main()
