"""FedBuff (Nguyen et al., AISTATS 2022): clients send how their training changed the model; the server adds the mean of
a full buffer of such changes to the model as it is by then.

A change that was made from a version `s` steps old weighs (1 + s) ** -staleness_exponent, with an exponent of 0.5 as in
their experiments (after Xie et al., Asynchronous Federated Optimization, 2019). The sum is divided by the number of
changes, as in Algorithm 1, so that stale changes also make the step shorter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.training import WeightedMean

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedavg.Server):
    buffered = 0

    def welcome(self, message: Message) -> Payload:
        self.admit(message)
        return self.current()

    def exchange(self, message: Message) -> Payload:
        """An update in, the model as it is now out."""
        self.updates.add(message["delta"], self.discount(message))
        self.buffered += 1
        return self.current()

    def discount(self, message: Message) -> float:
        """What an update weighs by its staleness; 1 for one that is not stale."""
        staleness = self.round - message["version"]
        weight: float = (1 + staleness) ** -self.parameters["staleness_exponent"]
        return weight

    def step(self) -> None:
        """Add what is in the buffer to the model, and empty it."""
        if self.buffered:
            delta = self.updates.mean(divisor=self.buffered)
            weights = training.plus(self.model.state_dict(), delta, self.parameters["server_rate"])
            training.set_weights(self.model, weights)
            self.updates, self.buffered = WeightedMean(), 0
            self.round += 1
            self.report()

    def finish(self) -> Payload:
        self.step()
        return super().finish()

    def current(self) -> Payload:
        return {"weights": self.weights(), "version": self.round}


class Client(fedavg.Client):
    def train(self, message: Message) -> Payload:
        self.receive(message["weights"])
        self.fit()
        delta = training.minus(training.weights_of(self.model), self.start)
        return {"delta": delta, "version": message["version"]}
