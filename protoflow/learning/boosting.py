"""Gradient-boosted trees on histograms, as far as one party can do it alone: bins, gradients, and the best split.

A tree is grown on the first and second derivatives of the loss, g and h, at the scores so far (Chen and Guestrin, KDD
2016): with their sums G and H over the people of a leaf, its weight is -G / (H + regularisation) (equation 5), and a
split gains what the quality of its halves, G² / 2(H + regularisation), is more than that of the whole (equation 7).

All sums are of integers, multiples of one unit. So they do not depend on who adds up what in which order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.backend import numpy as np
from protoflow.learning.backend import torch
from protoflow.learning.task import CLASSIFICATION, task_of, two_logits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Rows = NDArray[np.intp]
    """Numbers of people."""
    Sums = NDArray[np.int64]
    """Of shape (bins, 2): G and H of each bin of a feature, in units."""


class Binned:
    """Features of which only the bin is known: `train` and `test` have a row for each person, a column for each.

    The bounds are quantiles of the training part; equal ones are one. Bin b of a feature is what is above b of its
    bounds. `sizes` are how many bins each has.
    """

    def __init__(self, train: NDArray[np.float64], test: NDArray[np.float64], bins: int) -> None:
        cuts = np.linspace(0, 1, bins + 1)[1:-1]
        bounds = [np.unique(np.quantile(column, cuts, method="midpoint")) for column in train.T]
        self.train, self.test = (
            np.column_stack([np.searchsorted(each, column) for each, column in zip(bounds, part.T, strict=True)])
            for part in (train, test)
        )
        self.sizes = [len(each) + 1 for each in bounds]

    def sums(self, people: Rows, derivatives: NDArray[np.int64]) -> list[Sums]:
        """For each feature, of these people; `derivatives` has g and h of everybody."""
        found = []
        for feature, size in enumerate(self.sizes):
            cells = np.zeros((size, 2), dtype=np.int64)
            np.add.at(cells, self.train[people, feature], derivatives[people])
            found.append(cells)
        return found

    def left(self, people: Rows, feature: int, bin: int, *, of_test: bool = False) -> Rows:
        """Of the training people, or of the test people, those who go left at that split: whose bin is it or less."""
        bins = self.test if of_test else self.train
        left: Rows = people[bins[people, feature] <= bin]
        return left

    def possible(self, leaves: Sequence[int], splits: Mapping[int, tuple[int, int]]) -> NDArray[np.bool_]:
        """Of shape (test people, leaves): whether somebody can end there, as far as these splits tell. They are given
        by their nodes, as feature and bin."""
        table = np.full((len(self.test), len(leaves)), True)
        for place, leaf in enumerate(leaves):
            for node, left in path(leaf):
                if node in splits:
                    feature, bin = splits[node]
                    table[:, place] &= (self.test[:, feature] <= bin) == left
        return table


class Split(NamedTuple):
    """People whose bin of the feature is `bin` or less go left."""

    gain: float
    feature: int
    bin: int


def best_split(features: Iterable[Sums], unit: float, regularisation: float, min_gain: float) -> Split | None:
    """The split that gains most, the first of equal ones; None if none gains more than `min_gain`."""

    def quality(sums: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        return sums[..., 0] ** 2 / (2 * (sums[..., 1] + regularisation))

    best = None
    for feature, cells in enumerate(features):
        left, total = np.cumsum(cells, axis=0)[:-1], cells.sum(axis=0)
        gains = quality(left * unit) + quality((total - left) * unit) - quality(total * unit)
        if len(gains) and gains.max() > (min_gain if best is None else best.gain):
            best = Split(float(gains.max()), feature, int(gains.argmax()))
    return best


class Objective:
    """What the labels ask for: two classes, 0 and 1, for which the score is the logit of 1; or a value.

    Raises UsageError for more classes. `base` is the score before there is a tree: the best that is one for all.
    """

    def __init__(self, labels: torch.Tensor) -> None:
        self.task = task_of(labels)
        self.labels = labels.double().numpy()
        self.base = float(self.labels.mean())
        if self.task is CLASSIFICATION:
            if labels.max() > 1 or not 0 < self.base < 1:
                raise UsageError("boosted trees are for two classes, or for values: --data breast_cancer or diabetes")
            self.base = float(np.log(self.base / (1 - self.base)))

    def derivatives(self, scores: NDArray[np.float64], bits: int) -> NDArray[np.int64]:
        """Of the loss of each person, of shape (people, 2), in units of 2 ** -bits.

        Raises UsageError where the sums of all might not fit into 63 bits.
        """
        if self.task is CLASSIFICATION:
            chance = 1 / (1 + np.exp(-scores))
            both = np.column_stack([chance - self.labels, chance * (1 - chance)])
        else:
            both = np.column_stack([scores - self.labels, np.ones_like(scores)])
        if np.abs(both).sum(axis=0).max() >= 2.0 ** (62 - bits):
            raise UsageError(f"gradients with {bits} bits after the point do not fit into 64 bits: scale the labels")
        return np.rint(both * 2.0**bits).astype(np.int64)

    def metrics(self, scores: NDArray[np.float64], labels: torch.Tensor) -> dict[str, float]:
        """Score and loss on the people whose labels these are."""
        outputs = torch.from_numpy(scores)
        if self.task is CLASSIFICATION:
            outputs = two_logits(outputs)
        return training.judged(self.task, outputs, labels).metrics


def leaf_weight(derivatives: NDArray[np.int64], unit: float, regularisation: float) -> float:
    """Of a leaf whose people have these g and h."""
    total = derivatives.sum(axis=0) * unit
    return float(-total[0] / (total[1] + regularisation))


ROOT = 0


def children(node: int) -> tuple[int, int]:
    """The nodes under it, left and right: every node of a tree has the same number in all trees."""
    return 2 * node + 1, 2 * node + 2


def depth(node: int) -> int:
    """Splits from the root."""
    return (node + 1).bit_length() - 1


def path(node: int) -> list[tuple[int, bool]]:
    """The nodes above it, and whether it is to the left of each."""
    above = []
    while node != ROOT:
        above.append(((node - 1) // 2, node % 2 == 1))
        node = (node - 1) // 2
    return above
