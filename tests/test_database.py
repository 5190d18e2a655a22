"""ESCO as a whole in one file of the user's cache: what it answers, and that it is whole or not there."""

from __future__ import annotations

import lzma
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg.errors import SourceError
from kg.linking.candidates import Wanted
from kg.linking.database import Database, place
from kg.linking.index import Index

ESCO = "http://data.europa.eu/esco/"
BAKER, NURSE, DOUGH, OVEN = (f"{ESCO}{name}" for name in ("occupation/b", "occupation/n", "skill/d", "skill/o"))
PREFIXES = f"""
@prefix esco: <{ESCO}model#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@base <{ESCO}> .
"""
OLD = f"""{PREFIXES}
<occupation/b> a esco:Occupation ; skos:prefLabel "bakery person"@en ; skos:altLabel "bread baker"@en ;
    skos:broader <isco/C7512> ; esco:memberOfISCOGroup <isco/C7512> ;
    esco:relatedEssentialSkill <skill/d> ; esco:relatedOptionalSkill <skill/o> .
<occupation/n> a esco:Occupation ; skos:prefLabel "nurse"@en .
<skill/d> a esco:Skill ; skos:prefLabel "knead dough"@en .
<skill/o> a esco:Skill ; skos:prefLabel "save energy"@en ; skos:inScheme <concept-scheme/green> .
<isco/C7512> a esco:ISCOGroup ; skos:prefLabel "Bakers"@en ; skos:notation "7512" .
"""
NEW = f"""{PREFIXES}
<occupation/b> a esco:Occupation ; skos:prefLabel "baker"@en, "bakker"@nl ; esco:memberOfISCOGroup <isco/C7512> .
"""
OURS = f"""{PREFIXES}
<skill/d> skos:prefLabel "deeg kneden"@nl .
<skill/o> skos:prefLabel "zuinig stoken"@nl .
<skill/unknown> skos:prefLabel "wat nergens staat"@nl .
"""
OPEN = "import logging, sys; from pathlib import Path; from kg.linking.database import Database; logging.basicConfig();"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    (folder / "data" / "imported").mkdir(parents=True)
    for version, text in (("1.1.1", OLD), ("1.2.0", NEW)):
        (folder / "data" / "imported" / f"esco-{version}.ttl.xz").write_bytes(lzma.compress(text.encode()))
    (folder / "data" / "esco-1.1.1" / "editorial").mkdir(parents=True)
    (folder / "data" / "esco-1.1.1" / "editorial" / "skill-names.ttl").write_text(OURS, "utf-8")
    return folder


