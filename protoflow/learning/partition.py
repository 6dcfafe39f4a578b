"""Ways to divide a data set among clients, the same for the same seed. All but `drawn` give every example to exactly
one client.

    iid              a random division into equal parts
    dirichlet:ALPHA  equal parts whose mixture of classes differs: a client's is drawn from the Dirichlet distribution
                     with ALPHA for each class. 100 is nearly iid; with 0.1 a client has two or three classes. (Hsu, Qi,
                     Brown: Measuring the Effects of Non-Identical Data Distribution for Federated Visual
                     Classification, 2019, section 3, who scale ALPHA by a prior over the classes; here that is 1 for
                     each, as is the custom.)
    shards:K         the examples, in the order of their labels, are cut into K shards for each client, which gets K of
                     them at random. With 2, most clients have two classes. (McMahan et al., AISTATS 2017, section 3.)
    quantity:ALPHA   a random division into parts whose sizes are drawn from the Dirichlet distribution with ALPHA: the
                     smaller, the more uneven. (Li et al., Federated Learning on Non-IID Data Silos, ICDE 2022.)
    natural          by whose the examples are, for data that say so; a client gets those of one owner, or of several
    drawn:K          K different examples for each client, drawn at random from all of them by a seed of its own: for
                     more clients than there are examples. Clients overlap, so this is a stand-in for a population and
                     no division. What one client has is worked out when it is asked for, whatever their number.
    drawn:K,ALPHA    the same, its mixture of classes drawn as for `dirichlet`

Where the labels are values, mixtures are of their tenths (deciles) in place of classes. Parts of `iid`, `dirichlet` and
`shards` are as equal as they can be. Each client has at least one example, or there is an error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from protoflow.errors import UsageError
from protoflow.learning.backend import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Places: TypeAlias = NDArray[np.int64]
    """Places of examples in the data set."""
    Labels: TypeAlias = NDArray[Any]

SCHEMES = (
    "`iid`, `dirichlet:ALPHA` and `quantity:ALPHA` with ALPHA above 0, `shards:K` and `drawn:K` with K from 1, "
    "`drawn:K,ALPHA` and `natural`"
)


def partition(
    labels: Labels, scheme: str, parts: int, seed: int, owners: NDArray[np.int64] | None = None
) -> Sequence[Places]:
    """For each of `parts` clients the places of its examples, ascending. `labels` are those of all examples, whole
    numbers for classes; `owners` says whose each is, for `natural`.

    Raises UsageError for a scheme that there is not, and for more parts than there can be.
    """
    kind, _, argument = scheme.partition(":")
    if kind == "drawn":
        return Drawn(labels, scheme, parts, seed)
    if not 1 <= parts <= len(labels):
        raise UsageError(
            f"{len(labels):,} examples cannot be divided among {parts:,} clients: each needs one at least; "
            "with `drawn:20` each would draw 20 of them, whoever else has them"
        )
    random = np.random.default_rng(seed)
    match kind:
        case "iid" if not argument:
            divided = np.array_split(random.permutation(len(labels)), parts)
        case "dirichlet" if (alpha := _positive(argument)) is not None:
            divided = _dirichlet(_classes(labels), alpha, parts, random)
        case "shards" if argument.isdecimal() and int(argument) > 0:
            divided = _shards(labels, int(argument), parts, random)
        case "quantity" if (alpha := _positive(argument)) is not None:
            shares = random.dirichlet(np.full(parts, alpha))
            sizes = 1 + random.multinomial(len(labels) - parts, shares)
            divided = np.split(random.permutation(len(labels)), np.cumsum(sizes)[:-1])
        case "natural" if not argument:
            divided = _natural(owners, parts, random)
        case _:
            raise UsageError(f"`{scheme}` is not a partition; there is {SCHEMES}")
    return [np.sort(part) for part in divided]


class Drawn(Sequence["Places"]):
    """`drawn:K` and `drawn:K,ALPHA`: the examples of each client, drawn when they are asked for and not kept."""

    def __init__(self, labels: Labels, scheme: str, parts: int, seed: int) -> None:
        size, comma, alpha = scheme.removeprefix("drawn:").partition(",")
        self._alpha = _positive(alpha) if comma else None
        if not size.isdecimal() or int(size) < 1 or bool(comma) is (self._alpha is None):
            raise UsageError(f"`{scheme}` is not a partition; there is {SCHEMES}")
        self._size, self._parts, self._seed = int(size), parts, seed
        self._count = len(labels)
        if self._size > self._count:
            raise UsageError(f"`{scheme}`: there are only {self._count:,} examples to draw {self._size:,} from")
        self._pools: list[Places] = []  # the places of each class
        if self._alpha is not None:
            classes = _classes(labels)
            self._pools = [np.flatnonzero(classes == each) for each in np.unique(classes)]

    def __len__(self) -> int:
        return self._parts

    def __getitem__(self, part: Any) -> Any:
        if isinstance(part, slice):
            return [self[each] for each in range(self._parts)[part]]
        random = np.random.default_rng([self._seed, range(self._parts)[part]])
        if self._alpha is None:
            return np.sort(random.choice(self._count, self._size, replace=False, shuffle=False))
        mixture = random.dirichlet(np.full(len(self._pools), self._alpha))
        taken = _mixed(mixture, np.array([len(pool) for pool in self._pools]), self._size, random)
        chosen = (random.choice(pool, n, replace=False) for pool, n in zip(self._pools, taken, strict=True))
        return np.sort(np.concatenate([*chosen]))

    def __iter__(self) -> Iterator[Places]:
        return (self[part] for part in range(self._parts))


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


def _classes(labels: Labels) -> Labels:
    """The labels themselves, or the tenth that a value is in."""
    if labels.dtype.kind != "f":
        return labels
    return np.searchsorted(np.quantile(labels, np.arange(1, 10) / 10), labels)


def _dirichlet(labels: Labels, alpha: float, parts: int, random: np.random.Generator) -> list[Places]:
    """Parts are filled one after the other from the pools of the classes; a class that runs out is left out of the
    mixtures from then on."""
    classes, totals = np.unique(labels, return_counts=True)
    pools = [random.permutation(np.flatnonzero(labels == each)) for each in classes]
    mixtures = random.dirichlet(np.full(len(classes), alpha), size=parts)
    left = totals.copy()
    divided = []
    for part, mixture in enumerate(mixtures):
        size = len(labels) // parts + (part < len(labels) % parts)
        taken = _mixed(mixture, left, size, random)
        starts = totals - left
        chosen = [pool[start : start + n] for pool, start, n in zip(pools, starts, taken, strict=True)]
        divided.append(np.concatenate(chosen))
        left -= taken
    return divided


def _mixed(
    mixture: NDArray[np.float64], left: NDArray[np.int64], size: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """How many of each class a client gets whose classes are mixed like that, where so many of each are left."""
    taken = np.zeros_like(left)
    while (missing := size - taken.sum()) > 0:
        wanted = np.where(left > taken, mixture, 0.0)
        if not wanted.sum() > 0.0:  # all that this client would have is gone: it takes of what there is
            wanted = (left - taken).astype(float)
        taken = np.minimum(taken + random.multinomial(missing, wanted / wanted.sum()), left)
    return taken


def _shards(labels: Labels, each: int, parts: int, random: np.random.Generator) -> list[Places]:
    """Examples of one label are shuffled among themselves before the cut."""
    if each * parts > len(labels):
        raise UsageError(
            f"{len(labels)} examples cannot be cut into {each * parts} shards, {each} for each of {parts} clients"
        )
    shuffled = random.permutation(len(labels))
    ordered = shuffled[np.argsort(labels[shuffled], kind="stable")]
    shards = np.array_split(ordered, each * parts)
    dealt = random.permutation(len(shards)).reshape(parts, each)
    return [np.concatenate([shards[shard] for shard in hand]) for hand in dealt]


def _natural(owners: NDArray[np.int64] | None, parts: int, random: np.random.Generator) -> list[Places]:
    """The owners are dealt out, shuffled if some share a client."""
    if owners is None:
        raise UsageError(
            "`natural` divides data by their owners, which these do not say; `synthetic:1,1` does, and an "
            ".npz with an array `owners`"
        )
    known = np.unique(owners)
    if parts > len(known):
        raise UsageError(f"the data are of {len(known)} owners, too few for {parts} clients")
    order = known if parts == len(known) else random.permutation(known)
    return [np.flatnonzero(np.isin(owners, hand)) for hand in np.array_split(order, parts)]
