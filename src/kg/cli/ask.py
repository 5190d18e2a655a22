"""Commands that ask the graph. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import main
from kg.cli.options import project_option, show_status

if TYPE_CHECKING:
    from kg.graph.build import Graph

FORMATS = ("table", "json", "csv", "tsv", "xml", "ttl", "nt", "jsonld", "rdf", "trig", "nq")


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@project_option("Folder with ontology/, data/ and so on")
def load(folder: Path, project: Path) -> None:
    """Write the graph to DIR, for kg serve --store DIR; a crash or a full disk leaves what was there."""
    from kg.graph.cache import read_or_build
    from kg.graph.store import write_store

    graph = read_or_build(project)
    held = write_store(graph, folder, graph.data_version, lambda count: show_status(f"{count:,}"))
    show_status("")
    click.echo(f"klimaatbanen {held.version}: {held.statements} statements in {folder}")


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
    import pyoxigraph as ox

    from kg.files import project_folder
    from kg.graph.build import imported_graphs
    from kg.graph.cache import read_or_build
    from kg.graph.term_use import TermUse
    from kg.queries.dataset import Dataset
    from kg.queries.engine import answer, graphs_named, with_prefixes
    from kg.queries.formats import formats_for, named, serialise
    from kg.queries.text_score import NAME

    if (file is None) == (text is None):
        raise click.UsageError("give either FILE or -e TEXT")
    graph = read_or_build(project_folder())
    asked = text if file is None else _query_text(file, params)
    shipped = _load_beside(graph, imported)
    packed = [source for source in graph.packed if not graph.store.contains_named_graph(ox.NamedNode(source.graph))]
    dataset, query = Dataset(graph.store, shipped, imported_graphs(packed)), with_prefixes(asked or "", graph.prefixes)
    if graphs_named(query, (), dataset.imported.names):
        dataset = dataset.extend()  # A copy would take more memory.
    if NAME in query:
        from kg.web.app import text_search

        dataset.text_search = text_search(graph)
    solutions = answer(dataset, query)
    for term in TermUse(graph.store, graph.prefixes).unused(asked or ""):
        click.echo(f"kg: note: {term.sentence(graph.prefixes)}", err=True)
    offered = formats_for(solutions)
    if form == "table" or (form is None and offered[0].name == "json"):
        from kg.queries.rows import Rows
        from kg.tables.terminal import print_rows

        print_rows(Rows.from_solutions(solutions))
        return
    chosen = named(form or "ttl", offered)
    if chosen is None:
        names = ", ".join(form.name for form in offered)
        raise click.UsageError(f"{form} does not fit this answer; use one of: {names}")
    sys.stdout.buffer.write(serialise(solutions, chosen, graph.prefixes))


def _load_beside(graph: Graph, imported: Path | None) -> list[str]:
    """Load an imported vocabulary beside the graph; return the graphs that stay the default union, if any was."""
    if imported is None:
        return []
    from kg.linking.imported import load

    shipped = [str(name)[1:-1] for name in graph.store.named_graphs()]
    load(graph.store, imported)
    return shipped


def _query_text(file: Path, params: tuple[str, ...]) -> str:
    from kg.files import project_folder, read_text
    from kg.queries.question import find_questions, pick, read_question

    if str(file) == "-":
        return sys.stdin.read()
    values = dict(_pair(param) for param in params)
    if file.is_file():
        return read_question(file, file.parent).fill(values) if values else read_text(file)
    return pick(find_questions(project_folder() / "queries"), file.as_posix().removesuffix(".rq")).fill(values)


def _pair(param: str) -> tuple[str, str]:
    name, equals, value = param.partition("=")
    if not equals:
        raise click.UsageError(f"--param wants NAME=VALUE, not {param}")
    return name, value


@main.command()
def info() -> None:
    """Print the version and the counts per class and per graph."""
    from kg.files import project_folder
    from kg.graph.cache import read_or_build
    from kg.queries.engine import answer, with_prefixes
    from kg.queries.question import find_questions, pick
    from kg.queries.rows import Rows
    from kg.tables.terminal import print_rows

    folder = project_folder()
    graph = read_or_build(folder)
    questions = find_questions(folder / "queries")
    counted = f"{len(graph.store)} statements, {graph.entailed} of them entailed by the ontology"
    click.echo(f"klimaatbanen {graph.version}: {counted}, from {len(graph.sources)} files")
    for name in ("graph/graphs", "graph/classes"):
        print_rows(
            Rows.from_solutions(answer(graph.dataset, with_prefixes(pick(questions, name).query, graph.prefixes)))
        )
