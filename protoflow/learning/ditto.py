"""Ditto (Li et al., ICML 2021, Algorithm 1): beside the global model, each client trains one of its own that is held
near it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from protoflow.learning import fedavg, personal, training
from protoflow.learning.training import Score, Training

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(personal.Server):
    shared: list[Score]

    def evaluate(self) -> Payload:
        self.shared = []
        return super().evaluate()

    def measure(self, message: Message) -> None:
        super().measure(message)
        name = f"shared_{self.test_set.task.score_name}"
        self.shared.append(Score(message["shared_score"], message["shared_loss"], message["samples"], name))

    def measured(self) -> dict[str, float]:
        """The same mean with the global model beside it."""
        return {**super().measured(), self.shared[0].name: training.mean_score(self.shared)}


class Client(fedavg.Client):
    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        super().__init__(model, data, seed)
        self.own = deepcopy(model)

    def plan(self) -> Iterator[Training]:
        """First the global model, then its own."""
        yield from super().plan()
        yield self.local_training(self.own, self.training_set, "personal_epochs", self.near, "own", self.trainings)

    @training.summed("start")
    def near(self, model: torch.nn.Module, batch: Examples) -> torch.Tensor:
        attraction: float = self.parameters["attraction"]
        return self.loss(model, batch) + attraction / 2 * training.squared_distance(model, self.start)

    def evaluate(self, message: Message) -> Payload:
        self.receive(message["weights"])
        shared, own = self.validate(), training.test(self.own, self.validation_set)
        self.log(**own.metrics)
        return {
            "score": own.value, "loss": own.loss, "samples": own.samples,
            "shared_score": shared.value, "shared_loss": shared.loss,
        }  # fmt: skip
