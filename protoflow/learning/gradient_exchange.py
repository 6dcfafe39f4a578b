"""A user-defined message type, as in FederatedScope's example: `gradients`, and what a client does about them.

Between training and evaluation the server does not change the model itself: it sends every client how the cohort would
change it. Each applies that to the global model, trains on where the change is large, and returns what it has; the mean
of those is the new model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.training import WeightedMean

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedavg.Server):
    moved: training.Weights
    """What the clients refine: the global model as the gradients would have it."""

    def gradients(self) -> Payload:
        mean, self.updates = self.updates.mean(), WeightedMean()
        gradients = training.minus(self.model.state_dict(), mean)
        self.moved = training.minus(self.model.state_dict(), gradients)
        return {"gradients": gradients}

    def callback_for_updated_model(self, message: Message) -> None:
        self.take(message["weights"], lambda: self.moved, self.samples[message.sender])


class Client(fedavg.Client):
    def callback_for_gradients(self, message: Message) -> Payload:
        gradients = message["gradients"]
        moved = training.minus(self.start, gradients)
        self.receive(moved)
        if training.norm(gradients) >= self.parameters["threshold"]:
            self.fit()
        return {"weights": self.update(moved)}
