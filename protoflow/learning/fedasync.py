"""FedAsync (Xie et al., Asynchronous Federated Optimization, 2019, Algorithm 1): each update is mixed into the model at
once, the less the staler it is (their polynomial adaptation, section 5.2), and clients are held near what they began
from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedbuff, fedprox, training

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedbuff.Server):
    given: dict[str, training.Weights]
    """What each client trains on: the model as it was sent last."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.given = {}

    def current(self, message: Message) -> Payload:
        payload = super().current(message)
        self.given[message.sender] = payload["weights"]
        return payload

    def mix(self, message: Message) -> Payload:
        """The model goes a part of the way to the update: `mixing` of it, for one that is not stale."""
        update = self.restored(message["weights"], lambda: self.given[message.sender])
        training.approach(self.model, update, self.parameters["mixing"] * self.discount(message))
        self.round += 1
        self.report()
        return self.current(message)

    def conclude(self, message: Message) -> Payload:
        self.mix(message)
        return self.finish()


class Client(fedprox.Client):
    def answer(self, message: Message, steps: int) -> Payload:
        del steps
        return {"weights": self.update(message["weights"]), "version": message["version"]}
