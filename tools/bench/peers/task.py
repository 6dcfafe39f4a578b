"""What all runners share: the task, its data, the first weights, the clock and the score.

The data are made up, by torch from a seed, and written once to an .npz that all runners read, the first weights with
them. Each class has a centre, and its examples lie around that; the rounds are so few that the model is still learning
when they end, so that whoever trains less or otherwise ends elsewhere.

A runner is a script for one peer, run by the Python of that peer's own environment: `python loop_runner.py TASK`, TASK
being a `Task` in JSON. It trains by federated averaging and prints one line of JSON, a `Measured`. It calls
`Clock.round_done` whenever a global model is finished, so that what a framework does before the first round and after
the last one (starting processes, joining, saying goodbye) is not counted. The first `WARM_UP` rounds aren't either.

All clients have as many examples, so that the mean of their updates weighs them alike. Nothing is evaluated but the
final model, once, after the clock has stopped.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FEATURES, CLASSES, HIDDEN = 784, 10, 64
APART = 0.1
"""Standard deviation of the centres' features, those of an example around its centre having 1."""
TESTED = 4_000
"""Examples in the test set."""
WARM_UP = 2
"""Rounds that are not counted."""


@dataclass(frozen=True)
class Task:
    """`model` is `mlp` (784-64-10) or `logistic` (784-10). `cohort` of `clients` train in each of `rounds`, `epochs`
    passes over `samples` examples of their own in batches of `batch_size`, by SGD; none at all if `epochs` is 0. `data`
    is the file that `write_data` wrote."""

    model: str
    clients: int
    cohort: int
    samples: int
    epochs: int
    batch_size: int
    learning_rate: float
    rounds: int
    seed: int
    data: str


@dataclass(frozen=True)
class Measured:
    """`seconds` for each client update, the whole of a round divided among them; `accuracy` of the final model."""

    seconds: float
    accuracy: float
    versions: dict[str, str]


class Data:
    """inputs: (clients, samples, 784), float32; labels: (clients, samples), int64; the test set likewise."""

    def __init__(self, path: str) -> None:
        with np.load(path, allow_pickle=False) as arrays:
            self._arrays = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        self.inputs, self.labels = self._arrays["inputs"], self._arrays["labels"]
        self.test_inputs, self.test_labels = self._arrays["test_inputs"], self._arrays["test_labels"]

    def first_weights(self, model: str) -> dict[str, torch.Tensor]:
        prefix = f"{model}/"
        return {name.removeprefix(prefix): each for name, each in self._arrays.items() if name.startswith(prefix)}


@cache
def data_of(path: str) -> Data:
    """Read once in each process."""
    return Data(path)


def write_data(path: str, clients: int, samples: int, seed: int) -> None:
    """The examples of each client, the test set, and the first weights of both models."""
    generator = torch.Generator().manual_seed(seed)
    centres = APART * torch.randn(CLASSES, FEATURES, generator=generator)
    arrays = {}
    for prefix, shape in (("", (clients, samples)), ("test_", (TESTED,))):
        labels = torch.randint(CLASSES, shape, generator=generator)
        arrays[f"{prefix}inputs"] = centres[labels] + torch.randn(*shape, FEATURES, generator=generator)
        arrays[f"{prefix}labels"] = labels
    torch.manual_seed(seed)
    for model in ("mlp", "logistic"):
        weights = torch.nn.Sequential(*layers(model)).state_dict()
        arrays.update({f"{model}/{name}": tensor for name, tensor in weights.items()})
    np.savez(path, allow_pickle=False, **{name: tensor.numpy() for name, tensor in arrays.items()})


def layers(model: str) -> list[torch.nn.Module]:
    nn = torch.nn
    if model == "logistic":
        return [nn.Linear(FEATURES, CLASSES)]
    return [nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES)]


def first_model(task: Task) -> torch.nn.Sequential:
    """The model that everybody begins with."""
    model = torch.nn.Sequential(*layers(task.model))
    model.load_state_dict(data_of(task.data).first_weights(task.model))
    return model


def accuracy(task: Task, weights: Mapping[str, torch.Tensor]) -> float:
    """Of the model with these weights, on the test set."""
    model, data = first_model(task), data_of(task.data)
    model.load_state_dict(dict(weights))
    with torch.inference_mode():
        return float((model(data.test_inputs).argmax(dim=1) == data.test_labels).double().mean())


def train(model: torch.nn.Module, inputs: torch.Tensor, labels: torch.Tensor, task: Task) -> None:
    """One client's training, as the plain loop does it, for peers that leave it to their user."""
    optimizer = torch.optim.SGD(model.parameters(), lr=task.learning_rate)
    for _ in range(task.epochs):
        for places in torch.split(torch.randperm(len(labels)), task.batch_size):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[places]), labels[places]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()


class Clock:
    """Stamps the end of each round."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._stamps: list[float] = []

    def round_done(self) -> None:
        self._stamps.append(time.perf_counter())

    def seconds(self) -> float:
        """For each client update of the rounds that count."""
        if len(self._stamps) != self._task.rounds:
            raise SystemExit(f"{len(self._stamps)} rounds were run, not {self._task.rounds}")
        counted = self._task.rounds - WARM_UP
        return (self._stamps[-1] - self._stamps[WARM_UP - 1]) / (counted * self._task.cohort)


def measure(run: Callable[[Task, Clock], Mapping[str, Any]], *packages: str) -> None:
    """Do the task of the command line and print what came of it. `run` returns the final weights; `packages` are those
    whose versions are told, besides Python's and torch's."""
    torch.set_num_threads(1)
    task = Task(**json.loads(sys.argv[1]))
    torch.manual_seed(task.seed)
    np.random.seed(task.seed)
    data_of(task.data)
    clock = Clock(task)
    weights = run(task, clock)
    versions = {name: version(name) for name in (*packages, "torch")}
    measured = Measured(clock.seconds(), accuracy(task, weights), versions)
    print(json.dumps(asdict(measured)), flush=True)
