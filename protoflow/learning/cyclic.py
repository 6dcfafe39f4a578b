"""Cyclical weight transfer (Chang et al., JAMIA 2018): one model goes from client to client, each training it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import training
from protoflow.learning.holder import Holder
from protoflow.learning.learner import Learner

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(Holder):
    def begin(self) -> Payload:
        self.report()
        return {"weights": self.weights()}

    def first(self, *_: object) -> list[str]:
        """Where the chain of clients begins."""
        return [self.peers("client")[0]]

    def take(self, message: Message) -> Payload:
        """The model has been with everybody."""
        training.set_weights(self.model, message["weights"])
        self.round += 1
        return self.begin()

    def finish(self, message: Message) -> Payload:
        return self.take(message)


class Client(Learner):
    def train(self, message: Message) -> Payload:
        self.receive(message["weights"])
        self.fit()
        return {"weights": self.weights()}
