"""The command `kg`. Heavy modules are imported by the one command that needs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import KgError
from kg.limits import Limits

if TYPE_CHECKING:
    from kg.evidence import Backed
    from kg.findings import Report as Found
    from kg.graph import Graph
    from kg.passages import Text
    from kg.proof import Failure, Report

FORMATS = ("table", "json", "csv", "tsv", "xml", "ttl", "nt", "jsonld", "rdf", "trig", "nq")
REPORTS = ("text", "json", "sarif", "junit", "github", "markdown")
COULD_NOT_RUN = 2


class _Group(click.Group):
    """A group whose commands end with the exit code of the error that stopped them."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KgError as error:
            click.echo(f"kg: {error.title}: {error}", err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.exit(COULD_NOT_RUN)


def _limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each limit that has a setting."""
    for one in reversed([one for one in Limits().listed if one.setting]):
        kind = click.FloatRange(min=0, min_open=True) if isinstance(one.value, float) else click.IntRange(min=1)
        unit = f", in {one.unit}" if one.unit else ""
        option = click.option(
            one.setting, one.name, default=one.value, show_default=True, type=kind, help=f"Limit: {one.what}{unit}."
        )
        command = option(command)
    return command


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="klimaatbanen-kg", prog_name="kg")
def main() -> None:
    """The open knowledge graph of climate jobs: query, serve and validate it.

    Exit codes: 0 good, 1 findings, 2 could not run.
    """


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--text", "text_file", type=click.Path(path_type=Path), help="Source text; pages then quote passages.")
@click.option(
    "--store", "folder", type=click.Path(path_type=Path), help="Graph on disk, made by kg load; default: ours."
)
@_limit_options
def serve(host: str, port: int, text_file: Path | None, folder: Path | None, **limits: Any) -> None:
    """Serve the graph over HTTP: SPARQL at /sparql, resources at /id/..., pages at /."""
    from kg.files import house
    from kg.pool import Pool
    from kg.queries import find_questions
    from kg.web import create_app, listen

    held = Limits(**limits)
    if folder is None:
        from kg.graph import build

        graph = build(house())
        data_version = graph.data_version
        pool = Pool(lambda: graph.store, held, graph.prefixes)
    else:
        from kg.disk import find
        from kg.graph import Graph

        found = find(folder)
        pool = Pool(found.open, held, found.prefixes)  # The engine has threads once it is open: fork before.
        graph, data_version = Graph(found.open(), ()), found.data
    questions = find_questions(house() / "queries")
    app = create_app(graph, questions, held, _read_text(graph, text_file), pool, data_version)
    listen(app, host, port, lambda url: click.echo(f"kg serves {url}"), held)


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--house", "base", type=click.Path(path_type=Path), help="Folder with ontology/, data/ ...; default: ours."
)
def load(folder: Path, base: Path | None) -> None:
    """Write the graph to DIR, for kg serve --store DIR; a crash or a full disk leaves what was there."""
    from kg.disk import load as write
    from kg.files import house
    from kg.graph import build

    graph = build(base or house())
    shown = sys.stderr.isatty()
    tick = lambda count: click.echo(f"\r\033[K{count:,}", nl=False, err=True) if shown else None  # noqa: E731
    held = write(graph, folder, graph.data_version, tick)
    click.echo(f"klimaatbanen {held.version}: {held.statements} statements in {folder}")


def _read_text(graph: Graph, file: Path | None) -> Text | None:
    from kg.passages import Text

    return Text.read(file, graph.store) if file else None


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-e", "--text", help="The query itself, instead of a file.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: table, or Turtle for a graph.")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="Bind a parameter of a saved question."
)
@click.option(
    "--with", "imported", type=click.Path(path_type=Path), help="What kg import wrote; ask it by GRAPH or FROM."
)
def query(
    file: Path | None, text: str | None, form: str | None, params: tuple[str, ...], imported: Path | None
) -> None:
    """Answer a query: FILE (a path, a saved question, or - for standard input), or -e TEXT."""
    from kg.files import house
    from kg.graph import build
    from kg.results import formats_for, named, serialise
    from kg.sparql import answer, with_prefixes

    if (file is None) == (text is None):
        raise click.UsageError("give either FILE or -e TEXT")
    graph = build(house())
    asked = text if file is None else _query_text(file, params)
    shipped = _load_beside(graph, imported)
    found = answer(graph.store, with_prefixes(asked or "", graph.prefixes), union=shipped)
    offered = formats_for(found)
    if form == "table" or (form is None and offered[0].name == "json"):
        from kg.rows import Rows
        from kg.tables import print_rows

        print_rows(Rows.of(found))
        return
    chosen = named(form or "ttl", offered)
    if chosen is None:
        names = ", ".join(one.name for one in offered)
        raise click.UsageError(f"{form} does not fit this answer; use one of: {names}")
    sys.stdout.buffer.write(serialise(found, chosen, graph.prefixes))


def _load_beside(graph: Graph, imported: Path | None) -> list[str]:
    """Load an imported vocabulary beside the graph; return the graphs that stay the default union, if any was."""
    if imported is None:
        return []
    from kg.vocab.write import load

    shipped = [str(name)[1:-1] for name in graph.store.named_graphs()]
    load(graph.store, imported)
    return shipped


def _query_text(file: Path, params: tuple[str, ...]) -> str:
    from kg.files import house, read_text
    from kg.queries import find_questions, pick, read_question

    if str(file) == "-":
        return sys.stdin.read()
    values = dict(_pair(param) for param in params)
    if file.is_file():
        return read_question(file, file.parent).fill(values) if values else read_text(file)
    return pick(find_questions(house() / "queries"), file.as_posix().removesuffix(".rq")).fill(values)


def _pair(param: str) -> tuple[str, str]:
    name, equals, value = param.partition("=")
    if not equals:
        raise click.UsageError(f"--param wants NAME=VALUE, not {param}")
    return name, value


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
@click.option("--engine", type=click.Choice(["pyshacl", "shacl"]), help="SHACL engine [pyshacl].")
@click.option("--time-limit", type=click.FloatRange(min=0.1), help="Seconds for one query or SPARQL constraint [60].")
@click.option("--lang", type=click.Choice(["en", "nl"]), help="Language of messages [en].")
@click.option("--no-cache", is_flag=True, help="Check all anew.")
@click.option("--list-rules", is_flag=True, help="Print the rules and stop.")
@click.option("--init", is_flag=True, help="Write a GitHub workflow and settings to this folder and stop.")
def validate(paths: tuple[Path, ...], forms: tuple[str, ...], output: Path | None, **options: Any) -> None:
    """Check RDF, SSSOM and .rq files or folders against shapes, check queries and approved answers.

    Without PATHS: what [tool.kg.validate] in pyproject.toml or [validate] in kg.toml names, or else the packaged data.
    Exit code 1 when there is a finding as severe as --fail-on, 2 when nothing could be checked.
    """
    from dataclasses import replace

    from kg.files import house
    from kg.plans import first_files, make_plan, run
    from kg.settings import read_settings

    if options["init"]:
        return _write_first(first_files(Path.cwd()))
    reports = _reports(forms, output)
    held = read_settings(Path.cwd())
    given = {name: value for name, value in options.items() if value and hasattr(held, name)}
    settings = replace(held, **given)
    plan = make_plan(settings, paths, house())
    if options["list_rules"]:
        return _list_rules(plan.shapes, plan.lang)
    report = run(plan, cached=not options["no_cache"])
    report = _with_baseline(report, settings.baseline, write=options["write_baseline"])
    _print_reports(report, reports)
    sys.exit(1 if report.failed else 0)


def _write_first(files: list[tuple[Path, str]]) -> None:
    for path, text in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        click.echo(f"{path}: written")


def _reports(forms: tuple[str, ...], output: Path | None) -> dict[str, Path | None]:
    """Return the file of each format, None for standard output."""
    found: dict[str, Path | None] = {}
    for form in forms or ("text",):
        name, equals, file = form.partition("=")
        if name not in REPORTS:
            raise click.UsageError(f"--format {name}: use one of {', '.join(REPORTS)}")
        found[name] = Path(file) if equals else output
    free = [name for name, file in found.items() if file is None]
    if len(free) > 1 or (output and list(found.values()).count(output) != 1):
        raise click.UsageError("only one format can go to one place; write --format sarif=out.sarif --format text")
    return found


def _list_rules(shapes: Sequence[Path], lang: str) -> None:
    from kg.ruleset import read_rules

    for rule in read_rules(shapes, lang).listed:
        click.echo(f"{rule.severity}\t{rule.name}\t{rule.title}")


def _with_baseline(report: Found, name: str, *, write: bool) -> Found:
    from kg.baseline import apply_baseline, read_baseline, write_baseline
    from kg.reports import write_whole

    if write:
        write_whole(Path(name or "kg-baseline.json"), write_baseline(report.findings))
        click.echo(f"{name or 'kg-baseline.json'}: {len(report.findings)} findings written", err=True)
        name = name or "kg-baseline.json"
    return apply_baseline(report, read_baseline(Path(name)), Path(name)) if name else report


def _print_reports(report: Found, reports: dict[str, Path | None]) -> None:
    import os

    from kg.reports import FORMATS as RENDER
    from kg.reports import write_whole

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
    from kg.files import house
    from kg.rulebook import examples, names_of
    from kg.ruleset import read_rules
    from kg.settings import read_settings

    named = shapes or read_settings(Path.cwd()).shapes
    folders = [Path(name) for name in named if name] if named else [house() / "shapes"]
    listed, english = read_rules(folders, lang).listed, read_rules(folders, "en").listed
    for name in names_of(listed, rule):
        one = next(one for one in listed if one.name == name)
        click.echo(f"{click.style(one.name, bold=True)} ({one.severity}, {one.kind})")
        what = "" if one.title == one.mend else one.title
        for title, text in (("what", what), ("why", one.why), ("mend", one.mend), ("in", one.file)):
            click.echo(f"  {title}: {text}" if text else "", nl=bool(text))
        plain = next(one for one in english if one.name == name)
        for folder in folders if one.kind != "built-in" else ():
            for case, text in examples(plain, folder):
                click.echo(f"\n--- {case}\n{text.rstrip()}")


@main.command()
@click.argument("iri", required=False)
@click.option("--text", "text_file", type=click.Path(path_type=Path), help="Source text of the publication.")
@click.option(
    "--house", "folder", type=click.Path(path_type=Path), help="Folder with ontology/ and data/; default: ours."
)
def evidence(iri: str | None, text_file: Path | None, folder: Path | None) -> None:
    """Check what is stated against its text, or show what backs each statement about IRI (or kind/slug).

    Exit code 1 when something stated is not found in the text.
    """
    from kg.files import house
    from kg.graph import build

    if iri is None and text_file is None:
        raise click.UsageError("give --text FILE to check, or an IRI to look up")
    graph = build(folder or house())
    text = _read_text(graph, text_file)
    if iri is not None:
        _print_backing(graph, iri, text)
    elif text is not None:
        sys.exit(_print_report(graph, text))


def _print_backing(graph: Graph, iri: str, text: Text | None) -> None:
    from kg.errors import NotFound
    from kg.evidence import Evidence
    from kg.labels import Labels, local_name
    from kg.passages import find_passages
    from kg.terms import ID

    node = iri if iri.startswith(("http://", "https://")) else ID + iri
    labels = Labels(graph.store)
    found = Evidence(graph.store).about(node) if " " not in node else []
    if not found:
        near = ", ".join(f"{name} <{near}>" for near, name in labels.nearest(local_name(node), "nl"))
        raise NotFound(f"nothing is said of {node}", hint=f"nearest: {near}" if near else "give an IRI or kind/slug")
    passages = find_passages(graph.store)
    click.echo(f"{labels.get(node, 'nl')[0]} <{node}>")
    for backed in found:
        click.echo(_sentence(backed, graph, labels.get))
        for passage in (passages[one] for one in backed.passages if one in passages):
            quote = f': "{text.quote(passage.iri)}"' if text and text.quote(passage.iri) else ""
            click.echo(f"    {passage.slug}, line {passage.lines}{quote}")


def _sentence(backed: Backed, graph: Graph, label: Callable[[str, str], tuple[str, str]]) -> str:
    from kg.terms import GRAPH

    value = getattr(backed.quad.object, "value", "")
    shown = f"{label(value, 'nl')[0]} <{value}>" if value.startswith("http") else str(backed.quad.object)
    predicate = backed.quad.predicate.value
    for prefix, namespace in graph.prefixes.items():
        predicate = predicate.replace(namespace, f"{prefix}:")
    where = str(backed.quad.graph_name)[1:-1].replace(GRAPH, "graph/")
    return f"{predicate} {shown}\n  {where}, {backed.kind or 'no kind'}{_HOW[backed.how]}"


_HOW = {
    "": "",
    "authored": "; authored for this statement:",
    "derived": "; derived for this statement:",
    "node": "; the passages of the node:",
}


def _print_report(graph: Graph, text: Text) -> int:
    """Print what the check says, and return the exit code."""
    from kg.proof import WAYS, check
    from kg.rows import Rows
    from kg.sources import read
    from kg.tables import print_rows

    report = check(graph.store, read(graph.sources), text)
    columns = ("class", "checked", *WAYS, "failed")
    print_rows(
        Rows(
            columns,
            [
                dict(
                    zip(columns, (name, one.checked, *(one.found[way] for way in WAYS), len(one.failures)), strict=True)
                )
                for name, one in report.tallies.items()
            ],
        )
    )
    for name, failure in report.failures:
        _print_failure(name, failure)
    _print_rest(report)
    return 1 if report.failures or report.copied else 0


def _print_failure(name: str, failure: Failure) -> None:
    from kg.terms import ID, KB, SKOS

    subject = failure.subject.removeprefix(ID)
    predicate = failure.predicate.replace(KB, "kb:").replace(SKOS, "skos:")
    click.echo(
        f"{failure.file}: {click.style(name, fg='red', bold=True)}: {subject} {predicate}: {failure.what} not found"
    )
    for slug, lines in zip(failure.passages, failure.lines, strict=True):
        click.echo(f"  line {lines}: passage {slug}")


def _print_rest(report: Report) -> None:
    from kg.terms import ID

    click.echo(f"literals that copy the text: {len(report.copied)}")
    for file, subject, _ in report.copied:
        click.echo(f"  {file}: {subject.removeprefix(ID)}")
    click.echo(f"lines not covered: {len(report.uncovered)}")
    for passage in report.uncovered:
        click.echo(f"  line {passage.lines}: passage {passage.slug}")
    derived, authored = report.backing["derived"], report.backing["authored"]
    ambiguous, unshared = report.backing["ambiguous"], report.backing["unshared"]
    click.echo(
        f"relations: {derived} with a derived passage, {authored} with an authored one, {ambiguous + unshared} with "
        f"those of their ends ({ambiguous} share a passage with another pair, {unshared} share none)"
    )


@main.command()
def info() -> None:
    """Print the version and the counts per class and per graph."""
    from kg.files import house
    from kg.graph import build
    from kg.queries import find_questions, pick
    from kg.rows import Rows
    from kg.sparql import answer, with_prefixes
    from kg.tables import print_rows

    folder = house()
    graph = build(folder)
    questions = find_questions(folder / "queries")
    click.echo(f"klimaatbanen {graph.version}: {len(graph.store)} statements from {len(graph.sources)} files")
    for name in ("graph/graphs", "graph/classes"):
        print_rows(Rows.of(answer(graph.store, with_prefixes(pick(questions, name).query, graph.prefixes))))


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace an earlier release that stands in DIR.")
@click.option("--publisher", envvar="KG_PUBLISHER", default="", help="Name of who publishes; or set KG_PUBLISHER.")
@click.option("--publisher-iri", envvar="KG_PUBLISHER_IRI", default="", help="Its IRI; or set KG_PUBLISHER_IRI.")
@click.option("--contact", envvar="KG_CONTACT", default="", help="E-mail address or URL; or set KG_CONTACT.")
@click.option(
    "--house", "base", type=click.Path(path_type=Path), help="Folder with ontology/, data/ ...; default: ours."
)
def export(folder: Path, force: bool, publisher: str, publisher_iri: str, contact: str, base: Path | None) -> None:
    """Write the release to DIR: dumps, tables, ontology, shapes, descriptions (VoID, DCAT, RO-Crate), checksums."""
    from kg.export import Owner, refuse, release, write
    from kg.files import house
    from kg.graph import build

    refuse(folder, force=force)
    base = base or house()
    made = release(build(base), base, Owner(publisher, publisher_iri, contact), made=_show_progress())
    write(made, folder, force=force)
    _show_progress()(None)
    for warning in made.warnings:
        click.echo(f"kg: warning: {warning}", err=True)
    size = sum(len(file.data) for file in made.files.values())
    click.echo(f"{len(made.files)} files, {size:,} bytes in {folder}")


def _show_progress() -> Callable[[Any], None]:
    """Return what to call with each file that is ready: it shows its name where a person looks, and None clears it."""
    shown = sys.stderr.isatty()
    return lambda file: click.echo(f"\r\033[K{file.name if file else ''}", nl=False, err=True) if shown else None


@main.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option("--lang", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Language of labels.")
@click.option("--house", "base", type=click.Path(path_type=Path), help="Checkout whose revisions are meant.")
def diff(old: str, new: str | None, form: str, lang: str, base: Path | None) -> None:
    """Show what changed from OLD to NEW: folders, dumps, releases or git revisions (also OLD..NEW).

    Without NEW, OLD is compared with the house as it is. Exit code 1 when something differs.
    """
    from kg.diff import Report, sides
    from kg.diff import diff as differ
    from kg.files import house

    base = base or house()
    old, new = sides(old, new, base)
    found = differ(old, new, base)
    click.echo(Report(found, old, new, lang).write(form), nl=False)
    sys.exit(1 if found else 0)


@main.command()
@click.argument("name")
@click.option("--title", required=True, help="Dutch title of the publication.")
@click.option("--title-en", default="", help="Its English title.")
@click.option(
    "--text", required=True, type=click.Path(path_type=Path), help="Its text, one paragraph a line; not copied."
)
@click.option("--house", "base", type=click.Path(path_type=Path), help="Checkout with data/_template; default: ours.")
def new(name: str, title: str, title_en: str, text: Path, base: Path | None) -> None:
    """Begin a publication: data/NAME, with catalogue, sections and passages cut from its text."""
    from kg.files import house
    from kg.new import make

    made = make(base or house(), name, title, text, title_en)
    click.echo(f"{made.folder}: {len(made.text.sections)} sections, {len(made.text.segments)} passages")
    click.echo("To write by hand; kg validate says what is missing:")
    for line in made.left:
        click.echo(f"  {line}")


@main.group("import")
def import_() -> None:
    """Read a vocabulary whole into a named graph: an N-Quads file, or an Oxigraph store.

    It is no part of the default graph: ask it by GRAPH or FROM. Nothing half written is left behind.
    """


_INTO = click.option(
    "--into", type=click.Path(path_type=Path), help="NAME.nq, or the folder of a store [<vocabulary>-<version>.nq]."
)
_GRAPH = click.option("--graph", default="", help="IRI of the graph [graph/imported/<vocabulary>-<version>].")


@import_.command("esco")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--version", default="", help="Version of ESCO; default: as the folder's name says.")
@_INTO
@_GRAPH
def import_esco(folder: Path, version: str, into: Path | None, graph: str) -> None:
    """Import the official CSV download of ESCO in DIR: any version, all languages that stand there."""
    from kg.vocab.esco import EscoFolder

    download = EscoFolder(folder, _show_rows())
    _import("esco", download.version(version), download.statements, into, graph)


def _import_list(name: str) -> Callable[..., None]:
    def command(file: Path, into: Path | None, graph: str) -> None:
        from kg.vocab.lists import LISTS

        one = LISTS[name]
        _import(name, one.version, lambda: one.read(file, _show_rows()), into, graph)

    return command


for _name, _what in {
    "isco-brc": "the CBS crosswalk of ISCO-08 to BRC 2014",
    "crebo": "mbo qualifications with their CREBO number",
    "isced-f": "the fields of education of ISCED-F 2013",
    "sbi": "the leaf codes of SBI 2008",
}.items():
    _file = click.argument("file", type=click.Path(path_type=Path))
    import_.command(_name, help=f"Import {_what} from a CSV file.")(_file(_INTO(_GRAPH(_import_list(_name)))))


def _import(name: str, version: str, read: Callable[[], Any], into: Path | None, graph: str) -> None:
    from kg.vocab.write import graph_of, write

    target = into or Path(f"{name}-{version}.nq")
    done = write(read(), graph or graph_of(name, version), target)
    _clear_line()
    click.echo(f"{done.triples:,} triples in {done.path}, graph <{done.graph}>")


def _show_rows() -> Callable[[str, int], None]:
    """Return what to call with a file's name and the rows read: it shows them where a person looks."""
    shown = sys.stderr.isatty()
    return lambda name, rows: click.echo(f"\r\033[K{name}: {rows:,} rows", nl=False, err=True) if shown else None


def _clear_line() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)