def child(project: Path, code: str = "", limit: int = 0) -> subprocess.Popen[str]:
    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = f"{OPEN} database = Database.open(Path(sys.argv[1])); print(database.name('{BAKER}', 'nl')[0]); {code}"
    return subprocess.Popen(
        [sys.executable, "-c", command, str(project)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=narrow if limit else None,
    )


def test_both_versions_are_one(project: Path) -> None:
    database = Database.open(project)
    assert database.name(BAKER, "nl") == ("bakker", "nl")
    assert database.name(BAKER, "en") == ("baker", "en")
    assert database.name(NURSE, "nl") == ("nurse", "en")
    assert database.name(f"{ESCO}none", "nl") == ("", "")
    assert (database.isco(BAKER), database.isco(DOUGH)) == ("7512", "")
    assert database.broader(BAKER) == (f"{ESCO}isco/C7512",)
    assert database.versions(BAKER) == {"1.1.1", "1.2.0"}
    assert database.versions(NURSE) == {"1.1.1"}
    assert database.essential == {BAKER: frozenset({DOUGH})}
    assert database.optional == {BAKER: frozenset({OVEN})}
    assert (database.flagged("green"), database.flagged("digital")) == ({OVEN}, frozenset())


def test_its_labels_are_found(project: Path) -> None:
    index = Database.open(project).index
    assert index.search("Bakker", Wanted(frozenset({"occupation"}), "nl"))[0].match
    assert index.search("bakery person")[0].entry.iri == BAKER
    assert index.search("deeg")[0].entry.iri == DOUGH
    assert index.get(f"{ESCO}skill/unknown") is None
    assert [one.entry.iri for one in index.begins("kne")] == [DOUGH]


def test_the_official_dutch_of_an_import_comes_before_ours(project: Path, tmp_path: Path) -> None:
    imported = tmp_path / "esco.nq"
    name, graph = "<http://www.w3.org/2004/02/skos/core#prefLabel>", "<https://example.org/graph/imported/esco-1.2.1>"
    imported.write_text(f'<{DOUGH}> {name} "deeg bereiden"@nl {graph} .\n', "utf-8")
    database = Database.open(project, imported)
    assert database.name(DOUGH, "nl") == ("deeg bereiden", "nl")
    assert database.index.search("deeg kneden")[0].entry.iri == DOUGH
    assert Database.open(project).name(DOUGH, "nl") == ("deeg kneden", "nl")


def test_it_is_made_once_and_anew_when_a_source_changes(project: Path) -> None:
    assert Database.kept(project) is None
    Database.open(project)
    path = place(project)
    made = path.stat().st_ino
    assert Database.kept(project) is not None
    Database.open(project)
    assert path.stat().st_ino == made
    source = project / "data" / "imported" / "esco-1.2.0.ttl.xz"
    source.write_bytes(lzma.compress(NEW.replace("bakker", "broodbakker").encode()))
    assert Database.open(project).name(BAKER, "nl") == ("broodbakker", "nl")


def test_files_of_long_ago_are_deleted(project: Path) -> None:
    folder = place(project).parent
    folder.mkdir(parents=True)
    for number in range(9):
        (folder / f"{number}.sqlite").touch()
        os.utime(folder / f"{number}.sqlite", (number, number))
    left = folder / ".left-by-a-crash"
    left.mkdir()
    os.utime(left, (1, 1))
    Database.open(project)
    assert {path.name for path in folder.iterdir()} == {place(project).name, "6.sqlite", "7.sqlite", "8.sqlite"}


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_a_broken_file_is_made_anew(project: Path, content: bytes | None) -> None:
    Database.open(project)
    path = place(project)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert Database.kept(project) is None
    assert Database.open(project).name(BAKER, "nl") == ("bakker", "nl")
    assert Database.kept(project) is not None


def test_a_full_disk_leaves_it_in_memory(project: Path) -> None:
    process = child(project, limit=4096)
    out, errors = process.communicate(timeout=300)
    assert (process.returncode, out) == (0, "bakker\n")
    assert "ESCO is kept in memory" in errors
    assert errors.count("\n") == 1
    assert list(place(project).parent.iterdir()) == []


def test_a_cache_that_cannot_be_written_leaves_it_in_memory(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    Path(os.environ["XDG_CACHE_HOME"]).write_text("a file")
    assert Database.open(project).name(BAKER, "nl") == ("bakker", "nl")
    assert "ESCO is kept in memory" in caplog.text


def test_several_processes_at_once(project: Path) -> None:
    children = [child(project) for _ in range(3)]
    assert [process.communicate(timeout=300) for process in children] == [("bakker\n", "")] * 3
    assert [path.name for path in place(project).parent.iterdir()] == [place(project).name]


def test_a_process_that_is_killed_leaves_nothing_that_is_read(project: Path) -> None:
    for wait in (0.1, 0.2, 0.3, 0.4):
        process = child(project)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert Database.open(project).name(BAKER, "nl") == ("bakker", "nl")


def test_threads_share_it(project: Path) -> None:
    database = Database.open(project)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: database.index.search("bakker")[0].entry.iri, range(200)))
    assert set(found) == {BAKER}


def test_a_broken_source_is_named(project: Path) -> None:
    (project / "data" / "imported" / "esco-1.2.0.ttl.xz").write_bytes(b"no xz")
    with pytest.raises(SourceError, match=r"esco-1.2.0.ttl.xz: broken"):
        Database.open(project)
    for path in (project / "data" / "imported").iterdir():
        path.unlink()
    with pytest.raises(SourceError, match="no packed ESCO"):
        Database.open(project)


def test_an_index_of_several_tables_knows_each_thing_once(project: Path) -> None:
    table = Database.open(project).table
    index = Index(table, table)
    assert index.get(BAKER) == index.tables[0].entry(table.number(BAKER))
    assert len(index.search("bakker", Wanted(lang="nl"))) == 1
