"""`kg new`: a publication about another climate table, in our own words and for this test alone, without code."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from conftest import ROOT
from live import patient, served

from kg.errors import SourceError
from kg.graph.build import build, fill_store
from kg.graph.sources import Source, find_sources
from kg.namespaces import GRAPH
from kg.publications.scaffold import make
from kg.publications.segmentation import Cut, cut
from kg.publications.texts import Text

pytestmark = pytest.mark.slow

NAME = "mobiliteit-test"
WRITTEN = """# Test: klimaatbanen in de mobiliteit

Dit is een testtekst en geen publicatie van iemand. De uitgever van deze test is Stichting Voorbeeld. Ja. Ja.

## Laadpalen

De klimaattafel Mobiliteit vraagt om laadpalen plaatsen.¹ Er zijn o.a. Twee soorten, zie [de kaart](http://example.org/).

- **Laadpaalmonteurs** sluiten palen aan.
| beroep | aantal |
|---|---|
| Laadpaalmonteurs | 40 |

### Een kop die met opzet veel langer is dan de twaalf woorden die een naam mag hebben

Bron: eigen telling.

¹ Voorbeeld (2024), Testcijfers

## 3.2 Slot

Klaar!
"""


def fetched(url: str) -> bytes:
    with urlopen(url) as response:
        return bytes(response.read())


def without_code(project: Path) -> None:
    """Copy the project; the code stays where it is, and is found from the copy by a link."""
    for name in ("ontology", "data", "shapes", "queries", "views"):
        shutil.copytree(ROOT / name, project / name)
    (project / "src").mkdir()
    (project / "src" / "kg").symlink_to(ROOT / "src" / "kg")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    without_code(project)
    (project / "text.txt").write_text(WRITTEN, "utf-8")
    return project


def kg(project: Path, *arguments: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "kg", *arguments]
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=project, env=environment)
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr if code == 2 else run.stdout


def fill(file: Path, *pairs: tuple[str, str]) -> None:
    text = file.read_text("utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")


RIGHTS = 'dct:rights "A test, free to reuse."@en , "Een test, vrij te gebruiken."@nl'
TERMS = "dct:subject climate-table:mobiliteit ;\n    kb:reuseTerms reuse-terms:attribution"
STATED = """# Who publishes, and what the text says of charging points.

@prefix climate-table: <https://w3id.org/klimaatbanen/id/climate-table/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix kb: <https://w3id.org/klimaatbanen/def#> .
@prefix measure: <https://w3id.org/klimaatbanen/id/measure/> .
@prefix organisation: <https://w3id.org/klimaatbanen/id/organisation/> .
@prefix passage: <https://w3id.org/klimaatbanen/id/passage/mobiliteit-test/> .
@prefix scheme: <https://w3id.org/klimaatbanen/id/scheme/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

climate-table:mobiliteit
    kb:asksFor measure:laadpalen-plaatsen ;
    dct:source passage:s1-p4-1 .

measure:laadpalen-plaatsen
    a kb:ClimateMeasure ;
    skos:inScheme scheme:measure ;
    skos:prefLabel "laadpalen plaatsen"@nl ;
    dct:source passage:s1-p4-1 .

organisation:stichting-voorbeeld
    a kb:Organisation ;
    skos:prefLabel "Stichting Voorbeeld"@nl ;
    dct:source passage:s1-p2-1 .
"""
EDITORIAL = """# English names.

@prefix measure: <https://w3id.org/klimaatbanen/id/measure/> .
@prefix organisation: <https://w3id.org/klimaatbanen/id/organisation/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

measure:laadpalen-plaatsen
    skos:prefLabel "place charging points"@en .

organisation:stichting-voorbeeld
    skos:prefLabel "Example Foundation"@en .
"""
SECTIONS = (
    ("1", '"..."@en', '"Test: climate jobs in mobility"@en'),
    ("1-1", '"..."@en', '"Charging points"@en'),
    ("1-1-1", '"..."@en , "..."@nl', '"Long heading"@en , "Lange kop"@nl'),
    ("1-2", '"..."@en', '"End"@en'),
)

JUDGED = (
    "measure:laadpalen-plaatsen",
    "laadpalen plaatsen",
    "skos:exactMatch",
    "sssom:NoTermFound",
    "",
    "semapv:ManualMappingCuration",
    "0.8",
    "Klimaatbanen editors",
    "no work that places charging points in OEO",
)


@pytest.fixture(scope="module")
def filled(project: Path) -> Path:
    """The project with the new publication, and what a person adds to it."""
    title = ("--title", "Klimaatbanen in de mobiliteit (test)", "--title-en", "Climate jobs in mobility (test)")
    said = kg(project, "new", NAME, *title, "--text", "text.txt")
    assert "4 sections, 13 passages" in said
    folder = project / "data" / NAME
    assert "dct:rights" in said
    assert "kb:reuseTerms" in said
    assert f"{folder}/editorial/publication.ttl: a short Dutch name of section 1-1-1" in said
    kg(project, "validate", code=1)
    fill(folder / "catalogue.ttl", ('wat de tekst zegt"@nl ;\n', f'wat de tekst zegt"@nl ;\n    {RIGHTS} ;\n'))
    passages = "passage:s1-p1-1 .\n\nsection:1\n"
    fill(
        folder / "publication.ttl",
        ('dct:language "nl" ;', 'dct:language "nl" ;\n    dct:publisher organisation:stichting-voorbeeld ;'),
        (passages, passages.replace("s1-p1-1", "s1-p1-1 , passage:s1-p2-1")),
    )
    (folder / "measures.ttl").write_text(STATED, "utf-8")
    (folder / "editorial" / "measures.ttl").write_text(EDITORIAL, "utf-8")
    names = [
        (f"# section:{slug}\n#     skos:prefLabel {empty} .", f"section:{slug}\n    skos:prefLabel {name} .")
        for slug, empty, name in SECTIONS
    ]
    ours = f'(test)"@nl ;\n    {RIGHTS} ;\n    {TERMS} .'
    fill(folder / "editorial" / "publication.ttl", ('(test)"@nl .', ours), *names)
    with (project / "data" / "mappings" / "measures-oeo.sssom.tsv").open("a", encoding="utf-8") as mappings:
        mappings.write("\t".join(JUDGED) + "\n")
    return project


@pytest.mark.check
def test_it_validates(filled: Path) -> None:
    """The approved answers of saved questions are left out: they change with the data, and people approve them anew."""
    assert " 0 violation, 0 warning" in kg(filled, "validate", "--skip", "query-answer")


def test_info_shows_its_graphs(filled: Path) -> None:
    text = kg(filled, "info")
    assert f"graph/{NAME}\t" in text
    assert f"graph/{NAME}/editorial\t" in text
    assert f"graph/{NAME}/evidence\t" in text, "evidence is derived for it too"


def test_its_evidence_is_checked_against_its_text(filled: Path) -> None:
    kg(filled, "evidence", "--text", "text.txt")
    changed = filled / "changed.txt"
    changed.write_text(WRITTEN.replace("laadpalen plaatsen", "laadpalen zetten"), "utf-8")
    assert "changed.txt:7" in kg(filled, "evidence", "--text", "changed.txt", code=2)


@pytest.mark.check
def test_its_pages_and_downloads_are_served(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(filled / "src"))
    with served() as url:
        page = fetched(f"{url}/id/measure/laadpalen-plaatsen.html?lang=en").decode()
        assert "place charging points" in page
        assert re.search(r"/read/mobiliteit-test\?lang=en#s1-p4-1\b", page)
        patient(f"{url}/download/")
        assert b"laadpalen plaatsen" in gzip.decompress(fetched(f"{url}/download/graphs/{NAME}.ttl.gz"))
        assert f"/download/graphs/{NAME}/editorial.nq.gz" in fetched(f"{url}/download/").decode()


@pytest.mark.check
def test_the_release_has_its_dump_and_rows(filled: Path, tmp_path: Path) -> None:
    kg(filled, "export", str(tmp_path / "release"))
    dump = gzip.decompress((tmp_path / "release" / "graphs" / f"{NAME}.nq.gz").read_bytes())
    assert {str(quad.graph_name) for quad in ox.parse(dump, format=ox.RdfFormat.N_QUADS)} == {
        f"<https://w3id.org/klimaatbanen/graph/{NAME}>"
    }
    assert "laadpalen plaatsen" in (tmp_path / "release" / "csv" / "ClimateMeasure.csv").read_text("utf-8")
    assert f"graph/{NAME}" in (tmp_path / "release" / "dataset.ttl").read_text("utf-8") + kg(filled, "info")


def test_a_saved_question_answers_from_it(filled: Path) -> None:
    table = "?t skos:prefLabel 'Mobiliteit'@nl ; kb:asksFor/skos:prefLabel ?name FILTER(LANG(?name) = 'en')"
    query = f"SELECT ?name {{ {table} }}"
    assert kg(filled, "query", "-e", query).splitlines() == ["name", "place charging points"]


def test_its_files_are_written_as_people_write_them(filled: Path) -> None:
    from test_sources import test_turtle_is_written_by_people as written_by_people

    files = list((filled / "data" / NAME).rglob("*.ttl"))
    assert len(files) == 6
    for file in files:
        written_by_people(file)


def test_the_text_is_not_copied(filled: Path) -> None:
    everything = "".join(file.read_text("utf-8") for file in (filled / "data" / NAME).rglob("*") if file.is_file())
    assert "geen publicatie van iemand" not in everything
    assert "eigen telling" not in everything
    assert not list((filled / "data").glob("_new-*"))


def test_passages_are_proven_by_their_text(filled: Path) -> None:
    text = Text.read(filled / "text.txt", build(filled).store)
    assert text.publication.iri.endswith(f"publication/{NAME}")
    quotes = {iri.rpartition("/")[2]: quote for iri, quote in text.quotes.items()}
    assert quotes["s1-p1-1"] == "Test: klimaatbanen in de mobiliteit"
    assert quotes["s1-p4-2"] == "Er zijn o.a. Twee soorten, zie de kaart."
    assert quotes["s1-fn1-1"] == "Voorbeeld (2024), Testcijfers"


@pytest.mark.text
def test_the_factsheet_too_is_cut_into_passages_that_its_text_proves(
    project: Path, shared: Path, tmp_path: Path
) -> None:
    (tmp_path / "ontology").mkdir()
    shutil.copytree(project / "data" / "_template", tmp_path / "data" / "_template")
    source = shared / "source" / "klimaatbanen-industrie-2023.txt"
    made = make(tmp_path, "feitenblad-test", TITLE, source)
    files = [Source(path, GRAPH + "feitenblad-test") for path in made.folder.glob("*.ttl")]
    text = Text.read(source, fill_store(files))
    assert len(text.quotes) == len(made.passages.segments) > 900


def kinds(found: Cut) -> list[tuple[str, str, str]]:
    return [(one.slug, one.section, one.kind) for one in found.segments]


def test_a_text_is_cut_into_sections_and_passages() -> None:
    assert kinds(cut(WRITTEN)) == [
        ("s1-p1-1", "1", "heading"),
        ("s1-p2-1", "1", "sentence"),
        ("s1-p3-1", "1-1", "heading"),
        ("s1-p4-1", "1-1", "sentence"),
        ("s1-p4-2", "1-1", "sentence"),
        ("s1-p5-1", "1-1", "list-item"),
        ("s1-p6-1", "1-1", "table-row"),
        ("s1-p7-1", "1-1", "table-row"),
        ("s1-p8-1", "1-1-1", "heading"),
        ("s1-p9-1", "1-1-1", "source-line"),
        ("s1-fn1-1", "1-1-1", "footnote"),
        ("s1-p10-1", "1-2", "heading"),
        ("s1-p11-1", "1-2", "sentence"),
    ]


def test_numbered_headings_and_what_stands_before_the_first() -> None:
    found = cut("Vooraf.\n1. Inleiding\n40 banen zijn technisch.\n1.1 Doel\n2 Slot\n2.1.1 Diep\n¹ a\n¹ b")
    assert [(one.slug, one.title, one.ordinal) for one in found.sections] == [
        ("opening", "", 1),
        ("1", "Inleiding", 1),
        ("1-1", "Doel", 1),
        ("2", "Slot", 2),
        ("2-1", "Diep", 1),
    ]
    assert [one.slug for one in found.segments][-2:] == ["s2-fn1-1", "s2-p3-1"]
    assert len({one.slug for one in found.segments}) == len(found.segments)
    assert cut("\n \n---\n").segments == ()


def test_ends_are_at_most_four_words_and_never_the_whole_sentence() -> None:
    for one in cut(WRITTEN).segments:
        assert all(len(end.split()) <= 4 for end in one.words)


TITLE = "Test"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["industrie-2023", "--title", TITLE, "--text", "text.txt"], "it exists"),
        (["Met Spatie", "--title", TITLE, "--text", "text.txt"], "no slug"),
        (["../elders", "--title", TITLE, "--text", "text.txt"], "no slug"),
        (["_x", "--title", TITLE, "--text", "text.txt"], "no slug"),
        (["inferred", "--title", TITLE, "--text", "text.txt"], "has another meaning"),
        (["x", "--title", " ", "--text", "text.txt"], "the title is empty"),
        (["x", "--title", TITLE, "--text", "nowhere.txt"], "nowhere.txt: No such file"),
        (["x", "--title", TITLE, "--text", "/dev/null"], "the text is empty"),
        (["x", "--title", TITLE], "Missing option '--text'"),
        (["x", "--text", "text.txt"], "Missing option '--title'"),
        (["x", "--title", TITLE, "--text", "text.txt", "--project", "/nowhere"], "/nowhere: no ontology/ and data/"),
    ],
)
def test_what_is_refused(project: Path, arguments: list[str], said: str) -> None:
    before = sorted((project / "data").iterdir())
    assert said in kg(project, "new", *arguments, code=2)
    assert sorted((project / "data").iterdir()) == before


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Code and data as a wheel installs them: the project stands below the package."""
    package = tmp_path / "site-packages" / "kg"
    shutil.copytree(ROOT / "src" / "kg", package, ignore=shutil.ignore_patterns("__pycache__", "*.js"))
    for name in ("ontology", "data", "shapes", "queries", "views"):
        shutil.copytree(ROOT / name, package / "project" / name)
    return package


def run_installed(package: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg", "new", "nieuw", "--title", TITLE, *arguments]
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder, env=environment)


def test_an_installed_command_writes_into_the_project_in_which_one_is(installed: Path, tmp_path: Path) -> None:
    text, clone = tmp_path / "text.txt", tmp_path / "clone"
    text.write_text(WRITTEN, "utf-8")
    for name in ("ontology", "data"):
        shutil.copytree(ROOT / name, clone / name)
    before = sorted((installed / "project" / "data").iterdir())
    run = run_installed(installed, clone / "data" / "mappings", "--text", str(text))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"{clone}/data/nieuw: 4 sections, 13 passages")
    assert (clone / "data" / "nieuw" / "passages.ttl").is_file()
    assert sorted((installed / "project" / "data").iterdir()) == before