@main.group()
def extract() -> None:
    """Take from a vocabulary the part around what the mappings link to, as Turtle for data/."""


@extract.command("esco")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--version", default="", help="Version of ESCO; default: as the folder's name says.")
@click.option(
    "--part", "parts", multiple=True, type=click.Choice(["concepts", "skills"]), help="What to take; default: both."
)
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write to [data/esco-<version>].")
@click.option("--house", "base", type=click.Path(path_type=Path), help="Folder with data/mappings; default: ours.")
def extract_esco(folder: Path, version: str, parts: tuple[str, ...], into: Path | None, base: Path | None) -> None:
    """Write what ESCO, in DIR as downloaded, says of linked concepts: IRIs, labels and relations."""
    from kg.files import house
    from kg.mappings import find_mappings
    from kg.reports import write_whole
    from kg.vocab.esco import EscoFolder
    from kg.vocab.neighbourhood import PARTS, Neighbourhood

    base = base or house()
    download = EscoFolder(folder, _show_rows())
    linked = frozenset(row.value.value for file in find_mappings(base) for row in file.mappings.rows)
    around = Neighbourhood(download, download.version(version), linked)
    target = into or base / "data" / f"esco-{around.version}"
    made = around.files(parts or PARTS)
    _clear_line()
    target.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        write_whole(target / name, text)
        click.echo(f"{target / name}: {len(text.encode()):,} bytes")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--column", default="", help="Column with the texts; default: the first.")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Language of the texts.")
