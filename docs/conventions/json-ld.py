"""JSON-LD 1.1: a document compacted by our context says what the Turtle says."""

import json
import sys
from importlib.metadata import version
from urllib.request import Request, urlopen

from pyld import jsonld

address = sys.argv[2]
THINGS = ("measure/waterstof", "occupation/procesoperator", "climate-table/industrie", "figure", "period", "pillar")


def get(path, accept):
    """Return what a server answers."""
    with urlopen(Request(address + path, headers={"Accept": accept})) as answer:
        return answer.read().decode()


def load(url, _options):
    """Return a document from the web, as PyLD asks for it."""
    document = json.loads(get(url.removeprefix(address), "application/ld+json"))
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}


jsonld.set_document_loader(load)
differ = []
for thing in THINGS:
    document = json.loads(get(f"/id/{thing}", "application/ld+json"))
    ours = jsonld.normalize(document, {"algorithm": "URDNA2015", "format": "application/n-quads"})
    plain = get(f"/id/{thing}", "application/n-triples")
    theirs = jsonld.normalize(
        plain, {"inputFormat": "application/n-quads", "algorithm": "URDNA2015", "format": "application/n-quads"}
    )
    if ours != theirs:
        differ.append(thing)
said = f"other statements: {differ}" if differ else "the same statements"
print(f"PyLD {version('PyLD')}", "`/id/...`: things and lists, with the context that they name", said, sep="\t")
