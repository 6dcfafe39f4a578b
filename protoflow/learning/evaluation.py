"""Federated evaluation (Wang et al., 2019, section 3): how good a model is where the data is, as it comes and adapted.

The model to judge is what the server made of data of its own, those that no client has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.learner import Learner
from protoflow.learning.training import Score

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message

EPOCHS = 50
"""Passes that the server makes over its own data before it asks anybody."""


class Server(fedavg.Server):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.plain: list[Score] = []
        self.adapted: list[Score] = []
        training.train(model, test_set, epochs=EPOCHS, batch_size=16, learning_rate=0.1, seed=seed)

    def forget(self, message: Message) -> None:
        self.samples.pop(message.sender, None)

    def sample(self) -> list[str]:
        return self.cohort() or [self.peers("client")[0]]

    def evaluate(self) -> Payload:
        self.report()
        return {"weights": self.weights()}

    def measure(self, message: Message) -> None:
        name, samples = self.test_set.task.score_name, message["samples"]
        self.plain.append(Score(message["score"], message["loss"], samples, name))
        self.adapted.append(Score(message["adapted_score"], message["adapted_loss"], samples, f"adapted_{name}"))

    def report(self) -> None:
        """All answers so far, of all samples of clients."""
        if self.plain:
            self.round += 1
            means = {scores[0].name: training.mean_score(scores) for scores in (self.plain, self.adapted)}
            self.log(round=self.round, **means, answers=len(self.plain))

    def finish(self) -> Payload:
        self.report()
        means = [training.mean_score(scores) if scores else 0.0 for scores in (self.plain, self.adapted)]
        return dict(zip(("score", "adapted_score"), means, strict=True))


class Client(Learner):
    def introduce(self) -> Payload:
        return {"samples": len(self.training_set)}

    def evaluate_and_adapt(self, message: Message) -> Payload:
        self.receive(message["weights"])
        plain = self.validate()
        self.fit()
        adapted = self.validate()
        return {
            "score": plain.value, "loss": plain.loss, "samples": plain.samples,
            "adapted_score": adapted.value, "adapted_loss": adapted.loss,
        }  # fmt: skip