@click.option(
    "--kind", "kinds", multiple=True, help="Class to look for, as occupation, occupation-group, skill; may be repeated."
)
@click.option("--isco", default="", help="ISCO-08 code that candidates should agree with.")
@click.option("--esco", type=click.Path(path_type=Path), help="ESCO's CSV download, to look in all of ESCO as well.")
@click.option("--format", "form", type=click.Choice(["csv", "json", "sssom"]), default="csv", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="Candidates a row.")
def link(
    file: Path, column: str, lang: str, kinds: tuple[str, ...], isco: str, esco: Path | None, form: str, limit: int
) -> None:
    """Find candidates for the job titles or skills in a CSV FILE, in our graph and in ESCO.

    Each has a score and the features that explain it; a person decides.
    """
    from kg.files import house
    from kg.graph import build
    from kg.link.candidates import Wanted
    from kg.link.entries import entries_of_esco, entries_of_store
    from kg.link.files import as_csv, as_json, as_sssom, link_file
    from kg.link.index import Index
    from kg.vocab.esco import EscoFolder

    entries = {entry.iri: entry for entry in entries_of_store(build(house()).store)}
    if esco:
        entries |= {entry.iri: entry for entry in entries_of_esco(EscoFolder(esco, _show_rows()))}
        _clear_line()
    index = Index(tuple(entries.values()))
    known = sorted({kind for entry in index.entries for kind in entry.kinds})
    if unknown := sorted(set(kinds) - set(known)):
        raise click.UsageError(f"--kind {unknown[0]}: use one of {', '.join(known)}")
    linked = link_file(file, index, Wanted(frozenset(kinds), lang, isco), column, limit)
    if form == "sssom":
        click.echo(as_sssom(linked, lang, file.stem.replace(" ", "-")), nl=False)
    else:
        click.echo(as_csv(linked, lang) if form == "csv" else as_json(linked, lang), nl=False)


