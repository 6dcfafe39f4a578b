"""FedAsync (Xie et al., Asynchronous Federated Optimization, 2019, Algorithm 1): each update is mixed into the model at
once, the less the staler it is (their polynomial adaptation, section 5.2), and clients are held near what they began
from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedbuff, fedprox, training

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedbuff.Server):
    def mix(self, message: Message) -> Payload:
        """The model goes a part of the way to the update: `mixing` of it, for one that is not stale."""
        training.approach(self.model, message["weights"], self.parameters["mixing"] * self.discount(message))
        self.round += 1
        self.report()
        return self.current()

    def conclude(self, message: Message) -> Payload:
        self.mix(message)
        return self.finish()


class Client(fedprox.Client):
    def train(self, message: Message) -> Payload:
        self.receive(message["weights"])
        self.fit()
        return {"weights": self.weights(), "version": message["version"]}
