"""Whoever holds the model that is learned together, and tests it on data that nobody trains on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import compression, privacy, training
from protoflow.learning.privacy import Ledger
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
        self._ledger: Ledger | None = None

    @classmethod
    def build(cls, setting: Setting) -> Self:
        compression.agreed(setting.parameters)  # before anybody trains
        if privacy.agreed(setting.parameters).noisy:
            Ledger()
        return cls(setting.model(), setting.test_set(), setting.seed)

    def weights(self) -> Weights:
        """What is sent of the global model."""
        return training.weights_of(self.model)

    def report(self) -> None:
        """Test the global model, and log how good it is."""
        self.log(round=self.round, **training.test(self.model, self.test_set).metrics, **self.spent())

    def spend(self, sample_rate: float, times: int = 1, parts: int = 1) -> None:
        """A noised mean was made, `times` of them, of a cohort with that share of the clients, of which none has more
        than so many `parts` in one mean. In a course without noise, nothing.
        """
        agreed = privacy.agreed(self.parameters)
        if agreed.noisy:
            self._ledger = self._ledger or Ledger()
            self._ledger.add(agreed.noise_multiplier / parts, sample_rate, times)

    def spent(self) -> dict[str, float]:
        """What to log of a private course: the (epsilon, delta) of all that was sent so far."""
        if self._ledger is None:
            return {}
        delta = privacy.agreed(self.parameters).delta
        return {"epsilon": self._ledger.epsilon(delta), "delta": delta}
