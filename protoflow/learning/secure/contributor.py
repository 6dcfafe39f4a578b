"""A client's part in one secure aggregation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protoflow.learning.secure import primitives
from protoflow.learning.secure.backend import numpy as np
from protoflow.learning.secure.primitives import SECRET_BYTES, AggregationError, KeyPair

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from protoflow.learning.secure.primitives import Integers, Residues

BOUND = 2**63 - 1
"""What the sum may be at most, without its sign."""


class PublicKeys(NamedTuple):
    """What a client advertises: the key that shares are encrypted for, and the one that masks are agreed on with."""

    cipher: bytes
    mask: bytes


class Revealed(NamedTuple):
    """Shares by whose they are: of the seeds of those whose vectors are in the sum, of the secret keys of the lost."""

    seeds: dict[str, bytes]
    secrets: dict[str, bytes]


def places(clients: Iterable[str]) -> dict[str, int]:
    """The place of each client's share, from 1: everybody who has the list U1 knows it."""
    return {client: place for place, client in enumerate(sorted(clients), 1)}


def sign(client: str, peer: str) -> int:
    """Whether a client adds the mask that it has with a peer (1), or subtracts it (-1): one of the two does either."""
    return 1 if client > peer else -1


class Contributor:
    """`advertise`, `share`, `mask`, `unmask`: each once, in this order. For the next aggregation make a new one.

    `threshold` is fixed before the aggregation and known to all: at least 2, and more than half of the clients. All
    methods raise AggregationError if what the server asks is not what the protocol allows; the client is to leave then.
    """

    def __init__(self, name: str, threshold: int) -> None:
        self.name = name
        self.threshold = threshold
        self._done: list[str] = []
        self._cipher = KeyPair()
        self._mask = KeyPair()
        self._seed = primitives.random_secret()
        self._keys: Mapping[str, PublicKeys] = {}
        self._kept = b""
        self._ciphertexts: Mapping[str, bytes] = {}

    def advertise(self) -> PublicKeys:
        """AdvertiseKeys."""
        self._enter("advertise", after=None)
        return PublicKeys(self._cipher.public, self._mask.public)

    def share(self, keys: Mapping[str, PublicKeys]) -> dict[str, bytes]:
        """ShareKeys: `keys` are those of U1, this client's among them; the answer is encrypted, by receiver."""
        self._enter("share", after="advertise")
        self._enough("have advertised keys", keys)
        if self.threshold < 2 or 2 * self.threshold <= len(keys):
            raise AggregationError(f"a threshold of {self.threshold} is not more than half of {len(keys)} clients")
        if keys.get(self.name) != (self._cipher.public, self._mask.public):
            raise AggregationError(f"the keys that the server gives out for `{self.name}` are not its own")
        if len({key for pair in keys.values() for key in pair}) < 2 * len(keys):
            raise AggregationError("a public key is there twice")
        self._keys = dict(keys)
        secrets, seeds = (primitives.split(each, self.threshold, len(keys)) for each in (self._mask.secret, self._seed))
        texts = {peer: secrets[place - 1] + seeds[place - 1] for peer, place in places(keys).items()}
        self._kept = texts.pop(self.name)
        return {peer: primitives.encrypt(self._key_with(peer), text, self.name, peer) for peer, text in texts.items()}

    def mask(self, vector: Integers, ciphertexts: Mapping[str, bytes]) -> Residues:
        """MaskedInputCollection: `ciphertexts` are those that the others of U2 have made for this client, by sender.

        `vector` has one dimension, and of entries at most (2 ** 63 - 1) / |U1|, so that the sum cannot overflow.
        """
        self._enter("mask", after="share")
        others = ciphertexts.keys()
        self._enough("have shared their keys", {self.name, *others})
        if self.name in others or not others <= self._keys.keys():
            raise AggregationError("shares come from somebody who has advertised no keys")
        allowed = BOUND // len(self._keys)
        if vector.dtype != np.int64 or vector.ndim != 1:
            raise AggregationError("what is added up must be a vector of 64-bit integers")
        if vector.size and max(int(vector.max()), -int(vector.min())) > allowed:
            raise AggregationError(
                f"the sum of {len(self._keys)} such vectors may not fit into 64 bits: an entry is more than {allowed}"
            )
        self._ciphertexts = dict(ciphertexts)
        masked = vector.astype(np.uint64) + primitives.own_mask(self._seed, vector.size)
        for peer in others:
            mask = primitives.pairwise_mask(self._mask, self._keys[peer].mask, vector.size)
            masked = masked + mask if sign(self.name, peer) > 0 else masked - mask
        return masked

    def unmask(self, survivors: Iterable[str]) -> Revealed:
        """Unmasking: for U3, whose vectors the server has, shares of the seeds; for the rest of U2, of the keys."""
        self._enter("unmask", after="mask")
        there = {self.name, *self._ciphertexts}
        left = set(survivors)
        self._enough("have sent their vectors", left)
        if self.name not in left or not left <= there:
            raise AggregationError("the survivors that the server names are not clients that have shared their keys")
        texts = {
            peer: primitives.decrypt(self._key_with(peer), sealed, peer, self.name)
            for peer, sealed in self._ciphertexts.items()
        }
        texts[self.name] = self._kept
        for peer, text in texts.items():
            if len(text) != 2 * SECRET_BYTES:
                raise AggregationError(f"what `{peer}` encrypted for `{self.name}` is not two shares")
        return Revealed(
            seeds={peer: texts[peer][SECRET_BYTES:] for peer in sorted(left)},
            secrets={peer: texts[peer][:SECRET_BYTES] for peer in sorted(there - left)},
        )

    def _key_with(self, peer: str) -> bytes:
        return self._cipher.agree(self._keys[peer].cipher, primitives.ENCRYPTION)

    def _enough(self, what: str, clients: Iterable[str]) -> None:
        if (number := len(set(clients))) < self.threshold:
            raise AggregationError(f"{number} clients {what}, fewer than the threshold of {self.threshold}")

    def _enter(self, method: str, after: str | None) -> None:
        if (self._done[-1] if self._done else None) != after:
            done = ", ".join(f"`{each}`" for each in self._done) or "nothing"
            raise AggregationError(f"`{self.name}` does not `{method}` after {done}: each once, in order")
        self._done.append(method)
