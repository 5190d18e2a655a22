"""The words of the interface: each in Dutch and English, none said twice."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

from kg import errors
from kg.queries.limits import Limits

WEB = Path(__file__).parents[1] / "src" / "kg" / "web"
EDITOR = WEB.parents[1] / "editor"
FILES = {path: tomllib.loads(path.read_text("utf-8")) for path in (WEB / "messages").glob("*.toml")}


def test_each_word_is_in_both_languages() -> None:
    half = {key: said for words in FILES.values() for key, said in words.items() if set(said) != {"nl", "en"}}
    assert FILES
    assert not half


def test_what_errors_say_is_known_in_dutch() -> None:
    said = FILES[WEB / "messages" / "errors.toml"]
    titles = {kind.title for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    code = (WEB.parent / "queries" / "engine.py").read_text("utf-8")
    hints = set(re.findall(r'hint(?:=|\b.* = )"([^"]+)"', code))
    assert len(hints) > 9
    assert (titles | hints) - said.keys() == set()
    assert [english for english, texts in said.items() if texts["en"] != english or texts["nl"] == english] == []


def test_no_word_stands_in_two_files() -> None:
    counted = Counter(key for words in FILES.values() for key in words)
    assert [key for key, count in counted.items() if count > 1] == []


def test_the_templates_and_the_words_agree() -> None:
    known = {key for words in FILES.values() for key in words}
    sources = (*WEB.rglob("*.html"), *WEB.parent.rglob("*.py"), *EDITOR.glob("*.ts"))
    code = [path.read_text("utf-8") for path in sources]
    asked = {key for text in code for key in re.findall(r"\bt\([\"']([a-z0-9_]+)[\"']\)", text)}
    assert asked <= known
    limits = {f"limit_{limit.name}" for limit in Limits().listed}
    assert limits <= known
    assert {key for key in known - limits if not any(key in text for text in code)} == set()
