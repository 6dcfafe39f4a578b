"""Ever more clients, of whom as many train as before: what `protoflow run` takes in memory and in time.

The course is `fedavg_cross_device`, on scikit-learn's digits, of which each device draws 20. In each round 1,000 of
them train, or all where there are fewer. Memory is the most that the whole process held, as the system counts it.
Seconds a round are the median between the lines that the command prints of its rounds. The start is what comes before
the first line: reading, checking, making the participants, and the first round.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS = (10**2, 10**3, 10**4, 10**5, 10**6)
COHORT = 1_000
ROUNDS = 6
FEWER = (100, 1_000), 20, 3
"""The same three, to try it."""
DATES: dict[str, dict[str, Any]] = {".png": {"Software": None}, ".svg": {"Date": None}}
"""What matplotlib would write into a file that is not the same each time."""


@dataclass(frozen=True, slots=True)
class Point:
    """Memory in MiB; seconds until the first round is over, and then for each."""

    clients: int
    cohort: int
    memory: float
    start: float
    seconds: float


def measured(clients: int, cohort: int, rounds: int) -> Point:
    """One run of the command. Raises SystemExit where it fails."""
    command = [
        *(sys.executable, "-m", "protoflow", "run", "fedavg_cross_device"),
        *("--clients", f"device={clients}", "--partition", "drawn:20"),
        *("--set", f"cohort_size={cohort}", "--set", "quorum=100%", "--set", f"rounds={rounds - 1}"),
    ]
    begun, stamps, said = time.perf_counter(), [], []
    with TemporaryFile() as table:
        process = subprocess.Popen(command, stdout=table, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if line.startswith("round "):
                stamps.append(time.perf_counter())
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or len(stamps) != rounds:
        raise SystemExit(f"{' '.join(command[1:])} ended with {process.returncode}:\n{''.join(said[-20:])}")
    each = median(after - before for before, after in pairwise(stamps))
    return Point(clients, cohort, usage.ru_maxrss / 1024, stamps[0] - begun, each)


def draw(points: list[Point], path: Path) -> None:
    """Memory, and seconds a round of those with the whole cohort, over the number of clients."""
    import matplotlib
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.8, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    cohort = max(each.cohort for each in points)
    memory = {each.clients: each.memory for each in points}
    seconds = {each.clients: each.seconds for each in points if each.cohort == cohort}
    for axes, title, known, colour, marker in (
        (panels[0], "peak memory (MiB)", memory, "#0072B2", "o"),
        (panels[1], f"seconds a round of {cohort:,}", seconds, "#D55E00", "s"),
    ):
        values = list(known.values())
        axes.plot(list(known), values, color=colour, marker=marker)
        axes.set(xscale="log", xlabel="registered clients", ylabel=title, ylim=(0, 1.15 * max(values)))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    with matplotlib.rc_context({"svg.hashsalt": "protoflow", "svg.fonttype": "none"}):
        figure.savefig(path, dpi=150, metadata=DATES[path.suffix])


def run(plot: Path | None, quick: bool) -> int:
    if plot is not None and plot.suffix not in DATES:
        raise SystemExit(f"{plot}: it is drawn as .svg or .png")
    numbers, cohort, rounds = FEWER if quick else (CLIENTS, COHORT, ROUNDS)
    print(f"{'clients':>10}{'cohort':>8}{'peak MiB':>10}{'start, s':>10}{'a round, s':>12}{'ms an update':>14}")
    points = []
    for clients in numbers:
        point = measured(clients, min(clients, cohort), rounds)
        points.append(point)
        print(
            f"{point.clients:>10,}{point.cohort:>8,}{point.memory:>10,.0f}{point.start:>10.1f}{point.seconds:>12.2f}"
            f"{point.seconds / point.cohort * 1e3:>14.2f}",
            flush=True,
        )
    if plot is not None:
        draw(points, plot)
        print(f"plot: {plot}")
    return 0
