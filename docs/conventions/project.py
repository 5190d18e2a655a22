"""The project says what it needs and who made it (Core metadata for Python packages)."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ours = Path(shutil.which("kg")).with_name("python")
LOADED = {"flask-swagger-ui", "httptools", "uvloop"}
HANDED_OVER = {"mcp_types", "pydantic", "typing_extensions"}
UNUSED_WHY = "their files or compiled parts are used by name: nothing imports them"
HANDED_WHY = "`mcp` writes its own interface with them, so its version says which"
WITHOUT_WHY = "only the owner can say it"

found = ours.parent.parent.glob("lib/python*/site-packages")  # deptry asks the packages what they are imported as.
environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, found))}
run = subprocess.run([BIN / "deptry", "src", "--no-ansi"], cwd=ROOT, env=environment, capture_output=True, text=True)
findings = re.findall(r"(DEP\d+) '([^']+)'", run.stdout + run.stderr)
for code, about, known, why in (
    ("DEP001", "imported, not declared", set(), ""),
    ("DEP002", "declared, not imported", LOADED, UNUSED_WHY),
    ("DEP003", "imported, declared by what is declared", HANDED_OVER, HANDED_WHY),
):
    names = {name for kind, name in findings if kind == code}
    said = ", ".join(f"`{name}`" for name in sorted(names)) or "none"
    print(
        f"deptry {version('deptry')}",
        f"`src`, `pyproject.toml`: {about}",
        said,
        why if names <= known else "",
        sep="\t",
    )
run = subprocess.run([BIN / "pyroma", "."], cwd=ROOT, env=os.environ, capture_output=True, text=True)
rated = re.search(r"Found \S+\s+-+\s+(.*?)\s+-+\s+Final rating: (\d+/10)", run.stdout + run.stderr, re.DOTALL)
said = f"{rated[2]}: {rated[1]}" if rated else (run.stdout + run.stderr)[-300:]
why = WITHOUT_WHY if said == "8/10: Your package does not have author-email data." else ""
print(f"pyroma {version('pyroma')}", "`pyproject.toml`", " ".join(said.split()), why, sep="\t")
