"""What carries the messages takes so long: a round trip, from a server to a client and back, whose handlers do nothing.

The course is courses/nothing.yaml: the server draws a cohort, sends each a number, and each answers with one. Beside
it a client's update in the plain loop is measured, in the same process and in turns, for the ratio: the two are as
slow as each other on a slow machine. Rounds count from the second on.
"""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import loop_runner
import torch
from task import Clock, Task, write_data

from protoflow import Course, Participant

if TYPE_CHECKING:
    from protoflow import Message

COURSE = Path(__file__).parent / "courses" / "nothing.yaml"


class Server(Participant):
    def __init__(self) -> None:
        self.stamps: list[float] = []
        self._random = random.Random(0)

    def ask(self) -> dict[str, int]:
        self.stamps.append(time.perf_counter())
        return {"number": len(self.stamps)}

    def drawn(self) -> list[str]:
        return self._random.sample(self.peers("client"), self.parameters["cohort"])

    def collect(self, message: Message) -> None:
        pass


class Client(Participant):
    def answer(self, message: Message) -> dict[str, int]:
        return {"number": message["number"]}


def round_trip(clients: int, cohort: int) -> float:
    """Seconds."""
    server = Server()
    course = Course(COURSE, {"cohort": cohort}, server=server, client=[Client() for _ in range(clients)])
    course.run(validate=False)
    first, last = server.stamps[1], server.stamps[-1]
    return (last - first) / ((len(server.stamps) - 2) * cohort)


def update(task: Task) -> float:
    """Seconds of a client's update in the plain loop."""
    clock = Clock(task)
    loop_runner.run(task, clock)
    return clock.seconds()


def run(task: Task, repetitions: int) -> int:
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        task = replace(task, data=str(Path(folder) / "data.npz"))
        write_data(task.data, task.clients, task.samples, seed=0)
        trips, updates = [], []
        for _ in range(repetitions):
            trips += [round_trip(task.clients, task.cohort) for _ in range(10)]
            updates.append(update(task))
    title = f"{task.cohort} of {task.clients} clients"
    print(
        f"a round trip whose handlers do nothing, {title}: {median(trips) * 1e6:.1f} µs, {min(trips) * 1e6:.1f} at best"
    )
    print(f"a client's update in the plain loop, {task.model}, {title}: {median(updates) * 1e6:,.0f} µs")
    print(f"the one is {median(trips) / median(updates):.2%} of the other")
    return 0
