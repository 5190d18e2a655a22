"""Work for another process: SHACL or queries over some data, stopped when one of them does not end in time.

A running query cannot be stopped in its own process, so it runs in a worker that is killed; the work then goes on in a
new one without it, and the report names it.
"""

from __future__ import annotations

import selectors
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from kg.child_process import Child
from kg.errors import KgError, QueryError, Refused, SourceError, TooLarge, Unavailable
from kg.graph.build import build, count_graphs
from kg.namespaces import SH
from kg.queries.dataset import Dataset
from kg.queries.engine import answer
from kg.validation.engines import ENGINES, no_progress

_TICK: Final = 0.05
AUTO: Final = "auto"
REFERENCE: Final = "pyshacl"
DATA: Final = "data.nq"
SHAPES: Final = "shapes.nt"
REPORT: Final = "report.nt"


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes:
        data: the graph: as N-Triples for shapes, as N-Quads for queries.
        shapes: the shapes, as N-Triples; empty for queries alone.
        engine: name of the SHACL engine.
        queries: SELECT or ASK by name.
        with_counts: add to the data what the catalogue says of the size of each graph.
        project: folder whose whole graph answers instead of data.

    """

    data: bytes
    shapes: bytes = b""
    engine: str = "pyshacl"
    queries: Mapping[str, str] = field(default_factory=dict)
    with_counts: bool = False
    project: str = ""

    def without(self, name: str) -> Job:
        """Return the job without a query, or without a SPARQL constraint of that name."""
        rest = {key: text for key, text in self.queries.items() if key != name}
        kept = [line for line in self.shapes.splitlines(keepends=True) if not _uses(line, name)]
        return replace(self, queries=rest, shapes=b"".join(kept))


def _uses(line: bytes, constraint: str) -> bool:
    return f" <{SH}sparql> ".encode() in line and constraint.encode() in line


@dataclass
class Outcome:
    """What came of a job.

    Attributes:
        report: the validation report.
        answers: of queries, by name.
        timed_out: names of what did not end in time.
        error: what ended the job early, of those that others run.

    """

    report: list[ox.Triple] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    timed_out: list[str] = field(default_factory=list)
    error: KgError | None = None


def run_here(job: Job) -> Outcome:
    """Do a job in this process, without a time limit.

    Raises:
        SourceError: the shapes cannot be used.

    """
    outcome = Outcome()
    if job.shapes:
        outcome.report = list(ENGINES[job.engine](job.data, parse_triples(job.shapes), no_progress))
    if job.queries:
        dataset = build_dataset(job)
        outcome.answers = {name: ask(dataset, text) for name, text in job.queries.items()}
    return outcome


def parse_triples(data: bytes) -> list[ox.Triple]:
    """Return the triples of N-Triples."""
    return [quad.triple for quad in ox.parse(data, format=ox.RdfFormat.N_TRIPLES)]


def build_dataset(job: Job) -> Dataset:
    """Return the dataset that a job asks.

    Raises:
        SourceError: the graph of the project cannot be built.

    """
    if job.project:
        dataset = build(Path(job.project)).dataset
    else:
        store = ox.Store()
        store.bulk_load(job.data, format=ox.RdfFormat.N_QUADS)
        store.bulk_extend(count_graphs(store) if job.with_counts else ())
        dataset = Dataset(store)
    dataset.prepare()
    return dataset


def ask(dataset: Dataset, text: str) -> dict[str, Any]:
    """Return an answer as `columns` and `rows` (terms as N-Triples writes them), or as `error` with its position."""
    try:
        result = answer(dataset, text)
        if isinstance(result, ox.QuerySolutions):
            columns = [variable.value for variable in result.variables]
            return {"columns": columns, "rows": [[_written(row[name]) for name in columns] for row in result]}
    except (QueryError, Refused, TooLarge) as error:
        return {"error": error.what, "hint": error.hint, "line": error.line, "column": error.column}
    if isinstance(result, ox.QueryBoolean):
        kind = "http://www.w3.org/2001/XMLSchema#boolean"
        return {"columns": ["answer"], "rows": [[f'"{str(bool(result)).lower()}"^^<{kind}>']]}
    return {"columns": None, "rows": [[str(triple)] for triple in result]}


def _written(term: object) -> str | None:
    return None if term is None else str(term)


class _Worker:
    """A job in a child process, begun anew without what did not end in time."""

    def __init__(self, job: Job, folder: Path) -> None:
        self.job, self.outcome, self.folder = job, Outcome(), folder
        self.spent: dict[str, float] = {}
        self.start()

    def start(self) -> None:
        """Start the process; data and shapes are too large for its request and stand in files."""
        self.current, self.since, self.ended, self.running = "", 0.0, False, False
        (self.folder / DATA).write_bytes(self.job.data)
        (self.folder / SHAPES).write_bytes(self.job.shapes)
        request = {name: getattr(self.job, name) for name in ("engine", "queries", "with_counts", "project")}
        self.child = Child("kg.validation.job_process", {"folder": str(self.folder), **request})

    def read(self) -> bool:
        """Read the events that have come; return False at the end of the output."""
        events = self.child.read()
        for event in events or ():
            if event["begins"]:
                self.current, self.since = event["name"], time.monotonic()
            else:
                self.spent[event["name"]] = self.elapsed()
            self.running = event["begins"]
            if "answer" in event:
                self.outcome.answers[event["name"]] = event["answer"]
        return events is not None

    def elapsed(self) -> float:
        """Seconds that the query at work has taken, all its runs together."""
        return self.spent.get(self.current, 0.0) + time.monotonic() - self.since

    def stop(self) -> None:
        """Kill the process and go on without the query that it was at, or with the engine that can name it."""
        self.child.kill()
        if not self.current and self.job.engine == AUTO:
            self.job = replace(self.job, engine=REFERENCE)
        else:
            self._leave_out()
        if self.job.queries or self.job.shapes:
            self.start()
        else:
            self.ended = True

    def _leave_out(self) -> None:
        """Take what did not end out of the job, and what has been answered."""
        self.outcome.timed_out.append(self.current)
        job = self.job.without(self.current)
        for name in self.outcome.answers:
            job = job.without(name)
        unnamed = not self.current or job == self.job
        self.job = replace(job, shapes=b"") if unnamed else job

    def end(self) -> None:
        """Take in what came of the job; where the compiled engine ended the process, begin with the other."""
        self.ended = True
        try:
            self.child.result()
            if self.job.shapes:
                self.outcome.report = parse_triples((self.folder / REPORT).read_bytes())
        except Unavailable as error:
            if self.job.shapes and self.job.engine == AUTO:
                self.child.kill()
                self.job = replace(self.job, engine=REFERENCE)
                self.start()
            else:
                self.outcome.error = error
        except KgError as error:
            self.outcome.error = error


def begin_jobs(jobs: Sequence[Job], limit: float | None) -> Callable[[], list[Outcome]]:
    """Begin jobs beside this process, and return what waits for their outcomes; without a limit they run here, then.

    Arguments:
        jobs: what to do.
        limit: as of `run_jobs`; None for this process, without a limit.

    """
    if limit is None:
        return lambda: [_caught(job) for job in jobs]
    pool = ThreadPoolExecutor(1)
    running = pool.submit(run_jobs, jobs, limit)
    pool.shutdown(wait=False)
    return running.result


def _caught(job: Job) -> Outcome:
    try:
        return run_here(job)
    except KgError as error:
        return Outcome(error=error)


def run_jobs(jobs: Sequence[Job], limit: float) -> list[Outcome]:
    """Do jobs in worker processes side by side.

    Arguments:
        jobs: what to do.
        limit: seconds that one query or SPARQL constraint may take, all focus nodes together.

    Returns:
        An outcome a job, which holds the error of one that could not be done: `SourceError` for shapes that cannot be
        used, a graph that cannot be built or a worker that died, `Unavailable` for an engine that is not installed.

    Raises:
        SourceError: the temporary folder cannot be written.

    """
    try:
        with tempfile.TemporaryDirectory(prefix="kg-") as name:
            return _work(jobs, limit, Path(name))
    except OSError as error:
        hint = "make room, or set TMPDIR to a folder that has some"
        raise SourceError(f"cannot work there: {error.strerror}", where=tempfile.gettempdir(), hint=hint) from error


def _work(jobs: Sequence[Job], limit: float, folder: Path) -> list[Outcome]:
    workers: list[_Worker] = []
    try:
        for number, job in enumerate(jobs):
            own = folder / str(number)
            own.mkdir()
            workers.append(_Worker(job, own))
        _watch(workers, limit)
    finally:
        for worker in workers:
            worker.child.kill()
    return [worker.outcome for worker in workers]


def _watch(workers: Sequence[_Worker], limit: float) -> None:
    selector = selectors.DefaultSelector()
    for worker in workers:
        selector.register(worker.child, selectors.EVENT_READ, worker)
    while selector.get_map():
        for key, _ in selector.select(_TICK):
            if not key.data.read():
                selector.unregister(key.fileobj)
                key.data.end()
                _watch_again(selector, key.data)
        for worker in workers:
            if worker.running and not worker.ended and worker.elapsed() > limit:
                selector.unregister(worker.child)
                worker.stop()
                _watch_again(selector, worker)


def _watch_again(selector: selectors.BaseSelector, worker: _Worker) -> None:
    """Watch a worker that has begun anew."""
    if not worker.ended:
        selector.register(worker.child, selectors.EVENT_READ, worker)
