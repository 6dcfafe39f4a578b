"""Decentralised averaging, for `gossip` and `ring`: every peer trains, and mixes its model with those that it is sent.

On an undirected ring (Lian et al., NeurIPS 2017, Algorithm 1) it takes the mean of its own and both neighbours'; on a
directed one (Assran et al., ICML 2019, Algorithm 1) of its own and the one before's. Nobody sees all models, so each
tests its own; a round is told by the first peer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning.learner import Learner
from protoflow.learning.training import WeightedMean

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Mixer(Learner):
    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        super().__init__(model, data, seed)
        self.round = 0
        self.others = WeightedMean()

    def train(self) -> Payload:
        self.fit()
        return {"weights": self.weights()}

    def collect(self, message: Message) -> None:
        self.others.add(message["weights"], 1)

    def mean(self) -> None:
        """The model becomes the mean of itself and what was collected."""
        self.others.add(self.weights(), 1)
        self.receive(self.others.mean())
        self.others = WeightedMean()
        self.round += 1
        first = min((self.id, *self.peers("peer")), key=lambda peer: (len(peer), peer)) == self.id
        self.log(**({"round": self.round} if first else {}), **self.validate().metrics)


class Peer(Mixer):
    """Of an undirected ring: it mixes when both neighbours have sent theirs."""

    def mix(self) -> None:
        self.mean()

    def mix_and_train(self) -> Payload:
        self.mean()
        return self.train()


class Follower(Mixer):
    """Of a directed ring: it mixes when the one before has sent its model."""

    def mix(self, message: Message) -> None:
        self.collect(message)
        self.mean()

    def mix_and_train(self, message: Message) -> Payload:
        self.mix(message)
        return self.train()
