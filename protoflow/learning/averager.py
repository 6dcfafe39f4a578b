"""Whoever gathers updates and takes their mean: the server of federated averaging, the edge of a hierarchy.

What comes in stands for weights, or for a change of weights; it may be compressed (`compression`), and is cut down and
noised where the course is private (`privacy`). Both are parameters of the course, read here and in `Learner.update`,
and nowhere else, so that every algorithm that sends its updates through these two takes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning import compression, privacy, training
from protoflow.learning.training import WeightedMean
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from collections.abc import Callable

    from protoflow.learning.training import Weights


class Averager(Participant):
    """`updates` is the mean so far. `seed` fixes the noise."""

    seed: int
    updates: WeightedMean
    means = 0

    def restored(self, sent: Weights, base: Callable[[], Weights]) -> Weights:
        """The weights that an update stands for, which training made of `base`; where it stands for itself, nobody asks
        for that, which may be a copy of a whole model.
        """
        packed, cut = compression.agreed(self.parameters), privacy.agreed(self.parameters).clip_norm
        if not packed and not cut:
            return sent
        start = base()
        return training.plus(start, self.restored_change(sent if packed else training.minus(sent, start), start))

    def restored_change(self, sent: Weights, like: Weights) -> Weights:
        """The change that was sent, of weights in the shapes of `like`."""
        packed = compression.agreed(self.parameters)
        return privacy.agreed(self.parameters).clipped(packed.restore(sent, like) if packed else sent)

    def take(self, sent: Weights, base: Callable[[], Weights], samples: int) -> None:
        """An update weighs its samples; in a private course all weigh the same."""
        self.updates.add(self.restored(sent, base), 1 if privacy.agreed(self.parameters).noisy else samples)

    def mean(self, base: Weights, asked: int) -> Weights:
        """The mean of the updates that training made of `base`; the next mean begins empty.

        In a private course `base` and the noised sum of the changes, divided by how many were asked for one.
        """
        updates, self.updates = self.updates, WeightedMean()
        mean = updates.mean()
        if not privacy.agreed(self.parameters).noisy:
            return mean
        part = updates.total / asked
        change = training.each(lambda after, before: (after - before) * part, mean, base)
        return training.plus(base, self.noised(change, asked))

    def noised(self, change: Weights, count: int) -> Weights:
        """The mean of `count` changes, with the noise that belongs to their sum; as it is in a course without."""
        agreed = privacy.agreed(self.parameters)
        if not agreed.noisy:
            return change
        self.means += 1
        return agreed.noised(change, count, training.derive(self.seed, self.id, "noise", self.means))
