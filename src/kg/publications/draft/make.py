"""`kg draft`: what `kg new` writes, with proposals, in a folder that is not loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from kg.errors import SourceError
from kg.files import own_project
from kg.publications.draft.lexicon import Thing
from kg.publications.draft.proposals import Draft, Drafter, Suggest
from kg.publications.draft.turtle import files
from kg.publications.draft.words import Words
from kg.publications.scaffold import cut_file, draft_folder, filled, free_folder, other_language, write_folder


@dataclass(frozen=True)
class Drafted:
    """A draft that was written: its folder, its title, its proposals."""

    folder: Path
    title: str
    draft: Draft


def make_draft(
    project: Path,
    name: str,
    text: Path,
    store: ox.Store,
    words: Words,
    title: str = "",
    vocabulary: Iterable[tuple[Thing, Sequence[str]]] = (),
    suggest: Suggest = lambda _text, _kind: (),
    progress: Callable[[str, int], None] = lambda _step, _done: None,
) -> Drafted:
    """Write `data/_NAME`: the files of a new publication, and proposals.

    Arguments:
        project: the project to write in.
        name: slug of the publication.
        text: UTF-8 file with the whole text, one paragraph a line.
        store: the graph, which knows what things are called.
        words: what to look for, in the language of the text.
        title: as printed; the first passage by default.
        vocabulary: the concepts of vocabularies, with the classes that they would have here.
        suggest: gives candidates of vocabularies for a name.
        progress: hears how far it is.

    Raises:
        SourceError: as `kg new`; also where a draft of that name exists, which is never overwritten.

    """
    project = own_project(project)
    free_folder(project, name)
    cut = cut_file(text, words.language)
    title = title.strip() or cut.texts[0]
    draft = Drafter(store, words, vocabulary, suggest, progress).draft(name, cut)
    titles = {words.language: title, other_language(words.language): ""}
    begun = filled(project, name, titles, cut, words.language)
    proposed = files(draft, name)
    if taken := sorted(begun.keys() & proposed.keys()):
        raise SourceError("the template has this file too", where=taken[0], hint="rename it in data/_template")
    folder = draft_folder(project, name)
    write_folder(folder, begun | proposed)
    return Drafted(folder, title, draft)
