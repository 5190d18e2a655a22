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
from kg.languages import in_language
from kg.namespaces import SH
from kg.queries.question import Question
from kg.validation.documents import MAX_BYTES, Document, Input, Problem, read_document, triples_of
from kg.validation.findings import SEVERITIES, Finding, Report, Rule
from kg.validation.jobs import AUTO, Job, Outcome, begin_jobs, run_here
from kg.validation.locate import NodeFinding, file_finding, file_findings, locate
from kg.validation.nearest import Nearest
from kg.validation.positions import Position, Positions, text_lines
from kg.validation.rule_texts import select_rules
from kg.validation.rules import SHAPES_GRAPH, Rules, must_be_readable, read_rules
from kg.validation.saved_questions import QUESTION, SavedQuestions, all_graphs
from kg.validation.shacl_report import Result, read_results, read_terms, term_text
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
        shapes_checked: the shapes have been checked against the shapes of shapes before.
        limit: seconds for one query or SPARQL constraint; None runs all in this process, without a limit.
        notes: what the report says of the plan itself.

    """

    inputs: Sequence[Input]
    shapes: Sequence[Path]
    project: Path | None = None
    namespaces: Sequence[str] = ()
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    engine: str = AUTO
    limit: float | None = None
    shapes_checked: bool = False
    max_bytes: int = MAX_BYTES
    fail_on: str = "warning"
    lang: str = "en"
    notes: tuple[str, ...] = ()


def validate(sources: Sequence[Source], shapes: Path, *, lang: str = "en") -> list[Finding]:
    """Return what the shapes and check queries of a folder find in the sources, sorted (SHACL Core and SHACL-SPARQL).

    Arguments:
        sources: the files to check, read together as one graph.
        shapes: folder with `*.ttl` shapes and `checks/*.rq` (SELECT ?focus ?path ?value); cases are left out.
        lang: language of messages and labels, `nl` or `en`.

    Raises:
        SourceError: a file is not Turtle, a check query is broken, or there is nothing to check with.

    """
    documents = [must_be_readable(read_document(Input(source.path, source.graph))) for source in sources]
    rules = read_rules([shapes], lang)
    if not rules.triples and not rules.checks:
        raise SourceError("no shapes and no check queries", where=str(shapes), hint="name a folder with .ttl shapes")
    outcomes = [run_here(job) for job in _jobs(documents, rules, AUTO)]
    return sorted(set(_findings(documents, rules, outcomes, lang)))


def check(plan: Plan) -> Report:
    """Check files as a plan says, and return all that was found; a broken file hides nothing in another.

    Raises:
        SourceError: nothing to check, or shapes or check queries that are themselves wrong.
        NotFound: an unknown rule.

    """
    if not any(item.checked for item in plan.inputs):
        raise SourceError("nothing to check", where="kg validate", hint="name files or folders")
    rules = read_rules(plan.shapes, plan.lang)
    selected = select_rules(rules.listed, plan.only, plan.skip)
    names = {rule.name for rule in selected}
    rules = replace(rules, checks=[query for query in rules.checks if query.name in names])
    documents = [read_document(item, plan.max_bytes) for item in plan.inputs]
    saved = SavedQuestions(
        [document for document in documents if not document.is_view], plan.project, plan.namespaces, names, plan.lang
    )
    outcomes_of = _begin(documents, rules, selected, saved, plan)
    unknown = [
        *(links(documents, plan.namespaces, plan.lang) if "link" in names else ()),
        *(terms(documents, rules.documents, plan.lang) if "vocabulary-term" in names else ()),
    ]
    outcomes, answered = outcomes_of()
    findings = {
        *file_findings(documents, plan.lang),
        *_findings(documents, rules, outcomes, plan.lang),
        *saved.findings(answered),
        *_time_limit_findings(rules, (*outcomes, answered), plan.lang),
    }
    about = {(finding.focus, finding.path, finding.value) for finding in findings}
    findings |= {finding for finding in unknown if (finding.focus, finding.path, finding.value) not in about}
    context = {document.name for document in documents if not document.input.checked}
    wanted = [one for one in findings if one.file not in context and _wanted(one, names, rules, plan)]
    return Report(
        findings=tuple(sorted(Nearest(documents, plan.namespaces, plan.lang).add(wanted))),
        files=tuple(document.name for document in documents if document.input.checked),
        rules=tuple(selected),
        fail_on=plan.fail_on,
        notes=(*plan.notes, *saved.notes),
        lang=plan.lang,
    )


def _wanted(finding: Finding, names: set[str], rules: Rules, plan: Plan) -> bool:
    """A shape without a name is no rule that can be chosen: it applies unless others were chosen."""
    unnamed = not plan.only and finding.shape not in {rule.name for rule in rules.listed}
    return finding.shape in names or unnamed


def _begin(
    documents: Sequence[Document], rules: Rules, selected: Sequence[Rule], saved: SavedQuestions, plan: Plan
) -> Callable[[], tuple[list[Outcome], Outcome]]:
    """Begin all jobs: questions, shapes, checks, shapes of the shapes; return what waits for their outcomes."""
    shaped = any(rule.kind == "shape" for rule in selected) or not plan.only
    used = rules if shaped else replace(rules, triples=())
    jobs = [saved.job, *_jobs(documents, used, plan.engine)]
    check_shapes = bool(used.triples) and not plan.shapes_checked
    if check_shapes:
        jobs.append(_job_on_shapes(rules, plan.engine))
    outcomes_of = begin_jobs(jobs, plan.limit)

    def wait() -> tuple[list[Outcome], Outcome]:
        answered, *outcomes = outcomes_of()
        if check_shapes:
            _refuse_bad_shapes(rules, outcomes.pop())
        for outcome in outcomes:
            if outcome.error:
                raise outcome.error
        return outcomes, answered

    return wait


def _jobs(documents: Sequence[Document], rules: Rules, engine: str) -> list[Job]:
    """Return one or more jobs for the shapes, and one for the check queries, which leave the views aside."""
    jobs = []
    if rules.triples:
        data = ox.serialize(triples_of(documents), format=ox.RdfFormat.N_TRIPLES) or b""
        jobs += [Job(data, shapes, engine) for shapes in _split(rules, documents, engine)]
    if rules.checks:
        queries = {query.name: query.text for query in rules.checks}
        facts = [document for document in documents if not document.is_view]
        jobs.append(Job(all_graphs(facts), queries=queries, with_counts=True))
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


def _job_on_shapes(rules: Rules, engine: str) -> Job:
    """Shapes are data to the shapes of shapes (SHACL, appendix C)."""
    package = find_spec("pyshacl")
    path = Path(package.origin or "").parent / _SHAPES_OF_SHAPES if package else Path()
    data = ox.serialize(triples_of(rules.documents), format=ox.RdfFormat.N_TRIPLES) or b""
    shapes = [quad.triple for quad in read_document(Input(path, SHAPES_GRAPH)).quads]
    return Job(data, ox.serialize(shapes, format=ox.RdfFormat.N_TRIPLES) or b"", engine)


def _refuse_bad_shapes(rules: Rules, outcome: Outcome) -> None:
    if outcome.error:
        raise outcome.error
    violations = [result for result in read_results(outcome.report, ()) if result.severity == "violation"]
    if not violations:
        return
    first, positions = violations[0], Positions(rules.documents, {result.focus for result in violations})
    position = positions.find(first.focus, first.path, first.value, missing=first.missing)
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    raise SourceError(
        f"the shapes are no valid SHACL: {in_language(first.messages, 'en')}{more}",
        where=position.file or "shapes",
        line=position.line or None,
        column=position.column or None,
        hint=f"mend {term_text(first.focus)} {first.path}".rstrip(),
    )


def _findings(documents: Sequence[Document], rules: Rules, outcomes: Sequence[Outcome], lang: str) -> Iterable[Finding]:
    findings = [finding for outcome in outcomes for finding in _node_findings(rules, outcome, lang)]
    return locate(documents, findings, lang)


def _node_findings(rules: Rules, outcome: Outcome, lang: str) -> Iterator[NodeFinding]:
    for result in read_results(outcome.report, rules.triples) if outcome.report else ():
        yield _from_result(result, rules)
    checks = {query.name: query for query in rules.checks}
    for name, answer in outcome.answers.items():
        yield from _from_check(checks[name], answer, lang)


def _from_result(result: Result, rules: Rules) -> NodeFinding:
    return NodeFinding(
        result.focus,
        result.path,
        result.value,
        rules.texts.iri(result.shape) or result.component,
        result.severity,
        rules.texts.message(result.shape, result.component, result.messages),
        rules.texts.text(result.shape, SH + "description"),
        missing=result.missing,
    )


def _from_check(check: Question, answer: Mapping[str, Any], lang: str) -> Iterator[NodeFinding]:
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
            path = term_text(cells.get("path"))
            yield NodeFinding(cells["focus"], path, cells.get("value"), check.name, check.severity, message, hint)


def _time_limit_findings(rules: Rules, outcomes: Iterable[Outcome], lang: str) -> Iterator[Finding]:
    """What did not end in time, at the place where it is written."""
    files = {query.name: query.path for query in rules.checks}
    for name in {name for outcome in outcomes for name in outcome.timed_out}:
        if name in files:
            lines = text_lines(files[name].read_bytes())
            yield file_finding(str(files[name]), Problem("time-limit", name, 1, 1), lines, lang)
        elif not name.startswith(QUESTION):
            yield _timed_out_constraint(rules, name, lang)


def _timed_out_constraint(rules: Rules, name: str, lang: str) -> Finding:
    """A SPARQL constraint of the shapes; without a name the engine did not say which."""
    triples = [triple for triple in rules.triples if triple.predicate.value == SH + "sparql"]
    shapes = [triple.subject for triple in triples if term_text(triple.object) == name or not name]
    named = [rules.texts.iri(shape) for shape in shapes] or [name]
    positions = Positions(rules.documents, {ox.NamedNode(iri) for iri in named if iri})
    position = positions.find(ox.NamedNode(named[0]), SH + "sparql") if named[0] else Position()
    problem = Problem("time-limit", ", ".join(named), position.line, position.column, position.width)
    return replace(file_finding(position.file, problem, (), lang), excerpt=position.excerpt)
