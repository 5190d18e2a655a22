"""Settings of `kg serve`: flag, environment, file, default, in this order; the documentation has all of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from conftest import ROOT

from kg.cli.options import settings_of
from kg.cli.serve import serve
from kg.endpoint.settings import Settings
from kg.queries.limits import Limits

PAGE = (ROOT / "docs" / "operate.md").read_text("utf-8")


def chosen(folder: Path, *flags: str, **environment: str) -> dict[str, object]:
    """Return the settings with which the command would begin."""
    script = (
        "import json, sys; from kg.cli.serve import serve; context = serve.make_context('serve', sys.argv[1:]); "
        "print(json.dumps(context.params, default=str))"
    )
    command = [sys.executable, "-c", script, *flags]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | environment, timeout=300)
    assert run.returncode == 0, run.stderr
    params: dict[str, object] = json.loads(run.stdout)
    return params


def test_flag_before_environment_before_file_before_default(tmp_path: Path) -> None:
    assert chosen(tmp_path)["timeout"] == 10.0
    (tmp_path / "pyproject.toml").write_text("[tool.kg.serve]\ntimeout = 8\nmax-rows = 7\n")
    assert chosen(tmp_path)["timeout"] == 8
    (tmp_path / "kg.toml").write_text('[serve]\ntimeout = 4.5\nstore = "here"\n[validate]\ndata = "x"\n')
    params = chosen(tmp_path)
    assert (params["timeout"], params["store"], params["max_rows"]) == (4.5, "here", 1_000_000)
    assert chosen(tmp_path, KG_TIMEOUT="3")["timeout"] == 3
    assert chosen(tmp_path, "--timeout", "2", KG_TIMEOUT="3")["timeout"] == 2
    (tmp_path / "other.toml").write_text("[serve]\nper-client = 3\n")
    for params in (chosen(tmp_path, "--config", "other.toml"), chosen(tmp_path, KG_CONFIG="other.toml")):
        assert (params["per_client"], params["timeout"]) == (3, 10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[serve]\nmax-row = 5", "unknown setting max-row\n  hint: did you mean max-rows?"),
        ("[serve]\nmax-rows = 0", "max-rows cannot be 0"),
        ('[serve]\nport = "high"', "port cannot be 'high'"),
        ("[serve]\nqueue = true", "queue cannot be True"),
        ("[serve]\nqueue = [1]", "queue cannot be [1]"),
        ("serve = 5", "serve is no table"),
        ("[serve", "not TOML: Expected"),
        ("[web]\nport = 1", "begin with [serve]"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_the_file(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    command = [sys.executable, "-m", "kg", "serve", "--config", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 2
    assert words in run.stderr
    assert str(file) in run.stderr
    assert "Traceback" not in run.stderr


def test_what_is_wrong_in_the_environment_is_told_with_its_name() -> None:
    run = CliRunner().invoke(serve, [], env={"KG_MAX_ROWS": "many"})
    assert run.exit_code == 2
    assert "KG_MAX_ROWS" in run.output


def test_a_log_key_is_kept_by_the_servers_that_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    environ: dict[str, str] = {}
    monkeypatch.setattr(os, "environ", environ)
    options = serve.make_context("serve", []).params
    assert Settings.from_options(options | {"log_key": "ours"}).log_key == "ours"
    assert environ == {}, "a key of kg.toml would be hidden by one of the environment"
    key = Settings.from_options(options).log_key
    assert (environ, len(key)) == ({"KG_LOG_KEY": key}, 32)


def test_every_limit_is_a_setting() -> None:
    for limit in Limits().listed:
        assert settings_of(serve)[limit.setting[2:]].default == limit.value


def row(option: click.Option) -> str:
    default = f"`{option.default}`" if isinstance(option.default, (int, float, str)) and option.default else ""
    return f"| `{option.opts[0]}` | {default} | {option.help} |"


def test_the_documentation_lists_the_settings_as_they_are() -> None:
    expected = [row(option) for option in serve.params if isinstance(option, click.Option)]
    assert re.findall(r"^\| `--.*\|$", PAGE, re.MULTILINE) == expected, "\n" + "\n".join(expected)
