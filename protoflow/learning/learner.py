"""Whoever trains a model on data of its own: what the clients and peers of all algorithms have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import compression, training
from protoflow.learning.compression import Compressor
from protoflow.learning.training import Training
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.training import Score, Weights
    from protoflow.runtime import Message, Setting


class Learner(Participant):
    """Of its data it keeps a part from training, for evaluation. `seed` fixes the order in which it trains.

    Reads the parameters `local_epochs`, `batch_size` and `learning_rate`. Algorithms use or replace its methods.
    """

    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        self.model = model
        self.training_set, self.validation_set = data.held_out()
        self.seed = seed
        self.trainings = 0
        self.start: Weights = training.weights_of(model)
        self._compressors: dict[str, Compressor] = {}

    @classmethod
    def build(cls, setting: Setting) -> Self:
        compression.agreed(setting.parameters)  # before anybody trains
        return cls(setting.model(), setting.data(), setting.seed)

    @property
    def learning_rate(self) -> float:
        """The step size of local training."""
        rate: float = self.parameters["learning_rate"]
        return rate

    def weights(self) -> Weights:
        """What is sent of the model."""
        return training.weights_of(self.model)

    def update(self, base: Weights) -> Weights:
        """What is sent of the model when training has made it of `base`: its weights; in a course with `compress`, how
        they differ from `base`, compressed.
        """
        if not compression.agreed(self.parameters):
            return self.weights()
        return self.compressed(training.minus(self.weights(), base))

    def compressed(self, change: Weights, what: str = "weights") -> Weights:
        """A change, as it is sent. `what` tells changes of different things apart, each of which has a memory."""
        agreed = compression.agreed(self.parameters)
        if not agreed:
            return change
        if what not in self._compressors:
            self._compressors[what] = Compressor(agreed, training.derive(self.seed, self.id, "compress", what))
        return self._compressors[what](change)

    def receive(self, weights: Weights) -> None:
        """The model is now the one sent; `start` remembers what that was while training changes it."""
        self.start = weights
        training.set_weights(self.model, weights)

    def adopt(self, message: Message) -> None:
        """Take the final model, if there is one: none, if the course ended before it began."""
        if (weights := message["weights"]) is not None:
            self.receive(weights)

    def fit(self) -> int:
        """Train, and say in how many steps."""
        return sum(each.run() for each in self.plan())

    def plan(self) -> Iterator[Training]:
        """The trainings that `fit` does, each when the one before is done."""
        self.trainings += 1
        yield self.local_training(self.model, self.training_set, "local_epochs", self.loss, self.trainings)

    def local_training(
        self, model: torch.nn.Module, examples: Examples, epochs: str, loss: training.Loss, *purpose: object
    ) -> Training:
        """Of a model, for as many epochs as that parameter says. `purpose` tells this training from all others: the
        order of the examples follows from it.
        """
        return Training(
            model,
            examples,
            epochs=self.parameters[epochs],
            batch_size=self.parameters["batch_size"],
            learning_rate=self.learning_rate,
            seed=training.derive(self.seed, self.id, *purpose),
            loss=loss,
        )

    @training.summed()
    def loss(self, model: torch.nn.Module, batch: Examples) -> torch.Tensor:
        return training.loss_of_task(model, batch)

    def validate(self) -> Score:
        """How good the model is on the data that it has not seen."""
        return training.test(self.model, self.validation_set)
