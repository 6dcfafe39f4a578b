"""FedProx (Li et al., MLSys 2020, Algorithm 2): the loss grows with the square of the way from the global model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg
from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from protoflow.learning.data import Examples


class Client(fedavg.Client):
    def loss(self, model: torch.nn.Module, batch: Examples) -> torch.Tensor:
        away = [(weights - self.start[name]).square().sum() for name, weights in model.named_parameters()]
        mu: float = self.parameters["mu"]
        return super().loss(model, batch) + mu / 2 * torch.stack(away).sum()
