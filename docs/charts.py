"""Write docs/charts.md: the chart of each saved question, or why it has none. Run: .venv/bin/python docs/charts.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kg.files import project_folder
from kg.queries.question import Question, find_questions, read_header

MARKS: Final = {
    "bar": "bars",
    "point": "points",
    "rect": "matrix",
    "map": "map",
    "links": "relations: two lists with a line for each row",
    "timeline": "timeline",
    "panels": "small multiples, each column with its own scale",
}
REASONS: Final = {
    "names": "names or words without quantity, date or place: the list is the answer",
    "one": "one or two values: a sentence says more than a chart",
    "sentences": "sentences with their passages: they are read",
    "units": "several units or kinds of quantity, which no axis may mix",
    "elsewhere": "the chart of another question draws these values with their neighbours",
    "records": "records of evidence or of the graph itself",
    "codes": "codes of other vocabularies, row by row",
    "diagram": "the diagram on the page of a measure or climate table draws these lines",
    "lesson": "an example for learning SPARQL",
}
_HEAD: Final = """# The chart of each saved question

Made by `docs/charts.py` from the headers of the questions: `chart:` says what is drawn, `undrawn:` why nothing
is. No line joins values over time: no series in the publications has the same scope at more than three moments.

| question | chart | columns |
| --- | --- | --- |
"""


def render() -> str:
    """Return the page."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield the name of each question, its chart or the word none, and its columns or the reason.

    Raises:
        KeyError: a question has neither a chart nor a known reason; add `#+ chart:` or `#+ undrawn:` to its header.

    """
    for name, question in find_questions(project_folder() / "queries").items():
        if question.chart:
            yield f"`{name}`", MARKS[question.chart.mark], ", ".join(question.chart.columns)
        else:
            yield f"`{name}`", "none", REASONS[_reason(question)]


def _reason(question: Question) -> str:
    return str(read_header(question.text, question.path).get("undrawn"))


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(render(), encoding="utf-8")