@main.command()
@click.argument("origin", metavar="FROM")
@click.option("--with", "imported", type=click.Path(path_type=Path), help="ESCO as kg import wrote it; else our part.")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Language of names.")
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Occupations to show.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def switch(origin: str, imported: Path | None, lang: str, limit: int, form: str) -> None:
    """Show the climate occupations nearest to FROM, an ESCO occupation by IRI or exact label, by skills of ESCO."""
    import json
    from dataclasses import asdict

    from kg.files import house
    from kg.graph import build
    from kg.labels import Labels
    from kg.switch import SKILLS, Switches, find_origin
    from kg.vocab.write import load

    graph = build(house())
    graphs = load(graph.store, imported) if imported else []
    switches = Switches(graph.store, graphs[0] if graphs else SKILLS)
    labels = Labels(graph.store)
    start = find_origin(switches, labels, graph.store, origin)
    gaps = switches.nearest(switches.skills_of(start), limit, start)
    if form == "json":
        click.echo(json.dumps([asdict(gap) for gap in gaps], indent=1))
        return
    click.echo(f"{labels.get(start, lang)[0]} <{start}>, {len(switches.skills_of(start))} skills")
    for gap in gaps:
        click.echo(f"{gap.score:5.1f}  {labels.get(gap.occupation, lang)[0]} (ESCO: {labels.get(gap.via, lang)[0]})")
        for name in ("shared", "missing_essential", "missing_optional"):
            skills = getattr(gap, name)
            shown = ", ".join(labels.get(skill, lang)[0] for skill in skills[:5])
            click.echo(f"       {name.replace('_', ' ')} {len(skills)}: {shown}{' ...' if len(skills) > 5 else ''}")
