"""The parts of secure aggregation: keys, encryption, masks, secret sharing; a client and a server without a course."""

from __future__ import annotations

import hmac
from itertools import combinations

import numpy as np
import pytest
from Crypto.Cipher import AES
from Crypto.Protocol import DH
from Crypto.Protocol.DH import key_agreement
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.learning.secure import primitives
from protoflow.learning.secure.aggregator import Aggregator
from protoflow.learning.secure.contributor import Contributor, PublicKeys, Revealed
from protoflow.learning.secure.fixed_point import FixedPoint
from protoflow.learning.secure.primitives import AggregationError, KeyPair

SECRETS = st.binary(min_size=32, max_size=32)
PURPOSES = (primitives.ENCRYPTION, primitives.PAIRWISE_MASK)


# Primitives


def test_two_who_agree_have_the_same_key_and_nobody_else_has():
    first, second, third = KeyPair(), KeyPair(), KeyPair()
    for purpose in PURPOSES:
        assert first.agree(second.public, purpose) == second.agree(first.public, purpose)
        assert first.agree(second.public, purpose) != first.agree(third.public, purpose)
    assert len({first.agree(second.public, purpose) for purpose in PURPOSES}) == 2
    assert KeyPair(first.secret).public == first.public


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), b"\x01" + bytes(31)], ids=["none", "short", "zero", "one"])
def test_what_is_no_public_key_is_refused(key):
    """The last two are points of small order: what is agreed on with them, everybody knows (RFC 7748, section 6.1)."""
    with pytest.raises(AggregationError, match="not an X25519 public key"):
        KeyPair().agree(key, primitives.ENCRYPTION)


@given(SECRETS, st.binary(max_size=80))
def test_what_is_encrypted_can_be_read_with_the_key(key, text):
    sealed = primitives.encrypt(key, text, "client1", "client2")
    assert len(sealed) == len(text) + 28
    assert primitives.decrypt(key, sealed, "client1", "client2") == text
    assert primitives.encrypt(key, text, "client1", "client2") != sealed  # another nonce


@given(SECRETS, SECRETS, st.data())
def test_a_changed_ciphertext_is_refused(key, text, data):
    sealed = bytearray(primitives.encrypt(key, text, "client1", "client2"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(
        AggregationError, match="the shares from `client1` for `client2` are not what `client1` encrypt"
    ):
        primitives.decrypt(key, bytes(sealed), "client1", "client2")


@pytest.mark.parametrize("route", [("client2", "client1"), ("client1", "client3"), ("client3", "client2")])
def test_a_ciphertext_is_for_one_sender_and_receiver(route):
    sealed = primitives.encrypt(bytes(32), b"text", "client1", "client2")
    with pytest.raises(AggregationError):
        primitives.decrypt(bytes(32), sealed, *route)


@pytest.mark.parametrize("sealed", [b"", bytes(12), bytes(27)])
def test_what_is_too_short_for_a_ciphertext_is_refused(sealed):
    with pytest.raises(AggregationError):
        primitives.decrypt(bytes(32), sealed, "client1", "client2")


def test_masks():
    """Those of two clients are one; each bit is set in half of the numbers (within six standard deviations)."""
    first, second = KeyPair(), KeyPair()
    pairwise = primitives.pairwise_mask(first, second.public, 10_000)
    assert np.array_equal(pairwise, primitives.pairwise_mask(second, first.public, 10_000))
    own = primitives.own_mask(first.secret, 10_000)
    for mask in (pairwise, own):
        assert mask.dtype == np.uint64
        for bit in range(64):
            assert abs(int((mask >> np.uint64(bit) & np.uint64(1)).sum()) - 5000) < 300
    assert np.unique(np.concatenate([pairwise, own])).size == 20_000


def test_masks_are_what_other_implementations_make_of_the_same_secret():
    """HKDF written out (RFC 5869: one block of output), X25519 and AES of another library."""

    def hkdf(secret: bytes, info: bytes) -> bytes:
        extracted = hmac.digest(bytes(32), secret, "sha256")
        return hmac.digest(extracted, info + b"\x01", "sha256")

    def keystream(key: bytes) -> list[int]:
        stream = AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=0).encrypt(bytes(24))
        return [int.from_bytes(stream[place : place + 8], "little") for place in (0, 8, 16)]

    seed = bytes(range(32))
    assert primitives.own_mask(seed, 3).tolist() == keystream(hkdf(seed, b"protoflow/secure_aggregation/own_mask"))

    first, second = KeyPair(), KeyPair()
    shared = key_agreement(
        static_priv=DH.import_x25519_private_key(first.secret),
        static_pub=DH.import_x25519_public_key(second.public),
        kdf=lambda secret: secret,
    )
    info = b"protoflow/secure_aggregation/pairwise_mask" + min(first.public, second.public)
    info += max(first.public, second.public)
    assert primitives.pairwise_mask(second, first.public, 3).tolist() == keystream(hkdf(shared, info))


@settings(max_examples=25)
@given(SECRETS, st.integers(2, 5), st.data())
def test_any_threshold_of_the_shares_give_the_secret_and_fewer_do_not(secret, number, data):
    threshold = data.draw(st.integers(2, number))
    shares = dict(enumerate(primitives.split(secret, threshold, number), 1))
    assert {len(share) for share in shares.values()} == {32}
    for chosen in combinations(shares, threshold):
        assert primitives.combine({place: shares[place] for place in chosen}) == secret
    for chosen in combinations(shares, threshold - 1):
        assert primitives.combine({place: shares[place] for place in chosen}) != secret


# Fixed point


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.integers(1, 1000), st.integers(0, 30))
def test_fixed_point_is_off_by_half_a_unit_at_most(numbers, weight, bits):
    encoding = FixedPoint(bits, 100.0)
    decoded = encoding.decode(encoding.encode(np.array(numbers), weight), weight)
    assert np.abs(decoded - numbers).max() <= 2.0 ** -(bits + 1)


