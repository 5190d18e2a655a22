"""The notebooks run from beginning to end, and print what stands in them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from live import served

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
SPEC = importlib.util.spec_from_file_location("notebooks", FOLDER / "run.py")
assert SPEC is not None
assert SPEC.loader is not None
notebooks = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(notebooks)

pytestmark = [
    pytest.mark.check,
    # The kernel of Jupyter talks over TCP on loopback and says that it is not encrypted.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.mark.parametrize("name", notebooks.NAMES)
def test_a_notebook_prints_what_stands_in_it(name: str, endpoint: str) -> None:
    kept = notebooks.texts(nbformat.read(FOLDER / name, as_version=4))
    assert len([text for text in kept if text.strip()]) > 4
    assert not [text for text in kept if re.search(r"Empty DataFrame|Traceback", text)]
    assert notebooks.texts(notebooks.run(name, endpoint)) == kept, (
        "run python docs/notebooks/run.py and look at what changed"
    )
