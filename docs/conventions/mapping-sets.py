"""SSSOM 1.0: the mapping sets, as tables and as RDF."""

import contextlib
import io
import logging
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from sssom.parsers import parse_sssom_rdf, parse_sssom_table
from sssom.validators import validate
from sssom.writers import write_rdf

logging.disable(logging.WARNING)
ROW = [
    "subject_id",
    "predicate_id",
    "object_id",
    "mapping_justification",
    "confidence",
    "subject_label",
    "object_label",
]


def judgements(mapping_set) -> set[tuple[str, ...]]:
    """Return what the rows of a set say, with whole IRIs."""
    whole = mapping_set.converter.expand
    rows = mapping_set.df[ROW].fillna("").astype(str).itertuples(index=False)
    return {tuple(whole(cell) or cell if number < 4 else cell for number, cell in enumerate(row)) for row in rows}


def findings(mapping_set) -> int:
    """Return how much the validator finds wrong with a set."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return sum(len(report.results) for report in validate(mapping_set, fail_on_error=False).values())


tables = {path.name: parse_sssom_table(path) for path in sorted(Path(sys.argv[1], "mappings").glob("*.sssom.tsv"))}
graphs = {
    name: parse_sssom_rdf(Path(sys.argv[1], "mappings", f"{name[:-4]}.ttl"), serialisation="turtle") for name in tables
}
TOOL = f"sssom {version('sssom')}"
found = sum(map(findings, tables.values()))
print(TOOL, "`mappings/*.sssom.tsv`", f"{len(tables)} sets, {found} findings", sep="\t")
same = all(judgements(graphs[name]) == judgements(table) for name, table in tables.items())
said = "the same judgements as the tables" if same else "other judgements than the tables"
print(TOOL, "`mappings/*.sssom.ttl`", f"{len(graphs)} sets, {said}", sep="\t")
with tempfile.NamedTemporaryFile("w+", suffix=".ttl") as file:
    name, table = next(iter(tables.items()))
    write_rdf(table, file, serialisation="turtle")
    file.flush()
    back = judgements(parse_sssom_rdf(file.name, serialisation="turtle")) == judgements(table)
print(
    TOOL,
    f"`{name}`, written by it as RDF and read again",
    "the same judgements" if back else "other judgements",
    sep="\t",
)
