"""A draft as Turtle: every line behind a mark, so that nothing is stated until a person takes the mark away.

`#? ` marks a proposed line, `# ` a remark. Who takes away the marks of a block confirms it; who deletes lines, or
leaves their marks, rejects them. A block ends in a line of its own, so that any other line of it can be deleted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg.namespaces import DCT, ID, KB, RDF, RDF_TYPE, SCHEMA, SKOS, XSD
from kg.publications.draft.proposals import Draft, Proposal
from kg.rdf_terms import prefixed_name

MARK: Final = "#? "
_SPACES: Final = {"dct": DCT, "kb": KB, "rdf": RDF, "schema": SCHEMA, "skos": SKOS, "xsd": XSD}
_IRI: Final = re.compile(r"<([^<>]*)>")
_FIRST: Final = (RDF_TYPE, SKOS + "inScheme", SKOS + "prefLabel")
_LAST: Final = (KB + "asPrinted", KB + "method")
_STATED: Final = """\
# Proposals of kg draft. Take "{mark}" away from the lines that are right, change what is not quite right, delete the
# rest. Each line says which passage it is from, and on which line of the text that stands.
"""
_OURS: Final = """\
# Names that are ours, proposed by kg draft. Take "{mark}" away from what is right.
"""


def files(draft: Draft, name: str) -> dict[str, str]:
    """Return the files of proposals: path below the folder of the publication to content.

    Arguments:
        draft: the proposals.
        name: slug of the publication.

    """
    lines = {segment.slug: segment.line for segment in draft.text.segments}
    stated: defaultdict[str, list[str]] = defaultdict(list)
    ours: defaultdict[str, list[str]] = defaultdict(list)
    for iri in sorted(draft.proposals):
        proposal = draft.proposals[iri]
        file = f"{_plural(proposal.kind)}.ttl"
        if proposal.lines:
            stated[file].append(_stated(proposal, lines, name))
        if proposal.ours:
            ours[f"editorial/{file}"].append(_ours(proposal, remarks=not proposal.lines))
    return {file: _whole(_STATED, blocks, name) for file, blocks in stated.items()} | {
        file: _whole(_OURS, blocks, name) for file, blocks in ours.items()
    }


def confirmed(text: str) -> str:
    r"""Return a file of a draft with all of its proposals confirmed.

    >>> confirmed("# a remark\n#? occupation:lasser\n#?     a kb:Occupation ;\n")
    '# a remark\noccupation:lasser\n    a kb:Occupation ;\n'

    """
    return re.sub(rf"(?m)^{re.escape(MARK.rstrip())} ?", "", text)


def _stated(proposal: Proposal, lines: Mapping[str, int], name: str) -> str:
    said = sorted(proposal.lines.items(), key=lambda line: _rank(line[0][0]))
    body = [_line(predicate, value, _places(passages, lines)) for (predicate, value), passages in said]
    body += [
        _line(DCT + "source", f"<{ID}passage/{name}/{passage}>", _places([passage], lines))
        for passage in proposal.sources
    ]
    return _block(proposal, body)


def _rank(predicate: str) -> tuple[int, bool]:
    return _FIRST.index(predicate) if predicate in _FIRST else len(_FIRST), predicate in _LAST


def _ours(proposal: Proposal, *, remarks: bool) -> str:
    return _block(
        proposal, [_line(predicate, value, "") for predicate, value in sorted(proposal.ours)], remarks=remarks
    )


def _block(proposal: Proposal, body: Iterable[str], *, remarks: bool = True) -> str:
    why = [f"# {' '.join(remark.split())}" for remark in proposal.why] if remarks else []
    marked = (f"{MARK}{line}" for line in (f"<{proposal.subject}>", *body, "    ."))
    return "\n".join([*why, *marked])


def _line(predicate: str, value: str, places: str) -> str:
    written = "a" if predicate == RDF_TYPE else f"<{predicate}>"
    return f"    {written} {value} ;{places}"


def _places(passages: Iterable[str], lines: Mapping[str, int]) -> str:
    places = ", ".join(f"{passage} line {lines[passage]}" for passage in passages)
    return f"  # {places}" if places else ""


def _whole(top: str, blocks: Iterable[str], name: str) -> str:
    """Return a file with the prefixes that its blocks use."""
    body = "\n\n".join(blocks)
    known = _SPACES | dict(_kinds(body, name))
    short = _IRI.sub(lambda match: prefixed_name(match.group(1), known) or match.group(), body)
    used = {prefix: space for prefix, space in known.items() if re.search(rf"(?<![\w:-]){re.escape(prefix)}:", short)}
    prefixes = "\n".join(f"@prefix {prefix}: <{space}> ." for prefix, space in sorted(used.items()))
    return f"{top.format(mark=MARK)}\n{prefixes}\n\n{short}\n"


def _kinds(body: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield prefix and namespace of each kind of thing that a text names."""
    for iri in _IRI.findall(body):
        kind, _, rest = iri.removeprefix(ID).partition("/")
        if iri.startswith(ID):
            yield kind, f"{ID}{kind}/{name}/" if rest.startswith(f"{name}/") else f"{ID}{kind}/"


def _plural(kind: str) -> str:
    """Return the stem of the file of a kind of thing, as the other publications have it."""
    if kind.endswith("y"):
        return kind.removesuffix("y") + "ies"
    return kind + ("es" if kind.endswith("ch") else "" if kind == "legislation" else "s")
