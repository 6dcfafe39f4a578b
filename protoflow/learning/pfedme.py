"""pFedMe (Dinh et al., NeurIPS 2020, Algorithm 1): on each batch a client finds the model of its own that suits it best
near its copy of the global one, and moves the copy towards that; the copies' mean moves the global model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import ditto, training
from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(ditto.Server):
    def move(self, mean: training.Weights) -> None:
        """The paper's beta, here `mixing`: how far to go towards the mean of the copies."""
        training.approach(self.model, mean, self.parameters["mixing"])


class Client(ditto.Client):
    def train(self, message: Message) -> Payload:
        """`own` is the personal model (theta), `model` the copy (w), `start` what the copy is while `own` is found."""
        self.receive(message["weights"])
        self.trainings += 1
        rate = self.parameters["learning_rate"]
        generator = torch.Generator().manual_seed(training.derive(self.seed, self.id, self.trainings))
        self.own.train()
        with training.single_thread():
            for _ in range(self.parameters["local_epochs"]):
                for places in training.batches(len(self.training_set), self.parameters["batch_size"], generator):
                    batch = self.training_set.take(places)
                    for _ in range(self.parameters["inner_steps"]):
                        self.own.zero_grad()
                        self.near(self.own, batch).backward()  # type: ignore[no-untyped-call]
                        training.descend(self.own, rate)
                    way = training.minus(self.own.state_dict(), self.start)
                    self.receive(training.plus(self.start, way, rate * self.parameters["attraction"]))
        return {"weights": self.update(message["weights"]), "samples": len(self.training_set)}
