"""Swarm learning (Warnat-Herresthal et al., Nature 2021, Methods): the peers take turns in merging everybody's models.

The registry says whose turn it is, and sees no weights. The merge weighs by samples; a round is told by its leader, on
data that the leader has kept from training. All peers begin with the same model, and each round with the last merge: of
that an update is a change, in a course with `compress`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning.averager import Averager
from protoflow.learning.learner import Learner
from protoflow.learning.training import WeightedMean
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Registry(Participant):
    def __init__(self) -> None:
        self.round = 0

    def begin(self) -> Payload:
        return {"round": self.round}

    def next_leader(self, *_: object) -> list[str]:
        peers = self.peers("peer")
        return [peers[self.round % len(peers)]]

    def rotate(self, message: Message) -> Payload:
        del message
        self.round += 1
        return self.begin()


class Peer(Learner, Averager):
    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        super().__init__(model, data, seed)
        self.round = 0
        self.updates = WeightedMean()

    def call(self, message: Message) -> Payload:
        """Lead: ask all others for their updates, and train as they do."""
        self.round = message["round"]
        self.fit()
        self.updates.add(self.weights(), len(self.training_set))
        return {"round": self.round}

    def train(self, message: Message) -> Payload:
        del message
        self.fit()
        return {"weights": self.update(self.start), "samples": len(self.training_set)}

    def collect(self, message: Message) -> None:
        self.take(message["weights"], lambda: self.start, message["samples"])

    def merge(self) -> Payload:
        self.receive(self.mean(self.start, len(self.peers("peer")) + 1))
        self.log(round=self.round + 1, **self.validate().metrics)
        return {"weights": self.weights()}
