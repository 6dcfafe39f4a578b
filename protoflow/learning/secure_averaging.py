"""Federated averaging whose server never sees an update, for `secure_averaging`: the mean is made of a secure sum.

A client adds to the sum its number of samples, and its weights times that number as fixed-point numbers. So the mean is
that of `fedavg`, but for the rounding: half of 2 ** -bits for each weight, the parameter `bits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.learning import fedavg
from protoflow.learning.backend import numpy as np
from protoflow.learning.backend import torch
from protoflow.learning.secure.fixed_point import FixedPoint
from protoflow.learning.secure_aggregation import MaskingClient, SummingServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from protoflow.learning.secure.primitives import Integers
    from protoflow.learning.training import Weights
    from protoflow.runtime import Message

    Payload = dict[str, Any]


class Server(SummingServer, fedavg.Server):
    """A round in which too few clients are left changes nothing: the next one begins with the same model."""

    def begin(self) -> None:
        self._decide()

    def start_round(self) -> Payload:
        self.aggregator = self.new_aggregator()
        return super().start_round()

    def unmask(self) -> None:
        total = self.aggregator.total()
        samples = int(total[0])
        self.move(shaped(fixed_point(self.parameters).decode(total[1:], samples), self.weights()))
        self.round += 1
        self._decide(clients=len(self.aggregator.survivors))

    def give_up(self) -> None:
        self.round += 1
        self._decide(clients=0)

    def _decide(self, **metrics: int) -> None:
        self.report()
        self.log(**metrics)
        self.raise_event("round_over")


class Client(MaskingClient, fedavg.Client):
    """Trains, and adds what came of it to the sum."""

    def train(self, message: Message) -> Payload:
        self.receive(message["weights"])
        self.fit()
        return self.advertise()

    @property
    def vector(self) -> Integers:
        samples = len(self.training_set)
        weights = fixed_point(self.parameters).encode(flat(self.weights()), samples)
        return np.concatenate([np.array([samples]), weights])


def fixed_point(parameters: Mapping[str, Any]) -> FixedPoint:
    return FixedPoint(parameters["bits"], parameters["clip"])


def flat(weights: Weights) -> NDArray[np.float64]:
    """All tensors in one vector, in the order of their names' mapping."""
    return torch.cat([tensor.reshape(-1).double() for tensor in weights.values()]).numpy()


def shaped(vector: NDArray[np.float64], like: Weights) -> dict[str, torch.Tensor]:
    """The tensors of a vector that `flat` made, in the shapes and types of `like`."""
    parts = torch.split(torch.from_numpy(vector), [tensor.numel() for tensor in like.values()])
    return {
        name: part.reshape(tensor.shape).to(tensor.dtype)
        for part, (name, tensor) in zip(parts, like.items(), strict=True)
    }
