"""SCAFFOLD (Karimireddy et al., ICML 2020, Algorithm 1, option II): control variates take out of local training what
makes a client drift from the others.

The server holds an estimate `c` of which way all clients would go, each client one of its own, `c_i`. A client's
gradients are corrected by `c - c_i`. What is sent back is the trained model and how `c_i` has changed; all clients of a
cohort weigh the same, as in the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.backend import torch
from protoflow.learning.training import WeightedMean

if TYPE_CHECKING:
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedavg.Server):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.control: training.Weights = training.zeros(model)
        self.changes = WeightedMean()

    def start_round(self) -> Payload:
        return {**super().start_round(), "control": self.control}

    def collect(self, message: Message) -> None:
        self.updates.add(self.restored(message["weights"], self.weights), 1)
        self.changes.add(self.restored_change(message["control"], self.control), 1)

    def move(self, mean: training.Weights) -> None:
        """A step of `server_rate` toward the mean; the estimate moves by the cohort's share of all who have joined."""
        training.approach(self.model, mean, self.parameters["server_rate"])
        change = self.changes.mean(divisor=len(self.samples))
        self.control, self.changes = training.plus(self.control, change), WeightedMean()


class Client(fedavg.Client):
    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        super().__init__(model, data, seed)
        self.control: training.Weights = training.zeros(model)
        self.correction: training.Weights = self.control

    def begin(self, message: Message) -> None:
        super().begin(message)
        self.correction = training.minus(message["control"], self.control)

    def answer(self, message: Message, steps: int) -> Payload:
        trained = training.weights_of(self.model)
        mean_gradient = training.each(
            lambda before, after: (before - after) / (steps * self.parameters["learning_rate"]),
            {name: self.start[name] for name in self.control}, trained,
        )  # fmt: skip
        change = training.minus(mean_gradient, message["control"])  # option II: c_i+ = c_i - c + the mean gradient
        self.control = training.plus(self.control, change)
        return {
            "weights": self.update(message["weights"]),
            "control": self.compressed(change, "control"),
            "samples": len(self.training_set),
        }

    @training.summed("correction")
    def loss(self, model: torch.nn.Module, batch: Examples) -> torch.Tensor:
        """A linear term has the correction as its gradient, whatever the optimizer does with gradients."""
        slopes = [(self.correction[name] * weights).sum() for name, weights in model.named_parameters()]
        return super().loss(model, batch) + torch.stack(slopes).sum()
