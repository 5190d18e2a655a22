"""The child process that does one job of `kg.validation.jobs`: an event where a query begins and where it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg.child_process import Event, main
from kg.validation.engines import ENGINES
from kg.validation.jobs import DATA, REPORT, SHAPES, Job, ask, build_dataset, parse_triples


def work(request: dict[str, Any], send: Callable[[Event], None]) -> None:
    """Do a job whose data and shapes stand in the folder that the request names; the report is written there."""
    folder = Path(request.pop("folder"))
    job = Job((folder / DATA).read_bytes(), (folder / SHAPES).read_bytes(), **request)
    if job.shapes:
        report = ENGINES[job.engine](
            job.data, parse_triples(job.shapes), lambda name, begins: send({"name": name, "begins": begins})
        )
        (folder / REPORT).write_bytes(ox.serialize(report, format=ox.RdfFormat.N_TRIPLES) or b"")
    if job.queries:
        dataset = build_dataset(job)
        for name, text in job.queries.items():
            send({"name": name, "begins": True})
            send({"name": name, "begins": False, "answer": ask(dataset, text)})


if __name__ == "__main__":
    main(work)
