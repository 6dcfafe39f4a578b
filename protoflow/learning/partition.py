"""Ways to divide a data set among clients. Each gives every example to exactly one client, the same for the same seed.

    iid              a random division into equal parts
    dirichlet:ALPHA  equal parts whose mixture of classes differs: a client's is drawn from the Dirichlet distribution
                     with ALPHA for each class. 100 is nearly iid; with 0.1 a client has two or three classes. (Hsu, Qi,
                     Brown: Measuring the Effects of Non-Identical Data Distribution for Federated Visual
                     Classification, 2019, section 3, who scale ALPHA by a prior over the classes; here that is 1 for
                     each, as is the custom.)

Parts are as equal as they can be: two differ by one example at most. So each client has at least one example, or there
is an error.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from protoflow.errors import UsageError
from protoflow.learning.backend import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]
    """Places of examples in the data set."""


def partition(labels: Places, scheme: str, parts: int, seed: int) -> list[Places]:
    """For each of `parts` clients the places of its examples, ascending. `labels` are the classes of all examples.

    Raises UsageError for a scheme that there is not, and for more parts than examples.
    """
    if not 1 <= parts <= len(labels):
        raise UsageError(f"{len(labels)} examples cannot be divided among {parts} clients: each needs one at least")
    random = np.random.default_rng(seed)
    kind, _, argument = scheme.partition(":")
    match kind:
        case "iid" if not argument:
            divided = np.array_split(random.permutation(len(labels)), parts)
        case "dirichlet" if (alpha := _positive(argument)) is not None:
            divided = _dirichlet(labels, alpha, parts, random)
        case _:
            raise UsageError(f"`{scheme}` is not a partition; there is `iid`, and `dirichlet:ALPHA` with ALPHA above 0")
    return [np.sort(part) for part in divided]


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


def _dirichlet(labels: Places, alpha: float, parts: int, random: np.random.Generator) -> list[Places]:
    """Parts are filled one after the other from the pools of the classes; a class that runs out is left out of the
    mixtures from then on."""
    classes, totals = np.unique(labels, return_counts=True)
    pools = [random.permutation(np.flatnonzero(labels == each)) for each in classes]
    mixtures = random.dirichlet(np.full(len(classes), alpha), size=parts)
    left = totals.copy()
    divided = []
    for part, mixture in enumerate(mixtures):
        size = len(labels) // parts + (part < len(labels) % parts)
        taken = np.zeros_like(left)
        while (missing := size - taken.sum()) > 0:
            wanted = np.where(left > taken, mixture, 0.0)
            if not wanted.sum() > 0.0:  # all that this client would have is gone: it takes of what there is
                wanted = (left - taken).astype(float)
            taken = np.minimum(taken + random.multinomial(missing, wanted / wanted.sum()), left)
        starts = totals - left
        chosen = [pool[start : start + n] for pool, start, n in zip(pools, starts, taken, strict=True)]
        divided.append(np.concatenate(chosen))
        left -= taken
    return divided
