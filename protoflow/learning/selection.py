"""Power of choice (Cho et al., AISTATS 2022, section 3): of some candidates, those with the highest losses train.

Candidates are drawn in proportion to their samples, as in the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training
from protoflow.learning.sampler import drawn_by_size

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


class Server(fedavg.Server):
    def some_clients(self) -> list[str]:
        """At most `candidates` of those who have joined; at least as many as train in a round."""
        joined = self._joined()
        count = min(len(joined), max(self.parameters["candidates"], self._cohort_size(joined)))
        return drawn_by_size(joined, self.samples, count, training.derive(self.seed, "candidates", self.round))

    def probe(self) -> Payload:
        self.losses = {}
        return self.start_round()

    def compare(self, message: Message) -> None:
        self.losses[message.sender] = message["loss"]

    def highest_losses(self) -> list[str]:
        """As many as a cohort has; those that have not told their loss in time come last."""
        ranked = sorted(self._joined(), key=lambda client: (-self.losses.get(client, float("-inf")), client))
        return ranked[: self._cohort_size(ranked)]


class Client(fedavg.Client):
    def measure(self, message: Message) -> Payload:
        """The global model's loss on the data to train on."""
        self.receive(message["weights"])
        return {"loss": training.test(self.model, self.training_set).loss}
