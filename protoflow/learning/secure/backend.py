"""cryptography, pycryptodome and numpy, or a clear word on how to get them. This package imports them from here."""

from __future__ import annotations

from protoflow.errors import UsageError

MISSING = (
    "secure aggregation needs cryptography, pycryptodome and numpy, which are not installed: "
    "pip install 'protoflow-fl[secure]'"
)

try:
    import numpy
    from Crypto.Protocol.SecretSharing import Shamir
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.ciphers.modes import CTR
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ModuleNotFoundError as error:
    raise UsageError(f"{MISSING} (no module `{error.name}`)") from error

__all__ = [
    "AES256",
    "AESGCM",
    "CTR",
    "HKDF",
    "MISSING",
    "SHA256",
    "Cipher",
    "InvalidTag",
    "Shamir",
    "X25519PrivateKey",
    "X25519PublicKey",
    "numpy",
]
