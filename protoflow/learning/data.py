"""Data sets by name, held in memory as tensors, with a test set that no client ever sees.

    digits    1,797 grey images of handwritten digits, 8x8: 64 features, 10 classes (UCI's, from scikit-learn)

`register` adds one of your own: a function of no arguments that returns `Dataset`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning.backend import MISSING, torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protoflow.learning.partition import Places

VALIDATION = 5
"""Every fifth example of a client's shard is kept from training, for evaluation on the client."""


@dataclass(frozen=True)
class Examples:
    """`inputs`: float32, one row of features per example. `labels`: int64, one class per example."""

    inputs: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: torch.Tensor | Places | Sequence[int]) -> Examples:
        """The examples at these places, copied."""
        chosen = torch.as_tensor(places)
        return Examples(self.inputs[chosen], self.labels[chosen])

    def held_out(self) -> tuple[Examples, Examples]:
        """These examples in two: those to train on, and those to validate on. A single example serves as both."""
        if len(self) == 1:
            return self, self
        places = torch.arange(len(self))
        kept = places % VALIDATION == min(VALIDATION, len(self)) - 1
        return self.take(places[~kept]), self.take(places[kept])


@dataclass(frozen=True)
class Dataset:
    """What is divided among the clients (`train`), and what only the server tests on (`test`)."""

    name: str
    train: Examples
    test: Examples
    features: int
    classes: int


def load(name: str) -> Dataset:
    """The data set of that name. Raises UsageError for a name that nobody registered."""
    try:
        loader = _LOADERS[name]
    except KeyError:
        known = ", ".join(f"`{each}`" for each in sorted(_LOADERS))
        raise UsageError(f"`{name}` is not a data set; there is {known}") from None
    return loader()


def register(name: str, loader: Callable[[], Dataset]) -> None:
    """Make a data set known by a name, for `protoflow run --data NAME`."""
    _LOADERS[name] = loader


def digits() -> Dataset:
    """The digits, scaled to [0, 1]; a fifth of each class, chosen once and for all, is the test set."""
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ModuleNotFoundError as error:
        raise UsageError(f"{MISSING} (no module `{error.name}`)") from error
    features, classes = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        (features / 16.0).astype("float32"), classes.astype("int64"), test_size=0.2, stratify=classes, random_state=0
    )
    return Dataset(
        name="digits",
        train=Examples(torch.from_numpy(train), torch.from_numpy(train_labels)),
        test=Examples(torch.from_numpy(test), torch.from_numpy(test_labels)),
        features=features.shape[1],
        classes=10,
    )


_LOADERS: dict[str, Callable[[], Dataset]] = {"digits": digits}
