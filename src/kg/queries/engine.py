"""One query over the store: read, refused or answered. There is no write path."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final
from urllib.parse import urljoin

import pyoxigraph as ox

from kg.errors import QueryError, Refused, SourceError, TooLarge
from kg.namespaces import XSD
from kg.queries.dataset import Dataset, Functions
from kg.queries.formats import Solutions
from kg.queries.limits import Limits
from kg.queries.text_score import IRI, NAME, NO_SEARCH, TextScore

# Terminals of the SPARQL 1.1 grammar (section 19.8) in which a keyword is no keyword come first. None is read twice,
# whatever the text: a quote that opens no string takes the rest, and a prefix has at most so many parts.
_STRING: Final = (
    r"""(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"""
    r"""|"(?!"")(?:[^"\\\n\r]|\\.)*"|'(?!'')(?:[^'\\\n\r]|\\.)*')"""
)
_TOKEN: Final = re.compile(
    rf"""<(?:[^<>"{{}}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*+>
      | {_STRING} | ['"].*+
      | \#[^\r\n]*
      | [?$]\w+ | @[A-Za-z]+(?:-[A-Za-z0-9]+)* | (?:(?<!\d)|(?!\d))\w*+(?:[.\-]\w*+){{0,99}}+:(?:[\w.:\-%]|\\.)*
      | [^\W\d]\w*
      | [^\s\w]""",
    re.VERBOSE | re.DOTALL,
)
_CLOSED: Final = re.compile(_STRING, re.DOTALL)
_UPDATES: Final = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
_QUOTES: Final = ("'", '"')
_PROLOGUE: Final = {"PREFIX", "BASE"}
_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_DECLARED: Final = re.compile(r"\bPREFIX\s+([\w.\-]*):", re.IGNORECASE)
_LOOKING: Final = {"GRAPH", "FROM"}
_CHANGING: Final = {"NOW", "RAND", "UUID", "STRUUID", "BNODE"}
_COMPARED: Final = re.compile(rf"\b(?:{'|'.join(_CHANGING)})\(", re.IGNORECASE)
_PURE: Final = (XSD, "http://www.opengis.net/def/function/geosparql/", IRI.value)  # They always give the same.
_APART: Final = set("{}()[];,")
_FAR: Final = " " * 20  # More than the letters of any keyword.
_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)


def answer(
    store: ox.Store | Dataset,
    text: str,
    *,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
    limits: Limits | None = None,
) -> Solutions:
    """Return the answer to a query (SPARQL 1.1 Query; dataset by SPARQL 1.1 Protocol, section 2.1.4).

    Without a dataset, by parameter or FROM, the default graph is the union of all graphs but the imported ones, which
    are loaded when a query names one. A triple that several of the graphs hold that make up the default graph counts
    once.

    Arguments:
        store: the graph; it is only read. A `Dataset` keeps what it merges for the next query.
        text: SELECT, ASK, CONSTRUCT or DESCRIBE.
        default_graphs: graph IRIs that make up the default graph; they win over FROM.
        named_graphs: graph IRIs that GRAPH can see.
        limits: length and nesting that are allowed.

    Raises:
        QueryError: the text is no query, with line and column; or calls an unknown function.
        Refused: an update, or SERVICE.
        TooLarge: the text is longer or nests deeper than the limits.

    """
    words = _inspect(text, limits or Limits())
    dataset = store if isinstance(store, Dataset) else Dataset(store)
    score = TextScore(dataset.text_search) if dataset.text_search and NAME in text else None
    functions: Functions = {IRI: score} if score else {}
    imported = graphs_named(text, (*default_graphs, *named_graphs), dataset.imported.names)
    dataset = dataset.extended_by(imported) if imported else dataset
    try:
        if default_graphs or named_graphs:
            default, named = ([_graph(name) for name in names] for names in (default_graphs, named_graphs))
            solutions = _over(dataset, text, words, default, named, functions)
        elif "FROM" in words:
            solutions = _over_stated(dataset, text, words, functions, imported=bool(imported))
        elif imported:
            solutions = dataset.extended_by(imported).query_naming(text, imported, functions)
        else:
            solutions = dataset.query(text, functions, sees_graphs="GRAPH" in words)
        return score.whole(solutions) if score else solutions
    except SyntaxError as error:
        raise _syntax_error(text, str(error)) from error
    except (RuntimeError, ValueError) as error:
        hint = NO_SEARCH if str(IRI) in str(error) else "use the functions that SPARQL 1.1 names"
        raise QueryError(str(error), hint=hint) from error


