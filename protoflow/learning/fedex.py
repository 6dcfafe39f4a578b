"""FedEx (Khodak et al., NeurIPS 2021, arXiv:2106.04502, Algorithm 2): a policy over learning rates, the arms, moves by
exponentiated gradient, while the model is trained with the rates that it draws.

Each client of a cohort trains with an arm of its own. What an arm is worth is how the loss on the data that the client
keeps from training has changed, against its baseline: the loss of the same model there before training. Exponentiated
gradient is for losses within bounds, so a change counts for 1 (nat, or squared error) at most. The step size is the
paper's adaptive one, `policy_rate` times sqrt(2 log(arms)) over the norm of all gradients so far.
"""

from __future__ import annotations

from math import isfinite, log, sqrt
from random import Random
from typing import TYPE_CHECKING

from protoflow.learning import fedavg, hyperparameters, training
from protoflow.learning.backend import numpy as np
from protoflow.learning.hyperparameters import rate_at
from protoflow.runtime import Send

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message

WORST = 1.0
"""The most that a change of a loss counts for."""


class Server(fedavg.Server):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.exponents: NDArray[np.float64] | None = None
        self.gains: list[tuple[int, float, int]] = []
        self.squares = 0.0

    @property
    def policy(self) -> NDArray[np.float64]:
        """The chance of each arm."""
        if self.exponents is None:
            self.exponents = np.zeros(self.parameters["arms"])
        chances = np.exp(self.exponents - self.exponents.max())
        return np.asarray(chances / chances.sum())

    def rate(self, arm: int) -> float:
        return rate_at(arm / max(1, self.parameters["arms"] - 1), self.parameters)

    def draw(self) -> list[Send]:
        """For each client of the cohort the model, and an arm of its own."""
        random = Random(training.derive(self.seed, "arms", self.round))
        policy, weights = self.policy, self.weights()
        sends = []
        for client in self.cohort():
            (arm,) = random.choices(range(len(policy)), policy.tolist())
            payload = {"weights": weights, "arm": arm, "hyperparameters": {"learning_rate": self.rate(arm)}}
            sends.append(Send(payload, client))
        return sends

    def collect_gain(self, message: Message) -> None:
        self.collect(message)
        change = message["after"] - message["before"]
        change = max(-WORST, min(WORST, change)) if isfinite(change) else WORST
        self.gains.append((message["arm"], change, message["samples"]))

    def aggregate_and_learn(self) -> Payload:
        self.learn()
        return self.aggregate()

    def learn(self) -> None:
        """A step of exponentiated gradient; what an arm that was not drawn is worth is not known, and counts 0."""
        policy, gradient = self.policy, np.zeros(self.parameters["arms"])
        total = sum(samples for _, _, samples in self.gains)
        for arm, change, samples in self.gains:
            gradient[arm] += samples * change / (policy[arm] * total)
        self.gains = []
        self.squares += float(np.abs(gradient).max()) ** 2
        if self.squares:
            step = self.parameters["policy_rate"] * sqrt(2 * log(len(policy)) / self.squares)
            self.exponents = np.log(policy) - step * gradient

    def report(self) -> None:
        """With the arm that is most likely by now, and how likely it is."""
        super().report()
        best = int(self.policy.argmax())
        self.log(best_rate=self.rate(best), chance=float(self.policy[best]))


class Client(hyperparameters.Client):
    before: float

    def begin(self, message: Message) -> None:
        super().begin(message)
        self.before = self.validate().loss

    def answer(self, message: Message, steps: int) -> Payload:
        answer = super().answer(message, steps)
        return {**answer, "arm": message["arm"], "before": self.before, "after": self.validate().loss}
