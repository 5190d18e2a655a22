"""The worker process: does one job and tells, a line of JSON an event, what begins and ends. Run by `kg.jobs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg.errors import KgError
from kg.jobs import ask, filled, parse_triples


def main(folder: Path) -> None:
    """Do the job in a folder: `data.nq`, `shapes.nt` and `job.json`; the report becomes `report.nt`."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    data, shapes = (folder / "data.nq").read_bytes(), (folder / "shapes.nt").read_bytes()
    try:
        if shapes:
            report = _validate(job, data, shapes)
            (folder / "report.nt").write_bytes(report)
            _say(event="report")
    except KgError as error:
        _say(event="error", kind=type(error).__name__, what=error.what, where=error.where, hint=error.hint)
        return
    store = filled(data) if job["queries"] else ox.Store()
    for name, text in job["queries"].items():
        _say(event="begin", name=name)
        _say(event="end", name=name, answer=ask(store, text))


def _validate(job: Mapping[str, Any], data: bytes, shapes: bytes) -> bytes:
    from kg.engines import ENGINES  # rdflib and pyshacl take most of a second; a worker for queries needs neither

    report = ENGINES[job["engine"]](data, parse_triples(shapes), _tell)
    return ox.serialize(report, format=ox.RdfFormat.N_TRIPLES) or b""


def _tell(name: str, begins: bool) -> None:
    _say(event="begin" if begins else "end", name=name)


def _say(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
