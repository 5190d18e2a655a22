"""Bad input: each kind its own finding, or exit code 2 with file and reason; nothing hidden, nothing half written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest
from peak import run_kg

from kg.files import read_text
from kg.graph.sources import parse

PREFIXES = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <https://example.org/> .\n"
SHAPES = PREFIXES + "x:S a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:p ; sh:minCount 1 ] .\n"
NOBODY = 65534
LINES = 1_000_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a shape, settings, and one fault in `data/a.ttl`, line 2."""
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "s.ttl").write_text(SHAPES, "utf-8")
    (tmp_path / "kg.toml").write_text('[validate]\ndata = "data"\nshapes = "shapes"\n', "utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.ttl").write_text(PREFIXES + "x:a a x:T .\n", "utf-8")
    return tmp_path


def kg(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg", "validate", "--no-cache", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def places(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, int, int]]:
    """File to rule, line and column of its only finding."""
    assert done.returncode == 1, done.stderr
    findings = [one for one in json.loads(done.stdout)["findings"] if one["shape"] != "byte-order-mark"]
    assert len({one["file"] for one in findings}) == len(findings)
    return {Path(one["file"]).name: (one["shape"], one["line"], one["column"]) for one in findings}


def found(folder: Path, *arguments: str) -> dict[str, tuple[str, int, int]]:
    return places(kg(folder, "--format", "json", *arguments))


FAULT = {"a.ttl": ("https://example.org/S", 2, 1)}
FILES = {
    "syntax.ttl": (PREFIXES.encode() + b"x:b a x:T .\nx:c x:p .\n", ("syntax", 3, 9)),
    "empty.ttl": (b"", ("empty", 0, 0)),
    "nul.ttl": (PREFIXES.encode() + b"x:b x:p 'a\0b' .\n", ("nul", 2, 11)),
    "latin.ttl": (PREFIXES.encode() + "x:b x:p 'é' .\n".encode("latin-1"), ("encoding", 2, 10)),
    "bom.ttl": (b"\xef\xbb\xbf" + PREFIXES.encode() + b"x:d a x:T .\n", ("https://example.org/S", 2, 1)),
}


def test_a_broken_file_hides_nothing_in_another(project: Path) -> None:
    for name, (data, _) in FILES.items():
        (project / "data" / name).write_bytes(data)
    os.symlink("loop.ttl", project / "data" / "loop.ttl")
    os.symlink("..", project / "data" / "around")
    wanted = {name: place for name, (_, place) in FILES.items()} | {"loop.ttl": ("unreadable", 0, 0)} | FAULT
    broken = found(project)
    # Whatever could be read of a broken file is checked as well.
    assert broken == wanted


def test_a_byte_order_mark_is_read_and_told(project: Path) -> None:
    path, text = project / "data" / "a.ttl", PREFIXES + "x:d a x:T .\n"
    path.write_bytes(BOM_UTF8 + text.encode())
    (project / "data" / "nothing.ttl").write_bytes(BOM_UTF8)
    findings = json.loads(kg(project, "--format", "json").stdout)["findings"]
    told = {(one["file"], one["shape"], one["severity"]) for one in findings if "S" not in one["shape"]}
    marks = {(f"data/{name}.ttl", "byte-order-mark", "info") for name in ("a", "nothing")}
    assert told == {*marks, ("data/nothing.ttl", "empty", "warning")}
    assert list(parse(path)) == list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    assert read_text(path) == text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere",), "nowhere"),
        (("none",), "none"),
        (("notes.txt",), "notes.txt"),
        (("data", "--shapes", "nowhere"), "nowhere"),
        (("data", "--only", "nothing"), "nothing"),
    ],
)
def test_nothing_checked_is_exit_code_2(project: Path, arguments: tuple[str, ...], said: str) -> None:
    (project / "none").mkdir()
    (project / "notes.txt").write_text("x", "utf-8")
    done = kg(project, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "hint:" in done.stderr


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file_is_named(project: Path) -> None:
    """Root may read everything, so what reads is made to be nobody for a moment."""
    from kg.validation.documents import find_inputs, read_document

    (project / "data" / "secret.ttl").write_text(PREFIXES, "utf-8")
    with tempfile.TemporaryDirectory() as name:  # The folders of pytest are closed to others.
        folder = Path(name)
        folder.chmod(0o755)
        for path in (project / "data").iterdir():
            shutil.copy(path, folder)
        (folder / "secret.ttl").chmod(0)
        with as_nobody():
            documents = {one.path.name: read_document(one) for one in find_inputs([folder])}
    assert [(one.rule, one.detail) for one in documents["secret.ttl"].problems] == [("unreadable", "Permission denied")]
    assert documents["a.ttl"].quads


def test_a_file_of_200_megabytes_is_refused_unread(project: Path) -> None:
    (project / "data" / "large.ttl").touch()
    os.truncate(project / "data" / "large.ttl", 200_000_000)
    assert found(project) == {"large.ttl": ("size", 0, 0)} | FAULT


@pytest.mark.check
def test_a_file_of_200_megabytes_is_checked_where_the_settings_allow_it(project: Path) -> None:
    text = "y" * 130
    with (project / "data" / "large.ttl").open("w", encoding="utf-8") as file:
        file.write(PREFIXES)
        file.writelines(f"x:i{number} x:p 'item {number}: {text}' , 'more: {text[:40]}' .\n" for number in range(LINES))
        file.write("x:last a x:T .\n")
    size = (project / "data" / "large.ttl").stat().st_size
    assert size > 200_000_000
    begin = time.perf_counter()
    (project / "kg.toml").write_text('[validate]\ndata = "data"\nshapes = "shapes"\nmax-size = 300\n', "utf-8")
    done, peak = run_kg("validate", "--no-cache", "--format", "json", folder=project)
    assert places(done) == {"large.ttl": ("https://example.org/S", LINES + 2, 1)} | FAULT
    print(f"{size / 1e6:.0f} MB, 2,000,000 triples: {time.perf_counter() - begin:.0f} s, {peak >> 10} MiB")
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x:B a sh:NodeShape ; sh:property [ sh:minCount 1 ] .", "no valid SHACL"),
        (
            "x:B a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:p ; sh:minCount 'one' ] .",
            "no valid SHACL",
        ),
        ("x:B a sh:NodeShape", "Unexpected end"),
    ],
)
def test_wrong_shapes_are_exit_code_2_with_their_place(project: Path, text: str, said: str) -> None:
    (project / "shapes" / "wrong.ttl").write_text(f"{PREFIXES}\n{text}\n", "utf-8")
    done = kg(project)
    assert (done.returncode, done.stdout) == (2, "")
    assert "shapes/wrong.ttl:" in done.stderr
    assert said in done.stderr