def test_extract_writes_into_the_project_in_which_one_is(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kg.cli import main

    (tmp_path / "sbi.csv").write_text("SBI,Omschrijving\n1106,Mouterijen\n0000,Niets\n", "utf-8")
    arguments = ["extract", "list", "sbi", str(tmp_path / "sbi.csv")]
    for folder in ("clone/ontology", "clone/data/mappings"):
        (tmp_path / folder).mkdir(parents=True)
    mappings = (ROOT / "data" / "mappings" / "branches-sbi.sssom.tsv").read_text("utf-8")
    (tmp_path / "clone" / "data" / "mappings" / "branches-sbi.sssom.tsv").write_text(mappings, "utf-8")
    monkeypatch.chdir(tmp_path / "clone" / "data")
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.output.split(": ")[0]) == (0, f"{tmp_path}/clone/data/sbi-2008/concepts.ttl")
    monkeypatch.chdir(tmp_path)
    assert "no folder from here upwards" in CliRunner().invoke(main, arguments).output
    assert CliRunner().invoke(main, [*arguments, "--into", "here"]).exit_code == 0
    assert (tmp_path / "here" / "concepts.ttl").is_file()


@pytest.mark.parametrize(
    ("inside", "arguments", "said"),
    [
        ("project/data", (), "this is the data of an installed package"),
        ("", (), "no folder from here upwards has ontology/ and data/"),
        ("", ("--project", "project"), "this is the data of an installed package"),
    ],
)
def test_an_installed_package_is_not_written_to(
    installed: Path, tmp_path: Path, inside: str, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "text.txt").write_text(WRITTEN, "utf-8")
    before = sorted((installed / "project" / "data").iterdir())
    run = run_installed(installed, installed / inside, "--text", str(tmp_path / "text.txt"), *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert "--project FOLDER" in run.stderr
    assert sorted((installed / "project" / "data").iterdir()) == before


def test_a_full_disk_leaves_no_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *arguments: object, **options: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    before = sorted((project / "data").iterdir())
    with pytest.raises(SourceError, match="No space left"):
        make(project, "vol", TITLE, project / "text.txt")
    assert sorted((project / "data").iterdir()) == before


def test_quotes_and_dollars_in_a_title_stay_as_they_are(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "data" / "_template", tmp_path / "data" / "_template")
    (tmp_path / "ontology").mkdir()
    made = make(tmp_path, "x", 'Een "$name" \\ titel', project / "text.txt")
    quads = ox.parse(path=str(made.folder / "editorial" / "publication.ttl"), format=ox.RdfFormat.TURTLE)
    assert [quad.object.value for quad in quads] == ['Een "$name" \\ titel']
    assert any(line.endswith("the English title") for line in made.to_write)


def test_the_template_is_not_loaded() -> None:
    assert not [source for source in find_sources(ROOT) if "_template" in source.path.parts]
