"""Sums and products of encrypted integers are those of the integers, and a ciphertext shows nothing of what it is."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protoflow.learning.paillier import PrivateKey, PublicKey, pack, unpack

KEY = PrivateKey(1024)
PUBLIC = PublicKey.from_bytes(KEY.public.to_bytes())
NUMBERS = st.integers(-(2**480), 2**480)


@settings(max_examples=30, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_what_is_computed_is_what_is_read(one, other, factor):
    left, right = PUBLIC.load(PUBLIC.encrypt([one, other]))
    results = [left + right, left + factor, left * factor, PUBLIC.total([left, right, left]), PUBLIC.total([])]
    expected = [one + other, one + factor, one * factor, 2 * one + other, 0]
    assert KEY.decrypt(PUBLIC.dump(results)) == expected


SMALL = st.integers(-(2**62) + 1, 2**62 - 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(SMALL, SMALL), min_size=1, max_size=15))
def test_packed_numbers_are_added_place_by_place(pairs):
    """As many as one ciphertext has room for, the greatest of both signs among them."""
    assert PUBLIC.digits == 15
    ones, others = zip(*pairs, strict=True)
    assert unpack(pack(ones), len(ones)) == list(ones)
    assert unpack(pack([pack(pair) for pair in pairs], 2), 2 * len(pairs)) == [each for pair in pairs for each in pair]
    hidden = pack(PUBLIC.load(PUBLIC.encrypt(ones))) + pack(PUBLIC.load(PUBLIC.encrypt(others)))
    (total,) = KEY.decrypt(PUBLIC.dump([hidden]))
    assert unpack(total, len(pairs)) == [one + other for one, other in pairs]


@pytest.mark.parametrize("greatest", [2**63 - 1, -(2**63)])
def test_as_many_as_there_is_room_for(greatest):
    (total,) = KEY.decrypt(PUBLIC.encrypt([pack([greatest] * 15)]))
    assert unpack(total, 15) == [greatest] * 15


def test_the_least_and_the_greatest():
    largest = KEY.public.modulus // 2
    assert KEY.decrypt(PUBLIC.encrypt([largest, -largest])) == [largest, -largest]
    with pytest.raises(ValueError, match="only supports values in the range"):
        PUBLIC.encrypt([largest + 1])


def test_the_same_number_looks_different_each_time():
    """Also one that was already encrypted, and one that was computed from nothing hidden at all."""
    (sealed,) = PUBLIC.encrypt([0])
    again = PUBLIC.dump([*PUBLIC.load([sealed]), PUBLIC.constant(0), *PUBLIC.load([sealed])])
    assert len({sealed, *again, *PUBLIC.encrypt([0, 0])}) == 6
    assert {len(each) for each in (sealed, *again, *PUBLIC.encrypt([1, -1]))} == {256}


def test_the_private_key_is_nowhere_but_where_it_was_made():
    assert PUBLIC._scheme.secret_key is None
    assert KEY.public._scheme.secret_key is None
    kept = type(PUBLIC._scheme)._instances.values()
    assert all(scheme.secret_key is None for scheme in kept)


def test_keys_differ():
    assert PrivateKey(1024).public.modulus != KEY.public.modulus
    assert KEY.public.modulus.bit_length() == 1024


@pytest.mark.parametrize("sealed", [b"", b"\0" * 256, b"\xff" * 256])
def test_what_is_no_ciphertext(sealed):
    with pytest.raises(ValueError, match="not a ciphertext under this key"):
        KEY.decrypt([sealed])


def test_warnings_are_shown_as_ever() -> None:
    """The scheme's import replaces how Python shows them, and its end would warn, were it left alone."""
    code = (
        "import warnings; shown = warnings.showwarning\n"
        "from protoflow.learning.paillier import PrivateKey\n"
        "assert warnings.showwarning is shown\n"
        "PrivateKey(1024).public.encrypt([1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
