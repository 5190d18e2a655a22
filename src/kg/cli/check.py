"""Commands that check data against rules and against the text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.cli.group import main
from kg.cli.options import own_project_option, project_option, texts_of, texts_option

if TYPE_CHECKING:
    from kg.graph.build import Graph
    from kg.graph.evidence import StatementEvidence
    from kg.publications.text_check import Failure, Report
    from kg.publications.texts import Text, Texts
    from kg.validation.findings import Report as Found

REPORTS = ("text", "json", "sarif", "junit", "github", "markdown")


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--shapes", multiple=True, help="Folder or file with shapes; of a folder also checks/*.rq. Default: ours."
)
@click.option("--context", multiple=True, help="File or folder that completes the graph and is not checked itself.")
@click.option("--format", "forms", multiple=True, metavar="FORMAT[=FILE]", help=f"One or more of {', '.join(REPORTS)}.")
@click.option("--output", type=click.Path(path_type=Path), help="File for the format that names none.")
@click.option(
    "--fail-on", type=click.Choice(["violation", "warning", "info"]), help="Least severity that fails [warning]."
)
@click.option("--baseline", help="File of known findings, which do not fail.")
@click.option("--write-baseline", is_flag=True, help="Write all that is found to the baseline.")
@click.option("--only", multiple=True, metavar="RULE", help="Apply this rule; may be repeated.")
@click.option("--skip", multiple=True, metavar="RULE", help="Leave out this rule; may be repeated.")
@click.option("--engine", type=click.Choice(["auto", "pyshacl", "shacl"]), help="SHACL engine [auto].")
@click.option("--time-limit", type=click.FloatRange(min=0.1), help="Seconds for one query or SPARQL constraint [60].")
@click.option("--lang", type=click.Choice(["en", "nl"]), help="Language of messages [en].")
@click.option("--verbose", is_flag=True, help="Show each info, not only how many of each rule.")
@click.option("--own", is_flag=True, help="Never check the packaged data instead: exit code 2.")
@click.option("--no-cache", is_flag=True, help="Check all anew.")
@click.option("--list-rules", is_flag=True, help="Print the rules and stop.")
@click.option("--init", is_flag=True, help="Write a GitHub workflow and settings to this folder and stop.")
@click.option("--package", default="", help="What pip installs in that workflow: a wheel's address, or git+https://...")
def validate(paths: tuple[Path, ...], forms: tuple[str, ...], output: Path | None, **options: Any) -> None:
    """Check RDF, SSSOM and .rq files or folders against shapes, check queries and approved answers.

    Without PATHS: what [tool.kg.validate] in pyproject.toml or [validate] in kg.toml names, or data/ where shapes/
    stands beside it, or else the packaged data.
    Exit code 1 when there is a finding as severe as --fail-on, 2 when nothing could be checked.
    """
    from dataclasses import replace

    from kg.files import project_folder
    from kg.validation.first_files import first_files
    from kg.validation.run import make_plan, run
    from kg.validation.settings import read_settings

    if options["init"]:
        return _write_first(first_files(Path.cwd(), options["package"]))
    reports = _reports(forms, output)
    settings_file = read_settings(Path.cwd())
    given_options = {name: value for name, value in options.items() if value and hasattr(settings_file, name)}
    settings = replace(settings_file, **given_options)
    plan = make_plan(settings, paths, project_folder(), packaged=not options["own"])
    if options["list_rules"]:
        return _list_rules(plan.shapes, plan.lang)
    report = run(plan, cached=not options["no_cache"])
    report = _with_baseline(report, settings.baseline, write=options["write_baseline"])
    _print_reports(replace(report, verbose=options["verbose"]), reports)
    sys.exit(1 if report.failed else 0)


def _write_first(files: list[tuple[Path, str]]) -> None:
    for path, text in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        click.echo(f"{path}: written")


def _reports(forms: tuple[str, ...], output: Path | None) -> dict[str, Path | None]:
    """Return the file of each format, None for standard output."""
    files: dict[str, Path | None] = {}
    for form in forms or ("text",):
        name, equals, file = form.partition("=")
        if name not in REPORTS:
            raise click.UsageError(f"--format {name}: use one of {', '.join(REPORTS)}")
        files[name] = Path(file) if equals else output
    free = [name for name, file in files.items() if file is None]
    if len(free) > 1 or (output and list(files.values()).count(output) != 1):
        raise click.UsageError("only one format can go to one place; write --format sarif=out.sarif --format text")
    return files


def _list_rules(shapes: Sequence[Path], lang: str) -> None:
    from kg.validation.rules import read_rules

    for rule in read_rules(shapes, lang).listed:
        click.echo(f"{rule.severity}\t{rule.name}\t{rule.title}")


def _with_baseline(report: Found, name: str, *, write: bool) -> Found:
    from kg.files import write_whole
    from kg.validation.baseline import apply_baseline, read_baseline, write_baseline

    if write:
        write_whole(Path(name or "kg-baseline.json"), write_baseline(report.findings))
        click.echo(f"{name or 'kg-baseline.json'}: {len(report.findings)} findings written", err=True)
        name = name or "kg-baseline.json"
    return apply_baseline(report, read_baseline(Path(name)), Path(name)) if name else report


def _print_reports(report: Found, reports: dict[str, Path | None]) -> None:
    import os

    from kg.files import write_whole
    from kg.validation.reports import FORMATS as RENDER

    for name, file in reports.items():
        text = RENDER[name](report)
        if file is None:
            click.echo(text, nl=False)
        else:
            write_whole(file, click.unstyle(text) if name == "text" else text)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if "github" in reports and summary:
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(RENDER["markdown"](report))


@main.command()
@click.argument("rule")
@click.option("--shapes", multiple=True, help="Folder or file with shapes; default: those of the settings, or ours.")
@click.option("--lang", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Language of the text.")
def explain(rule: str, shapes: tuple[str, ...], lang: str) -> None:
    """Say of a rule what it holds, why, and how to mend what it finds, with examples."""
    from kg.files import project_folder
    from kg.validation.rule_texts import examples, find_rule_names
    from kg.validation.rules import read_rules
    from kg.validation.settings import read_settings

    named = shapes or read_settings(Path.cwd()).shapes
    folders = [Path(name) for name in named if name] if named else [project_folder() / "shapes"]
    listed, english = read_rules(folders, lang).listed, read_rules(folders, "en").listed
    for name in find_rule_names(listed, rule):
        rule_item = next(rule_item for rule_item in listed if rule_item.name == name)
        click.echo(f"{click.style(rule_item.name, bold=True)} ({rule_item.severity}, {rule_item.kind})")
        what = "" if rule_item.title == rule_item.mend else rule_item.title
        for title, text in (("what", what), ("why", rule_item.why), ("mend", rule_item.mend), ("in", rule_item.file)):
            click.echo(f"  {title}: {text}" if text else "", nl=bool(text))
        plain = next(other for other in english if other.name == name)
        for folder in folders if rule_item.kind != "built-in" else ():
            for case, text in examples(plain, folder):
                click.echo(f"\n--- {case}\n{text.rstrip()}")


@main.command()
@click.argument("questions", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 when an answer differs.")
@own_project_option
def approve(questions: tuple[str, ...], check: bool, project: Path) -> None:
    """Approve the answers to saved QUESTIONS anew, and print what differs: + added, - removed.

    QUESTIONS are names such as places/clusters, files, or folders below queries/; without any, all are asked. Each
    answer is written beside its question; read the diff before you commit it.
    """
    from kg.graph.build import build
    from kg.queries.question import find_questions
    from kg.validation.approved_answers import approve as approve_answer
    from kg.validation.approved_answers import select_questions

    selected = select_questions(find_questions(project / "queries"), questions)
    click.echo(f"project: {project}")
    dataset = build(project).dataset
    changed = 0
    for question in selected:
        changes = approve_answer(question, dataset, write=not check)
        changed += bool(changes)
        for line in [str(question.path.with_suffix(".csv").relative_to(project)), *changes] if changes else ():
            click.echo(line)
    click.echo(f"{changed} of {len(selected)} answers {'differ' if check else 'approved anew'}")
    sys.exit(1 if check and changed else 0)


@main.command()
@click.argument("iri", required=False)
@texts_option
@project_option("Folder with ontology/ and data/")
def evidence(iri: str | None, texts: tuple[Path, ...], project: Path) -> None:
    """Check what is stated against its text, or show what backs each statement about IRI (or kind/slug).

    Each text, as plain text, HTML or PDF, is matched to its publication, and only what that publication states is
    looked up in it. Exit code 1 when something stated is not found in the text, or a passage is not found to look in.
    """
    from kg.graph.cache import read_or_build

    if iri is None and not texts:
        raise click.UsageError("give --text FILE to check, or an IRI to look up")
    graph = read_or_build(project)
    read = texts_of(graph, texts)
    if iri is not None:
        return _print_backing(graph, iri, read)
    sys.exit(max(_print_report(graph, text, named=len(read.texts) > 1) for text in read.texts))


def _print_backing(graph: Graph, iri: str, texts: Texts) -> None:
    from kg.errors import NotFound
    from kg.graph.evidence import Evidence
    from kg.labels import Labels
    from kg.namespaces import ID
    from kg.publications.passages import find_passages
    from kg.rdf_terms import local_name

    node = iri if iri.startswith(("http://", "https://")) else ID + iri
    labels = Labels(graph.store)
    statements = Evidence(graph.store).about(node) if " " not in node else []
    if not statements:
        near = ", ".join(f"{name} <{near}>" for near, name in labels.nearest(local_name(node), "nl"))
        raise NotFound(f"nothing is said of {node}", hint=f"nearest: {near}" if near else "give an IRI or kind/slug")
    passages = find_passages(graph.store)
    click.echo(f"{labels.get(node, 'nl')[0]} <{node}>")
    for backed in statements:
        click.echo(_sentence(backed, graph, labels.get))
        for passage in (passages[iri] for iri in backed.passages if iri in passages):
            quote = f': "{texts.quote(passage.iri)}"' if texts.quote(passage.iri) else ""
            click.echo(f"    {passage.slug}, line {passage.lines}{quote}")


def _sentence(backed: StatementEvidence, graph: Graph, label: Callable[[str, str], tuple[str, str]]) -> str:
    from kg.namespaces import GRAPH

    value = getattr(backed.quad.object, "value", "")
    shown = f"{label(value, 'nl')[0]} <{value}>" if value.startswith("http") else str(backed.quad.object)
    predicate = backed.quad.predicate.value
    for prefix, namespace in graph.prefixes.items():
        predicate = predicate.replace(namespace, f"{prefix}:")
    where = str(backed.quad.graph_name)[1:-1].replace(GRAPH, "graph/")
    terms = (*backed.modality.codes, *backed.modality.projects)
    firm = "".join(f", {label(term, 'en')[0]}" for term in terms)
    return f"{predicate} {shown}\n  {where}, {backed.kind or 'no kind'}{firm}{_HOW[backed.how]}"


_HOW = {
    "": "",
    "authored": "; authored for this statement:",
    "derived": "; derived for this statement:",
    "node": "; the passages of the node:",
}


def _print_report(graph: Graph, text: Text, *, named: bool) -> int:
    """Print what the check says, and return the exit code."""
    from kg.graph.sources import read
    from kg.publications.text_check import MATCH_TYPES, check
    from kg.queries.rows import Rows
    from kg.tables.terminal import print_rows

    if named:
        click.echo(click.style(text.publication.iri, bold=True))
    _print_passages(text)
    report = check(graph.store, read(graph.sources), text)
    ways = MATCH_TYPES
    columns = ("class", "checked", *ways, "failed", *(["not looked up"] if text.missing else []))
    counts = {
        name: (tally.checked, *(tally.found[way] for way in ways), len(tally.failures), len(tally.unread))
        for name, tally in report.tallies.items()
    }
    print_rows(Rows(columns, [dict(zip(columns, (name, *row), strict=False)) for name, row in counts.items()]))
    for name, failure in report.failures:
        _print_failure(name, failure, "not found")
    for name, failure in report.unread:
        _print_failure(name, failure, "not looked up")
    _print_rest(report)
    return 1 if report.failures or report.copied or text.missing else 0


def _print_passages(text: Text) -> None:
    """Print how the passages were found, and which were not."""
    elsewhere = len(text.quotes) - text.on_their_lines
    click.echo(
        f"passages: {text.on_their_lines} on their lines, {elsewhere} by normal form, {len(text.missing)} not found"
    )
    for passage in text.missing:
        ends = f': "{passage.ends[0]} ... {passage.ends[1]}"' if any(passage.ends) else ""
        click.echo(f"  {text.path}: passage {passage.slug} (line {passage.lines}){ends} not found in this rendition")
    if text.missing:
        click.echo("  What rests on these is not looked up: that a rendition prints a text otherwise refutes nothing.")


def _print_failure(name: str, failure: Failure, outcome: str) -> None:
    from kg.namespaces import ID, KB, SKOS

    subject = failure.subject.removeprefix(ID)
    predicate = failure.predicate.replace(KB, "kb:").replace(SKOS, "skos:")
    click.echo(
        f"{failure.file}: {click.style(name, fg='red', bold=True)}: {subject} {predicate}: {failure.what} {outcome}"
    )
    for slug, lines in zip(failure.passages, failure.lines, strict=True):
        click.echo(f"  line {lines}: passage {slug}")


def _print_rest(report: Report) -> None:
    from kg.namespaces import ID

    click.echo(f"literals that copy the text: {len(report.copied)}")
    for file, subject, _ in report.copied:
        click.echo(f"  {file}: {subject.removeprefix(ID)}")
    click.echo(f"lines not covered: {len(report.uncovered)}")
    for passage in report.uncovered:
        click.echo(f"  line {passage.lines}: passage {passage.slug}")
    derived, authored = report.support["derived"], report.support["authored"]
    ambiguous, unshared = report.support["ambiguous"], report.support["unshared"]
    click.echo(
        f"relations: {derived} with a derived passage, {authored} with an authored one, {ambiguous + unshared} with "
        f"those of their ends ({ambiguous} share a passage with another pair, {unshared} share none)"
    )
