"""Real numbers as integers, so that their sums are exact: fixed-point numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protoflow.learning.secure.backend import numpy as np
from protoflow.learning.secure.contributor import BOUND
from protoflow.learning.secure.primitives import AggregationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from protoflow.learning.secure.primitives import Integers


@dataclass(frozen=True, slots=True)
class FixedPoint:
    """Multiples of 2 ** -bits, to which numbers are rounded, within [-clip, clip], to which they are cut."""

    bits: int
    clip: float

    def encode(self, numbers: NDArray[np.float64], weight: int) -> Integers:
        """Each number, rounded, times `weight`, in units of 2 ** -bits: off by half a unit times the weight at most.

        Raises AggregationError for a number that is not finite, and where 64 bits are too few for clip and weight.
        """
        if not np.isfinite(numbers).all():
            raise AggregationError("a number is not finite: it cannot be added up")
        if self.clip * 2**self.bits * weight >= BOUND:
            numbers_up_to = f"numbers up to {self.clip:g} with {self.bits} bits after the point"
            raise AggregationError(f"{numbers_up_to}, times {weight}, need more than 64 bits")
        rounded = np.rint(np.clip(numbers, -self.clip, self.clip) * 2.0**self.bits).astype(np.int64)
        return rounded * np.int64(weight)

    def decode(self, total: Integers, weight: int) -> NDArray[np.float64]:
        """The mean of what was encoded, of the sum and the sum of the weights."""
        return total / (2.0**self.bits * weight)
