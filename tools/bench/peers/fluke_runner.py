"""fluke: `FedAVG` with everything in memory, which is its quick way, and its progress bars, which it always draws.

Clients draw from a `FastDataLoader`, its own and quicker one, that shuffles; they keep their model and optimizer
between rounds, as is its default. Evaluation is off. After the last round fluke hands the final model to all who have
taken part, which is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torchvision_import  # noqa: F401  # before fluke, which imports torchvision
from fluke import DDict, FlukeENV
from fluke.algorithms.fedavg import FedAVG
from fluke.data import DataSplitter, DummyDataContainer, FastDataLoader
from fluke.utils import FederationObserver
from task import CLASSES, Clock, Task, data_of, first_model, measure

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stamp(FederationObserver):  # type: ignore[misc,unused-ignore]  # Any where fluke is not installed
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def end_round(self, round: int) -> None:
        self._clock.round_done()


def run(task: Task, clock: Clock) -> Mapping[str, torch.Tensor]:
    data, environment = data_of(task.data), FlukeENV()
    environment.set_seed(task.seed)
    environment.set_inmemory(True)
    environment.set_eval_cfg(pre_fit=False, post_fit=False, locals=False, server=False)
    shares = [
        FastDataLoader(
            data.inputs[client],
            data.labels[client],
            num_labels=CLASSES,
            batch_size=task.batch_size,
            shuffle=True,
        )
        for client in range(task.clients)
    ]
    container = DummyDataContainer(shares, [None] * task.clients, None, CLASSES)
    settings = {
        "model": first_model(task),
        "client": {
            "batch_size": task.batch_size,
            "local_epochs": task.epochs,
            "loss": torch.nn.CrossEntropyLoss,
            "optimizer": {"name": "SGD", "lr": task.learning_rate},
            "scheduler": {"name": "StepLR", "step_size": 1, "gamma": 1},
        },
        "server": {"weighted": False},
    }
    federation = FedAVG(task.clients, DataSplitter(container), DDict(**settings))
    federation.set_callbacks([Stamp(clock)])
    federation.run(task.rounds, task.cohort / task.clients)
    weights: Mapping[str, torch.Tensor] = federation.server.model.state_dict()
    return weights


if __name__ == "__main__":
    measure(run, "fluke-fl")
