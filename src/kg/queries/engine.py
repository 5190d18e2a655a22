"""One query over the store: read, refused or answered. There is no write path."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise, takewhile
from typing import Final
from urllib.parse import urljoin

import pyoxigraph as ox

from kg.errors import QueryError, Refused, SourceError, TooLarge
from kg.namespaces import XSD
from kg.queries.dataset import Dataset, Functions
from kg.queries.formats import Solutions
from kg.queries.limits import Limits
from kg.queries.text_score import IRI, NAME, NO_SEARCH, TextScore

# Terminals of the SPARQL 1.1 grammar (section 19.8) in which a keyword is no keyword come first.
_TOKEN: Final = re.compile(
    r"""(?P<iri><(?:[^<>"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+>)
      | (?P<string>\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')
      | (?P<comment>\#[^\r\n]*)
      | (?P<name>[?$]\w+ | @[A-Za-z]+(?:-[A-Za-z0-9]+)* | [\w.\-]*:(?:[\w.:\-%]|\\.)*)
      | (?P<word>[^\W\d]\w*)
      | (?P<mark>[^\s\w])""",
    re.VERBOSE | re.DOTALL,
)
_UPDATES: Final = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH"}
_QUOTES: Final = ("'", '"')
_PROLOGUE: Final = {"PREFIX", "BASE"}
_FORMS: Final = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_DECLARED: Final = re.compile(r"\bPREFIX\s+([\w.\-]*):", re.IGNORECASE)
_LOOKS: Final = re.compile(r"(?<![\w/#:.-])(?:GRAPH|FROM)\b", re.IGNORECASE)
_CHANGING: Final = ("NOW", "RAND", "UUID", "STRUUID", "BNODE")
_ONE: Final = rf"\b(?:{'|'.join(_CHANGING)})"
_COMPARED: Final = re.compile(_ONE + r"\(", re.IGNORECASE)
_CALLED: Final = re.compile(_ONE + r"\b|(?:>|:[^\s(){}<>:]*+)\s*+[(#]", re.IGNORECASE)
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
    default, named = ([_graph(name) for name in names] for names in (default_graphs, named_graphs))
    try:
        if default or named:
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
    words = (word.upper() for word in _words(text, Limits().nesting))
    return next(word for word in words if word in _FORMS).lower()


def with_prefixes(text: str, prefixes: Mapping[str, str]) -> str:
    """Return a query with the prefixes that it uses and does not declare, on its first line.

    The line of an error stays right because no line break is added.
    """
    used = {token.group().partition(":")[0] for token in _TOKEN.finditer(text) if token.lastgroup == "name"}
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
    tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup != "comment"]
    words = [token.group().upper() if token.lastgroup == "word" else "" for token in tokens]
    for place, word in enumerate(words):
        if word == "PREFIX":
            known[tokens[place + 1].group()[:-1]] = urljoin(base, tokens[place + 2].group()[1:-1])
        elif word == "BASE":
            base = urljoin(base, tokens[place + 1].group()[1:-1])
        elif word == "FROM":
            only = words[place + 1] == "NAMED"
            target = tokens[place + 1 + only]
            (named if only else default).append(_resolved(target, known, base))
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
    if graphs and _LOOKS.search(text):
        with suppress(ValueError):  # Of an IRI that cannot be resolved: the engine says so.
            named |= graphs.intersection(iris_of(text, prefixes))
    return named


def iris_of(text: str, prefixes: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return the IRIs that a query names, in full or by prefix, each with the offset of its first mention.

    The prologue names nothing, nor does a name with a prefix that nothing declares. A text that is no query gives what
    can be read of it.

    Arguments:
        text: the query.
        prefixes: prefix to namespace, of those that the text need not declare.

    """
    named: dict[str, int] = {}
    for token, iri in _with_iris(text, prefixes):
        if iri:
            named.setdefault(iri, token.start())
    return named


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
    if not _CALLED.search(text):
        return False
    before = ""
    for token, iri in _with_iris(text, prefixes):
        mark = token.group()
        if token.lastgroup == "word" and mark.upper() in _CHANGING:
            return True
        if token.lastgroup == "iri" and _COMPARED.search(mark):
            return True
        if mark == "(" and before and not before.startswith(_PURE):
            return True
        before = iri
    return False


def _with_iris(text: str, prefixes: Mapping[str, str] | None) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the tokens of a text but for its prologue and comments, with the IRI of those that name one."""
    known, base = dict(prefixes or {}), ""
    closed = takewhile(lambda token: token.group() not in _QUOTES, _TOKEN.finditer(text))  # Else in quadratic time.
    tokens = (token for token in closed if token.lastgroup != "comment")
    for token in tokens:
        kind, iri = token.lastgroup, ""
        word = token.group().upper() if kind == "word" else ""
        if word == "PREFIX":
            prefix, space = next(tokens, None), next(tokens, None)
            if prefix and space:
                known[prefix.group()[:-1]] = urljoin(base, space.group()[1:-1])
            continue
        if word == "BASE":
            base = urljoin(base, target.group()[1:-1]) if (target := next(tokens, None)) else base
            continue
        if kind == "iri":
            iri = urljoin(base, token.group()[1:-1])
        elif kind == "name" and token.group()[0] not in "?$@":
            prefix_name, _, local = token.group().partition(":")
            if prefix_name in known and (local := local.rstrip(".")):
                iri = known[prefix_name] + local.replace("\\", "")
        yield token, iri


def _resolved(token: re.Match[str], known: Mapping[str, str], base: str) -> str:
    """Return the IRI of a token."""
    prefix, _, local = token.group().partition(":")
    iri = None
    if token.lastgroup == "iri":
        iri = urljoin(base, token.group()[1:-1])
    elif token.lastgroup == "name" and prefix in known:
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
    words: list[str] = []
    for word in _words(text, limits.nesting):
        words.append(word.upper())
    first = next((word for word in words if word not in _PROLOGUE), "")
    if first in _UPDATES:
        raise Refused(f"{first} is an update, and this graph is read only", hint="data changes in files, by review")
    if "SERVICE" in words:
        raise Refused("SERVICE is not allowed", hint="query the other endpoint yourself and join the answers")
    return words


def _words(text: str, nesting: int) -> Iterator[str]:
    depth = unary = 0
    for token in _TOKEN.finditer(text):
        kind, mark = token.lastgroup, token.group()
        if kind == "comment":
            continue
        depth += (mark in "([{") - (mark in ")]}") if kind == "mark" else 0
        unary = unary + 1 if mark in ("!", "-", "+") else 0
        if max(depth, unary) > nesting:
            raise TooLarge(f"the query nests deeper than {nesting} levels", hint="write it flatter", limit="nesting")
        if mark in _QUOTES:
            raise _unclosed(text, token.start())
        if kind == "word":
            yield mark


def _unclosed(text: str, start: int) -> QueryError:
    """Return the error for a quote that opens no string: reading on would take a quadratic time."""
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
