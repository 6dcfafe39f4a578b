"""Features divided among parties that know the same people (vertical federated learning).

Each party has the same rows, of the training set and of the test set, in the same order, and a block of consecutive
columns of its own. The first party alone has the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning.backend import numpy

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Dataset


@dataclass(frozen=True)
class Columns:
    """`train` and `test`: float32, a row for each example, a column for each of this party's features; `places` are
    those of the columns in the whole. Labels are None but for the party that holds them."""

    train: torch.Tensor
    test: torch.Tensor
    places: range
    train_labels: torch.Tensor | None = None
    test_labels: torch.Tensor | None = None


def divide(data: Dataset, parties: int) -> list[Columns]:
    """For each party its columns: as many as for the others, or one more. Raises UsageError for too few columns."""
    if not 1 <= parties <= data.features:
        raise UsageError(
            f"{data.features} features of {data.name} cannot be divided among {parties} parties: each needs one"
        )
    train, test = (part.inputs.flatten(start_dim=1) for part in (data.train, data.test))
    divided = []
    for number, block in enumerate(numpy.array_split(numpy.arange(data.features), parties)):
        places = range(int(block[0]), int(block[-1]) + 1)
        labels = (data.train.labels, data.test.labels) if number == 0 else (None, None)
        columns = slice(places.start, places.stop)
        divided.append(Columns(train[:, columns].clone(), test[:, columns].clone(), places, *labels))
    return divided