def _over(
    dataset: Dataset,
    text: str,
    words: Sequence[str],
    default: list[ox.NamedNode],
    named: list[ox.NamedNode],
    functions: Functions,
) -> Solutions:
    """Answer a query over a dataset by parameter, which wins over its own."""
    if not dataset.in_common(default):
        return dataset.store.query(text, default_graph=[*default], named_graphs=[*named], custom_functions=functions)
    plain = dataset_of(text).text if "FROM" in words and _is_read(text, functions) else text
    return dataset.merge_of(default, named if "GRAPH" in words else []).query(plain, custom_functions=functions)


def _over_stated(
    dataset: Dataset, text: str, words: Sequence[str], functions: Functions, *, imported: bool
) -> Solutions:
    """Answer a query over the dataset of its FROM clauses."""
    several = sum(word == "FROM" and after != "NAMED" for word, after in pairwise([*words, ""])) > 1
    if several and (imported or dataset.overlaps) and _is_read(text, functions):
        stated = dataset_of(text)
        default, named = ([_graph(name) for name in names] for names in (stated.default, stated.named))
        if dataset.in_common(default):
            merged = dataset.merge_of(default, named if stated.graph else [])
            return merged.query(stated.text, custom_functions=functions)
    return dataset.store.query(text, custom_functions=functions)


def _is_read(text: str, functions: Functions) -> bool:
    """Return True where the engine reads a text as a query: only then its clauses can be told apart."""
    ox.Store().query(text, custom_functions=functions)
    return True


def construct(store: ox.Store, text: str, where: str, *, union: bool) -> list[ox.Triple]:
    """Return what a CONSTRUCT of the project itself makes of a store, each triple once, sorted.

    Arguments:
        store: the graph; it is only read.
        text: the query.
        where: the file that holds it, for the error.
        union: whether the default graph is the union of all graphs.

    Raises:
        SourceError: it is no CONSTRUCT.

    """
    try:
        triples = store.query(text, use_default_graph_as_union=union)
    except SyntaxError as error:
        raise SourceError(str(error), where=where, hint="mend the query") from error
    if not isinstance(triples, ox.QueryTriples):
        raise SourceError("it is no CONSTRUCT", where=where, hint="construct the triples that are wanted")
    return sorted(set(triples), key=str)


def query_form(text: str) -> str:
    r"""Return the form of a query that the engine reads: `select`, `ask`, `construct` or `describe`.

    The engine does not tell the last two apart.

    >>> query_form("# ask\nPREFIX ask: <urn:select> construct{ ?s ?p ?o } { ?s ?p ?o }")
    'construct'
    """
    return next(word for word in _read(text)[1] if word in _FORMS).lower()


def with_prefixes(text: str, prefixes: Mapping[str, str]) -> str:
    """Return a query with the prefixes that it uses and does not declare, on its first line.

    The line of an error stays right because no line break is added.
    """
    used = {token.partition(":")[0] for token in _read(text)[0] if ":" in token}
    declared = {match.group(1) for match in _DECLARED.finditer(text)}
    missing = sorted((used & prefixes.keys()) - declared)
    return "".join(f"PREFIX {prefix}: <{prefixes[prefix]}> " for prefix in missing) + text


@dataclass(frozen=True)
class Stated:
    """What a query says of its dataset (SPARQL 1.1 Query, section 13).

    Attributes:
        text: the query without FROM clauses: blanks stand in their places.
        default, named: the graphs of FROM and of FROM NAMED.
        graph: whether it has a GRAPH clause; without one, named graphs do not matter.

    """

    text: str
    default: tuple[str, ...]
    named: tuple[str, ...]
    graph: bool


def dataset_of(text: str) -> Stated:
    """Return what a query that the engine has read says of its dataset.

    Raises:
        QueryError: a graph is written with an escape, or its prefix is not declared.

    """
    known: dict[str, str] = {}
    base = ""
    default: list[str] = []
    named: list[str] = []
    plain = list(text)
    tokens = _places(text)
    words = [token.group().upper() for token in tokens]
    for place, word in enumerate(words):
        if word == "PREFIX":
            known[tokens[place + 1].group()[:-1]] = urljoin(base, tokens[place + 2].group()[1:-1])
        elif word == "BASE":
            base = urljoin(base, tokens[place + 1].group()[1:-1])
        elif word == "FROM":
            only = words[place + 1] == "NAMED"
            target = tokens[place + 1 + only]
            (named if only else default).append(_resolved(target.group(), known, base))
            plain[tokens[place].start() : target.end()] = " " * (target.end() - tokens[place].start())
    return Stated("".join(plain), tuple(default), tuple(named), "GRAPH" in words)