def test_fixed_point_is_cut_off():
    assert FixedPoint(1, 2.0).encode(np.array([-3.0, -0.5, 0.3, 2.1]), 10).tolist() == [-40, -10, 10, 40]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_fixed_point_refuses_what_is_not_a_number(number):
    with pytest.raises(AggregationError, match="a number is not finite"):
        FixedPoint(8, 1.0).encode(np.array([0.0, number]), 1)


def test_fixed_point_refuses_what_64_bits_cannot_hold():
    assert FixedPoint(52, 1.0).encode(np.array([1.0]), 2047)[0] == 2047 * 2**52
    with pytest.raises(AggregationError, match=r"numbers up to 1 with 52 bits after the point, times 2048, need more"):
        FixedPoint(52, 1.0).encode(np.array([0.0]), 2048)


# A client


class Clients:
    """`number` contributors and an aggregator that have come to a certain round."""

    def __init__(self, number: int = 4, threshold: int = 3) -> None:
        self.names = [f"client{place}" for place in range(1, number + 1)]
        self.each = {name: Contributor(name, threshold) for name in self.names}
        self.server = Aggregator(threshold)
        self.keys = {name: each.advertise() for name, each in self.each.items()}
        for name, keys in self.keys.items():
            self.server.add_keys(name, keys)
        self.server.close_keys()

    def shared(self) -> Clients:
        for name, each in self.each.items():
            self.server.add_shares(name, each.share(self.keys))
        self.ciphertexts = self.server.close_shares()
        return self

    def masked(self, *lost: str) -> Clients:
        for name, each in self.each.items():
            if name not in lost:
                self.server.add_vector(name, each.mask(np.array([1, 2, 3]), self.ciphertexts[name]))
        self.survivors = self.server.close_vectors()
        return self


def test_a_seed_or_a_key_and_never_both():
    clients = Clients().shared().masked("client4")
    revealed = clients.each["client1"].unmask(clients.survivors)
    assert (set(revealed.seeds), set(revealed.secrets)) == ({"client1", "client2", "client3"}, {"client4"})


def test_a_server_that_asks_for_the_other_share_too_is_refused():
    clients = Clients().shared().masked()
    clients.each["client1"].unmask(["client1", "client2", "client3"])
    with pytest.raises(AggregationError, match=r"`client1` does not `unmask` after .*: each once, in order"):
        clients.each["client1"].unmask(["client1", "client2", "client4"])


@pytest.mark.parametrize(
    ("survivors", "text"),
    [
        (["client1", "client2"], "2 clients have sent their vectors, fewer than the threshold of 3"),
        (["client1", "client2", "client2"], "2 clients have sent their vectors, fewer than the threshold of 3"),
        (["client2", "client3", "client4"], "the survivors that the server names are not clients that have shared"),
        (["client1", "client2", "client5"], "the survivors that the server names are not clients that have shared"),
    ],
)
def test_survivors_that_cannot_be(survivors, text):
    clients = Clients().shared().masked()
    with pytest.raises(AggregationError, match=text):
        clients.each["client1"].unmask(survivors)


def test_a_changed_share_is_refused():
    clients = Clients().shared()
    sealed = clients.ciphertexts["client1"]["client2"]
    clients.ciphertexts["client1"]["client2"] = sealed[:-1] + bytes([sealed[-1] ^ 1])
    clients.masked()
    with pytest.raises(
        AggregationError, match="the shares from `client2` for `client1` are not what `client2` encrypt"
    ):
        clients.each["client1"].unmask(clients.survivors)


def test_shares_of_another_aggregation_are_refused():
    clients, earlier = Clients().shared(), Clients().shared()
    clients.ciphertexts["client1"]["client2"] = earlier.ciphertexts["client1"]["client2"]
    clients.masked()
    with pytest.raises(AggregationError, match="are those of somebody else or of another aggregation"):
        clients.each["client1"].unmask(clients.survivors)