@pytest.mark.slow
def test_a_constraint_that_never_ends_is_named_and_the_rest_is_told(project: Path) -> None:
    join = " ".join(f"?{name} ?p{name} ?o{name} ." for name in "abcdefgh")
    rows = "".join(f"x:n{number} x:next x:n{number + 1} .\n" for number in range(60))
    (project / "data" / "b.ttl").write_text(PREFIXES + rows, "utf-8")
    (project / "shapes" / "endless.ttl").write_text(
        f"{PREFIXES}x:E a sh:NodeShape ; sh:targetClass x:T ;\n  sh:sparql [ sh:select '''SELECT $this {{ $this a x:T ."
        f" {join} FILTER(?a = ?b && ?c = ?d && ?a != ?c && STR(?a) = STR(?d)) }}''' ] .\n",
        "utf-8",
    )
    told = found(project, "--time-limit", "2", "--engine", "pyshacl")
    assert told == {"endless.ttl": ("time-limit", 3, 13)} | FAULT


def test_a_report_is_written_whole_or_not_at_all(project: Path) -> None:
    done = kg(project, "--format", "sarif=nowhere/kg.sarif")
    assert done.returncode == 2
    assert "nowhere/kg.sarif" in done.stderr
    assert not (project / "nowhere").exists()
    (project / "kg.sarif").write_text("old", "utf-8")
    limit = (2_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    done = subprocess.run(
        [sys.executable, "-m", "kg", "validate", "--no-cache", "--engine", "pyshacl", "--format", "sarif=kg.sarif"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 2, done.stderr
    assert (project / "kg.sarif").read_text("utf-8") == "old"
    assert sorted(path.name for path in project.iterdir()) == ["data", "kg.sarif", "kg.toml", "shapes"]
