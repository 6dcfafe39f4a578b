"""FedProx (Li et al., MLSys 2020, Algorithm 2): the loss grows with the square of the way from the global model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples


class Client(fedavg.Client):
    @training.summed("start")
    def loss(self, model: torch.nn.Module, batch: Examples) -> torch.Tensor:
        mu: float = self.parameters["mu"]
        return super().loss(model, batch) + mu / 2 * training.squared_distance(model, self.start)
