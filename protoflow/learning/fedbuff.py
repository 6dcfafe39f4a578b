"""FedBuff (Nguyen et al., AISTATS 2022): clients send how their training changed the model; the server adds the mean of
a full buffer of such changes to the model as it is by then.

A change that was made from a version `s` steps old weighs (1 + s) ** -staleness_exponent, with an exponent of 0.5 as in
their experiments (after Xie et al., Asynchronous Federated Optimization, 2019). The sum is divided by the number of
changes, as in Algorithm 1, so that stale changes also make the step shorter.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.training import WeightedMean

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedavg.Server):
    buffered: Counter[str]
    """How many of the changes in the buffer are whose."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.buffered = Counter()

    def welcome(self, message: Message) -> Payload:
        self.admit(message)
        return self.current(message)

    def exchange(self, message: Message) -> Payload:
        """An update in, the model as it is now out."""
        self.updates.add(self.restored_change(message["delta"], self.model.state_dict()), self.discount(message))
        self.buffered[message.sender] += 1
        return self.current(message)

    def discount(self, message: Message) -> float:
        """What an update weighs by its staleness; 1 for one that is not stale."""
        staleness = self.round - message["version"]
        weight: float = (1 + staleness) ** -self.parameters["staleness_exponent"]
        return weight

    def step(self) -> None:
        """Add what is in the buffer to the model, and empty it."""
        if count := self.buffered.total():
            delta = self.noised(self.updates.mean(divisor=count), count)
            weights = training.plus(self.model.state_dict(), delta, self.parameters["server_rate"])
            training.set_weights(self.model, weights)
            self.spend(1.0, parts=max(self.buffered.values()))
            self.updates, self.buffered = WeightedMean(), Counter()
            self.round += 1
            self.report()

    def finish(self) -> Payload:
        self.step()
        return super().finish()

    def current(self, message: Message) -> Payload:
        """The model as it is now, for the sender of a message."""
        del message
        return {"weights": self.weights(), "version": self.round}


class Client(fedavg.Client):
    def answer(self, message: Message, steps: int) -> Payload:
        del steps
        delta = training.minus(training.weights_of(self.model), self.start)
        return {"delta": self.compressed(delta), "version": message["version"]}
