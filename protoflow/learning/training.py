"""The arithmetic that algorithms share: train, test, average, and where their randomness comes from.

Weights are what a `state_dict` is, names to tensors, and never aliases of a model's own tensors: what was sent stays as
it was while its sender trains on. All work is done on one thread of the CPU, so that the same seed gives the same
numbers on every run.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from protoflow.learning.data import Examples
    from protoflow.learning.task import Task

    Weights: TypeAlias = Mapping[str, torch.Tensor]
    Loss: TypeAlias = Callable[[Any, Any], torch.Tensor]
    """Of a model, and a batch (Examples): a tensor of one number."""


_SETS = 100
"""Sets of examples that a model is asked for at once."""
_READS = "_protoflow_reads"
_F = TypeVar("_F", bound="Callable[..., torch.Tensor]")


@contextmanager
def single_thread() -> Iterator[None]:
    """One thread for torch inside, as many as before outside."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, torch's global random state on the CPU begins at `seed`; outside it is as before."""
    before = torch.default_generator.get_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.default_generator.set_state(before)


def derive(seed: int, *names: object) -> int:
    """A seed for one purpose, made of the course's seed and names such as a participant's id and a round's number."""
    return random.Random("/".join(map(str, (seed, *names)))).getrandbits(63)


@single_thread()
def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The model's weights, copied."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


@single_thread()
def set_weights(model: torch.nn.Module, weights: Weights) -> None:
    """Copy the weights into the model. They must have its names and shapes."""
    own = model.state_dict()
    if own.keys() == weights.keys() and all(tensor.shape == weights[name].shape for name, tensor in own.items()):
        torch._foreach_copy_(list(own.values()), [weights[name] for name in own])
    else:
        model.load_state_dict(dict(weights))  # which says what does not fit


@single_thread()
def each(function: Callable[..., torch.Tensor], *weights: Weights) -> dict[str, torch.Tensor]:
    """The function of the tensors of each name; the names are those of the first."""
    return {name: function(*(one[name] for one in weights)) for name in weights[0]}


def minus(left: Weights, right: Weights) -> dict[str, torch.Tensor]:
    return each(torch.sub, left, right)


def plus(left: Weights, right: Weights, factor: float = 1.0) -> dict[str, torch.Tensor]:
    """left + factor * right"""
    return each(lambda one, other: one + factor * other, left, right)


