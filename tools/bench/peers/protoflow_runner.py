"""protoflow: the classes of `fedavg` in the simulation, as shipped, in `averaging`, a course in which nobody evaluates.

Two things are replaced, so that all peers do the same: the server does not test each global model (in that place it
stamps the clock), and clients keep no example from training. Checking the course, and the joining, come before the
first round and are not counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from task import Clock, Task, data_of, first_model, measure

from protoflow import Course
from protoflow.learning import fedavg
from protoflow.learning.data import Examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

COURSE = Path(__file__).parents[1] / "courses" / "averaging.yaml"


class Server(fedavg.Server):
    """Does not test what it has averaged."""

    clock: Clock

    def report(self) -> None:
        self.clock.round_done()


class Share(Examples):
    """A client's examples, all of which it trains on."""

    def held_out(self) -> tuple[Examples, Examples]:
        return self, self


def course_of(task: Task, clock: Clock) -> tuple[Course, Server]:
    """The course, ready to run, and its server."""
    data = data_of(task.data)
    server = Server(first_model(task), Examples(data.test_inputs, data.test_labels), task.seed)
    server.clock = clock
    clients = [
        fedavg.Client(first_model(task), Share(data.inputs[client], data.labels[client]), task.seed)
        for client in range(task.clients)
    ]
    parameters = {
        "rounds": task.rounds - 1,
        "fraction": f"{100 * task.cohort / task.clients:g}%",
        "local_epochs": task.epochs,
        "batch_size": task.batch_size,
        "learning_rate": task.learning_rate,
    }
    return Course(COURSE, parameters, server=server, client=clients), server


def run(task: Task, clock: Clock) -> Mapping[str, torch.Tensor]:
    course, server = course_of(task, clock)
    course.run(seed=task.seed)
    return server.weights()


if __name__ == "__main__":
    measure(run, "protoflow-fl")
