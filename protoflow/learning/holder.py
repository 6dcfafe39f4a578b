"""Whoever holds the model that is learned together, and tests it on data that nobody trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import training
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from typing import Self

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.training import Weights
    from protoflow.runtime import Setting


class Holder(Participant):
    """`round` counts the global models after the first. `seed` fixes what it leaves to chance."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        self.model = model
        self.test_set = test_set
        self.seed = seed
        self.round = 0

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.model(), setting.test_set(), setting.seed)

    def weights(self) -> Weights:
        """What is sent of the global model."""
        return training.weights_of(self.model)

    def report(self) -> None:
        """Test the global model, and log how good it is."""
        self.log(round=self.round, **training.test(self.model, self.test_set).metrics)
