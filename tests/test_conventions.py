"""docs/conventions.md says what tools of others say of a release: each is asked again."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from live import served

PAGE = (ROOT / "docs" / "conventions.md").read_text("utf-8")
AGAIN = "read what changed, then run `python docs/conventions.py`"

spec = importlib.util.spec_from_file_location("conventions_docs", ROOT / "docs" / "conventions.py")
assert spec
assert spec.loader
conventions = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conventions)
PROGRAMS = conventions.programs()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return conventions.make_release(tmp_path_factory.mktemp("conventions") / "release")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as url:
        yield url


def rows_on_page(program: Path) -> list[str]:
    return [line for line in PAGE.splitlines() if line.startswith(f"| {conventions.convention(program)} |")]


@pytest.mark.check
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_page_says_what_the_tool_says(program: Path, release: Path, address: str) -> None:
    assert conventions.lines(program, conventions.ask(program, release, address)) == rows_on_page(program), AGAIN


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_each_program_has_its_rows(program: Path) -> None:
    assert rows_on_page(program), AGAIN


def test_the_page_has_the_versions_of_what_tests_run() -> None:
    assert PAGE.endswith(conventions.tested()), AGAIN
    for _, _, test, _ in conventions.TESTED:
        assert (ROOT / "tests" / test).is_file(), test


def test_no_row_has_lost_its_program() -> None:
    assert sum(line.startswith("| ") for line in PAGE.splitlines()) == 2 + sum(
        len(rows_on_page(program)) for program in PROGRAMS
    ), AGAIN
