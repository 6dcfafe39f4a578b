"""The server's part in one secure aggregation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protoflow.learning.secure import primitives
from protoflow.learning.secure.backend import numpy as np
from protoflow.learning.secure.contributor import PublicKeys, Revealed, places, sign
from protoflow.learning.secure.primitives import SECRET_BYTES, AggregationError, KeyPair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protoflow.learning.secure.primitives import Integers, Residues


class Aggregator:
    """In each round `add_...` for every client that answers, then `close_...`, which gives what those are sent next.

    `threshold` is the clients' own. Closing a round that has not `enough` is for the caller to leave: give up then. All
    methods raise AggregationError, which names the client, for what is not as the protocol has it.
    """

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self._keys: dict[str, PublicKeys] = {}  # by U1
        self._shares: dict[str, Mapping[str, bytes]] = {}  # by U2
        self._vectors: dict[str, Residues] = {}  # by U3
        self._revealed: dict[str, Revealed] = {}  # by those who have answered in the last round
        self._open: Mapping[str, object] = self._keys

    @property
    def answered(self) -> int:
        """How many clients have answered in the round that is open."""
        return len(self._open)

    @property
    def enough(self) -> bool:
        """As many as the threshold: the rest will do to unmask what is lost."""
        return self.answered >= self.threshold

    def add_keys(self, client: str, keys: PublicKeys) -> None:
        self._keys[client] = keys

    def close_keys(self) -> dict[str, PublicKeys]:
        """The keys of U1, which all of them are sent."""
        self._open = self._shares
        return dict(self._keys)

    def add_shares(self, client: str, ciphertexts: Mapping[str, bytes]) -> None:
        """What a client has encrypted for each other in U1, by receiver."""
        if ciphertexts.keys() != self._keys.keys() - {client}:
            raise AggregationError(f"`{client}` has not made shares for each other client")
        self._shares[client] = ciphertexts

    def close_shares(self) -> dict[str, dict[str, bytes]]:
        """By receiver, who is in U2, what the others in U2 have encrypted for it, by sender."""
        self._open = self._vectors
        return {
            receiver: {sender: made[receiver] for sender, made in self._shares.items() if sender != receiver}
            for receiver in self._shares
        }

    def add_vector(self, client: str, masked: Residues) -> None:
        if masked.dtype != np.uint64 or masked.ndim != 1:
            raise AggregationError(f"what `{client}` sends is not a vector of residues modulo 2 ** 64")
        for first, vector in self._vectors.items():
            if vector.size != masked.size:
                sizes = f"the vector of `{client}` has {masked.size} entries, that of `{first}` {vector.size}"
                raise AggregationError(sizes)
        self._vectors[client] = masked

    def close_vectors(self) -> list[str]:
        """U3, which all of them are sent."""
        self._open = self._revealed
        return self.survivors

    def add_revealed(self, client: str, revealed: Revealed) -> None:
        if revealed.seeds.keys() != self._vectors.keys() or revealed.secrets.keys() != self._lost:
            raise AggregationError(f"`{client}` has not revealed one share of each client")
        if any(len(share) != SECRET_BYTES for shares in revealed for share in shares.values()):
            raise AggregationError(f"a share that `{client}` has revealed is not of {SECRET_BYTES} bytes")
        self._revealed[client] = revealed

    def total(self) -> Integers:
        """The sum of the vectors of U3, exactly."""
        if len(self._revealed) < self.threshold:
            raise AggregationError(
                f"shares from {len(self._revealed)} clients do not unmask the sum: the threshold is {self.threshold}"
            )
        total: Residues = np.sum(list(self._vectors.values()), axis=0, dtype=np.uint64)
        for client in self._vectors:
            seed = self._combined({peer: revealed.seeds[client] for peer, revealed in self._revealed.items()})
            total = total - primitives.own_mask(seed, total.size)
        for client in self._lost:
            pair = self._key_of(client)
            for peer in self._vectors:
                mask = primitives.pairwise_mask(pair, self._keys[peer].mask, total.size)
                total = total - mask if sign(peer, client) > 0 else total + mask
        return total.astype(np.int64)

    @property
    def survivors(self) -> list[str]:
        """U3: whose vectors are in the sum."""
        return sorted(self._vectors)

    @property
    def _lost(self) -> set[str]:
        """Who has dropped out between U2 and U3, so that the masks of others are against theirs."""
        return self._shares.keys() - self._vectors.keys()

    def _key_of(self, client: str) -> KeyPair:
        pair = KeyPair(self._combined({peer: revealed.secrets[client] for peer, revealed in self._revealed.items()}))
        if pair.public != self._keys[client].mask:
            raise AggregationError(f"the shares of the key of `{client}`, who was lost, do not fit together")
        return pair

    def _combined(self, shares: Mapping[str, bytes]) -> bytes:
        place = places(self._keys)
        return primitives.combine({place[peer]: shares[peer] for peer in sorted(shares)[: self.threshold]})
