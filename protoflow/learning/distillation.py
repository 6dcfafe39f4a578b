"""FedMD (Li and Wang, 2019, Algorithm 1): clients teach each other by what their models say of public examples.

The public examples are every second one of those that nobody trains on; their labels are not used. Here all clients
have models of one kind; nothing but their outputs is ever sent, so that any kind would do.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from protoflow.learning import training
from protoflow.learning.backend import torch
from protoflow.learning.data import Examples
from protoflow.learning.learner import Learner
from protoflow.learning.task import CLASSIFICATION
from protoflow.learning.training import Score
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from typing import Self

    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message, Setting


def public_of(test_set: Examples) -> Examples:
    return test_set.take(torch.arange(0, len(test_set), 2))


class Server(Participant):
    """Has public examples and no model; a round is told by what the clients measured."""

    def __init__(self, public: Examples, seed: int = 0) -> None:
        self.public = public
        self.seed = seed
        self.round = 0
        self.answers: list[torch.Tensor] = []
        self.consensus: torch.Tensor | None = None
        self.scores: list[Score] = []

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(public_of(setting.test_set()), setting.seed)

    def ask(self) -> Payload:
        """Public examples to look at, others in each round, by their places."""
        self.report()
        count = min(self.parameters["public_size"], len(self.public))
        random = Random(training.derive(self.seed, "public", self.round))
        return {"examples": random.sample(range(len(self.public)), count)}

    def collect(self, message: Message) -> None:
        self.answers.append(message["logits"])

    def agree(self) -> Payload:
        """The mean of what all say; nothing at all, if nobody said anything in time."""
        consensus = torch.stack(self.answers).mean(dim=0) if self.answers else torch.empty(0)
        self.answers = []
        self.round += 1
        return {"logits": consensus}

    def measure(self, message: Message) -> None:
        name = self.public.task.score_name
        self.scores.append(Score(message["score"], 0.0, message["samples"], name))

    def report(self) -> None:
        if self.scores:
            self.log(round=self.round, **{self.scores[0].name: training.mean_score(self.scores)})
            self.scores = []


class Client(Learner):
    def __init__(self, model: torch.nn.Module, data: Examples, public: Examples, seed: int = 0) -> None:
        super().__init__(model, data, seed)
        self.public = public
        self.asked = public

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.model(), setting.data(), public_of(setting.test_set()), setting.seed)

    def train(self) -> None:
        self.fit()

    def answer(self, message: Message) -> Payload:
        self.asked = self.public.take(message["examples"])
        self.model.eval()
        with training.single_thread(), torch.no_grad():
            return {"logits": self.model(self.asked.inputs)}

    def learn(self, message: Message) -> Payload:
        """Digest the consensus, then revisit what is the client's own."""
        if len(consensus := message["logits"]) == len(self.asked):
            self._digest(consensus)
        self.fit()
        score = self.validate()
        self.log(**score.metrics)
        return {"score": score.value, "samples": score.samples}

    def _digest(self, consensus: torch.Tensor) -> None:
        """Train towards what all say of the public examples: classes by their probabilities, values as they are."""
        classes = self.asked.task is CLASSIFICATION
        target = consensus.softmax(dim=1) if classes else consensus
        places = torch.arange(len(target))

        def loss(model: torch.nn.Module, batch: Examples) -> torch.Tensor:
            wanted = target[batch.labels]
            said = model(batch.inputs)
            return torch.nn.functional.cross_entropy(said, wanted) if classes else (said - wanted).square().mean()

        public = Examples(self.asked.inputs, places)
        self.local_training(self.model, public, "digest_epochs", loss, "digest", self.trainings).run()
