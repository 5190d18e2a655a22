"""What answers and pages say of terms that a query names in vain: a header, and sentences; the answer stays."""

from __future__ import annotations

import re
import string
from typing import Any, Final
from urllib.parse import quote

from kg.graph.term_use import UnusedTerm
from kg.namespaces import ONTOLOGY
from kg.web.context import Context
from kg.web.layout import message
from kg.web.site import Site

_MOST: Final = 8  # Terms that one answer names, so that its head stays small.
_LONG: Final = 300
_ASCII: Final = "".join(set(string.printable) - set(string.whitespace) - set('"\\')) + " "  # Of a quoted-string.
_WRITTEN: Final = re.compile(r"<[^>]*>|[\w-]*:(?:[\w%:-]|\\.|\.(?=[\w%:-]))*")
_IN_IRI: Final = "".join(set(_ASCII) - set(" <>^`{|}"))


def help_links(site: Site, query: str) -> list[tuple[str, str]]:
    """Return, for each term of a query that the graph does not use, a Link header to the nearest (RFC 8288).

    The relation is `help` (IANA): `anchor` is the term of the query, `title` says what is wrong with it.
    """
    links = []
    for term in _unused(site, query):
        target, anchor = (quote(iri, safe=_IN_IRI) for iri in (term.nearest or ONTOLOGY, term.iri))
        title = quote(term.sentence(site.graph.prefixes), safe=_ASCII)
        links.append(("Link", f'<{target}>; rel="help"; anchor="{anchor}"; title="{title}"'))
    return links


def warnings(context: Context, query: str) -> list[dict[str, Any]]:
    """Return what to say of each term of a query that the graph does not use.

    A sentence (`detail`), `line` and `column` (from 1), `length` in the query, and what may stand in its place
    (`nearest`), empty where nothing is like it.
    """
    found = []
    for term in _unused(context.site, query):
        name, near = term.texts(context.site.graph.prefixes)
        key = "term_unused" if term.defined else "term_undefined"
        sentence = message(key, context.lang).format(term=name)
        nearest = message("term_nearest", context.lang).format(term=near) if near else ""
        before = query[: term.offset]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        written = _WRITTEN.match(query, term.offset)
        where = {"line": line, "column": column, "length": len(written.group()) if written else 1}
        found.append({"detail": f"{sentence} {nearest}".strip(), **where, "nearest": near})
    return found


def _unused(site: Site, query: str) -> list[UnusedTerm]:
    """Return the first terms that are short enough to be named."""
    return [term for term in site.term_use.unused(query) if len(term.iri) <= _LONG][:_MOST]
