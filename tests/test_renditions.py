"""A text in any rendition: passages are found by their normal form where lines break elsewhere."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from publication_cases import DUTCH, ENGLISH, TEXTS
from renditions import print_page, printed_pages, small_pdf, web_page, wrapped
from test_publications import evidence, with_texts

from kg.cli.options import say_missing
from kg.errors import SourceError, Unavailable
from kg.graph.build import Graph, build
from kg.namespaces import ID
from kg.publications.alignment import Rendition, readings
from kg.publications.passages import Passage, Span, normal_form, sha256
from kg.publications.renditions import html_lines, read_paragraphs, without_running_heads
from kg.publications.texts import Text, Texts

pytestmark = pytest.mark.slow


def plain_lines(text: str) -> str:
    return "\n".join(textwrap.fill(line, 24) for line in text.split("\n"))


def pdf_lines(text: str) -> bytes:
    rows = [row for line in text.split("\n") if line for row in wrapped(line.lstrip("# "), 30)]
    return small_pdf([*rows[:4], "7", *rows[4:]])  # A page number within a sentence.


RENDITIONS: dict[str, Callable[[str], str | bytes]] = {
    "text.txt": plain_lines,
    "text.html": web_page,
    "page": lambda text: f"  <!-- saved -->\n{web_page(text)}",
    "text.pdf": pdf_lines,
    "pages.txt": lambda text: printed_pages(text, 30, 5),
    "shifted.txt": lambda text: f"A line more.\n{text}",
}


@pytest.mark.parametrize("path", TEXTS, ids=[path.stem for path in TEXTS])
@pytest.mark.parametrize("name", RENDITIONS)
def test_a_rendition_has_every_passage(both: Graph, tmp_path: Path, name: str, path: Path) -> None:
    content = RENDITIONS[name](path.read_text("utf-8"))
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    text, exact = Text.read(file, both.store), Text.read(path, both.store)
    assert text.publication == exact.publication
    assert list(text.quotes.items()) == list(exact.quotes.items())
    assert (text.missing, exact.missing, exact.on_their_lines) == ((), (), len(exact.quotes))
    assert text.on_their_lines <= 1  # Two lines may be the same ones by chance.


def test_renditions_and_texts_are_matched_together(both: Graph, tmp_path: Path) -> None:
    pdf = tmp_path / "text.pdf"
    pdf.write_bytes(pdf_lines(TEXTS[0].read_text("utf-8")))
    texts = Texts.read([pdf, TEXTS[1]], both.store)
    assert [text.publication.iri.rpartition("/")[2] for text in texts.texts] == [DUTCH, ENGLISH]
    assert texts.quote(f"{ID}passage/{DUTCH}/s1-p2-3") == "Zonnegloed levert stoom."


def changed_page(tmp_path: Path, before: str, after: str) -> Path:
    file = tmp_path / "changed.html"
    text = TEXTS[0].read_text("utf-8")
    assert text.count(before) == 1
    file.write_text(web_page(f"Vooraf.\nNog iets.\nEn dit.\n{text.replace(before, after)}"), "utf-8")
    return file


def test_what_a_rendition_lacks_is_not_looked_up_and_not_called_false(two: Path, tmp_path: Path) -> None:
    file = changed_page(tmp_path, "nog 1.200 vacatures", "nog 1.300 vacatures")
    shown = evidence(two, *with_texts(file), code=1)
    assert re.search(r"passages: \d on their lines, \d by normal form, 1 not found\n", shown)
    assert f'{file}: passage s1-p4-1 (line 7): "Zonnegloed had ... 1.200 vacatures." not found' in shown
    assert "1.300" not in shown
    [head] = [line for line in shown.splitlines() if line.startswith("class\t")]
    [row] = [line for line in shown.splitlines() if line.startswith("number\t")]
    counts = dict(zip(head.split("\t"), row.split("\t"), strict=True))
    assert (counts["checked"], counts["failed"], counts["not looked up"]) == ("2", "0", "1")
    assert f"figure/{DUTCH}/vacatures-zonnegloed kb:value: number 1200 not looked up" in shown
    assert not [line for line in shown.splitlines() if ".ttl: " in line and line.endswith(" not found")]


def test_servers_say_what_they_cannot_quote(both: Graph, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed_page(tmp_path, "nog 1.200 vacatures", "nog 1.300 vacatures")
    say_missing(Texts.read([file, TEXTS[1]], both.store))
    said = f"kg: {file}: 1 of 9 passages not found, and not quoted; kg evidence lists them\n"
    assert capsys.readouterr() == ("", said)


def test_a_false_statement_is_found_in_a_rendition_too(two: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(two, project)
    facts = project / "data" / DUTCH / "facts.ttl"
    text = facts.read_text("utf-8")
    assert text.count("kb:value 1200 ") == 1
    facts.write_text(text.replace("kb:value 1200 ", "kb:value 1201 "), "utf-8")
    page = tmp_path / "text.html"
    page.write_text(web_page(TEXTS[0].read_text("utf-8")), "utf-8")
    shown = evidence(project, *with_texts(page), code=1)
    assert re.search(r"passages: \d on their lines, \d by normal form, 0 not found\n", shown)
    assert "number 1201 not found" in shown
    assert "not looked up" not in shown


@pytest.mark.check
def test_all_of_a_rendition_is_said_in_numbers(two: Path, tmp_path: Path) -> None:
    shown = evidence(two, *with_texts())
    assert shown.count("passages: 9 on their lines, 0 by normal form, 0 not found") == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.txt", b"Een heel andere tekst.\nOver iets anders.", "x.txt: not the text of a publication: 0 of "),
        ("x.html", b"<p>Een andere tekst", "not the text of a publication: 0 of "),
        ("x.pdf", b"%PDF-1.4\nbroken", "not a PDF that can be read"),
        ("x.pdf", small_pdf([]), "a PDF without text"),
        ("x.html", b"\xff", "not UTF-8"),
    ],
)
def test_what_is_no_rendition_is_refused(both: Graph, tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=said):
        Text.read(tmp_path / name, both.store)


def test_a_small_part_of_a_text_is_no_rendition(both: Graph, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("Zomaar.\nZonnegloed levert stoom. Het bedrijf Zonnegloed gebruikt\nrestwarmte.")
    with pytest.raises(SourceError, match=f"not the text of a publication: 2 of 9 passages of .*{DUTCH}"):
        Text.read(tmp_path / "x.txt", both.store)


def test_without_the_package_for_pdf_the_command_to_install_it_is_named(
    two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    (tmp_path / "x.pdf").write_bytes(small_pdf(["x"]))
    shown = evidence(two, *with_texts(tmp_path / "x.pdf"), code=2)
    assert "pip install 'pypdfium2<6,>=5'" in shown
    with pytest.raises(Unavailable, match="not installed"):
        Text.read(tmp_path / "x.pdf", build(two).store)


# How print is read.


@pytest.mark.parametrize(
    ("printed", "passage"),
    [
        (["De wind-", "energie groeit."], "De windenergie groeit."),
        (["De wind-", "energie groeit."], "De wind-energie groeit."),
        (["Wind-", "en zonne-energie groeit."], "Wind- en zonne-energie groeit."),
        (["De wind\u00ad", "energie groeit."], "De windenergie groeit."),
        (["De wind\u2010", "energie groeit."], "De windenergie groeit."),
        (["De wind\u00adenergie groeit."], "De windenergie groeit."),
        (["De e\ufb03ciënte \ufb01lter."], "De efficiënte filter."),
        (["De \u2018wind\u2019 van \u201ctoen\u201d."], "De 'wind' van \"toen\"."),
        (["De \u2018wind\u2019 van \u201ctoen\u201d."], "De \u2018wind\u2019 van \u201ctoen\u201d."),
        (["De uitstoot van CO2 daalt."], "De uitstoot van CO₂ daalt."),
        (["De uitstoot van CO2 daalt."], "De uitstoot van CO2 daalt."),
        (["De uitstoot van CO2", "-opslag (CO2", ")."], "De uitstoot van CO₂-opslag (CO₂)."),
        (["De wind waait.12 En harder."], "De wind waait."),
        (["De wind3 waait."], "De wind waait."),
        (["De wind", "3", "waait."], "De wind waait."),
        (["In 2030.4 En later."], "In 2030."),
        (["Het doel is 60%.2In april"], "Het doel is 60%."),
        (["\u2022 De wind waait \u2013 hard."], "De wind waait - hard."),
        (["De wind", "Klimaatbanen 2024", "p. 3", "waait", "hard."], "De wind waait hard."),
        (["De grote wind-", "Klimaatbanen 2024", "energie", "groeit nu."], "De grote windenergie groeit nu."),
        (["De \u200bwind\u00a0waait."], "De wind waait."),
        (["Zie [de", "wind](https://example.org) nu."], "Zie de wind nu."),
    ],
)
def test_print_is_read_as_the_passage(printed: list[str], passage: str) -> None:
    assert normal_form(passage) == passage
    words = passage.split()
    span = Span(1, " ".join(words[:2]), " ".join(words[-2:]))
    found = Rendition([printed]).find([Passage("urn:p", (span,), sha256(passage), "", "")])
    assert [text for _, text in found.values()] == [passage]


@pytest.mark.parametrize(
    "printed",
    [["De wind waait niet hard."], ["De wind waait", "hart."], ["De wind", "waait"], ["De wolk waait hard."], []],
)
def test_other_words_are_not_the_passage(printed: list[str]) -> None:
    passage = Passage("urn:p", (Span(1, "De wind", "waait hard."),), sha256("De wind waait hard."), "", "")
    assert Rendition([printed]).find([passage]) == {}


def test_an_interruption_over_a_page_ends_at_its_top() -> None:
    passage = Passage("urn:p", (Span(1, "De wind", "waait hard."),), sha256("De wind waait hard."), "", "")
    notes = [f"{number} Een noot." for number in range(1, 30)]
    assert Rendition([["De wind", *notes], ["Kop", "waait", "hard."]]).find([passage])
    assert not Rendition([["De wind", *notes], ["Kop", *"abcd", "waait", "hard."]]).find([passage])


def test_two_passages_with_one_text_need_two_places() -> None:
    digest = sha256("Rustig blijven")
    twice = [Passage(f"urn:{name}", (Span(line),), digest, "", "") for line, name in ((1, "a"), (9, "b"))]
    assert list(Rendition([["- Rustig", "blijven"]]).find(twice)) == ["urn:a"]
    assert list(Rendition([["Rustig blijven", "en", "Rustig blijven"]]).find(twice)) == ["urn:a", "urn:b"]


def test_readings_of_a_word_are_few() -> None:
    assert readings("waterstof") == ("waterstof",)
    assert max(len(readings(word)) for word in ("(\u2018CO2\u2019).12", "2030.12", "1Voorbeeld\u2019s")) <= 12


def test_running_heads_are_taken_out_and_kept_once() -> None:
    pages = [["Titel", f"Tekst {'abcd'[number]}", f"pagina {number}"] for number in range(4)]
    assert without_running_heads(pages) == [*([f"Tekst {name}"] for name in "abcd"), ["Titel", "pagina 3"]]
    assert without_running_heads(pages[:2]) == pages[:2]


# HTML.


def test_html_is_read_as_headings_paragraphs_items_and_rows() -> None:
    page = """<html><head><title>t</title></head><body><nav><p>menu</nav>
      <h1>Een</h1><p>Twee <a href="#">drie</a>vier<br>vijf<p>zes<ul><li><p>zeven</p><li>acht</ul>
      <table><tr><th>a<th><p>b</p></tr><tr><td>c</td><td></td></tr></table>
      <div>negen<sup>10</sup> H<sub>2</sub> m<sup>e</sup></div>vi\u00ader tien &amp; elf<script>x</script></body>"""
    assert html_lines(page) == [
        *("# Een", "Twee drievier", "vijf", "zes", "- zeven", "- acht", "| a | b |", "| c | |"),
        *("negen¹⁰ H₂ me", "vier tien & elf"),
    ]


def test_kg_new_takes_html_and_refuses_pdf(tmp_path: Path) -> None:
    page, pdf = tmp_path / "x.html", tmp_path / "x.pdf"
    page.write_text(web_page("# Kop\n\nEen zin.\n- Een ding"), "utf-8")
    pdf.write_bytes(small_pdf(["x"]))
    assert read_paragraphs(page) == "# Kop\nEen zin.\n- Een ding"
    with pytest.raises(SourceError, match="does not say where its paragraphs end"):
        read_paragraphs(pdf)


# The texts themselves.

SOURCES = {
    "industrie-2023": "klimaatbanen-industrie-2023.txt",
    "energiesysteem-2022-anp": "other/energiesysteem-2022-anp.txt",
    "gebouwde-omgeving-2022": "other/gebouwde-omgeving-2022.txt",
    "gebouwde-omgeving-2022-biind": "other/gebouwde-omgeving-2022-biind.txt",
}
HEADS = "@page { margin: 2.5cm; @top-center { content: 'Klimaatbanen' } @bottom-center { content: counter(page) } }"
WAYS: dict[str, Callable[[str], str]] = {
    "plain text, lines of 60 characters": lambda text: "\n".join(textwrap.fill(line, 60) for line in text.split("\n")),
    "HTML": web_page,
    "pages of 45 lines of 50 characters": lambda text: printed_pages(text, 50, 45),
}
PRINTED = {
    "PDF, one column, running heads": f"body {{ font: 11pt sans-serif }} {HEADS}",
    "PDF, two columns": "body { columns: 2; font: 9pt serif; text-align: justify }",
    "PDF, three narrow columns": f"body {{ columns: 3; font: 8pt sans-serif; text-align: justify }} {HEADS}",
}
ROW = r"^\| {} \| (\d+) of (\d+) \| (\d+) of (\d+) \|$"


def documented(way: str) -> list[tuple[int, int]]:
    """Return how many passages docs/evidence.md says are found, of the factsheet and of the three others together."""
    [row] = re.findall(ROW.format(re.escape(way)), (ROOT / "docs" / "evidence.md").read_text("utf-8"), re.MULTILINE)
    numbers = list(map(int, row))
    return [(numbers[0], numbers[1]), (numbers[2], numbers[3])]


def found_in(graph: Graph, shared: Path, make: Callable[[str, str], Path]) -> list[tuple[int, int]]:
    """Return how many passages of how many are found, each proven to be the one that the text itself has."""
    counts = []
    for name, file in SOURCES.items():
        source = shared / "source" / file
        exact, text = Text.read(source, graph.store), Text.read(make(name, source.read_text("utf-8")), graph.store)
        assert text.publication.iri == f"{ID}publication/{name}" == exact.publication.iri
        assert list(text.quotes.items()) == [item for item in exact.quotes.items() if item[0] in text.quotes]
        counts.append((len(text.quotes), len(exact.quotes)))
    return [counts[0], (sum(found for found, _ in counts[1:]), sum(total for _, total in counts[1:]))]


@pytest.mark.text
@pytest.mark.parametrize("way", WAYS)
def test_the_texts_are_found_in_renditions(graph: Graph, shared: Path, tmp_path: Path, way: str) -> None:
    def make(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(WAYS[way](text), "utf-8")
        return file

    assert found_in(graph, shared, make) == documented(way)


@pytest.mark.text
@pytest.mark.check
@pytest.mark.parametrize("way", PRINTED)
def test_the_texts_are_found_in_pdfs_that_chromium_prints(graph: Graph, shared: Path, tmp_path: Path, way: str) -> None:
    def make(name: str, text: str) -> Path:
        page = tmp_path / f"{name}.html"
        page.write_text(web_page(text, PRINTED[way]), "utf-8")
        return print_page(page)

    assert found_in(graph, shared, make) == documented(way)
