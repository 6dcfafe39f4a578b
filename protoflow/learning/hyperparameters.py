"""What courses have in common whose server says how to train: learning rates, from `lowest_rate` to `highest_rate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.learning import fedavg, training
from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


def rate_at(place: float, parameters: Mapping[str, Any]) -> float:
    """The rate at that part of the way, from 0 to 1, on a scale of logarithms."""
    lowest, highest = parameters["lowest_rate"], parameters["highest_rate"]
    if not 0 < lowest <= highest:
        raise UsageError(f"`lowest_rate` is above 0 and at most `highest_rate`, not {lowest:g} with {highest:g}")
    return float(lowest * (highest / lowest) ** place)


class Client(fedavg.Client):
    """Trains with the learning rate that comes with the model."""

    told: Mapping[str, float]

    @property
    def learning_rate(self) -> float:
        return self.told["learning_rate"]

    train_as_told = fedavg.Client.train

    def begin(self, message: Message) -> None:
        super().begin(message)
        self.told = message["hyperparameters"]

    def answer(self, message: Message, steps: int) -> Payload:
        """A model that training has driven beyond all numbers is put back to what it was."""
        if not all(torch.isfinite(tensor).all() for tensor in training.weights_of(self.model).values()):
            self.receive(message["weights"])
        return super().answer(message, steps)
