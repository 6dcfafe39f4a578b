"""Integers that are added up by those who cannot read them: Paillier's cryptosystem (EUROCRYPT 1999).

Whoever has the public key encrypts, adds what is encrypted, and multiplies it by integers of its own; to read takes the
private key. A ciphertext leaves as bytes, of the same length whatever is in it, and blinded anew: it does not show what
it was computed from, nor that it is the same number as another one.

The scheme is that of TNO, which blinds with `secrets`. Its own primes would come from Python's `random`, which is not
made for that; ours are those of an RSA key by OpenSSL, which makes none of less than 1024 bits. That is for trying
things out; 2048 are the least that NIST SP 800-57 accepts.
"""

from __future__ import annotations

import warnings
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from protoflow.errors import UsageError

MISSING = (
    "encrypted sums need tno.mpc.encryption_schemes.paillier, gmpy2 and cryptography, which are not installed: "
    "pip install 'protoflow-fl[paillier]'"
)

try:
    import gmpy2  # noqa: F401  it makes all this ten times as fast, and is found by the scheme itself
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    with warnings.catch_warnings():  # the import replaces how Python shows any warning
        from tno.mpc.encryption_schemes.paillier import (
            Paillier,
            PaillierCiphertext,
            PaillierPublicKey,
            PaillierSecretKey,
        )
except ModuleNotFoundError as error:
    raise UsageError(f"{MISSING} (no module `{error.name}`)") from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Ciphertext: TypeAlias = PaillierCiphertext
"""`+` adds another one or an integer, `*` multiplies by an integer."""
Number = TypeVar("Number", int, Ciphertext)

DIGIT = 64
"""Bits of each of the numbers that are packed into one: signed, they are less than 2 ** 63."""


class _Scheme(Paillier):
    def shut_down(self) -> None:
        """There is nothing to stop: this would warn, in the end, that no randomness was made in advance."""


class PublicKey:
    """Encrypts integers of less than half the modulus; `digits` is how many numbers may be packed into one of those."""

    def __init__(self, modulus: int) -> None:
        self.modulus = modulus
        self.digits = (modulus.bit_length() - 2) // DIGIT
        self._scheme = _Scheme(PaillierPublicKey(modulus, modulus + 1), None)
        self._length = (2 * modulus.bit_length() + 7) // 8

    @classmethod
    def from_bytes(cls, encoded: bytes) -> PublicKey:
        return cls(int.from_bytes(encoded))

    def to_bytes(self) -> bytes:
        return self.modulus.to_bytes((self.modulus.bit_length() + 7) // 8)

    def encrypt(self, numbers: Iterable[int]) -> list[bytes]:
        """Raises ValueError for a number that is too large."""
        return self.dump(map(self.constant, numbers))

    def constant(self, number: int) -> Ciphertext:
        """A number to compute with, which is not hidden yet: `dump` does that."""
        return self._scheme.unsafe_encrypt(number)

    def load(self, sealed: Iterable[bytes]) -> list[Ciphertext]:
        """Raises ValueError for bytes that are not a ciphertext under this key."""
        numbers = [int.from_bytes(each) for each in sealed]
        if not all(0 < number < self.modulus**2 for number in numbers):
            raise ValueError("not a ciphertext under this key")
        return [PaillierCiphertext(number, self._scheme) for number in numbers]

    def dump(self, ciphertexts: Iterable[Ciphertext]) -> list[bytes]:
        """Blinded anew, each of the same length."""
        return [int(each.randomize().get_value()).to_bytes(self._length) for each in ciphertexts]

    def total(self, ciphertexts: Sequence[Ciphertext]) -> Ciphertext:
        """Of the sum; of nothing that is 0."""
        return reduce(add, ciphertexts) if ciphertexts else self.constant(0)


class PrivateKey:
    """Reads what was encrypted with `public`, the key of the same pair."""

    def __init__(self, bits: int) -> None:
        primes = generate_private_key(65537, bits).private_numbers()
        totient = (primes.p - 1) * (primes.q - 1)
        modulus = primes.p * primes.q
        self.public = PublicKey(modulus)  # before its counterpart: the first scheme with a key is kept for ever
        secret = PaillierSecretKey(totient, pow(totient, -1, modulus), modulus)
        self._scheme = _Scheme(PaillierPublicKey(modulus, modulus + 1), secret)

    def decrypt(self, sealed: Iterable[bytes]) -> list[int]:
        """Raises ValueError for bytes that are not a ciphertext under this key."""
        return [int(self._scheme.decrypt(each)) for each in self.public.load(sealed)]


def pack(numbers: Sequence[Number], places: int = 1) -> Number:
    """One number, or ciphertext, that holds them all, so that it can be added to others like it, place by place. Each
    takes so many places: of what is packed itself, as many as were packed."""
    return reduce(lambda packed, each: packed * 2 ** (DIGIT * places) + each, reversed(numbers))


def unpack(packed: int, count: int) -> list[int]:
    """The numbers, signed, that `pack` put together, or sums of them."""
    numbers = []
    for _ in range(count):
        number = (packed + 2 ** (DIGIT - 1)) % 2**DIGIT - 2 ** (DIGIT - 1)
        numbers.append(number)
        packed = (packed - number) >> DIGIT
    return numbers
