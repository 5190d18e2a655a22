"""A draft to read or print: the text on the left, what is proposed for each passage on the right.

It is a file of its own and no page of `kg serve`, because it shows the text, whose terms of reuse are not known yet: it
stays with whoever has the text. It holds no script, loads nothing, and can be laid beside the Turtle on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from kg.languages import format_number
from kg.publications.draft.proposals import Draft
from kg.publications.segmentation import HEADING, Segment

_STYLE: Final = """
body { font: 1rem/1.45 system-ui, sans-serif; max-width: 75rem;
  margin: 1rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid #ccc;
  overflow-wrap: anywhere }
col.line { width: 5rem } col.text { width: 55% }
td ul { margin: 0; padding-left: 1.1rem } tr.heading td { font-weight: 600 } td:first-child { color: #595959 }
@media print { body { font-size: 9pt; max-width: none } tr { break-inside: avoid }
  thead { display: table-header-group } }
@media (max-width: 40rem) { col.text { width: 45% } col.line { width: 4.2rem } }
"""
_WORDS: Final = {
    "nl": {
        "draft": "Concept van een publicatie",
        "line": "Regel",
        "text": "Tekst",
        "proposals": "Voorstellen",
        "sum": "{proposals} voorstellen bij {held} van {passages} passages. Een machine heeft ze gevonden;"
        " niets ervan geldt voordat iemand het in de Turtle-bestanden bevestigt.",
    },
    "en": {
        "draft": "Draft of a publication",
        "line": "Line",
        "text": "Text",
        "proposals": "Proposals",
        "sum": "{proposals} proposals for {held} of {passages} passages. A machine found them; none of it holds before"
        " somebody confirms it in the Turtle files.",
    },
}


def render(draft: Draft, title: str, lang: str) -> str:
    """Return the report as one HTML file (HTML Living Standard).

    Arguments:
        draft: the proposals, with the text.
        title: of the publication.
        lang: of text and report, `nl` or `en`.

    """
    words = _WORDS[lang]
    counts = {"proposals": len(draft.proposals), "held": len(draft.found), "passages": len(draft.text.segments)}
    summary = words["sum"].format(**{name: format_number(count, lang) for name, count in counts.items()})
    return f"""<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - {words["draft"]}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{words["draft"]}. {summary}</p>
<table>
<colgroup><col class="line"><col class="text"><col></colgroup>
<thead><tr>{"".join(f'<th scope="col">{words[name]}</th>' for name in ("line", "text", "proposals"))}</tr></thead>
<tbody>
{chr(10).join(_rows(draft))}
</tbody>
</table>
</body>
</html>
"""


def _rows(draft: Draft) -> Iterator[str]:
    for segment, text in zip(draft.text.segments, draft.text.texts, strict=True):
        yield _row(segment, text, "".join(f"<li>{escape(one)}</li>" for one in draft.found.get(segment.slug, ())))


def _row(segment: Segment, text: str, found: str) -> str:
    kind = ' class="heading"' if segment.kind == HEADING else ""
    listed = f"<ul>{found}</ul>" if found else ""
    return f'<tr{kind} id="{segment.slug}"><td>{segment.line}</td><td>{escape(text)}</td><td>{listed}</td></tr>'
