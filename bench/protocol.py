"""The SPARQL protocols case by case, ours and three peers in one run over the same data.

python bench/protocol.py [--only NAME ...] [--write FILE] prints the table "section, case, result", or writes it between
the marks of a page; exit code 1 where ours fails a case. A peer that dies is started again for the next case.
"""

from __future__ import annotations

import argparse
import http.client
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pyoxigraph as ox
from asking import Client, Wrong
from cases import Case, cases
from pages import machine, write_between
from peers import PEERS, Missing, Start

from kg.files import project_folder
from kg.graph.build import build

PASSED = "pass"
Results = dict[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(PEERS), default=list(PEERS), help="endpoints to run")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into this page")
    options = parser.parse_args()
    asked = list(cases())
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data" / "data.nq"
        data.parent.mkdir()
        data.write_bytes(build(project_folder()).store.dump(format=ox.RdfFormat.N_QUADS) or b"")
        results = {peer: run(PEERS[peer], asked, data) for peer in options.only}
    text = table(asked, results)
    if options.write:
        write_between(options.write, "protocol", text)
    else:
        print(text)
    failed = [case.name for case, result in zip(asked, results.get("ours", []), strict=False) if result != PASSED]
    print(f"ours: {len(failed)} failed" + "".join(f"\n  {case}" for case in failed), file=sys.stderr)
    sys.exit(1 if failed else 0)


def run(start: Start, asked: Sequence[Case], data: Path) -> list[str]:
    """Return the result of each case."""
    truth = ox.Store()
    truth.bulk_load(path=str(data), format=ox.RdfFormat.N_QUADS)
    results: list[str] = []
    while len(results) < len(asked):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            try:
                client = Client(stack.enter_context(start(data, folder)), truth)
            except Missing as error:
                return [str(error)] * len(asked)
            for case in asked[len(results) :]:
                results.append(tried(case, client))
                if results[-1] != PASSED and not alive(client):
                    results[-1] = "the server ends"
                    break
    return results


def tried(case: Case, client: Client) -> str:
    """Return the result of one case."""
    try:
        case.run(client)
    except Wrong as error:
        return str(error)
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({type(error).__name__})"
    except (ValueError, KeyError, SyntaxError, IndexError) as error:
        return f"cannot be read ({type(error).__name__})"
    return PASSED


def alive(client: Client) -> bool:
    """Return whether the server still answers."""
    try:
        return client.get({"query": "ASK {}"}).status < 500
    except (OSError, http.client.HTTPException):
        return False


def table(asked: Sequence[Case], results: Results) -> str:
    """Return the results in Markdown: how many passed in each part, then case by case."""
    names = list(results)
    lines = [f"{machine()}. {len(asked)} cases.", "", _row(["part", "cases", *names]), _row(["---"] * (len(names) + 2))]
    parts = list(dict.fromkeys(part(case) for case in asked))
    for heading in parts:
        here = [number for number, case in enumerate(asked) if part(case) == heading]
        lines.append(_row([heading, len(here), *(_passed(results[name], here) for name in names)]))
    every = range(len(asked))
    lines.append(_row(["all", len(asked), *(_passed(results[name], every) for name in names)]))
    lines += ["", _row(["section", "case", *names]), _row(["---"] * (len(names) + 2))]
    for number, case in enumerate(asked):
        lines.append(_row([case.section, case.name, *(results[name][number] for name in names)]))
    return "\n".join(lines) + "\n"


def part(case: Case) -> str:
    """Return the specification of a case: its section without the number of the chapter."""
    return re.sub(r"(?<!^RFC)(?<!^RDF) [\d.]+$", "", case.section)


def _passed(results: Sequence[str], numbers: Sequence[int]) -> int:
    return Counter(results[number] for number in numbers)[PASSED]


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()
