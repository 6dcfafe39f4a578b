"""Examples and data sets, held in memory as tensors. Where data sets come from: `sources`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning.backend import MISSING, numpy, torch
from protoflow.learning.task import CLASSIFICATION, Task, task_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from protoflow.learning.partition import Places

KEPT = 5
"""Every fifth example of a client's share is kept from training, for evaluation on the client."""
TESTED = 0.2
"""The share of a data set without a test set of its own that becomes one."""


@dataclass(frozen=True)
class Examples:
    """`inputs`: float32, one example a row, of any shape. `labels`: one an example, int64 for classes from 0 on,
    float32 for values."""

    inputs: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return self.labels.shape[0]

    @property
    def task(self) -> Task:
        return task_of(self.labels)

    def loss(self, outputs: torch.Tensor) -> torch.Tensor:
        """The mean over the examples, given what a model gave for them: a tensor of one number."""
        return self.task.loss(outputs, self.labels)

    def take(self, places: torch.Tensor | Places | Sequence[int]) -> Examples:
        """The examples at these places, copied."""
        chosen = torch.as_tensor(places)
        return Examples(self.inputs[chosen], self.labels[chosen])

    def held_out(self) -> tuple[Examples, Examples]:
        """These examples in two: those to train on, and those to evaluate on. A single example serves as both.

        Who needs a part to choose by and another to report holds out twice:
        `rest, test = data.held_out(); train, validation = rest.held_out()`.
        """
        if len(self) == 1:
            return self, self
        places = torch.arange(len(self))
        kept = places % KEPT == min(KEPT, len(self)) - 1
        return self.take(places[~kept]), self.take(places[kept])


def as_inputs(tensor: torch.Tensor) -> torch.Tensor:
    """In float32; bytes are divided by 255, as images are."""
    return tensor.float() / 255 if tensor.dtype is torch.uint8 else tensor.float()


@dataclass(frozen=True)
class Dataset:
    """What is divided among the clients (`train`), and what nobody trains on (`test`).

    `owners` says whose each training example is, where the data come from several (int64, any numbers); the partition
    `natural` follows it. Raises UsageError for examples that do not go together.
    """

    name: str
    train: Examples
    test: Examples
    owners: torch.Tensor | None = None

    def __post_init__(self) -> None:
        for part, examples in (("train", self.train), ("test", self.test)):
            if not len(examples):
                raise UsageError(f"{self.name}: there is no example in `{part}`")
            if len(examples.inputs) != len(examples.labels):
                raise UsageError(
                    f"{self.name}: `{part}` has {len(examples.inputs):,} inputs and {len(examples.labels):,} labels: "
                    "there must be one label an input"
                )
            if examples.inputs.dtype is not torch.float32 or examples.labels.dtype not in (torch.int64, torch.float32):
                raise UsageError(
                    f"{self.name}: `{part}` has inputs of {examples.inputs.dtype} and labels of "
                    f"{examples.labels.dtype}: inputs are torch.float32, labels torch.int64 (classes) or torch.float32 "
                    "(values)"
                )
            if examples.labels.dim() != 1 or (examples.task is CLASSIFICATION and examples.labels.min() < 0):
                raise UsageError(f"{self.name}: a label in `{part}` is not one number, or a class below 0")
            if not torch.isfinite(examples.inputs).all() or not torch.isfinite(examples.labels).all():
                raise UsageError(f"{self.name}: a number in `{part}` is missing or infinite; fill or drop its example")
        train, test = self.train.inputs.shape[1:], self.test.inputs.shape[1:]
        if train != test:
            raise UsageError(
                f"{self.name}: an input of `train` is of shape {tuple(train)}, one of `test` {tuple(test)}"
            )
        if self.train.task is not self.test.task:
            raise UsageError(f"{self.name}: the labels of `train` are for {self.train.task.name}, not those of `test`")
        if self.owners is not None and len(self.owners) != len(self.train):
            raise UsageError(f"{self.name}: {len(self.owners):,} owners for {len(self.train):,} training examples")

    @property
    def task(self) -> Task:
        return self.train.task

    @property
    def features(self) -> int:
        """Numbers in an input, whatever its shape."""
        return self.train.inputs[0].numel()

    @property
    def outputs(self) -> int:
        """What a model gives for an input: a number for each class, or one value."""
        if self.task is not CLASSIFICATION:
            return 1
        return 1 + int(max(self.train.labels.max(), self.test.labels.max()))

    def __str__(self) -> str:
        asked = f"{self.outputs} classes" if self.task is CLASSIFICATION else "a value to predict"
        count = f"{len(self.train):,} examples to train on, {len(self.test):,} to test on"
        return f"{self.name}: {count}, {self.features:,} feature{'s' * (self.features > 1)}, {asked}"


def divided(name: str, examples: Examples, owners: torch.Tensor | None = None) -> Dataset:
    """A data set of which a fifth, chosen once and for all, is the test set: a fifth of each class, if that can be."""
    try:
        from sklearn.model_selection import train_test_split
    except ModuleNotFoundError as error:
        raise UsageError(f"{MISSING} (no module `{error.name}`)") from error
    if len(examples) < 2:
        raise UsageError(f"{name}: {len(examples)} example cannot be divided into some to train and some to test on")
    labels = examples.labels.numpy()
    strata = labels if examples.task is CLASSIFICATION and _enough(labels) else None
    places = numpy.arange(len(labels))
    train, test = train_test_split(places, test_size=TESTED, stratify=strata, random_state=0)
    return Dataset(name, examples.take(train), examples.take(test), None if owners is None else owners[train])


def _enough(classes: NDArray[numpy.int64]) -> bool:
    """Whether every class can be in both parts, and both parts have room for all classes."""
    counts = numpy.bincount(classes)
    counts = counts[counts > 0]
    return bool(counts.min() > 1 and len(classes) * TESTED >= len(counts))


def standardised(data: Dataset) -> Dataset:
    """Each feature, and a label that is a value, less its mean and divided by its standard deviation, both of the
    training part alone. What is the same in all of that part becomes 0."""

    def scaled(of: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, spread = of.double().mean(dim=0), of.double().std(dim=0, correction=0)
        return mean, torch.where(of.amax(dim=0) > of.amin(dim=0), spread, 1.0)

    def apply(tensor: torch.Tensor, by: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return ((tensor.double() - by[0]) / by[1]).float()

    inputs = scaled(data.train.inputs)
    labels = scaled(data.train.labels) if data.task is not CLASSIFICATION else None
    train, test = (
        Examples(apply(part.inputs, inputs), part.labels if labels is None else apply(part.labels, labels))
        for part in (data.train, data.test)
    )
    return Dataset(data.name, train, test, data.owners)
