"""The worker process: does one job and tells, a line of JSON an event, what begins and ends. Run by `kg.jobs`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg.errors import KgError
from kg.validation.engines import ENGINES
from kg.validation.jobs import Job, ask, build_store, parse_triples


def main(folder: Path) -> None:
    """Do the job in a folder: `data.nq`, `shapes.nt` and `job.json`; the report becomes `report.nt`."""
    settings = json.loads((folder / "job.json").read_text("utf-8"))
    job = Job((folder / "data.nq").read_bytes(), (folder / "shapes.nt").read_bytes(), **settings)
    try:
        if job.shapes:
            (folder / "report.nt").write_bytes(_validate(job))
            _say(event="report")
        store = build_store(job) if job.queries else ox.Store()
    except KgError as error:
        details = {name: getattr(error, name) for name in ("what", "where", "hint", "line", "column")}
        _say(event="error", kind=type(error).__name__, **details)
        return
    for name, text in job.queries.items():
        _say(event="begin", name=name)
        _say(event="end", name=name, answer=ask(store, text))


def _validate(job: Job) -> bytes:
    report = ENGINES[job.engine](job.data, parse_triples(job.shapes), _tell)
    return ox.serialize(report, format=ox.RdfFormat.N_TRIPLES) or b""


def _tell(name: str, begins: bool) -> None:
    _say(event="begin" if begins else "end", name=name)


def _say(**event: Any) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
