"""Client-level differential privacy: the parameters `clip_norm`, `noise_multiplier` and `delta` of a course.

DP-FedAvg (McMahan et al., Learning Differentially Private Recurrent Language Models, ICLR 2018, arXiv:1710.06963,
Algorithm 1): each update is cut down to a change of norm `clip_norm`; all weigh the same; their sum gets Gaussian noise
of standard deviation `noise_multiplier` times `clip_norm`, and is divided by the number that were asked, whoever has
answered (the paper's first estimator). Here it is the receiver that cuts, once it has restored what was compressed; it
is trusted.

What is spent is told as (epsilon, delta) by the accountant of opacus: how hard it is to tell, from all the models that
are sent, whether the updates of any one client were all zeros. The accountant is for cohorts into which each client
comes with the same chance by itself (Poisson sampling), as in the paper. A cohort of fixed size is taken for one such,
as is the custom; where all clients train in every round nothing is sampled, and the figure stands without this reserve.

Not covered is what clients send beside their updates: how many samples they have, and what they measure. The noise
follows from the course's seed, so that a run can be repeated: whoever knows the seed can take it out again.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from protoflow.errors import UsageError
from protoflow.learning import training
from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.learning.training import Weights

MISSING = "differential privacy needs opacus, which is not installed: pip install 'protoflow-fl[privacy]'"


@dataclass(frozen=True)
class Privacy:
    """`clip_norm` 0 means that nothing is cut, `noise_multiplier` 0 that no noise is added."""

    clip_norm: float = 0.0
    noise_multiplier: float = 0.0
    delta: float = 1e-5

    @property
    def noisy(self) -> bool:
        return self.noise_multiplier > 0

    def clipped(self, change: Weights) -> Weights:
        """The change, shortened to the norm `clip_norm` if it is longer. One that is not finite becomes nothing."""
        if not self.clip_norm:
            return change
        norm = training.norm(change)
        if norm <= self.clip_norm:
            return change
        factor = self.clip_norm / norm
        return training.each(lambda tensor: (tensor * factor).nan_to_num(0.0, 0.0, 0.0), change)

    def noised(self, mean: Weights, count: int, seed: int) -> Weights:
        """The mean of `count` changes, with the noise that belongs to their sum."""
        generator = torch.Generator().manual_seed(seed)
        scale = self.noise_multiplier * self.clip_norm / count
        vector = training.flat(mean)
        noise = torch.randn(len(vector), generator=generator, dtype=torch.float64)
        return training.shaped(vector + scale * noise, mean)


def agreed(parameters: Mapping[str, Any]) -> Privacy:
    """What the parameters of a course say; neither clipping nor noise in a course that has none of them.

    Raises UsageError for noise without a bound on what it hides.
    """
    names = ("clip_norm", "noise_multiplier", "delta")
    return _checked(*(parameters.get(name, getattr(Privacy, name)) for name in names))


@lru_cache
def _checked(clip_norm: float, noise_multiplier: float, delta: float) -> Privacy:
    privacy = Privacy(clip_norm, noise_multiplier, delta)
    if privacy.noisy and not privacy.clip_norm:
        raise UsageError("`noise_multiplier` needs a `clip_norm` above 0: without it an update may be of any size")
    if privacy.noisy and not 0 < privacy.delta < 1:
        raise UsageError(f"`delta` is between 0 and 1, not {privacy.delta:g}")
    return privacy


class Ledger:
    """What a course has spent so far. Raises UsageError where opacus is not installed."""

    def __init__(self) -> None:
        try:
            from opacus.accountants import RDPAccountant
        except ModuleNotFoundError as error:
            raise UsageError(f"{MISSING} (no module `{error.name}`)") from error
        self._accountant = RDPAccountant()

    def add(self, noise_multiplier: float, sample_rate: float, times: int = 1) -> None:
        """Noise was added to a sum in which one client's part is at most 1 / `noise_multiplier` of its deviation."""
        for _ in range(times):
            self._accountant.step(noise_multiplier=noise_multiplier, sample_rate=sample_rate)

    def epsilon(self, delta: float) -> float:
        with (
            warnings.catch_warnings()
        ):  # that a better order lies beyond those tried: the figure is a bound all the same
            warnings.simplefilter("ignore")
            return float(self._accountant.get_epsilon(delta=delta))
