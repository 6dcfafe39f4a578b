"""Averages of averages (Liu et al., ICC 2020, Algorithm 1): edge servers average the clients near them, several times
before the cloud averages the edges. Means weigh by samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.holder import Holder
from protoflow.learning.training import WeightedMean
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Cloud(Holder):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.updates = WeightedMean()

    def start_round(self) -> Payload:
        self.report()
        return {"weights": self.weights()}

    def collect(self, message: Message) -> None:
        self.updates.add(message["weights"], message["samples"])

    def aggregate(self) -> Payload:
        if self.updates.total:  # none, where no edge has a client
            training.set_weights(self.model, self.updates.mean())
        self.updates = WeightedMean()
        self.round += 1
        return self.start_round()


class Edge(Participant):
    """Has no data and no model of its own."""

    def __init__(self) -> None:
        self.updates = WeightedMean()
        self.rounds = 0

    def start_round(self, message: Message) -> Payload:
        self.rounds = 0
        return {"weights": message["weights"]}

    def pass_back(self, message: Message) -> Payload:
        """Without clients the model stays as it is, and weighs nothing."""
        return {"weights": message["weights"], "samples": 0}

    def collect(self, message: Message) -> None:
        self.updates.add(message["weights"], message["samples"])

    def another_edge_round(self) -> bool:
        return self.rounds + 1 < int(self.parameters["edge_rounds"])

    def aggregate(self) -> Payload:
        answer = self.aggregate_for_the_cloud()
        return {"weights": answer["weights"]}

    def aggregate_for_the_cloud(self) -> Payload:
        mean, samples, self.updates = self.updates.mean(), int(self.updates.total), WeightedMean()
        self.rounds += 1
        return {"weights": mean, "samples": samples}

    def finish(self, message: Message) -> Payload:
        return {"weights": message["weights"]}


class Client(fedavg.Client):
    """Its edge is to it what the server is in federated averaging."""
