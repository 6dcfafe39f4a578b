"""Every scheme gives every example to exactly one client, evenly, and the same way for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from protoflow.errors import UsageError
from protoflow.learning.partition import partition

LABELS = arrays.arrays(np.int64, st.integers(1, 200), elements=st.integers(0, 6))
SCHEMES = st.one_of(
    st.just("iid"),
    st.floats(1e-3, 1e4, allow_nan=False).map("dirichlet:{:g}".format),
    st.sampled_from(["dirichlet:1e-300", "dirichlet:1e300"]),
)


@settings(deadline=None)
@given(LABELS, SCHEMES, st.data(), st.integers(0, 2**63 - 1))
def test_every_example_goes_to_exactly_one_client(labels, scheme, data, seed):
    parts = data.draw(st.integers(1, len(labels)))
    divided = partition(labels, scheme, parts, seed)
    assert len(divided) == parts
    assert sorted(place for part in divided for place in part.tolist()) == list(range(len(labels)))
    sizes = [len(part) for part in divided]
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1


@settings(deadline=None)
@given(LABELS, SCHEMES, st.integers(0, 2**32))
def test_the_same_seed_divides_the_same_way(labels, scheme, seed):
    parts = (len(labels) + 1) // 2
    again = zip(partition(labels, scheme, parts, seed), partition(labels, scheme, parts, seed), strict=True)
    assert all(np.array_equal(first, second) for first, second in again)


def test_another_seed_divides_another_way():
    labels = np.repeat(np.arange(10), 20)
    for scheme in ("iid", "dirichlet:0.5"):
        first, second = (partition(labels, scheme, 5, seed) for seed in (0, 1))
        assert any(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def distance_from_the_whole(scheme: str) -> float:
    """How far the clients' mixtures of classes are from that of the whole: mean total variation, over five seeds."""
    labels = np.repeat(np.arange(10), 100)
    mixtures = [
        np.bincount(labels[part], minlength=10) / len(part)
        for seed in range(5)
        for part in partition(labels, scheme, 10, seed)
    ]
    return float(np.mean([np.abs(mixture - 0.1).sum() / 2 for mixture in mixtures]))


def test_a_smaller_alpha_is_a_more_uneven_mixture():
    distances = [distance_from_the_whole(f"dirichlet:{alpha}") for alpha in (0.05, 0.5, 5, 500)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 0.7
    assert 0.3 < distances[1] < 0.6
    assert distances[-1] == pytest.approx(distance_from_the_whole("iid"), abs=0.03)


@pytest.mark.parametrize(
    "scheme", ["", "IID", "iid:1", "dirichlet", "dirichlet:", "dirichlet:0", "dirichlet:-1", "dirichlet:nan",
               "dirichlet:inf", "dirichlet:half", "shards:2"],
)  # fmt: skip
def test_an_unknown_scheme_is_said_to_be_one(scheme):
    with pytest.raises(UsageError, match=rf"^`{scheme}` is not a partition; there is `iid`, and `dirichlet:ALPHA`"):
        partition(np.zeros(4, dtype=np.int64), scheme, 2, 0)


def test_more_clients_than_examples_is_an_error():
    with pytest.raises(UsageError, match="3 examples cannot be divided among 4 clients"):
        partition(np.zeros(3, dtype=np.int64), "iid", 4, 0)
