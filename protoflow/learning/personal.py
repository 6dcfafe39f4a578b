"""What courses have in common in which every client ends with a model of its own.

Only the client that has such a model can test it, on the part of its data that it keeps from training. So a round is
told by what the clients measured, once they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import fedavg, training

if TYPE_CHECKING:
    from protoflow.learning.fedavg import Payload


class Server(fedavg.Server):
    def report(self) -> None:
        """Nothing yet: the clients have to measure first."""

    def start_round(self) -> Payload:
        self.log(**self.measured())
        return super().start_round()

    def finish(self) -> Payload:
        self.log(**self.measured())
        return super().finish()

    def measured(self) -> dict[str, float]:
        """The mean over the clients, each with its own model and weighing its samples."""
        scores = self.evaluations[-1]
        return {"round": self.round, scores[0].name: training.mean_score(scores), **self.spent()}