def zeros(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Zeros of the names and shapes of what is learned: the parameters, without buffers."""
    return {name: torch.zeros_like(tensor) for name, tensor in model.named_parameters()}


def squared_distance(model: torch.nn.Module, weights: Weights) -> torch.Tensor:
    """How far the model's parameters are from these, squared; to be differentiated."""
    return torch.stack([(own - weights[name]).square().sum() for name, own in model.named_parameters()]).sum()


def norm(weights: Weights) -> float:
    """The 2-norm of all of them together."""
    return float(torch.stack([tensor.square().sum() for tensor in weights.values()]).sum().sqrt())


def flat(weights: Weights) -> torch.Tensor:
    """All tensors in one vector, float64, in the order of their names' mapping."""
    return torch.cat([tensor.reshape(-1).double() for tensor in weights.values()])


def shaped(vector: torch.Tensor, like: Weights) -> dict[str, torch.Tensor]:
    """The tensors of a vector that `flat` made, in the names, shapes and types of `like`."""
    parts = torch.split(vector, [tensor.numel() for tensor in like.values()])
    return {
        name: part.reshape(tensor.shape).to(tensor.dtype)
        for part, (name, tensor) in zip(parts, like.items(), strict=True)
    }


def approach(model: torch.nn.Module, weights: Weights, part: float) -> None:
    """The model goes that part of the way to these weights: 0 leaves it where it is, 1 makes it theirs."""
    before = weights_of(model)
    set_weights(model, plus(before, minus(weights, before), part))


def batches(count: int, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """The places of `count` examples, shuffled, and divided into batches; the last may be smaller."""
    return torch.split(torch.randperm(count, generator=generator), size)


def summed(*names: str) -> Callable[[_F], _F]:
    """Say of a learner's loss that it adds up, so that many can be trained as one.

    It is then called for all of them with their models and batches as one: as a method of a learner in which the
    attributes of these names, weights that the loss reads, are those of all, of shape (learners, ...). What it gives
    must be the sum of their losses: a sum over all parameters is that, and `batch.loss(outputs)` too.
    """

    def mark(loss: _F) -> _F:
        setattr(loss, _READS, names)
        return loss

    return mark


def read_by_losses(loss: object) -> tuple[str, ...] | None:
    """The names that `summed` gives; None for what is not such a loss."""
    return getattr(loss, _READS, None)


def loss_of_task(model: torch.nn.Module, batch: Examples) -> torch.Tensor:
    """The mean loss over the batch, as its task has it: cross-entropy for classes, squared error for values."""
    return batch.loss(model(batch.inputs))


def train(
    model: torch.nn.Module,
    examples: Examples,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    loss: Loss = loss_of_task,
) -> int:
    """Stochastic gradient descent in place: `epochs` passes over the examples, shuffled anew for each.

    Returns the number of steps. Parameters that need no gradient stay as they are. What the model itself leaves to
    chance (dropout) follows from `seed` too.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    model.train()
    steps = 0
    with single_thread(), seeded(seed):
        for _ in range(epochs):
            for places in batches(len(examples), batch_size, generator):
                optimizer.zero_grad()
                loss(model, examples.take(places)).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                steps += 1
    return steps


@dataclass(frozen=True, slots=True)
class Training:
    """A training that a learner is about to do: what `train` is called with. `together` does many as one."""

    model: torch.nn.Module
    examples: Examples
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    loss: Loss

    def run(self) -> int:
        """Do it alone. The number of steps."""
        return train(
            self.model,
            self.examples,
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=self.seed,
            loss=self.loss,
        )


def descend(model: torch.nn.Module, rate: float) -> None:
    """A step of that size against the gradients that the model has."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.sub_(rate * parameter.grad)


@dataclass(frozen=True, slots=True)
class Score:
    """How good a model is on some examples. `value` is the score of their task, as `name` says: the share of classes
    that are right (`accuracy`), or of the variance of values that is explained (`r2`). `loss` is the mean over them:
    cross-entropy in nats, or squared error."""

    value: float
    loss: float
    samples: int
    name: str

    @property
    def metrics(self) -> dict[str, float]:
        """What to log: `{"accuracy": 0.91, "loss": 0.3}`."""
        return {self.name: self.value, "loss": self.loss}


def mean_score(scores: Sequence[Score]) -> float:
    """Each score weighing its samples."""
    return sum(score.value * score.samples for score in scores) / sum(score.samples for score in scores)


def test(model: torch.nn.Module, examples: Examples) -> Score:
    model.eval()
    with single_thread(), torch.inference_mode():
        return judged(examples.task, model(examples.inputs), examples.labels)


def test_each(model: torch.nn.Module, sets: Sequence[Examples]) -> list[Score]:
    """What `test` says of each set of examples; the model is asked for the examples of many of them at once."""
    model.eval()
    scores: list[Score] = []
    with single_thread(), torch.inference_mode():
        for begin in range(0, len(sets), _SETS):
            some = sets[begin : begin + _SETS]
            outputs = model(torch.cat([each.inputs for each in some])).split([len(each) for each in some])
            scores += [judged(own.task, output, own.labels) for own, output in zip(some, outputs, strict=True)]
    return scores


def judged(task: Task, outputs: torch.Tensor, labels: torch.Tensor) -> Score:
    """How good it is what a model gave for the examples with these labels."""
    return Score(task.score(outputs, labels).item(), task.loss(outputs, labels).item(), len(labels), task.score_name)


class WeightedMean:
    """The mean of weights, each weighing what is said when it is added; one sum is kept, not what was added.

    Sums are kept in double precision, so that the order in which updates come makes no difference that float32 can
    hold; the mean has the types of the first that was added.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self._sums: dict[str, torch.Tensor] = {}
        self._types: dict[str, torch.dtype] = {}

    @single_thread()
    def add(self, weights: Weights, weight: float) -> None:
        if not self._sums:
            self._types = {name: tensor.dtype for name, tensor in weights.items()}
            self._sums = {name: torch.zeros_like(tensor, dtype=torch.float64) for name, tensor in weights.items()}
        for name, tensor in weights.items():
            self._sums[name].add_(tensor, alpha=weight)
        self.total += weight

    @single_thread()
    def mean(self, divisor: float | None = None) -> dict[str, torch.Tensor]:
        """What was added, divided by the sum of its weights, or by `divisor`."""
        divide_by = self.total if divisor is None else divisor
        return {name: (total / divide_by).to(self._types[name]) for name, total in self._sums.items()}
