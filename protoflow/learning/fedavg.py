"""Federated averaging (McMahan et al., AISTATS 2017, Algorithm 1), for `fedavg` and `fedavg_deadline`.

The server tests each global model on data that no client has, and logs it. Whether to stop early it decides by what
the clients measure on the part of their data that they keep from training, so that the test set chooses nothing.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

from protoflow.learning import training
from protoflow.learning.training import Score, WeightedMean
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from typing import Self

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.runtime import Message, Setting

    Payload = dict[str, Any]


class Server(Participant):
    """Holds the global model. `test_set` is its own; `seed` fixes the cohorts."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        self.model = model
        self.test_set = test_set
        self.seed = seed
        self.round = 0
        self.samples: dict[str, int] = {}
        self.updates = WeightedMean()
        self.evaluations: list[list[Score]] = []

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.model(), setting.data(), setting.seed)

    # Joining

    def admit(self, message: Message) -> None:
        self.samples[message.sender] = message["samples"]

    def somebody_joined(self) -> bool:
        return bool(self.samples)

    # A round

    def cohort(self) -> list[str]:
        """A random `fraction` of those who have joined, rounded up: at least one."""
        joined = [client for client in self.peers("client") if client in self.samples]
        fraction = Fraction(self.parameters["fraction"])
        size = -(-fraction.numerator * len(joined) // fraction.denominator)
        return Random(training.derive(self.seed, "cohort", self.round)).sample(joined, size)

    def start_round(self) -> Payload:
        return {"weights": training.weights_of(self.model)}

    def collect(self, message: Message) -> None:
        self.updates.add(message["weights"], message["samples"])

    def aggregate(self) -> Payload:
        """The mean of the updates, weighing their samples, is the new model; without updates the old one stays."""
        if self.updates.total:
            training.set_weights(self.model, self.updates.mean())
            self.updates = WeightedMean()
        self.round += 1
        return self.evaluate()

    # Evaluation

    def evaluate(self) -> Payload:
        """Test the global model here; what is sent is for the clients to do the same."""
        score = training.test(self.model, self.test_set)
        self.log(round=self.round, accuracy=score.accuracy, loss=score.loss)
        self.evaluations.append([])
        return {"weights": training.weights_of(self.model)}

    def measure(self, message: Message) -> None:
        self.evaluations[-1].append(Score(message["accuracy"], message["loss"], message["samples"]))

    def converged(self) -> bool:
        """The clients' mean accuracy is as high as wanted, or has had no new best for `stop_after` evaluations."""
        means = [
            sum(score.accuracy * score.samples for score in scores) / sum(score.samples for score in scores)
            for scores in self.evaluations
        ]
        since_best = len(means) - 1 - means.index(max(means))
        reached: bool = means[-1] >= self.parameters["target_accuracy"]
        return reached or since_best >= int(self.parameters["stop_after"])

    # The end

    def finish(self) -> Payload:
        return {"weights": training.weights_of(self.model)}


class Client(Participant):
    """Trains the global model on data of its own, of which it keeps a part for evaluation."""

    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        self.model = model
        self.training_set, self.validation_set = data.held_out()
        self.seed = seed
        self.trainings = 0
        self.start: training.Weights = training.weights_of(model)

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.model(), setting.data(), setting.seed)

    def introduce(self) -> Payload:
        return {"samples": len(self.training_set)}

    def train(self, message: Message) -> Payload:
        self.receive(message["weights"])
        self.fit()
        return {"weights": training.weights_of(self.model), "samples": len(self.training_set)}

    def evaluate(self, message: Message) -> Payload:
        self.receive(message["weights"])
        score = training.test(self.model, self.validation_set)
        return {"accuracy": score.accuracy, "loss": score.loss, "samples": score.samples}

    def adopt(self, message: Message) -> None:
        if (weights := message["weights"]) is not None:  # none, if the course ended before it began
            self.receive(weights)

    # What algorithms built on this one use or replace

    def receive(self, weights: training.Weights) -> None:
        """The model is now the one sent; `start` remembers what that was while training changes it."""
        self.start = weights
        training.set_weights(self.model, weights)

    def fit(self) -> None:
        self.trainings += 1
        training.train(
            self.model,
            self.training_set,
            epochs=self.parameters["local_epochs"],
            batch_size=self.parameters["batch_size"],
            learning_rate=self.parameters["learning_rate"],
            seed=training.derive(self.seed, self.id, self.trainings),
            loss=self.loss,
        )

    def loss(self, model: torch.nn.Module, batch: Examples) -> torch.Tensor:
        return training.cross_entropy(model, batch)
