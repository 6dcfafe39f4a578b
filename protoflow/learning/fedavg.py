"""Federated averaging (McMahan et al., AISTATS 2017, Algorithm 1), for `fedavg` and `fedavg_deadline`.

The server tests each global model on data that no client has, and logs it. Whether to stop early it decides by what
the clients measure on the part of their data that they keep from training, so that the test set chooses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.learning import together, training
from protoflow.learning.averager import Averager
from protoflow.learning.holder import Holder
from protoflow.learning.learner import Learner
from protoflow.learning.sampler import Sampler
from protoflow.learning.training import Score, WeightedMean
from protoflow.runtime import batched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.runtime import Message

    Payload = dict[str, Any]


class Server(Sampler, Averager, Holder):
    """Holds the global model; `seed` fixes the cohorts."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.samples: dict[str, int] = {}
        self.losses: dict[str, float] = {}
        self.updates = WeightedMean()
        self.evaluations: list[list[Score]] = []
        self.asked, self.sample_rate = 0, 1.0

    # Joining

    def admit(self, message: Message) -> None:
        self.samples[message.sender] = message["samples"]

    def somebody_joined(self) -> bool:
        return bool(self.samples)

    # A round

    def start_round(self) -> Payload:
        return {"weights": self.weights()}

    def collect(self, message: Message) -> None:
        self.take(message["weights"], self.weights, message["samples"])

    def aggregate(self) -> Payload:
        """The mean of the updates, weighing their samples, is the new model; without updates the old one stays."""
        if self.updates.total:
            self.move(self.mean(self.weights(), self.asked))
            self.spend(self.sample_rate)
        self.round += 1
        return self.evaluate()

    # Evaluation

    def evaluate(self) -> Payload:
        """Test the global model here; what is sent is for the clients to do the same."""
        self.report()
        self.evaluations.append([])
        return {"weights": self.weights()}

    def measure(self, message: Message) -> None:
        self.losses[message.sender] = message["loss"]
        name = self.test_set.task.score_name
        self.evaluations[-1].append(Score(message["score"], message["loss"], message["samples"], name))

    def converged(self) -> bool:
        """The clients' mean score is as high as wanted, or has had no new best for `stop_after` evaluations."""
        means = [training.mean_score(scores) for scores in self.evaluations]
        since_best = len(means) - 1 - means.index(max(means))
        reached: bool = means[-1] >= self.parameters["target_score"]
        return reached or since_best >= int(self.parameters["stop_after"])

    # The end

    def finish(self) -> Payload:
        return {"weights": self.weights()}

    # What algorithms built on this one use or replace

    def move(self, mean: training.Weights) -> None:
        """The global model goes on, given the mean of the updates."""
        training.set_weights(self.model, mean)


class Client(Learner):
    """Trains the global model on data of its own, and measures it on the part of them that is kept for that."""

    def introduce(self) -> Payload:
        return {"samples": len(self.training_set)}

    def train(self, message: Message) -> Payload:
        self.begin(message)
        return self.answer(message, self.fit())

    @batched(train)
    @staticmethod
    def train_together(clients: Sequence[Client], messages: Sequence[Message]) -> list[Payload]:
        """What `train` does, for many clients at once."""
        for client, message in zip(clients, messages, strict=True):
            client.begin(message)
        steps = together.fit(clients)
        return [
            client.answer(message, number) for client, message, number in zip(clients, messages, steps, strict=True)
        ]

    def begin(self, message: Message) -> None:
        """What goes before training."""
        self.receive(message["weights"])

    def answer(self, message: Message, steps: int) -> Payload:
        """What is sent once that many steps of training are done."""
        del steps
        return {"weights": self.update(message["weights"]), "samples": len(self.training_set)}

    def evaluate(self, message: Message) -> Payload:
        self.receive(message["weights"])
        return self.measured(self.validate())

    @batched(evaluate)
    @staticmethod
    def evaluate_together(clients: Sequence[Client], messages: Sequence[Message]) -> list[Payload]:
        """What `evaluate` does, for many clients at once."""
        for client, message in zip(clients, messages, strict=True):
            client.receive(message["weights"])
        scores = together.validate(clients)
        return [client.measured(score) for client, score in zip(clients, scores, strict=True)]

    def measured(self, score: Score) -> Payload:
        """How good the model is here: told, and logged."""
        self.log(**score.metrics)
        return {"score": score.value, "loss": score.loss, "samples": score.samples}
