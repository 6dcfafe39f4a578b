"""FedRep (Collins et al., ICML 2021, Algorithm 1): the clients share what comes before the last layer; the last layer,
the head, is each one's own and never sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, personal, training

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protoflow.learning.backend import torch
    from protoflow.learning.training import Training


def head_of(model: torch.nn.Module) -> set[str]:
    """The names of the tensors of the last layer that has any: the head."""
    layer = list(model.state_dict())[-1].rpartition(".")[0]
    return {name for name in model.state_dict() if name.rpartition(".")[0] == layer}


def body_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The weights of all other layers, copied."""
    head = head_of(model)
    return {name: tensor for name, tensor in training.weights_of(model).items() if name not in head}


class Server(personal.Server):
    def weights(self) -> training.Weights:
        return body_of(self.model)

    def move(self, mean: training.Weights) -> None:
        super().move({**self.model.state_dict(), **mean})


class Client(fedavg.Client):
    def weights(self) -> training.Weights:
        return body_of(self.model)

    def receive(self, weights: training.Weights) -> None:
        super().receive({**training.weights_of(self.model), **weights})

    def plan(self) -> Iterator[Training]:
        """First the head alone, for `head_epochs`, then the body alone."""
        self.trainings += 1
        yield self._part(True, "head_epochs")
        yield self._part(False, "local_epochs")

    def _part(self, part_is_head: bool, epochs: str) -> Training:
        head = head_of(self.model)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_((name in head) is part_is_head)
        return self.local_training(self.model, self.training_set, epochs, self.loss, self.trainings, part_is_head)
