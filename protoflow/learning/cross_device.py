"""Federated averaging with a great many devices (Bonawitz et al., Towards Federated Learning at Scale, MLSys 2019), for
`fedavg_cross_device`.

The server knows devices by nothing but their ids, and draws a cohort for every round. A device has a model and data
only while it trains: a model is lent from one to the next, data are fetched and let go. What is left of the device then
is a seed, and how often it has trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, together
from protoflow.runtime import batched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Self

    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message, Setting


class Server(fedavg.Server):
    def finish(self) -> None:  # type: ignore[override]
        """The last round ends as the others do; nobody is told."""
        self.aggregate()

    def _joined(self) -> Sequence[str]:
        """Nobody joins: whoever is registered may be asked."""
        return self.peers("device")

    def _cohort_size(self, joined: Sequence[str]) -> int:
        return min(len(joined), int(self.parameters["cohort_size"]))


class Device(fedavg.Client):
    """`model` makes a model, `data` fetches the examples. `spare` is one list for all devices: the models that none of
    them trains on at the moment.
    """

    def __init__(
        self,
        model: Callable[[], torch.nn.Module],
        data: Callable[[], Examples],
        seed: int = 0,
        spare: list[torch.nn.Module] | None = None,
    ) -> None:
        self.seed = seed
        self.trainings = 0
        self._make = model
        self._fetch = data
        self._spare = [] if spare is None else spare

    @classmethod
    def build(cls, setting: Setting) -> Self:
        return cls(setting.model, setting.data, setting.seed, setting.shared.setdefault("spare models", []))

    def train(self, message: Message) -> Payload:
        return super().train(message)

    @batched(train)
    @staticmethod
    def train_together(clients: Sequence[fedavg.Client], messages: Sequence[Message]) -> list[Payload]:
        """A few at a time, so that few models are lent."""
        answers: list[Payload] = []
        for first in range(0, len(clients), together.CHUNK):
            some = slice(first, first + together.CHUNK)
            answers += fedavg.Client.train_together(clients[some], messages[some])
        return answers

    def begin(self, message: Message) -> None:
        self.model = self._spare.pop() if self._spare else self._make()
        self.training_set, self.validation_set = self._fetch().held_out()
        super().begin(message)

    def answer(self, message: Message, steps: int) -> Payload:
        payload = super().answer(message, steps)
        self._spare.append(self.model)
        del self.model, self.start, self.training_set, self.validation_set
        return payload
