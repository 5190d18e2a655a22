"""How well labels are linked: recall and the precision of `match`, against the reviewed mappings and three baselines.

    pip install bm25s==0.3.16 scikit-learn==1.9.1
    python bench/linking.py --esco ../shared/vocab/esco-1.2.0-nl-en --skills ../shared/vocab/esco-1.1.1-en [--weights]

A query is the label of one of our things; right is what its reviewed exactMatch or closeMatch names. Recall@n is the
share of queries with a right answer among the first n; precision of match is the share of right ones among the answers
with `match: true`. Queries whose reviewed answer is "none" count for precision alone.

Nothing of the answers is in the index: it holds ESCO's own labels, and none of ours. The weights were learned from
these queries: `--weights` learns them anew, and prints what weights learned from four fifths of the queries reach on
the other fifth, five times over with other fifths.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from kg.files import project_folder
from kg.graph.build import build
from kg.graph.mappings import NO_TERM_FOUND, find_mappings
from kg.linking.candidates import Wanted
from kg.linking.compounds import folded
from kg.linking.entries import Entry, entries_of_esco, entries_of_store
from kg.linking.esco import EscoFolder
from kg.linking.index import Index
from kg.linking.scoring import WEIGHTS

GOOD = ("exactMatch", "closeMatch")
RANKS = (1, 5, 10)
# Reviewed counterparts of skills are skills and groups of skills, such as a field of knowledge.
KINDS = {"occupation": frozenset({"occupation"}), "skill": frozenset({"skill", "skill-group"})}


@dataclass(frozen=True)
class Query:
    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class Answer:
    """IRIs, best first, and the IRI that is said to match, or none."""

    found: list[str]
    match: str = ""


Method = Callable[[str], Answer]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--esco", type=Path, required=True, help="CSV download of ESCO with nl and en")
    parser.add_argument("--skills", type=Path, help="CSV download of ESCO with skills in en")
    parser.add_argument("--weights", action="store_true", help="learn the weights anew, and measure them held out")
    given = parser.parse_args()
    store = build(project_folder()).store
    ours = {entry.iri: entry for entry in entries_of_store(store)}
    targets = {"occupation": entries_of_esco(EscoFolder(given.esco))}
    if given.skills:
        targets["skill"] = entries_of_esco(EscoFolder(given.skills))
    if given.weights:
        return learn(ours, targets)
    print("| queries | method | recall@1 | @5 | @10 | match: true | of them right | ms a query |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for kind, lang in (("occupation", "nl"), ("occupation", "en"), ("skill", "en")):
        if kind in targets:
            asked = queries(ours, f"{kind}s-esco", lang, kind)
            report(f"{kind}s, {lang}", asked, methods(targets[kind], KINDS[kind], lang))


def queries(ours: dict[str, Entry], file: str, lang: str, kind: str) -> list[Query]:
    right: defaultdict[str, set[str]] = defaultdict(set)
    judged: set[str] = set()
    mappings = next(one for one in find_mappings(project_folder()) if one.name == file).mappings
    for row in mappings.rows:
        if kind not in ours[row.subject.value].kinds and kind == "occupation":
            continue
        good = row.predicate.value.rpartition("#")[2] in GOOD and row.value != NO_TERM_FOUND
        if good:
            right[row.subject.value].add(row.value.value)
        if good or row.value == NO_TERM_FOUND:
            judged.add(row.subject.value)
    return [Query(ours[iri].name(lang), frozenset(right[iri])) for iri in sorted(judged)]


def methods(entries: list[Entry], kinds: frozenset[str], lang: str) -> dict[str, Method]:
    index, wanted = Index.of(entries), Wanted(kinds, lang)

    def ours(text: str) -> Answer:
        found = index.search(text, wanted)
        return Answer([one.entry.iri for one in found], next((one.entry.iri for one in found if one.match), ""))

    labels = [
        (folded(label.text), entry.iri)
        for entry in entries
        if wanted.fits(entry)
        for label in entry.labels
        if wanted.speaks(label.lang) and label.kind != "notation"
    ]
    return {"kg link": ours, "exact label": exact(labels), "plain fuzzy": fuzzy(labels), "BM25": bm25(labels)}


def exact(labels: list[tuple[str, str]]) -> Method:
    known: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for text, iri in labels:
        known[text][iri] = None

    def answer(text: str) -> Answer:
        found = list(known.get(folded(text), ()))
        return Answer(found, found[0] if len(found) == 1 else "")

    return answer


def fuzzy(labels: list[tuple[str, str]]) -> Method:
    texts = [text for text, _ in labels]

    def answer(text: str) -> Answer:
        near = process.extract(folded(text), texts, scorer=fuzz.ratio, processor=None, limit=50)
        match = labels[near[0][2]][1] if near and near[0][1] >= 95 else ""
        return Answer(list(dict.fromkeys(labels[at][1] for _, _, at in near)), match)

    return answer


def bm25(labels: list[tuple[str, str]]) -> Method:
    """Rank by BM25 as bm25s has it by default (Lucene's variant), on words as they stand."""
    import bm25s

    ranker = bm25s.BM25()
    ranker.index([text.split() for text, _ in labels], show_progress=False)

    def answer(text: str) -> Answer:
        near, scores = ranker.retrieve([folded(text).split()], k=200, show_progress=False)
        found = [labels[at][1] for at, score in zip(near[0], scores[0], strict=True) if score > 0]
        return Answer(list(dict.fromkeys(found)))

    return answer


def report(name: str, asked: list[Query], tried: dict[str, Method]) -> None:
    with_answer = sum(bool(one.right) for one in asked)
    for method, answer in tried.items():
        begin = time.perf_counter()
        answers = [(one, answer(one.text)) for one in asked]
        each = (time.perf_counter() - begin) * 1000 / len(asked)
        hits = [sum(bool(one.right & set(got.found[:rank])) for one, got in answers) for rank in RANKS]
        matched = [(one, got) for one, got in answers if got.match]
        right = sum(got.match in one.right for one, got in matched)
        shares = " | ".join(f"{hit / with_answer:.2f}" for hit in hits)
        precision = f"{right / len(matched):.2f}" if matched else "-"
        count = f"{with_answer} + {len(asked) - with_answer}"
        print(f"| {name} ({count}) | {method} | {shares} | {len(matched)} | {precision} | {each:.0f} |")


@dataclass(frozen=True)
class Example:
    """A query with a right answer: features of right and of wrong candidates."""

    line: str
    right: list[list[float]]
    wrong: list[list[float]]


def learn(ours: dict[str, Entry], targets: dict[str, list[Entry]]) -> None:
    """Print recall@1 of weights on queries that they were not learned from, and the weights of all."""
    examples = [one for kind, entries in targets.items() for one in examples_of(ours, kind, entries)]
    lines = sorted({one.line for one in examples})
    hits = dict.fromkeys(lines, 0)
    for seed in range(5):
        order = random.Random(seed).sample(examples, len(examples))  # noqa: S311
        for fold in range(5):
            weights = fitted([one for number, one in enumerate(order) if number % 5 != fold])
            for one in order[fold::5]:
                hits[one.line] += is_first(weights, one)
    for line in lines:
        count = sum(one.line == line for one in examples)
        print(f"{line}: recall@1 {hits[line] / 5 / count:.3f} of {count}, held out")
    weights = fitted(examples)
    print({name: round(float(weight / sum(weights)), 2) for name, weight in zip(WEIGHTS, weights, strict=True)})


def examples_of(ours: dict[str, Entry], kind: str, entries: list[Entry]) -> list[Example]:
    index = Index.of(entries)
    found = []
    for lang in ("nl", "en") if kind == "occupation" else ("en",):
        for query in queries(ours, f"{kind}s-esco", lang, kind):
            sides: tuple[list[list[float]], list[list[float]]] = ([], [])
            for one in index.search(query.text, Wanted(KINDS[kind], lang), 1000):
                exact = one.features["exact"] and not one.features["altLabel"]
                values = [one.features.get(name, 0.0) for name in WEIGHTS]
                sides[one.entry.iri not in query.right].append([*values, 1e6 * bool(exact)])
            found += [Example(f"{kind}s, {lang}", *sides)] if query.right else []
    return found


def fitted(examples: list[Example]) -> list[float]:
    """Return the weights of a logistic regression on the differences between right candidates and wrong ones."""
    from sklearn.linear_model import LogisticRegression

    chance = random.Random(1)  # noqa: S311
    pairs = [
        [high - low for high, low in zip(one.right[0][:-1], wrong[:-1], strict=True)]
        for one in examples
        if one.right
        for wrong in chance.sample(one.wrong, min(60, len(one.wrong)))
    ]
    mirrored = [[-value for value in pair] for pair in pairs]
    model = LogisticRegression(fit_intercept=False, max_iter=1000)
    return list(model.fit(pairs + mirrored, [1] * len(pairs) + [0] * len(pairs)).coef_[0])


def is_first(weights: list[float], one: Example) -> bool:
    def points(values: list[float]) -> float:
        return values[-1] + sum(weight * value for weight, value in zip(weights, values, strict=False))

    return bool(one.right) and max(map(points, one.right)) > max(map(points, one.wrong), default=-1e9)


if __name__ == "__main__":
    main()
