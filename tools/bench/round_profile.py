"""Where the time of a round goes, by Python's own profiler: torch, the engine, the learning code.

The profiler makes Python's calls dearer and torch's kernels not, so the shares of Python are upper bounds. Each
function counts with the time that it spends itself; what Python's built-ins and its library take is counted to those
who call them.
"""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from protoflow_runner import course_of
from task import WARM_UP, Clock, Task, write_data

import protoflow

HERE = Path(protoflow.__file__).parent
LEARNING = HERE / "learning"
BENCH = Path(__file__).parent
TORCH = Path(torch.__file__).parent
KERNELS, AROUND, ENGINE, OURS, ELSE = "torch, kernels", "torch, Python", "engine", "learning code", "else"
SHOWN = 4
"""Functions of each group."""

Function = tuple[str, int, str]
"""File, line, name, as `pstats` has them; `~` for what is built in."""


class Profiled(Clock):
    """Profiles the rounds after the warm-up."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.profile = cProfile.Profile()
        self._done = 0

    def round_done(self) -> None:
        super().round_done()
        self._done += 1
        if self._done == WARM_UP:
            self.profile.enable()
        elif self._done == self._task.rounds:
            self.profile.disable()


def group_of(function: Function) -> str:
    file, _, name = function
    if file == "~":
        known = "torch" in name or "Tensor" in name or "of type object" in name
        return KERNELS if known else ELSE
    path = Path(file)
    if path.is_relative_to(LEARNING) or path.is_relative_to(BENCH):
        return OURS
    if path.is_relative_to(HERE):
        return ENGINE
    return AROUND if path.is_relative_to(TORCH) else ELSE


def shares(stats: dict[Function, Any]) -> dict[str, Counter[str]]:
    """Group -> its functions -> seconds."""
    groups: dict[str, Counter[str]] = {name: Counter() for name in (KERNELS, AROUND, ENGINE, OURS, ELSE)}
    for function, (_, _, own, _, callers) in stats.items():
        group = group_of(function)
        if group != ELSE or not callers:
            groups[group][label(function)] += own
            continue
        for caller, (_, _, part, _) in callers.items():
            groups[group_of(caller)][label(caller if group_of(caller) != ELSE else function)] += part
    return groups


def label(function: Function) -> str:
    file, line, name = function
    if file == "~":
        return name.partition(" at 0x")[0].removesuffix(">") + ">"
    path = Path(file)
    for root in (HERE, TORCH, BENCH):
        if path.is_relative_to(root):
            return f"{path.relative_to(root.parent)}:{line} {name}"
    return f"{path.name}:{line} {name}"


def run(task: Task) -> int:
    with TemporaryDirectory() as folder:
        data = str(Path(folder) / "data.npz")
        write_data(data, task.clients, task.samples, seed=0)
        task = replace(task, data=data)
        clock = Profiled(task)
        torch.set_num_threads(1)
        course, _ = course_of(task, clock)
        course.run(seed=task.seed)
    statistics: Any = pstats.Stats(clock.profile)
    groups = shares(statistics.stats)
    updates = (task.rounds - WARM_UP) * task.cohort
    total = sum(functions.total() for functions in groups.values())
    print(f"{task.model}, {task.cohort} of {task.clients} clients, {task.rounds - WARM_UP} rounds, under the profiler")
    print(f"{'':<60}{'µs an update':>14}{'share':>8}")
    for name, functions in groups.items():
        print(f"{name:<60}{functions.total() / updates * 1e6:>14,.0f}{functions.total() / total:>8.0%}")
        for function, seconds in functions.most_common(SHOWN):
            print(f"  {function[:57]:<58}{seconds / updates * 1e6:>14,.0f}{seconds / total:>8.0%}")
    print(f"{'all':<60}{total / updates * 1e6:>14,.0f}{1:>8.0%}")
    return 0
