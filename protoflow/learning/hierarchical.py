"""Averages of averages (Liu et al., ICC 2020, Algorithm 1): edge servers average the clients near them, several times
before the cloud averages the edges. Means weigh by samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.averager import Averager
from protoflow.learning.holder import Holder
from protoflow.learning.training import WeightedMean

if TYPE_CHECKING:
    from typing import Self

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.learning.training import Weights
    from protoflow.runtime import Message, Setting


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
            self.spend(1.0, times=self.parameters["edge_rounds"])
        self.updates = WeightedMean()
        self.round += 1
        return self.start_round()


class Edge(Averager):
    """Has no data and no model of its own; `sent` is what its clients train on."""

    sent: Weights

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.updates = WeightedMean()
        self.rounds = 0

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.seed)

    def start_round(self, message: Message) -> Payload:
        self.rounds = 0
        self.sent = message["weights"]
        return {"weights": self.sent}

    def pass_back(self, message: Message) -> Payload:
        """Without clients the model stays as it is, and weighs nothing."""
        return {"weights": message["weights"], "samples": 0}

    def collect(self, message: Message) -> None:
        self.take(message["weights"], lambda: self.sent, message["samples"])

    def another_edge_round(self) -> bool:
        return self.rounds + 1 < int(self.parameters["edge_rounds"])

    def aggregate(self) -> Payload:
        self.sent = self.aggregate_for_the_cloud()["weights"]
        return {"weights": self.sent}

    def aggregate_for_the_cloud(self) -> Payload:
        """In a private course the cloud hears how many clients there are, and not how many samples they have."""
        samples = int(self.updates.total)
        mean = self.mean(self.sent, len(self.linked("my_clients")))
        self.rounds += 1
        return {"weights": mean, "samples": samples}

    def finish(self, message: Message) -> Payload:
        return {"weights": message["weights"]}


class Client(fedavg.Client):
    """Its edge is to it what the server is in federated averaging."""
