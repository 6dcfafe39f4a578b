"""Split learning (Gupta and Raskar, JNCA 2018, Algorithms 1 and 2): a client computes up to a cut, the server the rest.

What crosses the cut is what the lower layers make of a batch, with its labels, and the gradients on the way back. The
clients have their turns one after the other, each beginning with the lower layers as the one before left them. The cut
is before the last layer that has weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.backend import torch
from protoflow.learning.holder import Holder
from protoflow.learning.learner import Learner
from protoflow.learning.task import task_of

if TYPE_CHECKING:
    from protoflow.learning.data import Examples
    from protoflow.learning.fedavg import Payload
    from protoflow.runtime import Message


def cut(model: torch.nn.Module) -> tuple[torch.nn.Sequential, torch.nn.Sequential]:
    """The layers before the last one that has weights, and those from there on. Raises UsageError where there is none
    before it, or the model is not a sequence of layers."""
    layers = list(model.children()) if isinstance(model, torch.nn.Sequential) else []
    weighty = [place for place, layer in enumerate(layers) if any(True for _ in layer.parameters())]
    if len(weighty) < 2:
        raise UsageError(
            f"split learning cuts a model in two: it needs a torch.nn.Sequential with at least two layers that have "
            f"weights, not {type(model).__name__} with {len(weighty)}"
        )
    return torch.nn.Sequential(*layers[: weighty[-1]]), torch.nn.Sequential(*layers[weighty[-1] :])


class Server(Holder):
    """Has the upper layers, and the lower ones between two turns, to test the whole."""

    def __init__(self, model: torch.nn.Module, test_set: Examples, seed: int = 0) -> None:
        super().__init__(model, test_set, seed)
        self.lower, self.upper = cut(model)  # the model's own layers: what they learn, it learns

    def begin(self) -> Payload:
        self.report()
        return {"weights": training.weights_of(self.lower)}

    def next_client(self, *_: object) -> list[str]:
        clients = self.peers("client")
        return [clients[self.round % len(clients)]]

    def step(self, message: Message) -> Payload:
        """Finish the way forward, learn, and send the gradients back over the cut."""
        activations = message["activations"].clone().requires_grad_()
        task = task_of(message["labels"])
        self.upper.train()
        self.upper.zero_grad()
        with training.single_thread():
            task.loss(self.upper(activations), message["labels"]).backward()  # type: ignore[no-untyped-call]
        training.descend(self.upper, self.parameters["learning_rate"])
        return {"gradients": activations.grad}

    def pass_on(self, message: Message) -> Payload:
        training.set_weights(self.lower, message["weights"])
        self.round += 1
        return self.begin()

    def finish(self, message: Message) -> Payload:
        return self.pass_on(message)


class Client(Learner):
    """Has the lower layers during its turn: one pass over its data."""

    def __init__(self, model: torch.nn.Module, data: Examples, seed: int = 0) -> None:
        super().__init__(cut(model)[0], data, seed)
        self.batches: list[torch.Tensor] = []
        self.sent = torch.empty(0)

    def begin(self, message: Message) -> Payload:
        self.receive(message["weights"])
        self.trainings += 1
        generator = torch.Generator().manual_seed(training.derive(self.seed, self.id, self.trainings))
        self.batches = list(training.batches(len(self.training_set), self.parameters["batch_size"], generator))
        return self._forward()

    def another_batch(self, message: Message) -> bool:
        del message
        return bool(self.batches)

    def step(self, message: Message) -> Payload:
        self._backward(message)
        return self._forward()

    def end(self, message: Message) -> Payload:
        self._backward(message)
        return {"weights": self.weights()}

    def _forward(self) -> Payload:
        batch = self.training_set.take(self.batches.pop())
        self.model.train()
        self.model.zero_grad()
        with training.single_thread():
            self.sent = self.model(batch.inputs)
        return {"activations": self.sent.detach().clone(), "labels": batch.labels}

    def _backward(self, message: Message) -> None:
        with training.single_thread():
            self.sent.backward(message["gradients"])  # type: ignore[no-untyped-call]
        training.descend(self.model, self.parameters["learning_rate"])
