"""One-shot learning (Guha et al., 2019, section 3): each client trains alone, and the better models vote."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from protoflow.learning import training
from protoflow.learning.backend import torch
from protoflow.learning.holder import Holder
from protoflow.learning.learner import Learner
from protoflow.learning.task import CLASSIFICATION

if TYPE_CHECKING:
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Ensemble(torch.nn.Module):
    """What the members say, averaged: probabilities of classes (as their logarithms), or values."""

    def __init__(self, members: list[torch.nn.Module], *, classes: bool) -> None:
        super().__init__()
        self.members = torch.nn.ModuleList(members)
        self.classes = classes

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        said = torch.stack([member(inputs) for member in self.members])
        return said.softmax(dim=2).mean(dim=0).log() if self.classes else said.mean(dim=0)


class Server(Holder):
    """Keeps the models as they come; `model` itself is never trained, and says only what they look like."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.models: list[tuple[float, training.Weights]] = []

    def collect(self, message: Message) -> None:
        self.models.append((message["accuracy"], message["weights"]))

    def choose(self) -> Payload:
        """The better half of them, by what their clients measured, and how good these are together."""
        best = sorted(self.models, key=lambda pair: -pair[0])[: -(-len(self.models) // 2)]
        members = []
        for _, weights in best:
            member = deepcopy(self.model)
            training.set_weights(member, weights)
            members.append(member)
        if members:
            together = Ensemble(members, classes=self.test_set.task is CLASSIFICATION)
            self.log(round=1, models=len(members), **training.test(together, self.test_set).metrics)
        return {"ensemble": [weights for _, weights in best]}


class Client(Learner):
    def train(self) -> Payload:
        self.fit()
        score = self.validate()
        self.log(**score.metrics)
        return {"weights": self.weights(), "samples": len(self.training_set), "accuracy": score.value}

    def adopt(self, message: Message) -> None:
        """The ensemble takes the place of the client's own model."""
        self.ensemble = message["ensemble"]
