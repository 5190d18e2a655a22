"""What must hold: syntax, SHACL, check queries in which a row is a finding, links, and answers of saved questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.errors import SourceError
from kg.graph.sources import Source
from kg.namespaces import SH
from kg.queries.question import Question
from kg.validation.documents import MAX_BYTES, Document, Input, Problem, read_document, triples_of
from kg.validation.file_findings import as_finding, problems_of
from kg.validation.findings import SEVERITIES, Finding, Report, Rule, in_language
from kg.validation.jobs import AUTO, REFERENCE, Job, Outcome, begin_jobs, run_here
from kg.validation.locate import Said, located
from kg.validation.positions import Place, Places, text_lines
from kg.validation.rule_texts import pick_rules
from kg.validation.rules import SHAPES_GRAPH, Rules, read_rules, sound
from kg.validation.saved_questions import QUESTION, SavedQuestions, all_graphs
from kg.validation.shacl_report import Verdict, read_terms, text_of, verdicts
from kg.validation.unknown_terms import links, terms

__all__ = ["SEVERITIES", "Finding", "Plan", "check", "validate"]

_SPLIT_FROM, _SPLIT_TO, _WORKERS = 5_000, 300_000, 2
_TARGETS: Final = tuple(f" <{SH}target{name}> " for name in ("Class", "Node", "SubjectsOf", "ObjectsOf"))
_SHAPES_OF_SHAPES: Final = Path("assets") / "shacl-shacl.ttl"


@dataclass(frozen=True)
class Plan:
    """What to check and how.

    Attributes:
        inputs: files to check, and files that complete the graph.
        shapes: folders or files with shapes; of a folder also `checks/*.rq`.
        project: folder whose whole graph answers saved questions; None answers them from the inputs.
        namespaces: IRIs that begin so must be described somewhere.
        only, skip: rules, in full or in short.
        engine: `auto`, `pyshacl` or `shacl`.
        sound_shapes: the shapes have been checked against the shapes of shapes before.
        limit: seconds for one query or SPARQL constraint; None runs all in this process, without a limit.

    """

    inputs: Sequence[Input]
    shapes: Sequence[Path]
    project: Path | None = None
    namespaces: Sequence[str] = ()
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    engine: str = AUTO
    limit: float | None = None
    sound_shapes: bool = False
    max_bytes: int = MAX_BYTES
    fail_on: str = "warning"
    lang: str = "en"


def validate(sources: Sequence[Source], shapes: Path, *, lang: str = "en") -> list[Finding]:
    """Return what the shapes and check queries of a folder find in the sources, sorted (SHACL Core and SHACL-SPARQL).

    Arguments:
        sources: the files to check, read together as one graph.
        shapes: folder with `*.ttl` shapes and `checks/*.rq` (SELECT ?focus ?path ?value); cases are left out.
        lang: language of messages and labels, `nl` or `en`.

    Raises:
        SourceError: a file is not Turtle, a check query is broken, or there is nothing to check with.

    """
    documents = [sound(read_document(Input(source.path, source.graph))) for source in sources]
    rules = read_rules([shapes], lang)
    if not rules.triples and not rules.checks:
        raise SourceError("no shapes and no check queries", where=str(shapes), hint="name a folder with .ttl shapes")
    outcomes = [run_here(job) for job in _jobs(documents, rules, "pyshacl")]
    return sorted(set(_findings(documents, rules, outcomes, lang)))


def check(plan: Plan) -> Report:
    """Check files as a plan says, and return all that was found; a broken file hides nothing in another.

    Raises:
        SourceError: nothing to check, or shapes or check queries that are themselves wrong.
        NotFound: an unknown rule.

    """
    if not any(one.checked for one in plan.inputs):
        raise SourceError("nothing to check", where="kg validate", hint="name files or folders")
    rules = read_rules(plan.shapes, plan.lang)
    picked = pick_rules(rules.listed, plan.only, plan.skip)
    names = {rule.name for rule in picked}
    rules = replace(rules, checks=[one for one in rules.checks if one.name in names])
    documents = [read_document(one, plan.max_bytes) for one in plan.inputs]
    asked = SavedQuestions(documents, plan.project, plan.namespaces, names, plan.lang)
    outcomes_of = _begin(documents, rules, picked, asked, plan)
    unknown = [
        *(links(documents, plan.namespaces, plan.lang) if "link" in names else ()),
        *(terms(documents, rules.documents, plan.lang) if "vocabulary-term" in names else ()),
    ]
    outcomes, answered = outcomes_of()
    found = {
        *problems_of(documents, plan.lang),
        *_findings(documents, rules, outcomes, plan.lang),
        *asked.findings(answered),
        *_stuck(rules, (*outcomes, answered), plan.lang),
    }
    found |= _new(unknown, found)
    return Report(
        findings=tuple(sorted(one for one in found if _wanted(one, names, rules, plan))),
        files=tuple(document.name for document in documents if document.input.checked),
        rules=tuple(picked),
        fail_on=plan.fail_on,
        notes=tuple(asked.notes),
        lang=plan.lang,
    )


def _wanted(one: Finding, names: set[str], rules: Rules, plan: Plan) -> bool:
    """A shape without a name is no rule that can be chosen: it speaks unless others were."""
    unnamed = not plan.only and one.shape not in {rule.name for rule in rules.listed}
    return one.shape in names or unnamed


def _new(more: Iterable[Finding], found: set[Finding]) -> set[Finding]:
    """The findings that no other rule has made."""
    known = {(one.focus, one.path, one.value) for one in found}
    return {one for one in more if (one.focus, one.path, one.value) not in known}


def _begin(
    documents: Sequence[Document], rules: Rules, picked: Sequence[Rule], asked: SavedQuestions, plan: Plan
) -> Callable[[], tuple[list[Outcome], Outcome]]:
    """Begin all jobs: questions, shapes, checks, shapes of the shapes; return what waits for their outcomes."""
    shaped = any(rule.kind == "shape" for rule in picked) or not plan.only
    used = rules if shaped else replace(rules, triples=())
    jobs = [asked.job, *_jobs(documents, used, plan.engine)]
    suspect = bool(used.triples) and not plan.sound_shapes
    if suspect:
        jobs.append(_job_on_shapes(rules))
    outcomes_of = begin_jobs(jobs, plan.limit)

    def wait() -> tuple[list[Outcome], Outcome]:
        answered, *outcomes = outcomes_of()
        if suspect:
            _refuse_bad_shapes(rules, outcomes.pop())
        for one in outcomes:
            if one.error:
                raise one.error
        return outcomes, answered

    return wait


def _jobs(documents: Sequence[Document], rules: Rules, engine: str) -> list[Job]:
    """Return one or more jobs for the shapes, and one for the check queries."""
    data = ox.serialize(triples_of(documents), format=ox.RdfFormat.N_TRIPLES) or b"" if rules.triples else b""
    jobs = [Job(data, shapes, engine) for shapes in _split(rules, documents, engine)] if rules.triples else []
    if rules.checks:
        queries = {one.name: one.text for one in rules.checks}
        jobs.append(Job(all_graphs(documents), queries=queries, counted=True))
    return jobs


def _split(rules: Rules, documents: Sequence[Document], engine: str) -> list[bytes]:
    """Return the shapes, for pyshacl on a graph of middling size in parts: each keeps the targets of some shapes."""
    count = sum(len(document.quads) for document in documents)
    if engine != "pyshacl" or not _SPLIT_FROM <= count <= _SPLIT_TO:
        return [rules.shapes]
    lines = rules.shapes.decode().splitlines(keepends=True)
    targets = [line for line in lines if any(target in line for target in _TARGETS)]
    if len(targets) < _WORKERS or any("rdf-schema#Class>" in line or "owl#Class>" in line for line in lines):
        return [rules.shapes]
    rest = [line for line in lines if line not in set(targets)]
    return ["".join((*rest, *targets[number::_WORKERS])).encode() for number in range(_WORKERS)]


def _job_on_shapes(rules: Rules) -> Job:
    """Shapes are data to the shapes of shapes (SHACL, appendix C)."""
    package = find_spec("pyshacl")
    path = Path(package.origin or "").parent / _SHAPES_OF_SHAPES if package else Path()
    data = ox.serialize(triples_of(rules.documents), format=ox.RdfFormat.N_TRIPLES) or b""
    shapes = [quad.triple for quad in read_document(Input(path, SHAPES_GRAPH)).quads]
    return Job(data, ox.serialize(shapes, format=ox.RdfFormat.N_TRIPLES) or b"", REFERENCE)


def _refuse_bad_shapes(rules: Rules, outcome: Outcome) -> None:
    if outcome.error:
        raise outcome.error
    found = [one for one in verdicts(outcome.report, ()) if one.severity == "violation"]
    if not found:
        return
    first, places = found[0], Places(rules.documents, {one.focus for one in found})
    place = places.find(first.focus, first.path, first.value, missing=first.missing)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise SourceError(
        f"the shapes are no valid SHACL: {in_language(first.messages, 'en')}{more}",
        where=place.file or "shapes",
        line=place.line or None,
        column=place.column or None,
        hint=f"mend {text_of(first.focus)} {first.path}".rstrip(),
    )


def _findings(documents: Sequence[Document], rules: Rules, outcomes: Sequence[Outcome], lang: str) -> Iterable[Finding]:
    return located(documents, [one for outcome in outcomes for one in _said(rules, outcome, lang)], lang)


def _said(rules: Rules, outcome: Outcome, lang: str) -> Iterator[Said]:
    for verdict in verdicts(outcome.report, rules.triples) if outcome.report else ():
        yield _of_verdict(verdict, rules)
    checks = {one.name: one for one in rules.checks}
    for name, answer in outcome.answers.items():
        yield from _of_check(checks[name], answer, lang)


def _of_verdict(verdict: Verdict, rules: Rules) -> Said:
    return Said(
        verdict.focus,
        verdict.path,
        verdict.value,
        rules.texts.named(verdict.shape) or verdict.component,
        verdict.severity,
        rules.texts.said(verdict.shape, verdict.component, verdict.messages),
        rules.texts.text(verdict.shape, SH + "description"),
        missing=verdict.missing,
    )


def _of_check(check: Question, answer: Mapping[str, Any], lang: str) -> Iterator[Said]:
    if "error" in answer:
        raise SourceError(
            answer["error"],
            where=str(check.path),
            line=answer["line"],
            column=answer["column"],
            hint="mend the check query",
        )
    columns = answer["columns"]
    if columns is None or columns == ["answer"]:
        raise SourceError("a check query is a SELECT", where=str(check.path), hint="select ?focus, ?path and ?value")
    if "focus" not in columns:
        raise SourceError("a check query selects ?focus", where=str(check.path), hint="add ?focus")
    message, hint = in_language(check.message, lang), in_language(check.description, lang)
    for row in answer["rows"]:
        named = {name: text for name, text in zip(columns, row, strict=True) if text is not None}
        cells = dict(zip(named, read_terms(list(named.values())), strict=True))
        if "focus" in cells:
            path = text_of(cells.get("path"))
            yield Said(cells["focus"], path, cells.get("value"), check.name, check.severity, message, hint)


def _stuck(rules: Rules, outcomes: Iterable[Outcome], lang: str) -> Iterator[Finding]:
    """What did not end in time, at the place where it is written."""
    files = {one.name: one.path for one in rules.checks}
    for name in {name for outcome in outcomes for name in outcome.stuck}:
        if name in files:
            lines = text_lines(files[name].read_bytes())
            yield as_finding(str(files[name]), Problem("time-limit", name, 1, 1), lines, lang)
        elif not name.startswith(QUESTION):
            yield _stuck_constraint(rules, name, lang)


def _stuck_constraint(rules: Rules, name: str, lang: str) -> Finding:
    """A SPARQL constraint of the shapes; without a name the engine did not say which."""
    triples = [one for one in rules.triples if one.predicate.value == SH + "sparql"]
    shapes = [one.subject for one in triples if text_of(one.object) == name or not name]
    named = [rules.texts.named(shape) for shape in shapes] or [name]
    places = Places(rules.documents, {ox.NamedNode(one) for one in named if one})
    place = places.find(ox.NamedNode(named[0]), SH + "sparql") if named[0] else Place()
    problem = Problem("time-limit", ", ".join(named), place.line, place.column, place.width)
    return replace(as_finding(place.file, problem, (), lang), excerpt=place.excerpt)
