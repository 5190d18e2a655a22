"""An ontology has a page of its own: what `make docs` makes."""

import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

QUERY = Path(__file__).parents[1] / "ontology.rq"

with TemporaryDirectory() as folder:
    source, page = Path(folder, "ontology.ttl"), Path(folder, "ontology.html")
    source.write_bytes(
        subprocess.run(["kg", "query", QUERY, "--format", "ttl"], capture_output=True, check=True).stdout
    )
    subprocess.run(["pylode", source, "-o", page], capture_output=True, check=True)
    html = page.read_text("utf-8")
titles = re.findall(r"<title>(.*?)</title>", html, re.DOTALL)
headings = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
names = ", ".join(dict.fromkeys(name.strip() for name in titles + headings))
said = f"{len(titles)} title, {len(headings)} heading: {names}"
print(f"pylode {version('pylode')}", "`docs/ontology.rq`", said, sep="\t")
