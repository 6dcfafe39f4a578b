"""Adaptive server optimizers: FedAdagrad, FedAdam and FedYogi (Reddi et al., ICLR 2021, Algorithm 2).

What the clients' training did on average is taken for a gradient, and the server steps along it with an optimizer that
keeps two moments of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning import fedavg, training
from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from protoflow.runtime import Setting

    Second = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]

SECOND_MOMENTS: dict[str, Second] = {
    "adagrad": lambda second, square, _: second + square,
    "adam": lambda second, square, beta: beta * second + (1 - beta) * square,
    "yogi": lambda second, square, beta: second - (1 - beta) * square * torch.sign(second - square),
}
"""How each optimizer goes from one second moment to the next, given the square of the step that is asked for."""


class Server(fedavg.Server):
    first: training.Weights | None = None
    second: training.Weights | None = None

    @classmethod
    def build(cls, setting: Setting) -> Self:
        if (name := setting.parameters["server_optimizer"]) not in SECOND_MOMENTS:
            known = ", ".join(f"`{each}`" for each in SECOND_MOMENTS)
            raise UsageError(f"`server_optimizer` is one of {known}, not `{name}`")
        return super().build(setting)

    def move(self, mean: training.Weights) -> None:
        """A step of size `server_rate`; `caution` (the paper's tau) is the least it is divided by."""
        name = self.parameters["server_optimizer"]
        rate, caution = self.parameters["server_rate"], self.parameters["caution"]
        momentum, beta = self.parameters["momentum"], self.parameters["second_momentum"]
        weights = training.weights_of(self.model)
        step = training.minus(mean, weights)
        if self.first is None or self.second is None:
            self.first = training.each(torch.zeros_like, step)
            self.second = training.each(lambda tensor: torch.full_like(tensor, caution**2), step)
        self.first = training.each(lambda first, delta: momentum * first + (1 - momentum) * delta, self.first, step)
        self.second = training.each(
            lambda second, delta: SECOND_MOMENTS[name](second, delta.square(), beta), self.second, step
        )
        training.set_weights(
            self.model,
            training.each(
                lambda old, first, second: old + rate * first / (second.sqrt() + caution),
                weights, self.first, self.second,
            ),
        )  # fmt: skip
