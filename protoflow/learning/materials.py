"""What the participants of one course learn from: each role of learners divides the training set among themselves.

A role of which there is only ever one participant (a server) gets the test set instead, which no learner sees. Data
and torch are loaded when somebody first asks for either.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protoflow.learning.backend import torch
    from protoflow.learning.data import Dataset, Examples


class Materials:
    """`data` names a data set, `scheme` how it is divided (see `data` and `partition`); all follows from `seed`."""

    def __init__(self, data: str, scheme: str, seed: int) -> None:
        self.data = data
        self.scheme = scheme
        self.seed = seed
        self._shards: dict[int, list[Examples]] = {}

    @cached_property
    def dataset(self) -> Dataset:
        from protoflow.learning.data import load

        return load(self.data)

    def shard(self, index: int, count: int) -> Examples:
        """The training examples of learner `index` (from 1) of `count`."""
        if count not in self._shards:
            from protoflow.learning.partition import partition

            train = self.dataset.train
            places = partition(train.labels.numpy(), self.scheme, count, self.seed)
            self._shards[count] = [train.take(each.tolist()) for each in places]
        return self._shards[count][index - 1]

    def test_set(self) -> Examples:
        return self.dataset.test

    def model(self) -> torch.nn.Module:
        """A new model that fits the data; every participant starts from the same one."""
        from protoflow.learning.model import mlp

        return mlp(self.dataset.features, self.dataset.classes, self.seed)
