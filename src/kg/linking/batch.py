"""A CSV file with texts in, candidates out: as CSV, as JSON, or as SSSOM rows to review."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kg.errors import SourceError
from kg.files import read_text
from kg.graph.sssom import MAPPING_HEADER
from kg.linking.candidates import Candidate, Wanted
from kg.linking.scoring import WEIGHTS

if TYPE_CHECKING:
    from kg.linking.index import Index

FEATURES: Final = ("exact", "altLabel", *WEIGHTS, "isco")
_SSSOM: Final = (
    "subject_id",
    "subject_label",
    "predicate_id",
    "object_id",
    "object_label",
    "mapping_justification",
    "confidence",
    "comment",
)


@dataclass(frozen=True)
class Linked:
    """A row of the file: its number below the header, its text, and the candidates."""

    number: int
    text: str
    candidates: tuple[Candidate, ...]


def link_file(path: Path, index: Index, wanted: Wanted, column: str = "", limit: int = 5) -> list[Linked]:
    """Return the candidates for each row of a CSV file.

    Arguments:
        path: the file, with a header.
        index: where to look.
        wanted: what narrows the search.
        column: name of the column with the texts; empty takes the first.
        limit: candidates a row.

    Raises:
        SourceError: the file is missing, empty or not UTF-8, or has no such column.

    """
    rows = list(csv.reader(io.StringIO(read_text(path).removeprefix("\ufeff"), newline="")))
    if not rows or not rows[0]:
        raise SourceError("the file is empty", where=str(path), line=1, hint="the first line names the columns")
    names = rows[0]
    if column and column not in names:
        raise SourceError(f"no column {column}", where=str(path), line=1, hint=f"columns: {', '.join(names)}")
    at = names.index(column) if column else 0
    texts = [row[at].strip() if at < len(row) else "" for row in rows[1:]]
    return [
        Linked(number, text, tuple(index.search(text, wanted, limit))) for number, text in enumerate(texts, 1) if text
    ]


def as_csv(linked: Iterable[Linked], lang: str) -> str:
    """Return one line a candidate; a text without candidate has one line with empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("row", "text", "rank", "id", "name", "label", "types", "score", "match", *FEATURES))
    for row in linked:
        for rank, candidate in enumerate(row.candidates, 1):
            fields = as_dict(candidate, lang)
            fields["types"] = " ".join(fields["types"])
            cells = (fields[name] for name in ("id", "name", "label", "types", "score", "match"))
            features = (candidate.features.get(name, "") for name in FEATURES)
            writer.writerow((row.number, row.text, rank, *cells, *features))
        if not row.candidates:
            writer.writerow((row.number, row.text, *[""] * (7 + len(FEATURES))))
    return out.getvalue()


def as_dict(candidate: Candidate, lang: str) -> dict[str, Any]:
    """Return a candidate as JSON holds it."""
    return {
        "id": candidate.entry.iri,
        "name": candidate.entry.name(lang),
        "label": candidate.label.text,
        "types": list(candidate.entry.kinds),
        "score": candidate.score,
        "match": candidate.match,
        "features": dict(candidate.features),
    }


def as_json(linked: Iterable[Linked], lang: str) -> str:
    """Return one object a text."""
    rows = [
        {"row": row.number, "text": row.text, "candidates": [as_dict(candidate, lang) for candidate in row.candidates]}
        for row in linked
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def as_sssom(linked: Iterable[Linked], lang: str, name: str) -> str:
    """Return SSSOM rows to review: all lexical, exactMatch where the label is the only exact one, else closeMatch.

    Arguments:
        linked: texts with candidates.
        lang: language of object labels.
        name: what the set is called; subjects are `urn:kg-link:<name>:<row>`.

    """
    rows = ["\t".join(cells) for row in linked for cells in _sssom_rows(row, lang)]
    return MAPPING_HEADER.format(name=name) + "\n".join(["\t".join(_SSSOM), *rows]) + "\n"


def _sssom_rows(row: Linked, lang: str) -> Iterator[tuple[str, ...]]:
    for candidate in row.candidates:
        predicate = "skos:exactMatch" if candidate.match else "skos:closeMatch"
        comment = " ".join(f"{name}={value}" for name, value in candidate.features.items())
        name, text = (" ".join(value.split()) for value in (candidate.entry.name(lang), row.text))
        score = f"{candidate.score / 100:.2f}"
        justified = "semapv:LexicalMatching"
        yield f"row:{row.number}", text, predicate, candidate.entry.iri, name, justified, score, f"To review. {comment}"
