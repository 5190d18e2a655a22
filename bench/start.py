"""How long `kg --help`, `kg query` and `kg serve` to its first answer take on this machine: the median of several runs.

The first run of a command keeps the graph that it built; later runs read it.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

KG = str(Path(sys.executable).with_name("kg"))
RUNS = 7


def main() -> None:
    machine = f"{platform.machine()}, {platform.system()} {platform.release()}"
    print(f"{platform.node()}: {machine}, Python {platform.python_version()}")
    show("kg --help", 0.4, lambda: subprocess.run([KG, "--help"], check=True, capture_output=True))
    for name, goal, run in (("kg query", 1.0, query), ("kg serve to first answer", 1.0, first_answer)):
        show(f"{name}, graph not kept", goal, lambda run=run: with_empty_cache(run))
        show(f"{name}, graph kept", goal, run)


def show(name: str, goal: float, run: Callable[[], object]) -> None:
    times = [timed(run) for _ in range(RUNS)]
    print(
        f"{name}: {statistics.median(times):.2f} s (goal {goal} s; {min(times):.2f} to {max(times):.2f} in {RUNS} runs)"
    )


def timed(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def with_empty_cache(run: Callable[[], object]) -> None:
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        run()
        del os.environ["XDG_CACHE_HOME"]


def query() -> None:
    subprocess.run([KG, "query", "-e", "ASK { ?s ?p ?o }"], check=True, capture_output=True)


def first_answer() -> None:
    with subprocess.Popen([KG, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        with urllib.request.urlopen(f"{url}sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D") as response:
            response.read()
        server.terminate()


if __name__ == "__main__":
    main()
