"""The command that drafts a publication."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.cli.group import main
from kg.cli.options import own_project_option, show_status

if TYPE_CHECKING:
    import pyoxigraph as ox

    from kg.linking.entries import Entry
    from kg.publications.draft.lexicon import Thing
    from kg.publications.draft.proposals import Candidate, Suggest
    from kg.publications.draft.words import Words

_SCORES = {"prefLabel": 100.0, "altLabel": 97.0}
_LEAST = 50.0  # A candidate that scores less is hardly ever right.


@main.command()
@click.argument("name")
@click.option(
    "--text", required=True, type=click.Path(path_type=Path), help="Its text, one paragraph a line; not copied."
)
@click.option("--title", default="", help="Title of the publication, in the language of its text [its first passage].")
@click.option("--esco", type=click.Path(path_type=Path), help="ESCO's CSV download; default: the part in the graph.")
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True, help="Language of the text.")
@click.option("--report", type=click.Path(path_type=Path), help="HTML file to write: the text beside the proposals.")
@own_project_option
def draft(name: str, text: Path, title: str, esco: Path | None, lang: str, report: Path | None, project: Path) -> None:
    """Draft a publication from its text: data/_NAME, which is not loaded, with proposals to delete or confirm.

    Things that the graph knows, candidates of ESCO and code lists, figures and relations, each line with its passage.
    Take the marks away from what is right, rename the folder to data/NAME, and run kg validate.
    """
    from kg.files import write_whole
    from kg.graph.cache import read_or_build
    from kg.publications.draft.make import make_draft
    from kg.publications.draft.report import render
    from kg.publications.draft.words import Words
    from kg.publications.scaffold import TEMPLATE

    store = read_or_build(project).store

    def progress(step: str, done: int) -> None:
        show_status(f"{step}: {done:,}")

    words = Words.read(project / "data" / TEMPLATE, lang)
    entries = _entries(store, esco, words, progress)
    named, suggest = _vocabulary(entries, words), _suggest(entries, words)
    made = make_draft(project, name, text, store, words, title, named, suggest, progress)
    show_status("")
    if report:
        write_whole(report, render(made.draft, made.title, lang))
    kinds: dict[str, int] = {}
    for proposal in made.draft.proposals.values():
        kinds[proposal.kind] = kinds.get(proposal.kind, 0) + 1
    click.echo(f"{made.folder}: {len(made.draft.text.segments)} passages, {sum(kinds.values())} proposals, none loaded")
    for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
        click.echo(f"  {count:5,}  {kind}")
    click.echo(f"Take the marks away from what is right, then: mv {made.folder} {made.folder.with_name(name)}")


def _entries(store: ox.Store, esco: Path | None, words: Words, progress: Callable[[str, int], None]) -> list[Entry]:
    """Return the concepts of ESCO, of a download and of the graph, and of the code lists that the graph has."""
    from kg.linking.entries import entries_of_esco, entries_of_store
    from kg.linking.esco import EscoFolder
    from kg.namespaces import ID

    entries = {entry.iri: entry for entry in entries_of_store(store) if ID not in entry.iri}
    if esco:
        entries |= {entry.iri: entry for entry in entries_of_esco(EscoFolder(esco, progress))}
    entries |= {entry.iri: entry for scheme in words.vocabularies for entry in _listed(store, scheme)}
    return list(entries.values())


def _listed(store: ox.Store, scheme: str) -> Iterator[Entry]:
    """Yield the concepts of a code list, with the list as their class."""
    import pyoxigraph as ox

    from kg.linking.entries import Entry, Label
    from kg.namespaces import SKOS
    from kg.rdf_terms import objects, term_key, texts_by_language

    for quad in store.quads_for_pattern(None, ox.NamedNode(SKOS + "inScheme"), ox.NamedNode(scheme), None):
        if isinstance(quad.subject, ox.NamedNode):
            texts = texts_by_language(objects(store, quad.subject, SKOS + "prefLabel"))
            labels = tuple(Label(text, tag, "prefLabel") for tag, text in sorted(texts.items()))
            yield Entry(term_key(quad.subject), (scheme,), labels)


def _vocabulary(entries: Sequence[Entry], words: Words) -> Iterator[tuple[Thing, list[str]]]:
    """Yield each label of a vocabulary as what it would name here."""
    from kg.publications.draft.lexicon import Thing

    other = "en" if words.language == "nl" else "nl"
    for vocabulary, kind in words.vocabularies.items():
        for entry in (entry for entry in entries if vocabulary in entry.types):
            names = {label.lang: label.text for label in entry.labels if label.kind == "prefLabel"}
            for label in entry.labels:
                if label.lang == words.language and label.kind in _SCORES:
                    name = names.get(other, "") if label.kind == "prefLabel" else ""
                    yield Thing(entry.iri, kind, label.text, False, name, _SCORES[label.kind]), [label.text]


def _suggest(entries: Sequence[Entry], words: Words) -> Suggest:
    """Return what gives the candidates of vocabularies for a name, by the index and scores of kg link."""
    from kg.linking.candidates import Wanted
    from kg.linking.index import Index

    lang = words.language
    read = [replace(entry, labels=tuple(label for label in entry.labels if label.lang == lang)) for entry in entries]
    index = Index.of(entry for entry in read if entry.labels)
    there = {one for entry in entries for one in entry.types}

    def suggest(text: str, kind: str) -> list[Candidate]:
        types = frozenset(one for one, own in words.vocabularies.items() if own == kind and one in there)
        found = index.search(text, Wanted(types, lang)) if types else []
        return [(one.entry.iri, one.label.text, one.score) for one in found if one.score >= _LEAST]

    return suggest
