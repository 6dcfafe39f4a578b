"""Federated averaging whose server never sees an update, for `secure_averaging`: the mean is made of a secure sum.

A client adds to the sum its number of samples, and its weights times that number as fixed-point numbers. So the mean is
that of `fedavg`, but for the rounding: half of 2 ** -bits for each weight, the parameter `bits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.learning import fedavg, training
from protoflow.learning.backend import numpy as np
from protoflow.learning.backend import torch
from protoflow.learning.secure.fixed_point import FixedPoint
from protoflow.learning.secure_aggregation import MaskingClient, SummingServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.learning.secure.primitives import Integers
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
        mean = torch.from_numpy(fixed_point(self.parameters).decode(total[1:], samples))
        self.move(training.shaped(mean, self.weights()))
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

    def answer(self, message: Message, steps: int) -> Payload:
        del message, steps
        return self.advertise()

    @property
    def vector(self) -> Integers:
        samples = len(self.training_set)
        weights = fixed_point(self.parameters).encode(training.flat(self.weights()).numpy(), samples)
        return np.concatenate([np.array([samples]), weights])


def fixed_point(parameters: Mapping[str, Any]) -> FixedPoint:
    return FixedPoint(parameters["bits"], parameters["clip"])
