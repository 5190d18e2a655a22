"""What the tests share: the project, the built graph, and a flag that approves answers anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import wheels
from backends import Shelf
from publication_cases import DUTCH, ENGLISH, project_with

from kg.files import project_folder
from kg.graph.build import Graph, build

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\w+) \| (`.+`) \| (.+) \|$", re.MULTILINE)
DIFFERENCES = [
    (engine, case, reason)
    for engine, cases, reason in ROW.findall((ROOT / "docs" / "backends.md").read_text("utf-8"))
    for case in re.findall(r"`([^`]+)`", cases)
]

# These take minutes: begun last, they would keep one worker at the end.
LONGEST = ("test_recipes.py", "test_limits.py", "test_accessible.py", "test_browser_questions.py", "test_site.py")
# Each worker makes what the tests of a file share: of these little, so that several workers run them.
SHARED_OUT = set(LONGEST) - {"test_limits.py"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--approve",
        action="store_true",
        help="write the answers beside cases of shapes and the like; for questions: kg approve",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Return what gives a worker a file at a time (`--dist loadfile`), or a test of one whose tests are long."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return nodeid if Path(file).name in SHARED_OUT else file

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
    if not os.environ.get("KG_SHARED"):
        skip = pytest.mark.skip(
            reason="KG_SHARED is unset: the source text and full vocabularies are not in the project"
        )
        for item in items:
            if "text" in item.keywords:
                item.add_marker(skip)
    for item in items:
        for reason in _listed(item):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


def _listed(item: pytest.Item) -> Iterator[str]:
    """Yield the reasons for which docs/backends.md says that a test of an engine fails; one that passes fails then."""
    call = getattr(item, "callspec", None)
    name = item.name.removeprefix("test_")
    for engine, case, reason in DIFFERENCES if call else ():
        plain = name.replace(f"[{engine}-", "[").replace(f"-{engine}]", "]").replace(f"[{engine}]", "")
        if engine in name and case in (plain, *(str(value) for value in call.params.values())):
            yield reason


@pytest.fixture(scope="session")
def project() -> Path:
    return project_folder()


@pytest.fixture(scope="session")
def graph(project: Path) -> Graph:
    return build(project)


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project with two small publications more."""
    return project_with(tmp_path_factory.mktemp("two"), DUTCH, ENGLISH)


@pytest.fixture(scope="session")
def both(two: Path) -> Graph:
    return build(two)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with ExitStack() as stack:
        yield Shelf(stack, tmp_path_factory.mktemp)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from browsing import chromium  # Only tests with the mark check need it.

    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def shared() -> Path:
    return Path(os.environ["KG_SHARED"])


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def wheel(run_folder: Path) -> Path:
    return wheels.built(run_folder)


@pytest.fixture(scope="session")
def installed(run_folder: Path, wheel: Path) -> Path:
    """The command `kg` of a fresh environment with the wheel, outside the checkout."""
    return wheels.installed(run_folder, wheel)


@pytest.fixture
def approved(request: pytest.FixtureRequest):
    """Compare text with the approved answer in a file, or write it with --approve."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--approve"):
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"no approved answer {path.name}: run pytest --approve and read the diff"
        assert text == path.read_text(encoding="utf-8")

    return check
