"""`kg new --revises`: a newer edition begins with what its text still says of the older one; nothing is loaded."""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from publication_cases import DUTCH, TEXTS, project_with
from test_publications import evidence, with_texts

from kg.cli import main
from kg.errors import NotFound
from kg.graph.build import build
from kg.graph.sources import find_sources, parse
from kg.namespaces import GRAPH, ID, KB
from kg.publications.passages import find_publications
from kg.publications.revision import Revision
from kg.publications.scaffold import Scaffold, make

NAME = "buurtwarmte-2025"
ADDED, EXTRA = "Vooraf staat een nieuwe zin.\n\n", " Er komt een bedrijf bij."
CHANGES = (
    ("nog 1.200 vacatures", "nog 1.300 vacatures"),
    (" Het bedrijf Aardvuur gebruikt aardwarmte.", ""),
)
PROV = "http://www.w3.org/ns/prov#"


def edited(text: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    return text


def new(project: Path, text: Path, *, name: str = NAME, older: str = DUTCH, code: int = 0) -> str:
    title = ["--title", "Banen in de buurtwarmte 2025", "--title-en", "Jobs in neighbourhood heating 2025"]
    arguments = ["new", name, *title, "--text", str(text), "--revises", older, "--project", str(project)]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == code, run.output
    return run.output


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Return a project with an edition of the fixture, its text, and what `kg new` says of it."""
    folder = tmp_path_factory.mktemp("newer")
    project, text = project_with(folder / "project", DUTCH), folder / "text.txt"
    text.write_text(ADDED + edited(TEXTS[0].read_text("utf-8"), *CHANGES) + EXTRA, "utf-8")
    return project, text, new(project, text)


@pytest.fixture
def proposal(newer: tuple[Path, Path, str]) -> str:
    return (newer[0] / "data" / f"_{NAME}-from-{DUTCH}" / "facts.ttl").read_text("utf-8")


def block(text: str, subject: str) -> list[str]:
    """Return the lines of a block of Turtle."""
    return re.findall(rf"^{subject}\n(.*?)\.$", text, re.MULTILINE | re.DOTALL)[0].split("\n")


def test_what_stands_changed_and_was_dropped_is_said(newer: tuple[Path, Path, str]) -> None:
    shown = newer[2]
    assert "  11 statements stand, with passages of this text\n  0 to confirm" in shown
    assert (
        "    figure:vacatures-zonnegloed\n"
        '      was kb:value 1200; kb:asPrinted "1.200 vacatures" (passage s1-p4-1, line 7)\n'
        "      now 1300, 2024 (passage s1-p4-1, line 9)\n"
    ) in shown
    assert "  2 things dropped: company:aardvuur, substance:aardwarmte\n" in shown
    assert "  3 passages that are new: sopening-p1-1, s1-p4-1, s1-p5-1\n" in shown


def test_what_stands_has_the_passages_of_the_newer_text(proposal: str) -> None:
    assert block(proposal, "company:zonnegloed") == [
        "    a kb:Company ;",
        "    kb:uses substance:restwarmte ;",
        "    kb:produces substance:stoom ;",
        "    dct:source passage:s1-p2-2 , passage:s1-p2-3 , passage:s1-p4-2 ",
    ]
    assert "passage/buurtwarmte-2025/>" in proposal
    assert "figure/buurtwarmte-2025/>" in proposal
    assert DUTCH not in proposal.replace(f"# From {DUTCH}", "").replace(f"of {DUTCH}.", "")


def test_a_changed_figure_is_left_open(proposal: str) -> None:
    assert (
        f'# Changed: was kb:value 1200; kb:asPrinted "1.200 vacatures", passage s1-p4-1 of {DUTCH}.\n'
        "# Now passage s1-p4-1, line 9, prints 1300, 2024. Fill in what is open, or delete this.\n"
        "# figure:vacatures-zonnegloed\n"
    ) in proposal
    assert "#     kb:value ... ;\n" in proposal
    assert "\nfigure:vacatures-zonnegloed" not in proposal


def test_no_sentence_of_the_text_is_written(newer: tuple[Path, Path, str]) -> None:
    written = "".join(file.read_text("utf-8") for file in (newer[0] / "data").rglob("*.ttl") if NAME in str(file))
    assert len(written) > 5000
    for sentence in re.split(r"(?<=\.)\s+", newer[1].read_text("utf-8")):
        assert sentence not in written


def test_nothing_of_the_proposal_is_loaded(newer: tuple[Path, Path, str]) -> None:
    assert not [source for source in find_sources(newer[0]) if f"_{NAME}" in str(source.path)]
    graph = build(newer[0])
    edition, older = ox.NamedNode(f"{ID}publication/{NAME}"), ox.NamedNode(f"{ID}publication/{DUTCH}")
    [quad] = graph.store.quads_for_pattern(edition, ox.NamedNode(f"{PROV}wasRevisionOf"), None, None)
    assert (quad.object, quad.graph_name) == (older, ox.NamedNode(f"{GRAPH}{NAME}/editorial"))
    assert not list(graph.store.quads_for_pattern(ox.NamedNode(f"{ID}figure/{NAME}/woningen-zonnegloed"), None, None))


@pytest.mark.check
def test_once_moved_and_filled_in_all_is_found_in_the_newer_text(newer: tuple[Path, Path, str], tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(newer[0], project)
    data = project / "data"
    shutil.copytree(data / f"_{NAME}-from-{DUTCH}", data / NAME, dirs_exist_ok=True)
    facts = data / NAME / "facts.ttl"
    head, _, changed = facts.read_text("utf-8").partition("# figure:vacatures-zonnegloed\n")
    commented, rest = changed.split("\n\n", 1)
    filled = commented.replace("# ", "").replace("kb:value ...", "kb:value 1300")
    filled = filled.replace("kb:asPrinted ...", 'kb:asPrinted "1.300 vacatures"')
    facts.write_text(f"{head}figure:vacatures-zonnegloed\n{filled}\n\n{rest}", "utf-8")
    shown = evidence(project, *with_texts(newer[1], TEXTS[0]))
    assert shown.count(" 0 not found\n") == 2
    graph = build(project)
    restated = graph.store.quads_for_pattern(ox.NamedNode(f"{ID}figure/{NAME}/woningen-zonnegloed"), None, None)
    values = {quad.predicate.value: quad.object for quad in restated}
    assert values[f"{KB}restates"] == ox.NamedNode(f"{ID}figure/{DUTCH}/woningen-zonnegloed")
    facts.write_text(facts.read_text("utf-8").replace("kb:value 1300", "kb:value 1200"), "utf-8")
    assert "number 1200 not found" in evidence(project, *with_texts(newer[1]), code=1)


def test_of_a_thing_with_some_passages_gone_only_what_is_known_stands(tmp_path: Path) -> None:
    project, text = project_with(tmp_path / "project", DUTCH), tmp_path / "text.txt"
    text.write_text(edited(TEXTS[0].read_text("utf-8"), (" Zonnegloed levert stoom.", "")), "utf-8")
    shown = new(project, text)
    assert "substance:stoom\n" in shown.partition("things dropped")[2]
    written = (project / "data" / f"_{NAME}-from-{DUTCH}" / "facts.ttl").read_text("utf-8")
    assert "    kb:produces substance:stoom" not in block(written, "company:zonnegloed")
    assert "    kb:uses substance:restwarmte ;" in block(written, "company:zonnegloed")
    assert (
        "# To confirm: not all on which this rests stands.\n# company:zonnegloed\n#     kb:produces substance:stoom ;\n"
        in written
    )


def test_an_edition_of_nothing_is_refused(tmp_path: Path) -> None:
    project = project_with(tmp_path / "project", DUTCH)
    before = sorted((project / "data").iterdir())
    assert "no publication nergens" in new(project, TEXTS[0], older="nergens", code=2)
    assert sorted((project / "data").iterdir()) == before
    with pytest.raises(NotFound, match=DUTCH):
        make(project, NAME, "x", TEXTS[0], revises="nergens")


def test_a_proposal_in_which_someone_may_be_at_work_is_not_written_over(tmp_path: Path) -> None:
    project = project_with(tmp_path / "project", DUTCH)
    (project / "data" / f"_{NAME}-from-{DUTCH}").mkdir()
    assert f"_{NAME}-from-{DUTCH}: it exists" in new(project, TEXTS[0], code=2)
    assert not (project / "data" / NAME).exists()


def made_from(text: str, older: str, tmp_path: Path) -> tuple[Scaffold, Revision]:
    project, file = project_with(tmp_path / "project"), tmp_path / "text.txt"
    file.write_text(text, "utf-8")
    made = make(project, "nieuw-2030", "Nieuw", file, revises=older)
    assert made.revision
    return made, made.revision


@pytest.mark.text
def test_an_edition_of_the_factsheet(shared: Path, tmp_path: Path) -> None:
    """The newer text has a sentence before all, another number of vacancies, and lacks one of two list items."""
    text = (shared / "source" / "klimaatbanen-industrie-2023.txt").read_text("utf-8")
    lines = text.replace("bijna 51.000", "bijna 53.000").split("\n")
    item = next(number for number, line in enumerate(lines) if line.strip() == "- Pijpfitters")
    del lines[item]
    made, revision = made_from("\n".join(["Nieuw is dit.", "", *lines]), "industrie-2023", tmp_path)
    [vacancies] = revision.changes
    assert vacancies.thing == "observation:vacatures-alle-relevante-beroepen-2023-34"
    assert vacancies.before[0] == "kb:openVacancies 51000"
    assert Decimal(53000) in vacancies.numbers
    # The newer text does not show the appendices as sections.
    about_appendices = [one for one in revision.dropped if one.startswith("statement:b")]
    assert len(about_appendices) == 3
    assert [one for one in revision.dropped if one not in about_appendices] == ["list-item:beroepen-werktuigbouw-12"]
    assert revision.standing > 8000
    assert len(revision.unsure) < 40
    stated = [quad for file in revision.folder.glob("*.ttl") for quad in parse(file)]
    passages = {f"{ID}passage/nieuw-2030/{segment.slug}" for segment in made.passages.segments}
    sources = {quad.object.value for quad in stated if quad.predicate.value.endswith("/source")}
    assert sources <= passages
    assert not [quad for quad in stated if "/industrie-2023/" in str(quad)]


@pytest.mark.text
@pytest.mark.parametrize("older", ["gebouwde-omgeving-2022", "gebouwde-omgeving-2022-biind", "energiesysteem-2022-anp"])
def test_a_text_that_did_not_change_stands_whole(shared: Path, tmp_path: Path, older: str) -> None:
    text = (shared / "source" / "other" / f"{older}.txt").read_text("utf-8")
    made, revision = made_from(text, older, tmp_path)
    assert (revision.unsure, revision.changes, revision.dropped, revision.fresh) == ([], [], [], ())
    project = made.folder.parents[1]
    shutil.copytree(revision.folder, made.folder, dirs_exist_ok=True)
    publication = next(one for one in find_publications(build(project).store) if one.iri.endswith("/nieuw-2030"))
    assert len(publication.passages) == len(made.passages.segments)
