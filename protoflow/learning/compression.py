"""Updates made smaller: the parameter `compress` of a course. What travels is how training changed the model.

    none                    all weights, as they are
    top-k:1%                that share of an update's numbers, rounded up: the largest. What is left out is kept, and
                            added to the next update (error feedback: Seide et al., Interspeech 2014; Stich et al.,
                            Sparsified SGD with Memory, NeurIPS 2018, arXiv:1809.07599, Algorithm 1)
    quantize:8              each number rounded at random, right on average, to one of 2 ** 8 - 1 levels (QSGD: Alistarh
                            et al., NeurIPS 2017, arXiv:1610.02132). As in their experiments, levels are multiples of
                            the largest among each 512 numbers, rather than of their norm
    top-k:1%,quantize:8     both: the numbers that are left are rounded

The form on the wire is tensors of a few bits a number, packed, so that the size of a message is that of what is sent:
`places` (of the numbers kept, ascending), and `values` (float32), or `levels` and `scales` in place of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from protoflow.errors import UsageError
from protoflow.language import scalars
from protoflow.learning import training
from protoflow.learning.backend import numpy as np
from protoflow.learning.backend import torch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from typing import Any

    from protoflow.learning.training import Weights

BUCKET = 512
"""Numbers that share a scale, as in QSGD's experiments."""
BITS = range(2, 17)
FORMS = "`none`, `top-k:SHARE` such as `top-k:1%`, `quantize:BITS` with 2 to 16, or `top-k:SHARE,quantize:BITS`"


@dataclass(frozen=True, slots=True)
class Compression:
    """What both sides have agreed on. `share` of the numbers is kept, all where it is None; each has so many `bits`,
    or is a float32 where that is None."""

    share: Fraction | None = None
    bits: int | None = None

    def __bool__(self) -> bool:
        return self.share is not None or self.bits is not None

    def kept(self, size: int) -> int:
        """How many of an update's numbers travel: one at least."""
        if self.share is None:
            return size
        return -(-self.share.numerator * size // self.share.denominator)

    def pack(self, vector: torch.Tensor, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """The form on the wire of a vector (float32). `generator` decides which way numbers are rounded."""
        sent = {}
        if self.share is not None:
            places = vector.abs().topk(self.kept(len(vector)), sorted=False).indices.sort().values
            sent["places"] = _packed(places, _width(len(vector)))
            vector = vector[places]
        if self.bits is None:
            return {**sent, "values": vector.clone()}
        scales = torch.stack([bucket.abs().max() for bucket in torch.split(vector, BUCKET)])
        levels = _rounded(vector, scales, self._steps, generator) + self._steps
        return {**sent, "levels": _packed(levels, self.bits), "scales": scales}

    def unpack(self, sent: Weights, size: int) -> torch.Tensor:
        """The vector (float32) of so many numbers that a form on the wire stands for."""
        count = self.kept(size)
        if self.bits is None:
            values = sent["values"]
        else:
            levels = _unpacked(sent["levels"], self.bits, count) - self._steps
            values = levels * _spread(sent["scales"], count) / self._steps
        if self.share is None:
            return values
        return torch.zeros(size).index_put_((_unpacked(sent["places"], _width(size), count),), values)

    def restore(self, sent: Weights, like: Weights) -> dict[str, torch.Tensor]:
        """The change that was sent, in the names and shapes of `like`."""
        size = sum(tensor.numel() for tensor in like.values())
        return training.shaped(self.unpack(sent, size), like)

    @property
    def _steps(self) -> int:
        """Levels above zero; there are as many below."""
        assert self.bits is not None
        return int(2 ** (self.bits - 1)) - 1


class Compressor:
    """One sender's: remembers what its updates have left out so far. `seed` fixes the rounding."""

    def __init__(self, compression: Compression, seed: int) -> None:
        self.compression = compression
        self.residual: torch.Tensor | None = None
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, change: Weights) -> dict[str, torch.Tensor]:
        """The form on the wire of a change. Top-k takes the largest numbers of the change and what was left before."""
        vector = training.flat(change).float()
        if self.compression.share is None:
            return self.compression.pack(vector, self._generator)
        if self.residual is not None:
            vector = vector + self.residual
        sent = self.compression.pack(vector, self._generator)
        places = _unpacked(sent["places"], _width(len(vector)), self.compression.kept(len(vector)))
        self.residual = vector.index_fill(0, places, 0.0)
        return sent


def agreed(parameters: Mapping[str, Any]) -> Compression:
    """What a course's parameter `compress` says; none in a course that has no such parameter."""
    return parse(parameters.get("compress", "none"))


@lru_cache
def parse(text: str) -> Compression:
    """Raises UsageError for anything else than `FORMS`."""
    if text == "none":
        return Compression()
    found: dict[str, Any] = {}
    for stage in text.split(","):
        kind, _, argument = stage.strip().partition(":")
        match kind:
            case "top-k" if not found and (share := scalars.share(argument)) and share <= 1:
                found["share"] = share
            case "quantize" if "bits" not in found and argument.isdecimal() and int(argument) in BITS:
                found["bits"] = int(argument)
            case _:
                raise UsageError(f"`compress` is one of {FORMS}, not `{text}`")
    return Compression(**found)


def _rounded(vector: torch.Tensor, scales: torch.Tensor, steps: int, generator: torch.Generator) -> torch.Tensor:
    """Each number in steps of its scale, int64: the step below or the one above, with a mean that is the number."""
    scale = _spread(scales, len(vector)).double()
    exact = torch.where(scale > 0, vector.double() * (steps / scale), 0.0)
    chance = torch.rand(len(vector), generator=generator, dtype=torch.float64)
    return (exact + chance).floor().long().clamp(-steps, steps)


def _spread(scales: torch.Tensor, count: int) -> torch.Tensor:
    """For each number the scale of its bucket."""
    return scales.repeat_interleave(BUCKET)[:count]


def _width(size: int) -> int:
    """Bits that a place among so many needs."""
    return max(1, (size - 1).bit_length())


def _packed(numbers: torch.Tensor, bits: int) -> torch.Tensor:
    """Numbers from 0 to 2 ** bits - 1, one after the other without gaps: uint8, the last byte filled with zeros."""
    octets = numbers.numpy().astype("<u4").view(np.uint8).reshape(-1, 4)
    each = np.unpackbits(octets, axis=1, count=bits, bitorder="little")
    return torch.from_numpy(np.packbits(each.reshape(-1), bitorder="little"))


def _unpacked(octets: torch.Tensor, bits: int, count: int) -> torch.Tensor:
    """The first `count` of the numbers that were packed: int64."""
    each = np.unpackbits(octets.numpy(), count=count * bits, bitorder="little").reshape(count, bits)
    padded = np.zeros((count, 32), dtype=np.uint8)
    padded[:, :bits] = each
    return torch.from_numpy(np.packbits(padded, axis=1, bitorder="little").view("<u4").reshape(-1).astype(np.int64))