def graphs_named(
    text: str, parameters: Iterable[str], graphs: frozenset[str], prefixes: Mapping[str, str] | None = None
) -> frozenset[str]:
    """Return which of some graphs a query names, in a text that looks into graphs or states a dataset, or as parameter.

    Arguments:
        text: the query.
        parameters: the graphs of its dataset by parameter.
        graphs: IRIs of graphs.
        prefixes: as in `iris_of`.

    """
    named = graphs.intersection(parameters)
    if graphs and not _LOOKING.isdisjoint(_read(text)[1]):
        with suppress(ValueError):  # Of an IRI that cannot be resolved: the engine says so.
            named |= graphs.intersection(iris_of(text, prefixes))
    return named


def iris_of(text: str, prefixes: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return the IRIs that a query names, in full or by prefix, each with the number of its first mention's token.

    The prologue names nothing, nor does a name with a prefix that nothing declares. A text that is no query gives what
    can be read of it.

    Arguments:
        text: the query.
        prefixes: prefix to namespace, of those that the text need not declare.

    """
    named: dict[str, int] = {}
    for number, iri in _with_iris(text, prefixes):
        named.setdefault(iri, number)
    return named


def offsets_of(text: str) -> list[int]:
    """Return where the tokens of a query begin, by their numbers."""
    return [token.start() for token in _places(text)]


def may_change(text: str, prefixes: Mapping[str, str] | None = None) -> bool:
    """Return whether a query that the engine has read may have another answer over the same data.

    It may where it calls NOW, RAND, UUID, STRUUID or BNODE, or a function by IRI that is no cast, not of
    GeoSPARQL, and not `kb:textScore`.
    Outside strings, comments, IRIs and names, the grammar has these words as calls alone. What cannot be told without
    its place counts as a call: a list behind a property, and an IRI with a call in it (`?a<?b&&RAND()>?c` compares).

    Arguments:
        text: the query.
        prefixes: as in `iris_of`.

    """
    if "(" not in text:
        return False
    tokens, words = _read(text)
    if not _CHANGING.isdisjoint(words) or any(token[0] == "<" and _COMPARED.search(token) for token in tokens):
        return True
    called = {place for place, (token, after) in enumerate(pairwise(tokens)) if after == "(" and _is_name(token)}
    return bool(called) and any(
        place in called and not iri.startswith(_PURE) for place, iri in _with_iris(text, prefixes)
    )


@lru_cache(maxsize=2)
def _read(text: str) -> tuple[list[str], list[str]]:
    """Return the tokens of a text but for comments, and its words in capitals.

    What was read last is kept: a process asks several things of one query, and of the same with prefixes.
    """
    tokens = [token for token in _TOKEN.findall(text) if token[0] != "#"]
    return tokens, [token.upper() for token in tokens if token.isidentifier()]


def _places(text: str) -> list[re.Match[str]]:
    """Return the same tokens with their places."""
    return [token for token in _TOKEN.finditer(text) if token.group()[0] != "#"]


def _is_name(token: str) -> bool:
    """Return whether a token may name an IRI."""
    return (token[0] == "<" and len(token) > 1) or (":" in token and token[0] not in _QUOTES)


def _with_iris(text: str, prefixes: Mapping[str, str] | None) -> Iterator[tuple[int, str]]:
    """Yield the IRIs that a text names but for its prologue, with the numbers of their tokens."""
    known, base = dict(prefixes or {}), ""
    tokens = enumerate(_read(text)[0])
    for number, token in tokens:
        if token[0] == "<" and len(token) > 1:
            yield number, urljoin(base, token[1:-1])
        elif ":" in token and token[0] not in _QUOTES:
            prefix, _, local = token.partition(":")
            if prefix in known and (local := local.rstrip(".")):
                yield number, known[prefix] + local.replace("\\", "")
        elif (word := token.upper()) == "PREFIX":
            if (declared := next(tokens, None)) and (space := next(tokens, None)):
                known[declared[1][:-1]] = urljoin(base, space[1][1:-1])
        elif word == "BASE" and (target := next(tokens, None)):
            base = urljoin(base, target[1][1:-1])


def _resolved(token: str, known: Mapping[str, str], base: str) -> str:
    """Return the IRI of a token."""
    prefix, _, local = token.partition(":")
    iri = urljoin(base, token[1:-1]) if token[0] == "<" and len(token) > 1 else None
    if prefix in known and prefix != token:
        iri = known[prefix] + local.replace("\\", "")
    if iri is None or "\\" in iri:  # Engines may read an escape in different ways.
        raise QueryError("a graph of FROM cannot be read", hint="write its whole IRI, in <> and without escapes")
    return iri


def _graph(name: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(name)
    except ValueError as error:
        raise QueryError(f"not an IRI: {name[:200]}", hint="give an absolute IRI of a graph") from error


def _inspect(text: str, limits: Limits) -> list[str]:
    """Refuse what is not allowed; return the keywords of the query."""
    if len(text) > limits.length:
        raise TooLarge(
            f"the query has {len(text)} characters; {limits.length} are allowed",
            hint="send a shorter query",
            limit="length",
        )
    if not text.strip():
        raise QueryError("the query is empty", line=1, column=1, hint="send a SELECT, ASK, CONSTRUCT or DESCRIBE")
    tokens, words = _read(text)
    if sum(map(text.count, "([{!-+")) > limits.nesting:  # Else it cannot nest deeper.
        _check_nesting(tokens, limits.nesting)
    if tokens and tokens[-1][0] in _QUOTES and not _CLOSED.fullmatch(tokens[-1]):
        raise _unclosed(text, len(text) - len(tokens[-1]))
    first = next((word for word in words if word not in _PROLOGUE), "")
    if first in _UPDATES:
        raise Refused(f"{first} is an update, and this graph is read only", hint="data changes in files, by review")
    if "SERVICE" in words:
        raise Refused("SERVICE is not allowed", hint="query the other endpoint yourself and join the answers")
    return words


def _check_nesting(tokens: Iterable[str], nesting: int) -> None:
    depth = unary = 0
    for mark in tokens:
        depth += (mark in "([{") - (mark in ")]}")
        unary = unary + 1 if mark in "!-+" else 0
        if max(depth, unary) > nesting:
            raise TooLarge(f"the query nests deeper than {nesting} levels", hint="write it flatter", limit="nesting")


def _unclosed(text: str, start: int) -> QueryError:
    """Return the error for a quote that opens no string."""
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    return QueryError(
        "a string is not closed", where="query", line=line, column=column, hint="close it with the same quote"
    )


def _syntax_error(text: str, message: str) -> QueryError:
    place = _PLACE.match(message)
    if place is None:
        return QueryError(message, hint="compare it with an example under /")
    line, column = int(place.group(1)), int(place.group(2))
    if "Prefix not found" in place.group(3):
        near = text.split("\n")[line - 1][: column - 1][-30:].strip()
        what, hint = f"a prefix in '{near}' is not declared", "add PREFIX name: <...>"
    else:
        line, column = _reached(text)
        met = text.split("\n")[line - 1][column - 1 :][:30].split()
        what = f"syntax error at '{met[0]}'" if met else "syntax error: the query ends too early"
        hint = "look at that place, or just before it"
    return QueryError(what, where="query", line=line, column=column, hint=hint)


def _reached(text: str) -> tuple[int, int]:
    """Return line and column of the first token that makes a text no query, or of its end.

    The parser tells how far it has read, and to try a keyword it reads as many characters as that has, whatever they
    are. So it is asked again with the tokens far from each other: what it tried at a token ends before the next one.
    """
    spread, starts = _spread(text)
    try:
        ox.Store().query(spread)
    except SyntaxError as error:
        place = _PLACE.match(str(error))
        if place is not None:
            lines = spread.split("\n")
            offset = sum(len(each) + 1 for each in lines[: int(place.group(1)) - 1]) + int(place.group(2)) - 1
            token = starts[bisect_right(starts, (offset, len(text))) - 1][1]
            before = text[:token].split("\n")
            return len(before), len(before[-1]) + 1
    return 1, 1


def _spread(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text with space around its tokens, and where each of them, and the end, begins in it and in the text."""
    parts: list[str] = []
    starts: list[tuple[int, int]] = []
    length = end = 0
    for token in _TOKEN.finditer(text):
        gap, word = text[end : token.start()], token.group()
        called = word == "(" and not gap and parts and parts[-1].isalpha()  # The engine reads no space in COALESCE (.
        apart = gap.strip() != gap or (word in _APART and not called) or (parts and parts[-1] in _APART)
        parts += [gap, _FAR * bool(apart), word]
        starts.append((length + len(gap) + len(parts[-2]), token.start()))
        length, end = starts[-1][0] + len(word), token.end()
    rest = text[end:]
    starts.append((length + len(rest) + len(_FAR), len(text.rstrip())))
    return "".join([*parts, rest, _FAR, _FAR]), starts
