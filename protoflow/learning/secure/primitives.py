"""The cryptography that secure aggregation is made of, each from a maintained library.

key agreement        X25519, hashed with HKDF-SHA256; what the key is for, and both public keys, go into the hash
encryption           AES-256-GCM with a random nonce; sender and receiver are authenticated with it
expanding to a mask  AES-256 in counter mode, whose key is expanded once and never used again
secret sharing       Shamir's, over GF(2 ** 128); 32 bytes are shared as two halves
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, TypeAlias

from protoflow.errors import ProtoflowError
from protoflow.learning.secure.backend import (
    AES256,
    AESGCM,
    CTR,
    HKDF,
    SHA256,
    Cipher,
    InvalidTag,
    Shamir,
    X25519PrivateKey,
    X25519PublicKey,
)
from protoflow.learning.secure.backend import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Integers: TypeAlias = NDArray[np.int64]
    """A vector of signed integers."""
    Residues: TypeAlias = NDArray[np.uint64]
    """A vector of integers modulo 2 ** 64."""

ENCRYPTION = b"protoflow/secure_aggregation/encryption"
PAIRWISE_MASK = b"protoflow/secure_aggregation/pairwise_mask"
OWN_MASK = b"protoflow/secure_aggregation/own_mask"

SECRET_BYTES = 32
"""Length of every key, seed and share."""
HALF = SECRET_BYTES // 2
NONCE_BYTES = 12


class AggregationError(ProtoflowError):
    """Somebody did not keep to secure aggregation, or cannot: what it says is refused, and nothing more is revealed."""


class KeyPair:
    """An X25519 key pair, for one aggregation only. `secret` and `public` are 32 bytes each."""

    def __init__(self, secret: bytes | None = None) -> None:
        key = X25519PrivateKey.generate() if secret is None else X25519PrivateKey.from_private_bytes(secret)
        self._key = key
        self.secret = key.private_bytes_raw()
        self.public = key.public_key().public_bytes_raw()

    def agree(self, peer: bytes, purpose: bytes) -> bytes:
        """The key of 32 bytes that this pair and the peer whose public key is given have in common.

        Raises AggregationError for what is no public key.
        """
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(peer))
        except ValueError as error:
            raise AggregationError(f"not an X25519 public key: {error}") from error
        return _derived(shared, purpose + b"".join(sorted((self.public, peer))))


def random_secret() -> bytes:
    return os.urandom(SECRET_BYTES)


def encrypt(key: bytes, text: bytes, sender: str, receiver: str) -> bytes:
    """The nonce, the ciphertext and its tag: 28 bytes longer than `text`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, _route(sender, receiver))


def decrypt(key: bytes, sealed: bytes, sender: str, receiver: str) -> bytes:
    """Raises AggregationError if this is not what `sender` encrypted for `receiver`, to the bit."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _route(sender, receiver))
    except (InvalidTag, ValueError) as error:
        raise AggregationError(
            f"the shares from `{sender}` for `{receiver}` are not what `{sender}` encrypted: they were changed, or are "
            "those of somebody else or of another aggregation"
        ) from error


def pairwise_mask(pair: KeyPair, peer: bytes, length: int) -> Residues:
    """The mask of two clients, the same for both."""
    return _expanded(pair.agree(peer, PAIRWISE_MASK), length)


def own_mask(seed: bytes, length: int) -> Residues:
    return _expanded(_derived(seed, OWN_MASK), length)


def split(secret: bytes, threshold: int, number: int) -> list[bytes]:
    """`number` shares of 32 bytes, of which any `threshold` give the secret and fewer say nothing of it."""
    halves = (Shamir.split(threshold, number, half) for half in (secret[:HALF], secret[HALF:]))
    return [first + second for (_, first), (_, second) in zip(*halves, strict=True)]


def combine(shares: Mapping[int, bytes]) -> bytes:
    """The secret, from exactly `threshold` shares by their places, which count from 1 as `split` returned them."""
    first, second = (
        Shamir.combine([(place, share[half]) for place, share in shares.items()])
        for half in (slice(HALF), slice(HALF, None))
    )
    return first + second


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=purpose).derive(secret)


def _expanded(key: bytes, length: int) -> Residues:
    stream = Cipher(AES256(key), CTR(bytes(16))).encryptor().update(bytes(8 * length))
    return np.frombuffer(stream, dtype="<u8").astype(np.uint64)


def _route(sender: str, receiver: str) -> bytes:
    return json.dumps([sender, receiver]).encode()
