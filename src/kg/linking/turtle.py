"""Statements of a vocabulary as Turtle for data/: one subject a block, sorted, the same bytes each time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

import pyoxigraph as ox

from kg.linking.esco import MODEL, TYPE, Statement
from kg.namespaces import ID, OWL, SKOS
from kg.rdf_terms import prefixed_name

_BASE: Final = "http://data.europa.eu/esco/"
_PREFIXES: Final = {
    "esco": MODEL,
    "esco-occupation": f"{_BASE}occupation/",
    "esco-scheme": f"{_BASE}concept-scheme/",
    "esco-skill": f"{_BASE}skill/",
    "isced-f": f"{_BASE}isced-f/",
    "isco": f"{_BASE}isco/",
    "skill-type": f"{_BASE}skill-type/",
    "scheme": f"{ID}scheme/",
    "skos": SKOS,
    "owl": OWL,
}
_WIDTH: Final = 120
_VERBS: Final = (
    "a",
    "skos:prefLabel",
    "skos:altLabel",
    "skos:notation",
    "skos:broader",
    "skos:inScheme",
    "owl:deprecated",
    "esco:memberOfISCOGroup",
    "esco:skillType",
    "esco:relatedEssentialSkill",
    "esco:relatedOptionalSkill",
)


def as_turtle(title: str, statements: Iterable[Statement], more_prefixes: Mapping[str, str] | None = None) -> str:
    """Return statements as Turtle.

    Arguments:
        title: its first comment.
        statements: what it says.
        more_prefixes: prefix to namespace, beside those of ESCO, SKOS and OWL.

    """
    prefixes = _PREFIXES | dict(more_prefixes or {})
    short = partial(_short, prefixes)
    blocks: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for subject, predicate, value in statements:
        verb = "a" if predicate == TYPE else short(predicate)
        blocks[short(subject)][verb].add(short(value))
    text = "".join(_block(subject, blocks[subject]) for subject in sorted(blocks))
    names = [name for name in sorted(prefixes) if re.search(rf"(?<![\w-]){name}:", text)]
    used = [f"@prefix {name}: <{prefixes[name]}> .\n" for name in names]
    return f"# {title}\n# Made by kg extract; do not edit.\n\n" + "".join(used) + text


def _short(prefixes: Mapping[str, str], term: ox.NamedNode | ox.Literal) -> str:
    """Return a term as Turtle writes it, with a prefix where the rest is a plain local name."""
    return (prefixed_name(term.value, prefixes) if isinstance(term, ox.NamedNode) else "") or str(term)


def _block(subject: str, said: Mapping[str, set[str]]) -> str:
    lines = [_line(verb, list(_ordered(said[verb]))) for verb in sorted(said, key=_VERBS.index)]
    return f"\n{subject}\n" + " ;\n".join(lines) + " .\n"


def _line(verb: str, values: list[str]) -> str:
    line = f"    {verb} {' , '.join(values)}"
    return line if len(line) <= _WIDTH else f"    {verb} " + " ,\n        ".join(values)


def _ordered(values: set[str]) -> Iterator[str]:
    yield from sorted(values, key=lambda value: (value.rpartition("@")[2] if value[0] == '"' else "", value))
