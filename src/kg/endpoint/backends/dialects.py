"""Where engines differ from SPARQL 1.1 and from each other: all of it, by engine. See docs/backends.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Final

_VIRTUOSO_BOOLEAN: Final = b"__ASK_RETVAL"
_OVER_TIME: Final = re.compile(rb"timed? ?out|time limit|estimated execution time", re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """What is to be known of an engine.

    Attributes:
        name: as messages show it.
        server: how the `Server` header begins.
        store: its Graph Store Protocol, relative to the URL of queries.
        cut: a header that says that the engine has given as many rows as it may, without another sign.
        late: a header that says that the answer is not whole because time was over.

    """

    name: str
    server: str
    store: str = ""
    cut: str = ""
    late: str = ""


ANY: Final = Dialect("a SPARQL 1.1 engine", "")
DIALECTS: Final = (
    Dialect("Oxigraph", "Oxigraph", "store"),
    Dialect("Virtuoso", "Virtuoso", "/sparql-graph-crud-auth", "X-SPARQL-MaxRows", "X-SQL-State"),
    Dialect("Apache Jena Fuseki", "Apache Jena Fuseki", "data"),
)


def dialect_of(headers: Message | Mapping[str, str]) -> Dialect:
    """Return the dialect of the engine that sent these headers."""
    server = headers.get("Server", "") or ""
    return next((dialect for dialect in DIALECTS if server.startswith(dialect.server)), ANY)


def boolean_of(data: bytes) -> bytes:
    """Return the answer to an ASK as SPARQL JSON has it (section 4): Virtuoso sends a table of one number."""
    if _VIRTUOSO_BOOLEAN not in data[:200]:
        return data
    rows = json.loads(data)["results"]["bindings"]
    return json.dumps({"head": {}, "boolean": bool(rows) and rows[0]["__ASK_RETVAL"]["value"] == "1"}).encode()


def over_time(body: bytes) -> bool:
    """Return whether the body of an error says that the engine's own limit on time ended the query."""
    return bool(_OVER_TIME.search(body[:2000]))
