"""Who trains in a round: selectors that the rows of a course may name, `send: {model: by_size}` in place of `cohort`.

cohort    at random, all alike
by_size   at random, without replacement, each draw in proportion to the samples that clients have
by_loss   of twice as many, drawn by size, those whose loss was highest when they last evaluated (power of choice, Cho
          et al., AISTATS 2022, arXiv:2010.01243; `rpow-d`, which asks nobody anew); who has not evaluated comes first
in_turn   one after the other, in the order of their names: all have trained before anybody trains again

Each gives the share `fraction` of those who have joined, rounded up. For what noise spends (`privacy`), only `cohort`
counts as sampling; `by_loss` and noise do not go together, as losses decide who is seen.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.learning import privacy, training
from protoflow.learning.backend import numpy
from protoflow.runtime import Participant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Sampler(Participant):
    """`samples` says who has joined, and with how many; `losses` what each has measured last. `asked` is how many are
    in this round's cohort, `sample_rate` the chance of each to be in it, for the accountant: 1 where it differs.
    """

    seed: int
    round: int
    samples: dict[str, int]
    losses: dict[str, float]
    asked: int
    sample_rate: float
    turns = 0

    def cohort(self) -> list[str]:
        """A random `fraction` of those who have joined, rounded up: at least one."""
        joined = self._asked_of()
        self.sample_rate = self.asked / len(joined)
        return Random(self._seed).sample(joined, self.asked)

    def by_size(self) -> list[str]:
        """The more samples a client has, the likelier it is."""
        joined = self._asked_of()
        return drawn_by_size(joined, self.samples, self.asked, self._seed)

    def by_loss(self) -> list[str]:
        """The highest losses among twice as many, drawn by size. Raises UsageError in a private course."""
        if privacy.agreed(self.parameters).noisy:
            raise UsageError(
                "`by_loss` does not go with `noise_multiplier`: losses would decide whose updates are seen"
            )
        joined = self._asked_of()
        count = min(len(joined), 2 * self.asked)
        drawn = drawn_by_size(joined, self.samples, count, self._seed)
        return sorted(drawn, key=lambda client: (-self.losses.get(client, float("inf")), client))[: self.asked]

    def in_turn(self) -> list[str]:
        """The next ones of a circle."""
        joined = self._asked_of()
        chosen = [joined[(self.turns + place) % len(joined)] for place in range(self.asked)]
        self.turns = (self.turns + self.asked) % len(joined)
        return chosen

    def _asked_of(self) -> Sequence[str]:
        """Those who have joined, of whom `asked` are to train; nothing is sampled that the accountant counts."""
        joined = self._joined()
        self.asked, self.sample_rate = self._cohort_size(joined), 1.0
        return joined

    @property
    def _seed(self) -> int:
        return training.derive(self.seed, "cohort", self.round)

    def _joined(self) -> Sequence[str]:
        return [client for client in self.peers("client") if client in self.samples]

    def _cohort_size(self, joined: Sequence[str]) -> int:
        fraction = Fraction(self.parameters["fraction"])
        return -(-fraction.numerator * len(joined) // fraction.denominator)


def drawn_by_size(clients: Sequence[str], samples: Mapping[str, int], count: int, seed: int) -> list[str]:
    """So many of the clients, without replacement, each draw in proportion to the samples of those who are left."""
    shares = numpy.array([samples[client] for client in clients], dtype=float)
    random = numpy.random.default_rng(seed)
    return [str(each) for each in random.choice(clients, count, replace=False, p=shares / shares.sum())]
