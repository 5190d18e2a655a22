"""Commands that make a release, compare two, and begin a publication."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import main
from kg.cli.options import own_project_option, project_option, show_status

if TYPE_CHECKING:
    from kg.publications.revision import Revision


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace an earlier release that stands in DIR.")
@click.option("--publisher", envvar="KG_PUBLISHER", default="", help="Name of who publishes; or set KG_PUBLISHER.")
@click.option("--publisher-iri", envvar="KG_PUBLISHER_IRI", default="", help="Its IRI; or set KG_PUBLISHER_IRI.")
@click.option("--contact", envvar="KG_CONTACT", default="", help="E-mail address or URL; or set KG_CONTACT.")
@project_option("Folder with ontology/, data/ and so on")
def export(folder: Path, force: bool, publisher: str, publisher_iri: str, contact: str, project: Path) -> None:
    """Write the release to DIR: dumps, tables, ontology, shapes, descriptions (VoID, DCAT, RO-Crate), checksums."""
    from kg.graph.build import build
    from kg.release.build import build_release, check_target, write_release
    from kg.release.files import Owner

    check_target(folder, force=force)
    owner = Owner(publisher, publisher_iri, contact)
    made = build_release(build(project), project, owner, made=lambda file: show_status(file.name))
    write_release(made, folder, force=force)
    show_status("")
    for warning in made.warnings:
        click.echo(f"kg: warning: {warning}", err=True)
    size = sum(len(file.data) for file in made.files.values())
    click.echo(f"{len(made.files)} files, {size:,} bytes in {folder}")


@main.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@click.option("--lang", type=click.Choice(["en", "nl"]), default="en", show_default=True, help="Language of labels.")
@project_option("Checkout whose revisions are meant")
def diff(old: str, new: str | None, form: str, lang: str, project: Path) -> None:
    """Show what changed from OLD to NEW: folders, dumps, releases or git revisions (also OLD..NEW).

    Without NEW, OLD is compared with the project as it is. Exit code 1 when something differs.
    """
    from kg.release.compare import compare
    from kg.release.diff_report import Report
    from kg.release.states import load_side, side_names

    old, new = side_names(old, new, project)
    difference = compare(load_side(old, project), load_side(new, project))
    click.echo(Report(difference, old, new, lang).render(form), nl=False)
    sys.exit(1 if difference else 0)


@main.command()
@click.option("--backend", "url", metavar="URL", required=True, help="Query endpoint of a SPARQL 1.1 engine.")
@click.option("--store-url", metavar="URL", help="Its Graph Store Protocol; known for Oxigraph, Fuseki and Virtuoso.")
@click.option("--update-url", metavar="URL", help="Its SPARQL Update; used instead of the Graph Store Protocol.")
@project_option("Checkout to push")
def push(url: str, store_url: str | None, update_url: str | None, project: Path) -> None:
    """Load the graph into a SPARQL engine, graph by graph; what it held of ours is replaced, the rest left alone.

    Name and password, where it wants them, come from KG_BACKEND_USER and KG_BACKEND_PASSWORD.
    """
    from kg.endpoint.backends import Credentials, without_query
    from kg.endpoint.backends.push import GraphChange, connect, send
    from kg.graph.build import build

    pushed: list[GraphChange] = []

    def tell(done: GraphChange) -> None:
        pushed.append(done)
        click.echo(f"{done.what:9} {done.statements:8,}  {done.name}")

    graph = build(project)
    remote, writer = connect(url, store_url, update_url, Credentials.from_env())
    send(remote, writer, graph.dataset, tell)
    total = sum(done.statements for done in pushed)
    click.echo(
        f"klimaatbanen {graph.version}: {total:,} statements in {len(pushed)} graphs at {without_query(url)}, checked"
    )


@main.command()
@click.argument("name")
@click.option("--title", required=True, help="Title of the publication, in the language of its text.")
@click.option("--title-en", default="", help="English title of a Dutch text.")
@click.option("--title-nl", default="", help="Dutch title of an English text.")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Language of the text.")
@click.option(
    "--text",
    required=True,
    type=click.Path(path_type=Path),
    help="Its text, one paragraph a line, or HTML; not copied.",
)
@click.option("--revises", default="", metavar="OLD", help="The older edition, of which this is a newer one.")
@own_project_option
def new(
    name: str, title: str, title_en: str, title_nl: str, lang: str, text: Path, revises: str, project: Path
) -> None:
    """Begin a publication in the project in which you are: data/NAME, with sections and passages cut from its text.

    With --revises what the older edition states and the text still says is proposed in data/_NAME-from-OLD, which is
    not loaded, with what changed side by side: read it, and move its files to data/NAME.
    """
    from kg.publications.scaffold import make

    made = make(project, name, title, text, title_nl if lang == "en" else title_en, lang, revises)
    click.echo(f"{made.folder}: {len(made.passages.sections)} sections, {len(made.passages.segments)} passages")
    if made.revision:
        _print_revision(made.revision)
    click.echo("To write by hand; kg validate says what is missing:")
    for line in made.to_write:
        click.echo(f"  {line}")


def _print_revision(revision: Revision) -> None:
    """Print what stands, changed, and was dropped; figures before and now side by side."""
    click.echo(f"{revision.folder}: not loaded; read each file and move it")
    click.echo(f"  {revision.standing} statements stand, with passages of this text")
    click.echo(f"  {len(revision.unsure)} to confirm: not all on which they rest stands")
    click.echo(f"  {len(revision.changes)} things rest on passages that are printed otherwise")
    for change in revision.changes:
        numbers = ", ".join(f"{number:f}" for number in change.numbers) or "no number"
        before, (slug, line) = "; ".join(change.before) or "no number", change.now
        click.echo(f"    {change.thing}")
        click.echo(f"      was {before} (passage {change.passage.slug}, line {change.passage.lines})")
        click.echo(f"      now {numbers} (passage {slug}, line {line})")
    click.echo(f"  {len(revision.dropped)} things dropped: {', '.join(revision.dropped) or 'none'}")
    click.echo(f"  {len(revision.fresh)} passages that are new: {', '.join(revision.fresh) or 'none'}")


@main.command()
@click.argument("name")
@own_project_option
def fill(name: str, project: Path) -> None:
    """Add the prefixes, classes and schemes that the Turtle of data/NAME lacks, as the rest of the data has them.

    Lines are added and none is changed. Exit code 1 when a prefix is left that nothing declares.
    """
    from kg.publications.fill import fill as fill_publication

    filled = fill_publication(project, name)
    for path, count in filled.added.items():
        click.echo(f"{path}: {count} lines added")
    for path, prefix in filled.left:
        click.echo(f"{path}: {prefix}: is not declared; no other file has it, or they differ", err=True)
    click.echo(f"{sum(filled.added.values())} lines added to {len(filled.added)} files")
    sys.exit(1 if filled.left else 0)