def test_keys_that_cannot_be():
    def shares(keys: dict[str, PublicKeys], threshold: int = 3) -> None:
        mine = Contributor("client1", threshold)
        mine.advertise()
        mine.share(keys)

    keys = Clients().keys
    with pytest.raises(AggregationError, match="the keys that the server gives out for `client1` are not its own"):
        shares(keys)
    with pytest.raises(AggregationError, match="2 clients have advertised keys, fewer than the threshold of 3"):
        shares({name: keys[name] for name in ("client1", "client2")})
    with pytest.raises(AggregationError, match="a threshold of 2 is not more than half of 4 clients"):
        shares(keys, threshold=2)
    with pytest.raises(AggregationError, match="a threshold of 1 is not more than half of 1 clients"):
        shares({"client1": keys["client1"]}, threshold=1)
    clients = Clients()
    with pytest.raises(AggregationError, match="a public key is there twice"):
        clients.each["client1"].share({**clients.keys, "client3": clients.keys["client2"]})
    clients = Clients()
    with pytest.raises(AggregationError, match="not an X25519 public key"):
        clients.each["client1"].share({**clients.keys, "client2": PublicKeys(bytes(32), clients.keys["client2"].mask)})


@pytest.mark.parametrize(
    ("vector", "text"),
    [
        (np.array([0.5]), "must be a vector of 64-bit integers"),
        (np.array([[1]]), "must be a vector of 64-bit integers"),
        (np.array([0, (2**63 - 1) // 4 + 1]), "the sum of 4 such vectors may not fit into 64 bits"),
        (np.array([-(2**63)]), "the sum of 4 such vectors may not fit into 64 bits"),
    ],
)
def test_vectors_that_cannot_be_added(vector, text):
    clients = Clients().shared()
    with pytest.raises(AggregationError, match=text):
        clients.each["client1"].mask(vector, clients.ciphertexts["client1"])


def test_shares_from_nobody():
    clients = Clients().shared()
    with pytest.raises(AggregationError, match="shares come from somebody who has advertised no keys"):
        clients.each["client1"].mask(np.array([1]), {**clients.ciphertexts["client1"], "client5": b""})
    with pytest.raises(AggregationError, match="2 clients have shared their keys, fewer than the threshold of 3"):
        clients.each["client2"].mask(np.array([1]), {"client1": b""})


def test_out_of_order():
    mine = Contributor("client1", 3)
    with pytest.raises(AggregationError, match="`client1` does not `share` after nothing: each once, in order"):
        mine.share({})
    mine.advertise()
    with pytest.raises(AggregationError, match="`client1` does not `mask` after `advertise`: each once, in order"):
        mine.mask(np.array([1]), {})


# The server


def test_the_largest_numbers_are_added_exactly():
    most = (2**63 - 1) // 4
    clients = Clients().shared()
    for name, each in clients.each.items():
        clients.server.add_vector(name, each.mask(np.array([most, -most, 0]), clients.ciphertexts[name]))
    survivors = clients.server.close_vectors()
    for name, each in clients.each.items():
        clients.server.add_revealed(name, each.unmask(survivors))
    assert clients.server.total().tolist() == [4 * most, -4 * most, 0]


def test_what_a_client_sends_is_checked():
    clients = Clients()
    with pytest.raises(AggregationError, match="`client1` has not made shares for each other client"):
        clients.server.add_shares("client1", {"client2": b""})
    clients.shared()
    with pytest.raises(AggregationError, match=r"what `client1` sends is not a vector of residues modulo 2 \*\* 64"):
        clients.server.add_vector("client1", np.array([1]))
    clients.masked("client4")
    with pytest.raises(AggregationError, match="the vector of `client4` has 2 entries, that of `client1` 3"):
        clients.server.add_vector("client4", np.array([1, 2], dtype=np.uint64))
    with pytest.raises(AggregationError, match="`client1` has not revealed one share of each client"):
        clients.server.add_revealed("client1", Revealed({}, {}))
    revealed = clients.each["client1"].unmask(clients.survivors)
    with pytest.raises(AggregationError, match="a share that `client1` has revealed is not of 32 bytes"):
        clients.server.add_revealed("client1", Revealed(revealed.seeds, {"client4": b"short"}))


def test_a_key_that_does_not_fit_together_is_found():
    clients = Clients().shared().masked("client4")
    for name in clients.survivors:
        revealed = clients.each[name].unmask(clients.survivors)
        clients.server.add_revealed(name, Revealed(revealed.seeds, {"client4": bytes(32)}))
    with pytest.raises(AggregationError, match="the shares of the key of `client4`, who was lost, do not fit together"):
        clients.server.total()


def test_too_few_shares_do_not_unmask():
    clients = Clients().shared().masked()
    for name in ("client1", "client2"):
        clients.server.add_revealed(name, clients.each[name].unmask(clients.survivors))
    assert (clients.server.answered, clients.server.enough) == (2, False)
    with pytest.raises(AggregationError, match="shares from 2 clients do not unmask the sum: the threshold is 3"):
        clients.server.total()
