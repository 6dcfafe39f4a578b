"""Joining and ending as FederatedScope's default workers do it (Xie et al., PVLDB 2023).

Whoever joins is given a number, asked what it has, and told where the others are; who is told that all has converged
keeps the best model that it has seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protoflow.learning import fedavg, training

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message

QUESTIONS = ["samples", "kept"]
"""How many examples a client trains on, and how many it keeps for evaluation."""


class Server(fedavg.Server):
    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.answers: dict[str, dict[str, Any]] = {}

    def assign(self, message: Message) -> dict[str, Payload]:
        self.admit(message)
        return {"assigned_id": {"id": len(self.samples)}, "info_request": {"questions": QUESTIONS}}

    def note(self, message: Message) -> None:
        self.answers[message.sender] = dict(message["answers"])

    def introduce(self) -> dict[str, Payload]:
        """All are here. An address is what the engine delivers to: an id."""
        addresses = {client: client for client in self.samples}
        return {"addresses": {"addresses": addresses}, "evaluate": self.evaluate()}

    def stop(self) -> dict[str, Payload]:
        return {"converged": {}, "finish": self.finish()}


class Client(fedavg.Client):
    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        super().__init__(model, data, seed)
        self.number: int | None = None
        self.addresses: dict[str, str] = {}
        self.best: tuple[float, training.Weights] | None = None
        self.keeps = False

    def take_id(self, message: Message) -> None:
        self.number = message["id"]

    def tell(self, message: Message) -> Payload:
        known = {"samples": len(self.training_set), "kept": len(self.validation_set)}
        return {"answers": {question: known.get(question) for question in message["questions"]}}

    def note(self, message: Message) -> None:
        self.addresses = dict(message["addresses"])

    def evaluate(self, message: Message) -> Payload:
        """The first of the global models that is as good as any on the client's data is its best."""
        answer = super().evaluate(message)
        if self.best is None or answer["score"] > self.best[0]:
            self.best = answer["score"], message["weights"]
        return answer

    def keep_best(self, message: Message) -> None:
        del message
        self.keeps = True

    def adopt(self, message: Message) -> None:
        """The final model, or the best one where the course has converged."""
        super().adopt(message)
        if self.keeps and self.best is not None:
            self.receive(self.best[1])
