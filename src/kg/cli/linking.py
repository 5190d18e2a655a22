"""Commands that import vocabularies, suggest links and compare skills."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.cli.group import main
from kg.cli.options import show_status

if TYPE_CHECKING:
    from kg.linking.index import Index


@main.group("import")
def import_() -> None:
    """Read a vocabulary whole into a named graph: an N-Quads file, or an Oxigraph store.

    It is no part of the default graph: ask it by GRAPH or FROM. Nothing half written is left behind.
    """


_INTO = click.option(
    "--into", type=click.Path(path_type=Path), help="NAME.nq, or the folder of a store [<vocabulary>-<version>.nq]."
)


_PROJECT = click.option(
    "--project",
    "--house",
    "project",
    type=click.Path(path_type=Path),
    help="Project with data/mappings; default: the one you are in, or with --into ours.",
)
_GRAPH = click.option("--graph", default="", help="IRI of the graph [graph/imported/<vocabulary>-<version>].")


@import_.command("esco")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--version", default="", help="Version of ESCO; default: as the folder's name says.")
@_INTO
@_GRAPH
def import_esco(folder: Path, version: str, into: Path | None, graph: str) -> None:
    """Import the official CSV download of ESCO in DIR: any version, all languages that stand there."""
    from kg.linking.esco import EscoFolder

    download = EscoFolder(folder, _show_rows)
    _import("esco", download.version(version), download.statements, into, graph)


def _import_list(name: str) -> Callable[..., None]:
    def command(file: Path, into: Path | None, graph: str) -> None:
        from kg.linking.code_lists import CodeList

        code_list = CodeList.from_name(name)
        _import(name, code_list.version, lambda: code_list.read(file, _show_rows), into, graph)

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
    from kg.linking.imported import graph_of, write

    target = into or Path(f"{name}-{version}.nq")
    done = write(read(), graph or graph_of(name, version), target)
    show_status("")
    click.echo(f"{done.triples:,} triples in {done.path}, graph <{done.graph}>")


def _show_rows(name: str, rows: int) -> None:
    show_status(f"{name}: {rows:,} rows")


@main.group()
def extract() -> None:
    """Take from a vocabulary the part around what the mappings link to, as Turtle for data/."""


@extract.command("esco")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--version", default="", help="Version of ESCO; default: as the folder's name says.")
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(["concepts", "skills", "whole"]),
    help="What to take; default: concepts and skills. whole: all of ESCO in one packed file, for data/imported.",
)
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write to [data/esco-<version>].")
@_PROJECT
def extract_esco(folder: Path, version: str, parts: tuple[str, ...], into: Path | None, project: Path | None) -> None:
    """Write what ESCO, in DIR as downloaded, says of linked concepts: IRIs, labels and relations."""
    from kg.linking.esco import EscoFolder
    from kg.linking.extract import PARTS, WHOLE, Neighbourhood, whole

    if WHOLE in parts and len(parts) > 1:
        raise click.UsageError("--part whole goes alone: it is written to a folder of its own")
    download = EscoFolder(folder, _show_rows)
    folder = _project(project, into)
    if parts == (WHOLE,):
        version = download.version(version)
        packed = {f"esco-{version}.ttl.xz": whole(download, version)}
        return _write_files(packed, into or folder / "data" / "imported")
    around = Neighbourhood(download, download.version(version), _linked(folder))
    _write_files(around.files(parts or PARTS), into or folder / "data" / f"esco-{around.version}")


@extract.command("list")
@click.argument("name", type=click.Choice(["isco-brc", "crebo", "sbi"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write to [data/<scheme>].")
@_PROJECT
def extract_list(name: str, file: Path, into: Path | None, project: Path | None) -> None:
    """Write linked codes of BRC, CREBO or SBI, with their labels and what is broader, from a CSV FILE."""
    from kg.linking.code_lists import CodeList

    code_list, folder = CodeList.from_name(name), _project(project, into)
    concepts = code_list.around(file, _linked(folder))
    _write_files({"concepts.ttl": concepts}, into or folder / "data" / code_list.scheme)


def _project(named: Path | None, into: Path | None) -> Path:
    """Return the project whose mappings are read: one that may be written in, unless another target is named."""
    from kg.files import own_project, project_folder

    return own_project(named) if into is None else named or project_folder()


def _linked(project: Path) -> frozenset[str]:
    from kg.graph.mappings import find_mappings

    return frozenset(row.value.value for file in find_mappings(project) for row in file.mappings.rows)


def _write_files(made: Mapping[str, str | bytes], target: Path) -> None:
    from kg.files import write_whole

    show_status("")
    target.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write_whole(target / name, content)
        click.echo(f"{target / name}: {(target / name).stat().st_size:,} bytes")


@main.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--unmapped",
    metavar="MAPPINGS",
    type=click.Path(path_type=Path),
    help="Instead of FILE: the things that this file of data/mappings does not judge; rows to append to it.",
)
@click.option("--column", default="", help="Column with the texts; default: the first.")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Language of the texts.")
@click.option(
    "--kind", "kinds", multiple=True, help="Class to look for, as occupation, occupation-group, skill; may be repeated."
)
@click.option("--isco", default="", help="ISCO-08 code that candidates should agree with.")
@click.option(
    "--with", "imported", type=click.Path(path_type=Path), help="ESCO as kg import wrote it, beside what ships."
)
@click.option("--format", "form", type=click.Choice(["csv", "json", "sssom"]), default="csv", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100), default=5, show_default=True, help="Candidates a row.")
def link(
    file: Path | None,
    unmapped: Path | None,
    column: str,
    lang: str,
    kinds: tuple[str, ...],
    isco: str,
    imported: Path | None,
    form: str,
    limit: int,
) -> None:
    """Find candidates for the job titles or skills in a CSV FILE, in our graph and in ESCO.

    Each has a score and the features that explain it; a person decides.
    """
    from kg.files import project_folder
    from kg.linking.batch import as_csv, as_json, as_sssom, link_file
    from kg.linking.candidates import Wanted
    from kg.linking.entries import kebab

    if file is None or unmapped is not None:
        if file is not None or unmapped is None:
            raise click.UsageError("give a CSV FILE, or --unmapped MAPPINGS")
        return _print_unmapped(unmapped, imported, lang, limit)
    index = _index(project_folder(), imported)
    known = sorted({kebab(iri) for iri in index.classes()})
    if unknown := sorted(set(kinds) - set(known)):
        raise click.UsageError(f"--kind {unknown[0]}: use one of {', '.join(known)}")
    linked = link_file(file, index, Wanted(frozenset(kinds), lang, isco), column, limit)
    if form == "sssom":
        click.echo(as_sssom(linked, lang, file.stem.replace(" ", "-")), nl=False)
    else:
        click.echo(as_csv(linked, lang) if form == "csv" else as_json(linked, lang), nl=False)


def _index(project: Path, imported: Path | None) -> Index:
    """Return what can be found in the graph of a project and in all of ESCO."""
    from kg.files import project_folder
    from kg.graph.cache import read_or_build
    from kg.linking.database import Database
    from kg.linking.entries import entries_of_store
    from kg.linking.index import Index
    from kg.linking.label_table import LabelTable

    esco = Database.open(project_folder(), imported, _show_rows)
    show_status("")
    return Index(LabelTable.of(entries_of_store(read_or_build(project).store)), esco.table)


def _print_unmapped(mappings: Path, imported: Path | None, lang: str, limit: int) -> None:
    from kg.files import project_around, project_folder
    from kg.linking.unmapped import suggest_unmapped

    index = _index(project_around(mappings) or project_folder(), imported)
    suggestions = suggest_unmapped(mappings, index, lang, limit)
    for row in suggestions.rows:
        click.echo(row)
    for name in suggestions.without:
        click.echo(f"no candidate for {name}", err=True)
