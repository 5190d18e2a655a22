"""The command `kg`. Heavy modules are imported by the one command that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import KgError

if TYPE_CHECKING:
    from kg.validate import Finding

FORMATS = ("table", "json", "csv", "tsv", "xml", "ttl", "nt", "jsonld", "rdf", "trig", "nq")
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
def serve(host: str, port: int) -> None:
    """Serve the graph over HTTP: SPARQL at /sparql, resources at /id/..., pages at /."""
    from kg.files import house
    from kg.graph import build
    from kg.queries import find_questions
    from kg.web import create_app, listen

    folder = house()
    graph = build(folder)
    listen(
        create_app(graph, find_questions(folder / "queries")), host, port, lambda url: click.echo(f"kg serves {url}")
    )


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("-e", "--text", help="The query itself, instead of a file.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: table, or Turtle for a graph.")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="Bind a parameter of a saved question."
)
def query(file: Path | None, text: str | None, form: str | None, params: tuple[str, ...]) -> None:
    """Answer a query: FILE (a path, a saved question, or - for standard input), or -e TEXT."""
    from kg.files import house
    from kg.graph import build
    from kg.results import formats_for, named, serialise
    from kg.sparql import answer, with_prefixes

    if (file is None) == (text is None):
        raise click.UsageError("give either FILE or -e TEXT")
    graph = build(house())
    asked = text if file is None else _query_text(file, params)
    found = answer(graph.store, with_prefixes(asked or "", graph.prefixes))
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
@click.option("--shapes", type=click.Path(path_type=Path), help="Folder with shapes and checks; default: ours.")
@click.option("--lang", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Language of messages.")
def validate(paths: tuple[Path, ...], shapes: Path | None, lang: str) -> None:
    """Check Turtle files or folders (default: the packaged data) against the shapes.

    Exit code 1 when there is a violation or a warning.
    """
    from kg.files import house
    from kg.sources import find_sources, sources_at
    from kg.validate import validate as check

    folder = house()
    sources = sources_at(folder, paths) if paths else find_sources(folder)
    findings = check(sources, shapes or folder / "shapes", lang=lang)
    _print_findings(findings)
    files = len({source.path for source in sources})
    counts = {
        severity: sum(one.severity == severity for one in findings) for severity in ("violation", "warning", "info")
    }
    click.echo(f"{files} files checked: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    sys.exit(1 if counts["violation"] + counts["warning"] else 0)


def _print_findings(findings: list[Finding]) -> None:
    for one in findings:
        colour = {"violation": "red", "warning": "yellow"}.get(one.severity, "cyan")
        click.echo(f"{one.file or '-'}: {click.style(one.severity, fg=colour, bold=True)}: {one.message}")
        for name in ("focus", "label", "path", "value", "hint", "shape"):
            if text := getattr(one, name):
                click.echo(f"  {name}: {text}")


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
