"""What the participants of one course learn from: each role divides the training set among its participants.

So a role of which there is only one participant would have all of it; a server does not ask for it, but for the test
set, which nobody trains on. Data and torch are loaded when somebody first asks for either.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from protoflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protoflow.learning.backend import torch
    from protoflow.learning.columns import Columns
    from protoflow.learning.data import Dataset, Examples
    from protoflow.learning.partition import Places
    from protoflow.runtime import Setting


class Materials:
    """`data` names a data set, `scheme` how it is divided, `model` a model (see `sources`, `partition` and `model`).

    All follows from `seed`.
    """

    def __init__(self, data: str, scheme: str, seed: int, model: str = "mlp") -> None:
        self.data = data
        self.scheme = scheme
        self.seed = seed
        self.model_name = model
        self.described = ""
        self._places: dict[int, Sequence[Places]] = {}

    def equip(self, setting: Setting) -> Setting:
        """The setting with all that its participant may ask for."""
        return replace(
            setting,
            data=partial(self.shard, setting.index, setting.count),
            test_set=self.test_set,
            columns=partial(self.columns, setting),
            model=self.model,
        )

    @cached_property
    def dataset(self) -> Dataset:
        from protoflow.learning.sources import load

        dataset = load(self.data)
        self.described = str(dataset)
        return dataset

    def shard(self, index: int, count: int) -> Examples:
        """The training examples of learner `index` (from 1) of `count`."""
        dataset = self.dataset
        if count not in self._places:
            from protoflow.learning.partition import partition

            owners = None if dataset.owners is None else dataset.owners.numpy()
            self._places[count] = partition(dataset.train.labels.numpy(), self.scheme, count, self.seed, owners)
        return dataset.train.take(self._places[count][index - 1])

    def test_set(self) -> Examples:
        return self.dataset.test

    def columns(self, setting: Setting, *roles: str) -> Columns:
        """The features of one of the parties, which are the participants of `roles`, in that order."""
        from protoflow.learning.columns import divide

        for each in (setting.role, *roles):
            if each not in roles or each not in setting.counts:
                named = ", ".join(f"`{name}`" for name in roles)
                raise UsageError(f"`{each}` cannot share columns with {named}: it is not one of these, or not a role")
        before = sum(setting.counts[each] for each in roles[: roles.index(setting.role)])
        return divide(self.dataset, sum(setting.counts[each] for each in roles))[before + setting.index - 1]

    def model(self) -> torch.nn.Module:
        """A new model that fits the data; every participant starts from the same one."""
        from protoflow.learning.model import fitting, make

        dataset = self.dataset
        model = make(self.model_name, dataset.features, dataset.outputs, self.seed)
        return fitting(self.model_name, model, dataset.test.take(range(min(2, len(dataset.test)))), dataset.outputs)
